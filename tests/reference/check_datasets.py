#!/usr/bin/env python3
"""Reads parquet files that the crate `datasets` wrote with pyarrow and the library datasets, and compares them.

    ANNEAL_CONVERTED=FOLDER cargo test -p datasets --test convert every_layout
    python tests/reference/check_datasets.py FOLDER data-fixtures/datasets/expected.json

Ends with exit code 1 if a file does not hold what `expected.json` says of the file it was converted from.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
from datasets import Dataset


def turns(value: list[dict]) -> list[list[str]]:
    """Turns as `expected.json` writes them."""
    return [[turn["role"], turn["content"].replace("<image>", "[image]")] for turn in value]


def sums(images: list[dict] | None) -> list[str]:
    return [hashlib.sha256(image["bytes"]).hexdigest() for image in images or []]


def read(path: Path) -> list[dict]:
    """The rows twice over, by both libraries."""
    rows = pq.read_table(path).to_pylist()
    if Dataset.from_parquet(str(path)).to_list() != rows:
        sys.exit(f"{path}: pyarrow and datasets read different rows")
    return rows


def differs(layout: str, row: dict, expected: dict) -> str | None:
    """What is wrong with a row of a layout whose meaning can be told from the columns alone."""
    pairs = [("id", row["id"], expected["id"]), ("images", sums(row["images"]), expected["images"])]
    if layout == "messages" and expected["kind"] == "instruction":
        pairs.append(("messages", turns(row["messages"]), expected["turns"]))
    if layout == "preference":
        pairs += [(name, turns(row[name]), expected[key]) for name, key in
                  [("prompt", "turns"), ("chosen", "chosen"), ("rejected", "rejected")]]
    if layout == "prompt" and expected["kind"] == "RL prompt":
        pairs += [("prompt", turns(row["prompt"]), expected["turns"]), ("solution", row["solution"], expected["truth"])]
    if layout == "easyr1" and expected["kind"] == "RL prompt":
        text = row["problem"].replace("<image>", "[image]")
        pairs += [("problem", [["user", text]], expected["turns"]), ("answer", row["answer"], expected["truth"])]
    return next((f"{name}: {found!r} instead of {wanted!r}" for name, found, wanted in pairs if found != wanted), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("expected", type=Path)
    args = parser.parse_args()
    checked = 0
    for case in json.loads(args.expected.read_text("utf-8")):
        for path in sorted(args.folder.glob(f"{case['path'].replace('.', '_')}-*.parquet")):
            layout = path.stem.rsplit("-", 1)[1]
            rows = read(path)[:: case.get("step", 1)]
            found = [differs(layout, row, expected) for row, expected in zip(rows, case["rows"], strict=True)]
            if any(found):
                sys.exit(f"{path}: {next(filter(None, found))}")
            checked += 1
    print(f"{checked} files hold what was written")
    sys.exit(0 if checked else 1)


if __name__ == "__main__":
    main()
