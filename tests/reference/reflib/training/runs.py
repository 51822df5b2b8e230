"""The same run twice: by torch and PEFT here, and by `anneal` in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoProcessor

from ..anneal import AnnealError
from ..rows import Row, read_rows
from . import adapters, batches, preference, supervised
from .random_runs import RandomRun, recipe_keys
from .steps import Run

Losses = list[Callable[[], torch.Tensor]]


@dataclass(frozen=True)
class Folders:
    """Where the parts of a run lie."""

    model: Path
    adapter: Path
    rows: Path
    out: Path


def cut(rows: list[Row], size: int) -> list[list[Row]]:
    """The rows in pieces of `size`."""
    return [rows[first : first + size] for first in range(0, len(rows), size)]


def dpo_losses(model: PeftModel, window: list[dict[str, torch.Tensor]], run: RandomRun) -> Losses:
    """Every pair of the step counts the same."""
    kind = "adapter" if run.reference == "adapter_copy" else "base"
    part = 1 / len(window)
    return [lambda batch=batch: part * preference.dpo(model, batch, kind, run.beta)[0] for batch in window]


@dataclass
class TorchRun:
    """The run in torch: its model, and the micro-batches of every step."""

    method: str
    run: RandomRun
    folders: Folders

    def __post_init__(self) -> None:
        """Load model and rows."""
        copied = self.method == "dpo" and self.run.reference == "adapter_copy"
        self.model = adapters.load(
            self.folders.model, self.folders.adapter, torch.float32, self.folders.adapter if copied else None
        )
        self.processor = batches.with_template(AutoProcessor.from_pretrained(self.folders.model))

    def windows(self) -> list[list[dict[str, torch.Tensor]]]:
        """The micro-batches of every step, pass after pass over the file."""
        steps, rows = self.run.steps, read_rows(self.folders.rows)
        collate = batches.supervised if self.method == "sft" else batches.preferences
        micro = [collate(piece, self.processor) for piece in cut(rows, steps.per_device_train_batch_size)]
        passes = cut(micro, steps.gradient_accumulation_steps)
        return [passes[step % len(passes)] for step in range(steps.max_steps)]

    def losses(self, window: list[dict[str, torch.Tensor]]) -> Losses:
        """The losses of a step."""
        if self.method == "sft":
            return supervised.losses(self.model, window)
        return dpo_losses(self.model, window, self.run)

    def train(self) -> list[dict[str, float]]:
        """The numbers of every step; the model keeps the final adapter."""
        optimiser = Run(adapters.trainable(self.model), self.run.steps)
        return [optimiser.step(self.losses(window)) for window in self.windows()]

    @torch.no_grad()
    def final_loss(self, model: PeftModel) -> float:
        """The loss of the first step's rows under a model."""
        window = self.windows()[0]
        one = partial(supervised.losses, model) if self.method == "sft" else partial(dpo_losses, model, run=self.run)
        return sum(loss().item() for loss in one(window))


def write_recipe(path: Path, method: str, run: RandomRun, folders: Folders) -> None:
    """The recipe of the run. JSON is YAML."""
    keys = recipe_keys(run) | {
        "model_name_or_path": str(folders.model), "adapter": str(folders.adapter), "output_dir": str(folders.out),
        "datasets": [{"path": str(folders.rows)}],
    }  # fmt: skip
    keys |= {"reference": run.reference, "beta": run.beta} if method == "dpo" else {}
    path.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items()), encoding="utf-8")


def anneal_run(binary: Path, method: str, recipe: Path, folders: Folders, extra: tuple[str, ...]) -> list[dict]:
    """Run `anneal` and read the metrics of its steps."""
    done = subprocess.run([str(binary), method, str(recipe), *extra], capture_output=True, text=True, timeout=1800)
    if done.returncode != 0:
        raise AnnealError(f"{method}: exit {done.returncode}: {done.stderr.strip()[-600:]}")
    lines = (folders.out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [line for line in map(json.loads, lines) if "loss" in line]
