"""What torch, PEFT and TRL compute when they train: the parts of make_training.py. Nothing here asks a server."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
