"""Make every checkpoint, row and golden number under data-fixtures again.

    python make_fixtures.py DATA_FIXTURES        (from the repository root: data-fixtures)

The seeds are chosen: greedy text has no near ties, and at least one row stops by itself.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from reflib.layout import write_checkpoint
from reflib.spec import FACTOR, ModelSpec, PixelLimits, VisionSpec

HERE = Path(__file__).parent
AREA = FACTOR * FACTOR
PIXELS = PixelLimits(image_min=2 * AREA, image_max=10 * AREA, video_min=4 * AREA, video_max=8 * AREA)
NANO = ModelSpec(pixels=PIXELS)


@dataclass(frozen=True)
class Fixture:
    """A checkpoint and the ways in which its numbers are recorded."""

    spec: ModelSpec
    records: tuple[tuple[str, ...], ...] = field(default=(("--pixels", "without"),))


FIXTURES = {
    "qwen2_5-nano": Fixture(replace(NANO, seed=29), (("--pixels", "with"),)),
    "qwen2_5-nano-untied": Fixture(
        replace(
            NANO, tied=False, shards=3, layout="published", template_in="tokenizer_config", mrope_section=(4, 2, 2),
            vision=VisionSpec(depth=3, window=84, full_attention=(2,), tokens_per_second=4), seed=29,
        )
    ),
    "qwen2_5-nano-bf16": Fixture(
        replace(NANO, dtype="bfloat16", logit_std=0.5, seed=10),
        (
            ("--parts", "score"),
            ("--parts", "score,generate", "--dtype", "float32", "--min-gap", "2e-4"),
        ),
    ),
    "qwen2-nano": Fixture(
        replace(
            NANO, family="qwen2_vl", layout="published", rms_eps=1e-5, rope_theta=1e4, kv_heads=1,
            vision=VisionSpec(depth=3, intermediate=64), pixels=replace(PIXELS, image_min=AREA, image_max=8 * AREA),
            seed=1,
        )
    ),
}  # fmt: skip


def run(script: str, *arguments: object) -> None:
    """Run a script of this folder; its failure ends this one."""
    subprocess.run([sys.executable, str(HERE / script), *map(str, arguments)], check=True)


def make(name: str, fixture: Fixture, root: Path) -> None:
    """One checkpoint and its goldens."""
    folder = root / "checkpoints" / name
    write_checkpoint(fixture.spec, folder)
    for record in fixture.records:
        output = root / "golden" / "model" / (f"{name}-as-float32" if "float32" in record else name)
        run("record.py", "--model", folder, "--input", root / "rows" / "rows.jsonl", "--output", output, *record)


def main() -> None:
    """Rows first, then every checkpoint, or only the ones named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--only", choices=FIXTURES, nargs="*", default=list(FIXTURES))
    arguments = parser.parse_args()
    run("make_rows.py", arguments.root / "rows")
    for name in arguments.only:
        make(name, FIXTURES[name], arguments.root)


if __name__ == "__main__":
    main()
