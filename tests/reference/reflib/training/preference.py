"""DPO on a batch of pairs, against a copy of the adapter and against the bare model."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from peft import PeftModel

from . import adapters, batches

REFERENCES = ("adapter", "base")


@dataclass(frozen=True)
class Pairs:
    """Summed log-probabilities of the completions of every pair."""

    chosen: torch.Tensor
    rejected: torch.Tensor


def sums(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> Pairs:
    """log π(y|x) of both sides: the batch holds all chosen rows, then all rejected ones."""
    total = batches.token_logps(model, batch, batches.preference_labels(batch)).sum(1)
    return Pairs(*total.chunk(2))


@contextmanager
def second_adapter(model: PeftModel) -> Iterator[None]:
    """Compute with the frozen adapter `ref`."""
    model.set_adapter("ref", inference_mode=True)
    try:
        yield
    finally:
        model.set_adapter("default")


def reference_of(model: PeftModel, kind: str) -> AbstractContextManager[None]:
    """The model as its own reference."""
    return second_adapter(model) if kind == "adapter" else model.disable_adapter()


def dpo(model: PeftModel, batch: dict[str, torch.Tensor], kind: str, beta: float) -> tuple[torch.Tensor, dict[str, object]]:
    """L = −mean log σ(β[(log π − log π_ref)(chosen) − (log π − log π_ref)(rejected)]), and what it is made of."""
    with torch.no_grad(), reference_of(model, kind):
        frozen = sums(model, batch)
    policy = sums(model, batch)
    chosen, rejected = beta * (policy.chosen - frozen.chosen), beta * (policy.rejected - frozen.rejected)
    loss = -torch.nn.functional.logsigmoid(chosen - rejected).mean()
    return loss, {
        "loss": loss.item(), "rewards_chosen": chosen.detach(), "rewards_rejected": rejected.detach(),
        "logps_chosen": policy.chosen.detach(), "logps_rejected": policy.rejected.detach(),
        "reference_logps_chosen": frozen.chosen, "reference_logps_rejected": frozen.rejected,
    }  # fmt: skip


def gradients_of_pairs(
    model: PeftModel, batch: dict[str, torch.Tensor], kind: str, beta: float
) -> tuple[dict[str, object], dict[str, torch.Tensor]]:
    """Numbers of the loss, and its gradient by adapter tensor."""
    model.zero_grad()
    loss, found = dpo(model, batch, kind, beta)
    loss.backward()
    return found, adapters.gradients(model)


def describe(names: list[str], batch: dict[str, torch.Tensor]) -> dict[str, object]:
    """Ids and label places of both sides."""
    ids, labels = batches.real_ids(batch), batches.label_places(batch, batches.preference_labels(batch))
    half = len(names)
    return {
        "rows": names, "chosen_input_ids": ids[:half], "chosen_labels": labels[:half],
        "rejected_input_ids": ids[half:], "rejected_labels": labels[half:],
    }  # fmt: skip
