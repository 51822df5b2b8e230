"""Make the checkpoint, the adapter and the rows of the card bench. Run by the peers' Python: `python card_workload.py OUT SIZE`."""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "reference"))

import card_models
import training_rows
import workload


def rows(folder: Path, model: Path) -> None:
    """The rows and pictures of the other benches."""
    rng = random.Random(11)
    folder.mkdir(parents=True, exist_ok=True)
    workload.draw(folder, rng)
    training_rows.draw(folder, rng)
    for name, lines in (workload.row_files(rng) | training_rows.row_files(rng)).items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    training_rows.write_lengths(model, folder)


def main() -> None:
    """Write `models/SIZE`, `models/nano`, their adapters and `rows/`; a finished folder is left alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("size", choices=card_models.CARD_SIZES)
    arguments = parser.parse_args()
    out: Path = arguments.out
    changes = {"pixels": workload.PIXELS, "stop": "never", "logit_std": 3.0, "seed": 7}
    for size in dict.fromkeys(("nano", arguments.size)):
        if not (out / "adapters" / size / "adapter_config.json").exists():
            count = card_models.write(size, changes, out / "models" / size)
            print(f"{size}: {count} parameters", flush=True)
            training_rows.make(out / "models" / size, training_rows.ADAPTER, out / "adapters" / size)
    rows(out / "rows", out / "models" / "nano")


if __name__ == "__main__":
    main()
