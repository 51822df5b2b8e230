//! Pixels and text to the inputs of Qwen2-VL and Qwen2.5-VL.
