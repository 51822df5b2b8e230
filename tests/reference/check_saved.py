"""Check that a folder written by `anneal` is the same model to transformers as the folder it came from.

    python check_saved.py --saved FOLDER --original FOLDER --input rows.jsonl [--tolerance 1e-5]

Loads both with transformers, reports weights that were missing or unused, and compares prompts, logits and end tokens row
by row. For a merged adapter give `--adapter FOLDER`: the original is then loaded with that adapter by PEFT. Exit code 1
when anything differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
import transformers
from reflib.oracle import Oracle
from reflib.rows import Row, read_rows
from transformers import AutoModelForImageTextToText


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saved", type=Path, required=True)
    parser.add_argument("--original", type=Path, required=True)
    parser.add_argument("--adapter", type=Path, help="a PEFT adapter that the saved folder has merged")
    parser.add_argument("--input", type=Path, required=True, help="rows to run through both")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="largest distance of two logits")
    return parser.parse_args()


def loading_complaints(folder: Path) -> list[str]:
    """What transformers found missing, unknown or of another shape."""
    _, info = AutoModelForImageTextToText.from_pretrained(folder, dtype="auto", output_loading_info=True)
    kinds = ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")
    return [f"{folder}: {kind} {sorted(map(str, info[kind]))}" for kind in kinds if info.get(kind)]


def with_adapter(oracle: Oracle, adapter: Path) -> None:
    """Put a merged PEFT adapter into the oracle's model."""
    from peft import PeftModel

    oracle.model = PeftModel.from_pretrained(oracle.model, adapter).merge_and_unload().eval()


@torch.no_grad()
def logits(oracle: Oracle, row: Row) -> torch.Tensor:
    """All logits of the row's prompt, in float32."""
    return oracle.model(**oracle.inputs([row])).logits[0].float()


def differences(saved: Oracle, original: Oracle, rows: list[Row], tolerance: float) -> list[str]:
    """What differs between the two folders, row by row."""
    found = [] if saved.stop_ids == original.stop_ids else [f"end tokens {saved.stop_ids}, not {original.stop_ids}"]
    worst = 0.0
    for row in rows:
        ids = [oracle.inputs([row])["input_ids"] for oracle in (saved, original)]
        if ids[0].shape != ids[1].shape or not torch.equal(*ids):
            found.append(f"{row.id}: input_ids differ")
            continue
        apart = (logits(saved, row) - logits(original, row)).abs().max().item()
        worst = max(worst, apart)
        if not apart <= tolerance:
            found.append(f"{row.id}: logits off by {apart:.3g}")
    print(f"{len(rows)} rows, largest distance of logits {worst:.3g}")
    return found


def main() -> int:
    """0 when the two folders are the same model."""
    arguments = parse_arguments()
    torch.set_num_threads(2)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    problems = loading_complaints(arguments.saved)
    saved, original = Oracle(arguments.saved, "float32"), Oracle(arguments.original, "float32")
    if arguments.adapter:
        with_adapter(original, arguments.adapter)
    problems += differences(saved, original, read_rows(arguments.input), arguments.tolerance)
    for problem in problems:
        print(problem)
    print("differs" if problems else "same model")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
