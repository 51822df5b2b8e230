"""Rows of the scaling page, and where each of its points lies. Run by the peers' Python: `python scaling_rows.py WORKLOAD`."""

from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "reference"))
from reflib.rows import Row
from reflib.training import batches
from transformers import AutoProcessor

from training_rows import count, question, text, token_ids


@dataclass(frozen=True)
class Load:
    """One GRPO update: its prompts with their images, and a group of completions for each."""

    group: int = 8
    prompt: int = 128
    completion: int = 64
    images: int = 1
    batch: int = 1
    threads: int = 2


AXES = {
    "group": (2, 4, 8, 16, 32), "prompt": (64, 128, 256, 512, 1024), "completion": (16, 32, 64, 128, 256),
    "images": (0, 1, 2, 4), "batch": (1, 2, 4), "threads": (1, 2),
}  # fmt: skip


def row(load: Load, name: str, rng: random.Random) -> dict[str, object]:
    """A prompt with its group."""
    images = [f"train{index}.png" for index in range(load.images)]
    asked = question(text(rng, load.prompt), None)
    asked["content"] = [{"type": "image"} for _ in images] + asked["content"]
    replies = [{"token_ids": token_ids(rng, load.completion), "reward": round(rng.random(), 3)} for _ in range(load.group)]
    return {"id": name, "messages": [asked], "completions": replies} | ({"images": images} if images else {})


def main() -> None:
    """Write `rows/scale-AXIS-VALUE.jsonl` and `scaling.json`, which lists the points with the lengths of their rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    work = parser.parse_args().work
    processor = batches.with_template(AutoProcessor.from_pretrained(work / "models" / "nano"))
    points = []
    for axis, values in AXES.items():
        for value in values:
            load, rng = replace(Load(), **{axis: value}), random.Random(17)
            rows = [row(load, f"group{index}", rng) for index in range(load.batch)]
            path = work / "rows" / f"scale-{axis}-{value}.jsonl"
            path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
            lengths = [count(Row(one, path.parent), processor) for one in rows]
            points.append({"axis": axis, "value": value, "load": asdict(load), "rows": path.name, "lengths": lengths})
    (work / "scaling.json").write_text(json.dumps(points), encoding="utf-8")


if __name__ == "__main__":
    main()
