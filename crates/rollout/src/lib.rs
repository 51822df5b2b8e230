//! Samplers: the local engine that shares the trainer's weights.
