"""What torch, PEFT and TRL compute when they train: the parts of make_training.py."""
