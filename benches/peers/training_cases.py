"""The training tasks of the comparison, with the ratios to reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Parameters by the name that people use for a size.
SIZES = {"nano": "nano", "10M": "small", "91M": "bench"}


@dataclass(frozen=True)
class TrainingCase:
    """One line of the table."""

    name: str
    model: str
    task: str
    goal: float
    batch: int = 1
    new_tokens: int = 0
    images: str = ""
    dtype: str = "float32"

    def ours(self, work: Path, repeat: int) -> list[str]:
        """The arguments that both sides take."""
        rows = work / "rows" / f"{self.task.split('-')[0]}.jsonl"
        line = ["--model", str(work / "models" / self.model), "--adapter", str(work / "adapters" / self.model)]
        line += ["--input", str(rows), "--task", self.task, "--batch", str(self.batch), "--repeat", str(repeat), "--json"]
        line += ["--new-tokens", str(self.new_tokens)] if self.new_tokens else []
        return line + (["--dtype", self.dtype] if self.dtype != "float32" else [])

    def peer(self, work: Path, repeat: int) -> list[str]:
        """The arguments of the peer."""
        return self.ours(work, repeat) + (["--images", self.images] if self.images else [])

    @property
    def sampled(self) -> bool:
        """Whether the two sides draw different completions, so that their losses cannot be compared."""
        return self.task == "grpo-step"


def cases(size: str, sft: float, update: float, step: float) -> tuple[TrainingCase, ...]:
    """All tasks of one size."""
    model = SIZES[size]
    return (
        TrainingCase(f"SFT step, LoRA, {size}, 4 rows", model, "sft-step", sft, batch=4),
        TrainingCase(f"DPO step, LoRA, {size}, 2 pairs with an image", model, "dpo-step", sft, batch=2),
        TrainingCase(f"GRPO update, {size}, 8 completions, one image", model, "grpo-update", update, images="each"),
        TrainingCase(f"the same, peer encodes the image once, {size}", model, "grpo-update", update, images="once"),
        TrainingCase(f"GRPO step with sampling, {size}, 8 completions", model, "grpo-step", step, new_tokens=96, images="each"),
        TrainingCase(f"the same, peer encodes the image once for the update, {size}", model, "grpo-step", step, new_tokens=96, images="once"),
    )  # fmt: skip


HALF = TrainingCase("SFT step, LoRA, 91M, 4 rows, both multiply in bfloat16", "bench-bf16", "sft-step", 1.4, batch=4, dtype="bfloat16")
CASES = (*cases("nano", 10.0, 4.0, 6.0), *cases("10M", 2.0, 4.0, 6.0), *cases("91M", 1.4, 4.0, 6.0), HALF)
