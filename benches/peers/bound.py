"""What a task of `anneal bench` cannot do without on this machine: its arithmetic, or one reading of the weights a token."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from floor import Sequence, Sizes
from measure import Case

READING = """
import sys, time, torch
a = torch.rand(max(int(sys.argv[1]) // 4, 1))
best = min(((s := time.perf_counter()), a.sum(), time.perf_counter() - s)[2] for _ in range(100))
print(4 * a.numel() / best)
"""


def read_rate(python: Path, size: int) -> float:
    """Bytes a second at which torch sums a buffer of this size: the best of a hundred, caches warm."""
    done = subprocess.run([str(python), "-c", READING, str(size)], check=True, capture_output=True, text=True)
    return float(done.stdout)


@dataclass(frozen=True)
class Bound:
    """Seconds that one repetition of a task takes at least, and why."""

    seconds: float
    why: str

    @classmethod
    def of(cls, case: Case, tokens: int, work: Path, python: Path, peaks: dict[str, float]) -> Bound | None:
        """The bound of a task on a model; nothing for preprocessing. `tokens` are those of one repetition."""
        if case.task == "preprocess":
            return None
        peak = peaks["bfloat16" if case.dtype else "float32"]
        sizes = replace(Sizes.read(work / "models" / case.model), rank=0)
        if case.task == "prefill":
            one = Sequence(tokens - 1, (1,), case.patches)
            return cls((sizes.forward(one) + sizes.image(one)) / peak, "products")
        weights = sizes.layers * sizes.dense + sizes.hidden * sizes.vocab
        size = sizes.layers * sizes.dense * case.weight_bytes + sizes.hidden * sizes.vocab * 4
        products = cls(2 * tokens * weights / peak, "products")
        reading = cls(tokens / case.batch * size / read_rate(python, size), "reading")
        return max(products, reading, key=lambda bound: bound.seconds)
