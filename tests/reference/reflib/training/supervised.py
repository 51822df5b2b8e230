"""Supervised fine-tuning: gradients of a batch, a short training run, and gradients of every weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import torch
from peft import PeftModel
from transformers import ProcessorMixin

from ..rows import Row
from . import adapters, batches, files
from .steps import Run, StepSettings

SAMPLES = 16


def negative_log_likelihood(model: torch.nn.Module, batch: dict[str, torch.Tensor], tokens: int) -> torch.Tensor:
    """The sum over the batch's labels, divided once by `tokens`."""
    return -batches.token_logps(model, batch, batch["labels"]).sum() / tokens


def label_count(batch: dict[str, torch.Tensor]) -> int:
    """Labels that some position predicts."""
    return int((batch["labels"][:, 1:] != batches.IGNORED).sum())


def describe(rows: list[Row], batch: dict[str, torch.Tensor]) -> dict[str, object]:
    """What an implementation can compare before it computes anything."""
    return {
        "rows": [row.id for row in rows], "input_ids": batches.real_ids(batch),
        "labels": batches.label_places(batch, batch["labels"]), "label_tokens": label_count(batch),
    }  # fmt: skip


def gradients_of_batch(model: PeftModel, batch: dict[str, torch.Tensor]) -> tuple[float, dict[str, torch.Tensor]]:
    """Token-mean loss of one batch and its gradient by adapter tensor."""
    model.zero_grad()
    loss = negative_log_likelihood(model, batch, label_count(batch))
    loss.backward()
    return loss.item(), adapters.gradients(model)


def windows(order: list[Row], settings: StepSettings, processor: ProcessorMixin) -> list[list[dict[str, torch.Tensor]]]:
    """The rows in their order, cut into micro-batches, cut into steps."""
    size, parts = settings.per_device_train_batch_size, settings.gradient_accumulation_steps
    cache: dict[tuple[str, ...], dict[str, torch.Tensor]] = {}

    def batch(first: int) -> dict[str, torch.Tensor]:
        rows = order[first : first + size]
        key = tuple(row.id for row in rows)
        if key not in cache:
            cache[key] = batches.supervised(rows, processor)
        return cache[key]

    starts = range(0, settings.rows(), size)
    micro = [batch(first) for first in starts]
    return [micro[first : first + parts] for first in range(0, len(micro), parts)]


def row_order(names: list[str], count: int, seed: int) -> list[str]:
    """Epoch after epoch of all rows, each epoch shuffled."""
    draw, order = torch.Generator().manual_seed(seed), []
    while len(order) < count:
        order += [names[index] for index in torch.randperm(len(names), generator=draw).tolist()]
    return order[:count]


def losses(model: PeftModel, window: list[dict[str, torch.Tensor]]) -> list[Callable[[], torch.Tensor]]:
    """One loss a micro-batch; the denominator of each counts the labels of all."""
    tokens = sum(label_count(batch) for batch in window)
    return [partial(negative_log_likelihood, model, batch, tokens) for batch in window]


def curve(model: PeftModel, order: list[Row], processor: ProcessorMixin, settings: StepSettings) -> dict[str, object]:
    """Train; the model keeps the final adapter."""
    run, steps = Run(adapters.trainable(model), settings), []
    for window in windows(order, settings, processor):
        tokens = sum(label_count(batch) for batch in window)
        steps.append(run.step(losses(model, window)) | {"label_tokens": tokens})
    columns = {name: [step[name] for step in steps] for name in steps[0]}
    return {"settings": asdict(settings), "order": [row.id for row in order], "steps": columns}


def published_name(name: str) -> str:
    """The name of a weight in the checkpoint's files."""
    return name.replace("model.language_model.", "model.").replace("model.visual.", "visual.")


def sampled(gradient: torch.Tensor, draw: torch.Generator) -> dict[str, object]:
    """Norm of a gradient and some of its entries, by their place in the flattened tensor."""
    flat = gradient.reshape(-1)
    places = torch.randint(len(flat), (SAMPLES,), generator=draw).sort().values
    return {"shape": list(gradient.shape), "norm": flat.double().norm().item(), "at": places, "values": flat[places]}


def full_gradients(model: torch.nn.Module, batch: dict[str, torch.Tensor], seed: int) -> dict[str, object]:
    """Loss of a batch and a sample of the gradient of every weight, vision tower included."""
    loss = negative_log_likelihood(model.requires_grad_(True), batch, label_count(batch))
    loss.backward()
    draw = torch.Generator().manual_seed(seed)
    weights = {published_name(name): weight.grad for name, weight in model.named_parameters()}
    return {
        "loss": loss.item(), "grad_norm": files.global_norm(weights),
        "weights": {name: sampled(weights[name], draw) for name in sorted(weights)},
    }  # fmt: skip
