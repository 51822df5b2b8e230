//! The recipes of the three stages, as a user would write them.

/// Everything is trained: the model knows nothing yet. The vision tower learns five times slower.
pub const SFT: &str = "\
model_name_or_path: model
datasets: data/sft.jsonl
output_dir: sft
use_peft: false
freeze_vision_tower: false
freeze_merger: false
learning_rate: 2e-3
vit_lr: 4e-4
adam_beta2: 0.98
weight_decay: 0.01
per_device_train_batch_size: 32
lr_scheduler_type: polynomial
lr_power: 0.4
lr_end: 2e-5
warmup_ratio: 0.05
max_steps: 1800
logging_steps: 20
save_steps: null
gradient_checkpointing: false
";

/// A first push, on adapters: the true number rather than one beside it.
pub const DPO: &str = "\
model_name_or_path: sft/model
datasets: data/preference.jsonl
output_dir: dpo
lora_r: 16
lora_alpha: 32
learning_rate: 1e-3
per_device_train_batch_size: 16
max_steps: 60
logging_steps: 1
save_steps: null
gradient_checkpointing: false
";

/// The same adapter practises by itself; all it is told is whether the answer was right.
pub const GRPO: &str = "\
model_name_or_path: sft/model
adapter: dpo/checkpoint-60
lora_r: 16
lora_alpha: 32
datasets: data/grpo.jsonl
output_dir: grpo
learning_rate: 2e-3
lr_scheduler_type: constant_with_warmup
warmup_steps: 5
per_device_train_batch_size: 8
gradient_accumulation_steps: 16
num_generations: 8
max_completion_length: 16
reward_funcs: [exact]
max_steps: 200
logging_steps: 1
save_steps: null
gradient_checkpointing: false
log_completions: true
";
