"""What is measured on a card, with the ratios to reach there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from floor import Floor, Sequence, Sizes
from training_cases import TrainingCase

TRAINING = ("sft-step", "grpo-step")


@dataclass(frozen=True)
class Setting:
    """One run of the bench: where everything lies, what computes, in what."""

    work: Path
    size: str
    device: str
    dtype: str
    repeat: int

    @property
    def model(self) -> Path:
        """The checkpoint."""
        return self.work / "models" / self.size

    @property
    def weight_bytes(self) -> int:
        """Bytes of one weight."""
        return 4 if self.dtype == "float32" else 2


@dataclass(frozen=True)
class CardCase:
    """One line of the table."""

    name: str
    task: str
    rows: str
    unit: str
    goal: float | None = None
    batch: int = 1
    new_tokens: int = 0
    packed: bool = False
    images: str = ""

    @property
    def trains(self) -> bool:
        """Whether the line is a step of training."""
        return self.task in TRAINING

    def arguments(self, setting: Setting) -> list[str]:
        """The arguments that both sides take."""
        line = ["--model", str(setting.model), "--input", str(setting.work / "rows" / f"{self.rows}.jsonl")]
        line += ["--task", self.task, "--batch", str(self.batch), "--repeat", str(setting.repeat), "--json"]
        line += ["--device", setting.device, "--dtype", setting.dtype]
        if self.trains:
            line += ["--adapter", str(setting.work / "adapters" / setting.size)]
        if self.packed:
            line += ["--load-in-4bit"]
        return line + (["--new-tokens", str(self.new_tokens)] if self.new_tokens else [])

    def peer_only(self) -> list[str]:
        """Arguments of the peer alone."""
        return ["--images", self.images] if self.images else []

    def amount(self, found: dict) -> int:
        """What one repetition worked off."""
        return found["rows"] if self.unit in ("images/s", "steps/s") else found["tokens"]

    def share(self, setting: Setting, found: dict, seconds: float, rates: dict[str, float]) -> float | None:
        """The part of the card's measured rate that the work cannot do without: of bytes read in decoding, of operations else."""
        if self.task == "decode":
            steps = found["tokens"] / self.batch
            return read_per_step(setting) * steps / seconds / rates["copy_bytes_per_second"]
        return operations(self, setting, found) / seconds / rates["matrix_flops"]


def read_per_step(setting: Setting) -> int:
    """Bytes of the decoder's weights and of its head; keys and values are left out."""
    sizes = Sizes.read(setting.model)
    return setting.weight_bytes * (sizes.layers * sizes.dense + sizes.hidden * sizes.vocab)


def operations(case: CardCase, setting: Setting, found: dict) -> float:
    """Multiplications and additions of one repetition."""
    sizes = Sizes.read(setting.model)
    if case.trains:
        step = TrainingCase(case.name, setting.size, case.task, 0.0, case.batch, case.new_tokens)
        return Floor.of(step, setting.work).operations
    if case.task == "vision":
        return sizes.image(Sequence(0, (), 4 * found["tokens"]))
    return sizes.forward(Sequence(found["tokens"], (), 0))


CASES = (
    CardCase("greedy decoding, batch 1", "decode", "ragged", "tokens/s", 3.0, batch=1, new_tokens=65),
    CardCase("greedy decoding, batch 8", "decode", "ragged", "tokens/s", None, batch=8, new_tokens=65),
    CardCase("greedy decoding, batch 64", "decode", "ragged", "tokens/s", 3.0, batch=64, new_tokens=65),
    CardCase("prefill, text of 1024 tokens", "prefill", "text1024", "tokens/s"),
    CardCase("vision tower, pictures of 448x448", "vision", "image", "images/s", None, batch=8),
    CardCase("LoRA SFT step, 4 rows", "sft-step", "sft", "tokens/s", 1.0, batch=4),
    CardCase("the same over weights in four bits", "sft-step", "sft", "tokens/s", None, batch=4, packed=True),
    CardCase(
        "GRPO step, 8 completions, one picture", "grpo-step", "grpo", "tokens/s", 4.0, new_tokens=96, images="each"
    ),
)
