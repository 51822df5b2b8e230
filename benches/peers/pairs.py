"""Make the pairs that the judges read: `write_pairs(FOLDER)`. Needs no package.

Math pairs are those of data-fixtures: all of them for the agreement of verdicts, every fifth for the clock, because a peer
takes milliseconds for each. Letters and formats are drawn here: replies of the usual lengths, some of them malformed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path

GOLDEN = Path(__file__).resolve().parents[2] / "data-fixtures" / "golden"
REPLIES = 20_000
LETTERS = "ABCDE"
SENTENCES = (
    "The person opens the door before picking up the cup.",
    "Frames 3 to 9 show water running over a dish.",
    "Nothing in the picture moves between the first and the last second.",
    "The shelf on the left holds more boxes than the one behind it.",
    "So the second step must come after the lid was closed.",
    "The log says the light was on, and the image agrees.",
)
# What follows the reasoning; the first group names a letter, the second does not.
ANSWERS = ("\n<answer>{}</answer>", "\n<answer> {} </answer>", "\nThe correct answer is: ({})", "\nAnswer: {}")
NO_ANSWERS = ("\n<answer></answer>", "\nIt cannot be told from these frames.")
# What surrounds the reasoning, well formed two times out of three.
LAYOUTS = (
    "<think>{}</think>", "<think>\n{}\n</think>", "<think>{}</think> done", "<think>{}</think>\n\n",
    "<think>{}</think>\n", "<think>{}</think>\n<answer>C</answer>", "<think>{}", "<think><think>{}</think>", "{}",
)  # fmt: skip


def reasoning(rng: random.Random) -> str:
    """One to eight sentences."""
    return " ".join(rng.choices(SENTENCES, k=rng.randint(1, 8)))


def choice_row(rng: random.Random) -> dict[str, object]:
    """A reply, the right letter, and whether the reply gives it."""
    gold, said = rng.choice(LETTERS), rng.choice(LETTERS)
    right = rng.random() < 0.5
    readable = rng.random() < 0.9
    ending = rng.choice(ANSWERS).format(gold if right else said) if readable else rng.choice(NO_ANSWERS)
    prediction = f"<think>{reasoning(rng)}</think>{ending}"
    return {"prediction": prediction, "gold": gold, "expected": readable and (right or said == gold)}


def format_row(rng: random.Random) -> dict[str, object]:
    """A reply in one of the layouts."""
    return {"prediction": rng.choice(LAYOUTS).format(reasoning(rng))}


def golden_rows() -> list[dict[str, object]]:
    """The math pairs of data-fixtures, without their recorded verdicts."""
    files = (GOLDEN / "math_verify.jsonl", GOLDEN / "math_verify_extra.jsonl")
    rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [{"prediction": row["prediction"], "gold": row["gold"]} for row in rows]


def write_rows(file: Path, rows: Iterable[dict[str, object]]) -> None:
    """One JSON object a line."""
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_pairs(folder: Path) -> None:
    """Write the files of every kind: KIND.jsonl for the clock, KIND-check.jsonl for the agreement of verdicts."""
    folder.mkdir(parents=True, exist_ok=True)
    rng, math = random.Random(5), golden_rows()
    letters = [choice_row(rng) for _ in range(REPLIES)]
    formats = [format_row(rng) for _ in range(REPLIES)]
    files = {"math": math[::5], "math-check": math, "choice": letters, "choice-check": letters,
             "think-format": formats, "think-format-check": formats}  # fmt: skip
    for name, rows in files.items():
        write_rows(folder / f"{name}.jsonl", rows)
