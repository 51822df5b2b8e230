"""The short run once more, by TRL's SFTTrainer from end to end."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict

import torch
from datasets import Dataset
from peft import PeftModel
from transformers import PrinterCallback, ProcessorMixin, TrainerCallback
from trl import SFTConfig, SFTTrainer

from ..rows import Row
from . import batches
from .steps import StepSettings
from .trl_losses import Disagreement

TOLERANCE = 1e-5
COLUMNS = ("loss", "grad_norm", "learning_rate")


class InOrder(SFTTrainer):
    """Reads the rows as they come.

    The classes of this family say that they take no token count, so transformers hands none over and TRL averages the means of
    the micro-batches. Here the count is handed over: one denominator for the whole step, as for models of text.
    """

    def __init__(self, **options: object) -> None:
        """Ask for the token count."""
        super().__init__(**options)
        self.model_accepts_loss_kwargs = True

    def _get_train_sampler(self, *_: object) -> torch.utils.data.Sampler:
        """The order of the data set."""
        return torch.utils.data.SequentialSampler(self.train_dataset)


class Keep(TrainerCallback):
    """Keeps what is logged for a step."""

    def __init__(self) -> None:
        """Nothing logged yet."""
        self.steps: list[dict[str, float]] = []

    def on_log(self, *_: object, logs: dict[str, float], **__: object) -> None:
        """Steps have a loss; the summary at the end has none."""
        if "loss" in logs:
            self.steps.append(logs)


def config(settings: StepSettings, out: str) -> SFTConfig:
    """The settings as TRL takes them."""
    return SFTConfig(
        output_dir=out, **asdict(settings), optim="adamw_torch", logging_steps=1, save_strategy="no", report_to=[],
        use_cpu=True, bf16=False, gradient_checkpointing=False, max_length=None, remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True}, disable_tqdm=True,
    )  # fmt: skip


def collator(order: list[Row], processor: ProcessorMixin) -> Callable[[list[dict[str, int]]], dict[str, torch.Tensor]]:
    """Turns places in the order into batches."""
    return lambda places: batches.supervised([order[place["at"]] for place in places], processor)


def sft_run(model: PeftModel, order: list[Row], processor: ProcessorMixin, settings: StepSettings) -> list[dict]:
    """What SFTTrainer logs for every step."""
    keep = Keep()
    with tempfile.TemporaryDirectory() as out:
        trainer = InOrder(
            model=model, args=config(settings, out), data_collator=collator(order, processor), processing_class=processor,
            train_dataset=Dataset.from_list([{"at": place} for place in range(len(order))]), callbacks=[keep],
        )  # fmt: skip
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return keep.steps


def confirm_curve(recorded: dict[str, list[float]], steps: list[dict[str, float]]) -> None:
    """Raise unless SFTTrainer logged the recorded numbers."""
    for name in COLUMNS:
        for number, (ours, theirs) in enumerate(zip(recorded[name], steps, strict=True)):
            if not abs(ours - theirs[name]) <= TOLERANCE * (1 + abs(ours)):
                raise Disagreement(f"step {number}: SFTTrainer has {name} {theirs[name]}, recorded {ours}")
