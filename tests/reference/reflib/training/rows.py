"""The rows that training is recorded on. Images keep their size, so that every resizer gives the same pixels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..pictures import picture
from ..rows import Row, read_rows

# Width and height are multiples of 28 within the limits of every fixture checkpoint.
IMAGES = {"wall.png": (56, 56, 5), "door.png": (84, 56, 6), "lamp.png": (56, 84, 7), "strip.png": (112, 28, 8)}


def user(text: str, images: int = 0) -> dict:
    """A question below its images."""
    parts = [{"type": "image"} for _ in range(images)]
    return {"role": "user", "content": [*parts, {"type": "text", "text": text}]}


def answer(text: str) -> dict:
    """What the assistant says."""
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


SYSTEM = {"role": "system", "content": [{"type": "text", "text": "Answer with one letter."}]}
SUPERVISED = (
    {"id": "text", "messages": [user("How many objects touch the wall?"), answer("The answer is (B) 14.")]},
    {"id": "image", "images": ["wall.png"], "messages": [user("Describe the picture.", 1), answer("A small circle.")]},
    {
        "id": "pair", "images": ["door.png", "strip.png"],
        "messages": [user("Which one is larger?", 2), answer("<think>Look.</think><answer>The first one</answer>")],
    },
    {
        "id": "turns",
        "messages": [user("What is 7 times 8?"), answer("56"), user("And times 2?"), answer("It is 112, so take 112.")],
    },
    {
        "id": "image-turns", "images": ["lamp.png", "wall.png"],
        "messages": [user("What is it?", 1), answer("A lamp."), user("And this?", 1), answer("A green triangle.")],
    },
    {
        "id": "system", "images": ["strip.png"],
        "messages": [SYSTEM, user("Left: circle. Options: (A) yes (B) no", 1), answer("(A)")],
    },
)  # fmt: skip
PREFERENCES = (
    {
        "id": "wall", "images": ["wall.png"], "prompt": [user("How many circles?", 1)],
        "chosen": "There are three circles.", "rejected": "none",
    },
    {
        "id": "two", "images": ["door.png", "lamp.png"],
        "prompt": [user("What is it?", 1), answer("A door."), user("And this?", 1)],
        "chosen": "A lamp.", "rejected": "They open the drawer, take a knife and cut the bread.",
    },
    {
        "id": "plain", "prompt": [user("What is 7 times 8?")],
        "chosen": "<answer>56</answer>", "rejected": "<answer>14</answer> or so",
    },
)  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """A fixed completion: its words, whether its end token was written, and its reward."""

    text: str
    stopped: bool
    reward: float


GROUPS = (
    (
        {"id": "count", "images": ["wall.png"], "messages": [user("How many objects touch the wall?", 1)]},
        (
            Reply("<think>The wall.</think><answer>14</answer>", True, 1.0),
            Reply("Two large yellow circles, and the camera looks down on", False, 0.0),
            Reply("25", True, 0.0),
            Reply("The answer is (B) 14.", True, 0.5),
        ),
    ),
    (
        {"id": "angle", "messages": [user("The angle at B is 60 degrees. What is C?")]},
        (
            Reply("<answer>60</answer>", True, 1.2),
            Reply("so the sides are equal.", True, 1.2),
            Reply("Question: how many?", True, -0.3),
            Reply("a knife and cut the bread. They open the drawer, take", False, 0.1),
        ),
    ),
)


def write_lines(path: Path, rows: list[dict]) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def in_images(row: dict) -> dict:
    """The row with the folder of its images."""
    return row | {"images": [f"images/{name}" for name in row["images"]]} if "images" in row else row


def write_rows(folder: Path) -> None:
    """Images, conversations, preferences and prompts."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for name, (width, height, seed) in IMAGES.items():
        picture(width, height, seed).save(folder / "images" / name)
    write_lines(folder / "supervised.jsonl", [in_images(row) for row in SUPERVISED])
    write_lines(folder / "preferences.jsonl", [in_images(row) for row in PREFERENCES])
    write_lines(folder / "prompts.jsonl", [in_images(row) for row, _ in GROUPS])


def read(folder: Path, name: str) -> dict[str, Row]:
    """Rows of a file by their id."""
    return {row.id: row for row in read_rows(folder / f"{name}.jsonl")}
