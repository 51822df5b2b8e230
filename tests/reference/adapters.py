"""Check that adapters written by us are the same to PEFT, and their merged folders the same to transformers.

    cargo run -p vlm-model --example adapt -- data-fixtures/checkpoints/qwen2_5-nano OUT
    python adapters.py --model data-fixtures/checkpoints/qwen2_5-nano --written OUT --input data-fixtures/rows/rows.jsonl

For every folder of OUT: PEFT loads `adapter` onto the model without a warning, with exactly the tensors of the file;
transformers loads `merged` with nothing missing; and both give the same logits on every row. Exit code 1 when anything
differs.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

import torch
import transformers
from check_saved import loading_complaints, logits
from peft import PeftModel, get_peft_model_state_dict
from reflib.oracle import Oracle
from reflib.rows import Row, read_rows
from safetensors.torch import load_file


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--written", type=Path, required=True, help="what the example `adapt` wrote")
    parser.add_argument("--input", type=Path, required=True, help="rows to run through both")
    parser.add_argument("--rows", type=int, default=4, help="how many of them")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest distance of two logits")
    return parser.parse_args()


def adapted(model: Path, adapter: Path) -> tuple[Oracle, list[str]]:
    """The model with the adapter, and what PEFT had to say about it."""
    oracle = Oracle(model, "float32")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        oracle.model = PeftModel.from_pretrained(oracle.model, adapter).eval()
    complaints = [f"{adapter}: {one.message}" for one in said if "adapter" in str(one.message)]
    file, held = load_file(adapter / "adapter_model.safetensors"), get_peft_model_state_dict(
        oracle.model, save_embedding_layers=False
    )
    complaints += [f"{adapter}: PEFT has {name}, the file does not" for name in sorted(set(held) - set(file))]
    complaints += [f"{adapter}: PEFT has no {name}" for name in sorted(set(file) - set(held))]
    wrong = [name for name in sorted(set(file) & set(held)) if not torch.equal(file[name], held[name])]
    return oracle, complaints + [f"{adapter}: {name} differs" for name in wrong]


def differences(folder: Path, model: Path, rows: list[Row], tolerance: float) -> list[str]:
    """What differs between PEFT's adapted model and the merged folder."""
    ours, found = adapted(model, folder / "adapter")
    found += loading_complaints(folder / "merged")
    merged, plain = Oracle(folder / "merged", "float32"), Oracle(model, "float32")
    worst, moved = 0.0, 0.0
    for row in rows:
        reference = logits(ours, row)
        worst = max(worst, (logits(merged, row) - reference).abs().max().item())
        moved = max(moved, (logits(plain, row) - reference).abs().max().item())
    print(f"{folder.name:<12} logits apart {worst:.1e}; the adapter moved them by {moved:.1e}")
    if not worst <= tolerance < moved:
        found.append(f"{folder}: logits are off by {worst:.3g}, or the adapter does nothing ({moved:.3g})")
    return found


def main() -> int:
    """0 when all folders are what they should be."""
    arguments = parse_arguments()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    rows = read_rows(arguments.input)[: arguments.rows]
    folders = sorted(folder for folder in arguments.written.iterdir() if (folder / "adapter").is_dir())
    problems = [] if folders else [f"{arguments.written}: no adapters"]
    for folder in folders:
        problems += differences(folder, arguments.model, rows, arguments.tolerance)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
