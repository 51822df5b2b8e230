"""Record what numpy makes of a matrix stored in few bits: `python packed.py data-fixtures/golden/packed.json`.

NF4 and eight-bit codes in blocks of 64 along the rows laid end to end, with exact scales and with scales in eight-bit
steps from their mean. The matrix is a formula that any language computes to the last bit.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

LEVELS = np.array(
    [
        -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
        -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
        0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
    ],
    dtype=np.float32,
)  # fmt: skip
SHAPE = (37, 53)


def matrix() -> np.ndarray:
    """Cubes of numbers in ±1 that look random, so that blocks differ in size."""
    index = np.arange(SHAPE[0] * SHAPE[1], dtype=np.int64)
    uniform = ((index * 7919 + 104_729) % 2003).astype(np.float32) / np.float32(1001.5) - np.float32(1)
    return uniform * uniform * uniform * (np.float32(1) + (index // 64).astype(np.float32))


def whole(x: np.ndarray) -> np.ndarray:
    """The nearest whole numbers in ±127."""
    return np.clip(np.rint(x), -127, 127)


def coded(scales: np.ndarray) -> np.ndarray:
    """Scales as eight-bit steps from their mean keep them."""
    mean = np.float32(scales.astype(np.float64).mean())
    kept = []
    for start in range(0, len(scales), 256):
        apart = scales[start : start + 256] - mean
        step = np.abs(apart).max() / np.float32(127)
        kept.append(np.maximum(whole(apart / step) * step + mean if step > 0 else apart * 0 + mean, 0))
    return np.concatenate(kept).astype(np.float32)


def kept(numbers: np.ndarray, bits: int, code_scales: bool) -> np.ndarray:
    """What storing the numbers keeps of them."""
    blocks = np.pad(numbers, (0, -len(numbers) % 64)).reshape(-1, 64)
    scales = np.abs(blocks).max(axis=1) / np.float32(1 if bits == 4 else 127)
    ratio = blocks / scales[:, None]
    near = LEVELS[np.abs(ratio[:, :, None].astype(np.float64) - LEVELS).argmin(axis=2)] if bits == 4 else whole(ratio)
    return (near * (coded(scales) if code_scales else scales)[:, None]).reshape(-1)[: len(numbers)]


def main() -> None:
    """Write the file."""
    numbers = matrix()
    record: dict[str, object] = {"shape": SHAPE}
    for name, bits, code_scales in [("nf4", 4, False), ("nf4-coded", 4, True), ("int8", 8, False), ("int8-coded", 8, True)]:
        found = kept(numbers, bits, code_scales)
        record[name] = [float(np.format_float_positional(x, unique=True)) for x in found]
        print(f"{name:<11} relative error {np.linalg.norm(found - numbers) / np.linalg.norm(numbers):.4f}")
    Path(sys.argv[1]).write_text(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
