"""Do both sides compute the same pixels, ids and positions? Run by the peers' Python before anything is timed.

    python agree.py --anneal BINARY --model DIR --input rows.jsonl

Prints what differs; exit code 1 when something does. Pixels of a lossy file may be two 8-bit steps apart, because the two
sides have different decoders.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import transformers

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "reference"))
from reflib.anneal import Anneal
from reflib.compare import Findings, compare_preprocess, missing
from reflib.oracle import Oracle
from reflib.rows import read_rows


def main() -> int:
    """0 when the two sides agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--anneal", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--input", type=Path, required=True)
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    oracle, findings = Oracle(arguments.model), Findings()
    with tempfile.TemporaryDirectory() as scratch:
        ours = Anneal(arguments.anneal).preprocess(arguments.model, arguments.input, Path(scratch) / "out")
    for row in read_rows(arguments.input):
        if not missing(row, ours, "preprocess file", findings):
            compare_preprocess(row, ours[row.id], oracle, findings)
    print(f"pixels at most {findings.pixel_worst:.4f} apart, {findings.pixel_share:.2%} of them by more than 1e-4")
    for failure in findings.failures:
        print(failure)
    return 1 if findings.failures else 0


if __name__ == "__main__":
    sys.exit(main())
