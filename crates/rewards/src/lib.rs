//! Reward functions and answer judges for reinforcement learning of language models.
