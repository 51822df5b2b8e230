"""Rows a second while reading chat rows with image paths: ours beside the library datasets.

    python benches/peers/reading.py [--rows 100000] [--rounds 3] [--binary PATH]

Both sides read the same JSONL from disk to conversations: roles, texts, and the paths of the images, no pixels. Ours is
the example `iterate` of `crates/datasets`, a release build. The peer loads the file, maps every row to its conversation
and iterates over the result, with its cache emptied before each pass; `iterate` is the time of the last part alone.
The sides take turns, and counts of rows, images and characters must be equal.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOAL = 10.0


def write_rows(path: Path, count: int) -> None:
    """Chat rows as a user has them: an image, a question, an answer."""
    with path.open("w", encoding="utf-8") as out:
        for row in range(count):
            question = f"What stands on shelf {row % 977}, left of the {['red', 'blue', 'tall'][row % 3]} box?"
            parts = [{"type": "image", "text": None}, {"type": "text", "text": question}]
            answer = f"A cup, {row % 7} plates and a small lamp; nothing else can be seen there."
            turns = [{"role": "user", "content": parts},
                     {"role": "assistant", "content": [{"type": "text", "text": answer}]}]
            out.write(json.dumps({"id": str(row), "images": [f"pictures/{row:06}.jpg"], "messages": turns}) + "\n")


def conversation(row: dict) -> dict:
    """What a trainer needs of a row."""
    turns = [[turn["role"], "".join(part["text"] or "" for part in turn["content"])] for turn in row["messages"]]
    return {"turns": turns, "paths": row["images"]}


def peer_pass(path: Path) -> dict:
    """One pass of the library datasets, without anything cached from the pass before."""
    from datasets import load_dataset  # noqa: PLC0415  (the time of the import is not the time of reading)

    with tempfile.TemporaryDirectory() as cache:
        start = time.perf_counter()
        rows = load_dataset("json", data_files=str(path), split="train", cache_dir=cache)
        rows = rows.map(conversation, remove_columns=rows.column_names)
        middle = time.perf_counter()
        count = images = characters = 0
        for row in rows:
            count += 1
            images += len(row["paths"])
            characters += sum(len(text) for _, text in row["turns"])
        end = time.perf_counter()
    return {"rows": count, "images": images, "characters": characters, "seconds": end - start, "iterate": end - middle}


def our_pass(binary: Path, path: Path) -> dict:
    """One pass of the example."""
    done = subprocess.run([binary, path, "1"], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return {**found, "seconds": found["seconds"][0]}


def build() -> Path:
    """The release build of the example."""
    command = ["cargo", "build", "--release", "--example", "iterate", "-p", "datasets", "--message-format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    built = [json.loads(line) for line in done.stdout.splitlines()]
    return Path(next(line["executable"] for line in built if line.get("executable")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--binary", type=Path, help="the example, built already")
    arguments = parser.parse_args()
    binary = arguments.binary or build()
    ours, peers, alone = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_rows(path, arguments.rows)
        for _ in range(arguments.rounds):
            ours.append(our_pass(binary, path))
            peers.append(peer_pass(path))
    for one, other in zip(ours, peers, strict=True):
        if any(one[key] != other[key] for key in ("rows", "images", "characters")):
            raise SystemExit(f"the sides read different things: {one} and {other}")
    rate = lambda found, key: arguments.rows / statistics.median(run[key] for run in found)  # noqa: E731
    alone = rate(peers, "iterate")
    mine, theirs = rate(ours, "seconds"), rate(peers, "seconds")
    print(json.dumps({"rows": arguments.rows, "ours": mine, "peer": theirs, "peer_iterating_alone": alone,
                      "ratio": mine / theirs, "goal": GOAL}))


if __name__ == "__main__":
    main()
