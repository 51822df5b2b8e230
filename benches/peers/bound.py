"""What a task cannot do without on this machine: its arithmetic, reading what it reads, or writing what it makes."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from floor import Sequence, Sizes
from measure import Case

VALUES_OF_A_PATCH = 1176
RATE = """
import sys, time, torch
size, what, threads = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads or torch.get_num_threads())
a = torch.rand(max(size // 4, 1))
move = a.sum if what == "read" else lambda: a.fill_(1.0)
best = min(((s := time.perf_counter()), move(), time.perf_counter() - s)[2] for _ in range(100))
print(4 * a.numel() / best)
"""


def rate(python: Path, size: int, what: str = "read", threads: int = 0) -> float:
    """Bytes a second at which torch sums ("read") or fills ("write") a buffer of this size, with all its threads or with
    these: the best of a hundred, caches warm."""
    line = [str(python), "-c", RATE, str(size), what, str(threads)]
    return float(subprocess.run(line, check=True, capture_output=True, text=True).stdout)


@dataclass(frozen=True)
class Bound:
    """Seconds that one repetition of a task takes at least, and why."""

    seconds: float
    why: str

    @classmethod
    def of(cls, case: Case, tokens: int, work: Path, python: Path, peaks: dict[str, float]) -> Bound:
        """The bound of a task on a model. `tokens` are those of one repetition."""
        if case.task == "preprocess":
            pixels = case.batch * case.patches * VALUES_OF_A_PATCH * 4
            return cls(pixels / rate(python, pixels, "write"), "writing")
        peak = peaks["bfloat16" if case.dtype else "float32"]
        sizes = replace(Sizes.read(work / "models" / case.model), rank=0)
        if case.task == "prefill":
            one = Sequence(tokens - 1, (1,), case.patches)
            return cls((sizes.forward(one) + sizes.image(one)) / peak, "products")
        weights = sizes.layers * sizes.dense + sizes.hidden * sizes.vocab
        size = sizes.layers * sizes.dense * case.weight_bytes + sizes.hidden * sizes.vocab * 4
        products = cls(2 * tokens * weights / peak, "products")
        reading = cls(tokens / case.batch * size / rate(python, size), "reading")
        return max(products, reading, key=lambda bound: bound.seconds)

    @classmethod
    def of_files(cls, files: list[Path], python: Path) -> Bound:
        """Reading these files once, from memory."""
        size = sum(file.stat().st_size for file in files)
        return cls(size / rate(python, size), "reading")

    @classmethod
    def of_texts(cls, texts: list[str], python: Path) -> Bound:
        """Looking at every byte of these texts once, on one thread."""
        size = sum(len(text.encode()) for text in texts)
        return cls(size / rate(python, size, threads=1), "reading")
