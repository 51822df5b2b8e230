"""The arithmetic that a training step cannot do without, and how fast this machine multiplies matrices."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from training_cases import TrainingCase

ROOT = Path(__file__).resolve().parents[2]
TYPES = ("float32", "bfloat16")
TORCH = """
import sys, time, torch
torch.set_num_threads(int(sys.argv[2]) or torch.get_num_threads())
a, b = torch.rand(2, 2048, 2048).to(getattr(torch, sys.argv[1]))
best = min(((s := time.perf_counter()), a @ b, time.perf_counter() - s)[2] for _ in range(60))
print(2 * 2048**3 / best)
"""
OURS = ("cargo", "run", "--release", "--locked", "--quiet", "--package", "fused-ops", "--example", "peak")


def matrix_peaks(python: Path, threads: int = 0) -> dict[str, float]:
    """Operations a second of a large product with factors of each type, on all threads or so many: the best of sixty by
    torch and of sixty by us."""
    environment = os.environ | ({"RAYON_NUM_THREADS": str(threads)} if threads else {})
    ours = json.loads(subprocess.run(OURS, cwd=ROOT, check=True, capture_output=True, text=True, env=environment).stdout)

    def torch(kind: str) -> float:
        line = [str(python), "-c", TORCH, kind, str(threads)]
        return float(subprocess.run(line, check=True, capture_output=True, text=True).stdout)

    return {kind: max(ours[kind], torch(kind)) for kind in TYPES}


@dataclass(frozen=True)
class Sequence:
    """Tokens that are computed once, then branches that each see all of them; positions whose logits are needed."""

    shared: int
    branches: tuple[int, ...]
    image_patches: int

    @property
    def tokens(self) -> int:
        """Positions of the decoder."""
        return self.shared + sum(self.branches)

    @property
    def pairs(self) -> float:
        """Query and key pairs of causal attention."""
        return self.shared**2 / 2 + sum(self.shared * own + own**2 / 2 for own in self.branches)


@dataclass(frozen=True)
class Floor:
    """Multiplications and additions of one step."""

    operations: float

    @classmethod
    def of(cls, case: TrainingCase, work: Path) -> Floor:
        """Prompts, images and shared prefixes once each; no gradient of frozen weights."""
        config = Sizes.read(work / "models" / case.model)
        lengths = json.loads((work / "rows" / "lengths.json").read_text(encoding="utf-8"))
        rows = lengths[case.task.split("-")[0]][: case.batch]
        sequences = [Sequence(row["prompt"], tuple(row["completions"]), row["patches"]) for row in rows]
        if case.new_tokens:
            sequences = [Sequence(one.shared, (case.new_tokens,) * len(one.branches), one.image_patches) for one in sequences]
        forwards = 1 if case.task in ("sft-step", "grpo-update") else 2
        return cls(sum(config.backward(one) + forwards * config.forward(one) + config.image(one) for one in sequences))


@dataclass(frozen=True)
class Sizes:
    """What of config.json decides the arithmetic."""

    hidden: int
    layers: int
    kv_width: int
    intermediate: int
    vocab: int
    vision: dict
    rank: int = 16

    @classmethod
    def read(cls, model: Path) -> Sizes:
        """From a checkpoint in the nested layout."""
        config = json.loads((model / "config.json").read_text(encoding="utf-8"))
        text = config["text_config"]
        kv = text["hidden_size"] // text["num_attention_heads"] * text["num_key_value_heads"]
        return cls(
            text["hidden_size"], text["num_hidden_layers"], kv, text["intermediate_size"], text["vocab_size"],
            config["vision_config"],
        )  # fmt: skip

    @property
    def dense(self) -> int:
        """Weights of the linear layers of one decoder layer."""
        return 2 * self.hidden * (self.hidden + self.kv_width) + 3 * self.hidden * self.intermediate

    @property
    def low_rank(self) -> int:
        """Weights of the adapters of one decoder layer."""
        attention = 4 * self.hidden + 2 * (self.hidden + self.kv_width)
        return self.rank * (attention + 3 * (self.hidden + self.intermediate))

    def forward(self, one: Sequence) -> float:
        """Linear layers, adapters, attention, and the head where it is read."""
        linear = 2 * one.tokens * (self.dense + self.low_rank) + 4 * one.pairs * self.hidden
        return self.layers * linear + 2 * sum(one.branches) * self.hidden * self.vocab

    def backward(self, one: Sequence) -> float:
        """As the forward pass without weight gradients of frozen layers; attention and adapters cost twice."""
        linear = 2 * one.tokens * (self.dense + 2 * self.low_rank) + 8 * one.pairs * self.hidden
        return self.layers * linear + 2 * sum(one.branches) * self.hidden * self.vocab

    def image(self, one: Sequence) -> float:
        """The linear layers of the vision tower, forward only; its attention is left out."""
        width, inner = self.vision["hidden_size"], self.vision["intermediate_size"]
        block = 4 * width * width + 3 * width * inner
        merger = (4 * width) ** 2 + 4 * width * self.hidden
        return 2 * one.image_patches * (self.vision["depth"] * block + 1176 * width + merger / 4)
