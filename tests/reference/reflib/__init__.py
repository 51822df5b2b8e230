"""Parts shared by the reference scripts: random checkpoints, rows, and what transformers computes for them."""
