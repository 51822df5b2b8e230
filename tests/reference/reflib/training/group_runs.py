"""GRPO updates on fixed groups: by torch and PEFT here, and by `anneal bench` in a process of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import torch
from transformers import AutoProcessor

from ..anneal import AnnealError
from ..rows import Row, read_rows
from . import adapters, batches, policy
from .runs import Folders
from .steps import Run, StepSettings

# What `anneal bench` trains with.
STEPS = StepSettings(learning_rate=1e-4, lr_scheduler_type="constant", warmup_steps=0, weight_decay=0.01, max_grad_norm=1.0)
UPDATES = 6


def advantages(rows: list[Row]) -> torch.Tensor:
    """Of all completions, group after group."""
    groups = [torch.tensor([reply["reward"] for reply in row.fields["completions"]]) for row in rows]
    return torch.cat([policy.group_advantages(rewards, len(rewards)) for rewards in groups])


def torch_updates(folders: Folders) -> list[dict[str, float]]:
    """Loss and gradient norm of every update: TRL's `dapo`, old log-probabilities equal to the new ones."""
    rows, processor = read_rows(folders.rows), AutoProcessor.from_pretrained(folders.model)
    ids = [[reply["token_ids"] for reply in row.fields["completions"]] for row in rows]
    batch = batches.groups(rows, ids, batches.with_template(processor))
    rolled, model = policy.Rollouts([], [], [], batch), adapters.load(folders.model, folders.adapter, torch.float32)
    settings, weights = policy.GrpoSettings(on_policy=True), advantages(rows)

    def loss() -> torch.Tensor:
        new = policy.completion_logps(model, rolled)
        return policy.grpo(policy.Scored(new, new.detach(), new.detach(), weights, rolled.mask), settings)[0]

    run = Run(adapters.trainable(model), STEPS)
    return [run.step([loss]) for _ in range(UPDATES)]


def anneal_updates(binary: Path, folders: Folders, extra: tuple[str, ...]) -> list[dict[str, float]]:
    """The same by `anneal bench`."""
    count = len(read_rows(folders.rows))
    line = [str(binary), "bench", "--model", str(folders.model), "--adapter", str(folders.adapter), "--input", str(folders.rows)]
    line += ["--task", "grpo-update", "--batch", str(count), "--repeat", str(UPDATES - 1), "--json", *extra]
    done = subprocess.run(line, capture_output=True, text=True, timeout=1800)
    if done.returncode != 0:
        raise AnnealError(f"grpo-update: exit {done.returncode}: {done.stderr.strip()[-600:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    pairs = zip(found["losses"], found["grad_norms"], strict=True)
    return [{"loss": loss, "grad_norm": norm} for loss, norm in pairs]
