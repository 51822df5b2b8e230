"""An optimiser step: accumulate, clip, AdamW, schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from transformers import get_scheduler


@dataclass(frozen=True)
class StepSettings:
    """How a run is trained; names as in TRL."""

    learning_rate: float = 2e-3
    lr_scheduler_type: str = "cosine"
    warmup_steps: int = 5
    max_steps: int = 50
    per_device_train_batch_size: int = 2
    gradient_accumulation_steps: int = 2
    adam_beta1: float = 0.9
    adam_beta2: float = 0.999
    adam_epsilon: float = 1e-8
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0

    def rows_per_step(self) -> int:
        """Rows of all micro-batches of a step."""
        return self.gradient_accumulation_steps * self.per_device_train_batch_size

    def rows(self) -> int:
        """How many rows the run reads."""
        return self.max_steps * self.rows_per_step()

    def optimiser(self, weights: list[torch.nn.Parameter]) -> torch.optim.AdamW:
        """torch's AdamW over the weights."""
        return torch.optim.AdamW(
            weights, lr=self.learning_rate, betas=(self.adam_beta1, self.adam_beta2), eps=self.adam_epsilon,
            weight_decay=self.weight_decay,
        )  # fmt: skip


class Run:
    """Weights in training, with their optimiser and schedule."""

    def __init__(self, weights: dict[str, torch.nn.Parameter], settings: StepSettings) -> None:
        """Start at step 0."""
        self.weights, self.settings = list(weights.values()), settings
        self.optimiser = settings.optimiser(self.weights)
        self.schedule = get_scheduler(
            settings.lr_scheduler_type, self.optimiser, settings.warmup_steps, settings.max_steps
        )

    def step(self, losses: list[Callable[[], torch.Tensor]]) -> dict[str, float]:
        """One step over micro-batches whose losses add up."""
        self.optimiser.zero_grad()
        total = 0.0
        for loss in losses:
            part = loss()
            part.backward()
            total += part.item()
        norm = torch.nn.utils.clip_grad_norm_(self.weights, self.settings.max_grad_norm).item()
        rate = self.schedule.get_last_lr()[0]
        self.optimiser.step()
        self.schedule.step()
        return {"loss": total, "grad_norm": norm, "learning_rate": rate}
