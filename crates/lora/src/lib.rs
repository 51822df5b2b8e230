//! LoRA, rsLoRA, DoRA and QLoRA linear layers; PEFT adapters in and out; merging.
