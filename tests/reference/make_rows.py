"""Draw the fixture images and write the rows that use them.

    python make_rows.py OUT_FOLDER        (data-fixtures/rows in this repository)
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from PIL import Image
from reflib.pictures import as_mode, picture

ORIENTATION = 0x0112
UNUSUAL = "图中有几个圆形？ Cafe\u0301, naïve — 👩‍👩‍👧 \u200b\tx\r\n\n  y"
IMAGE, VIDEO = {"type": "image"}, {"type": "video"}


def text(value: str) -> dict[str, str]:
    """A text part of a message."""
    return {"type": "text", "text": value}


def user(*parts: dict[str, str] | str) -> dict[str, object]:
    """A user message; one bare string stays a string."""
    return {"role": "user", "content": parts[0] if isinstance(parts[0], str) else list(parts)}


def draw_images(folder: Path) -> None:
    """Every image and frame that a row names. Sides that are multiples of 28 need no resize."""
    folder.mkdir(parents=True, exist_ok=True)
    picture(28, 28, 1).save(folder / "tiny.png")
    picture(84, 56, 2).save(folder / "exact.png")
    picture(112, 56, 3).save(folder / "wide.png")
    picture(200, 150, 4).save(folder / "photo.jpg", quality=92, subsampling="4:4:4")
    picture(84, 84, 5).save(folder / "drawing.webp", lossless=True)
    as_mode(picture(84, 84, 6), "L").save(folder / "grey.png")
    as_mode(picture(112, 56, 7), "RGBA").save(folder / "clear.png")
    as_mode(picture(84, 56, 8), "P").save(folder / "palette.png")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture(112, 56, 9).save(folder / "turned.png", exif=exif)
    picture(280, 28, 10).save(folder / "ribbon.png")
    picture(8, 900, 11, noise=2).save(folder / "thread.png")
    picture(333, 217, 12).save(folder / "odd.png")
    for index in range(5):
        picture(84, 56, 20 + index, noise=8).save(folder / f"frame{index}.png")
    for index in range(4):
        picture(70, 90, 30 + index, noise=8).save(folder / f"clip{index}.png")


def text_rows() -> list[dict]:
    """Rows without pixels: plain, unicode with a system message, several turns."""
    turns = [user("What is 7 times 8?"), {"role": "assistant", "content": "56"}, user(text("And "), text("times 2?"))]
    system = {"role": "system", "content": "Du bist ein höflicher Assistent.\nAntworte kurz."}
    return [
        {"id": "text", "messages": [user("How many objects touch the wall?")], "completion": "The answer is (B) 14."},
        {"id": "unicode", "messages": [system, user(UNUSUAL)],
         "completion": "三个。 Ça va 🙂<|im_end|>"},
        {"id": "turns", "messages": turns, "completion_ids": [17, 300, 41, 41, 449, 450]},
    ]  # fmt: skip


def image_rows() -> list[dict]:
    """One image each, in every size, mode and file format; then several images."""
    names = [
        "tiny.png", "exact.png", "wide.png", "photo.jpg", "drawing.webp", "grey.png", "clear.png", "palette.png",
        "turned.png", "ribbon.png", "thread.png", "odd.png",
    ]  # fmt: skip
    rows = []
    for index, name in enumerate(names):
        stem = name.split(".")[0]
        answer = {"completion": f"I see {stem}."} if index % 2 else {"completion_ids": [40, 299, 12 + index, 450]}
        messages = [user(IMAGE, text("Describe the picture."))]
        rows.append({"id": stem, "messages": messages, "images": [f"images/{name}"], **answer})
    pair = [user(text("First: "), IMAGE, text(" second: "), IMAGE, text("\nWhich one is larger?"))]
    rows.append({"id": "pair", "messages": pair, "images": ["images/exact.png", "images/odd.png"],
                 "completion": "The second."})  # fmt: skip
    turns = [user(IMAGE, text("What is it?")), {"role": "assistant", "content": "A circle."}, user(IMAGE, text("And this?"))]
    rows.append({"id": "image-turns", "messages": turns, "images": ["images/clear.png", "images/tiny.png"],
                 "completion": "<think>Look.</think><answer>A</answer>"})  # fmt: skip
    return rows


def video_rows() -> list[dict]:
    """Frame lists: an odd count with a rate, an even count without one, and a video beside an image."""
    frames = [f"images/frame{index}.png" for index in range(5)]
    clip = [f"images/clip{index}.png" for index in range(4)]
    ask = [user(VIDEO, text("What happens?"))]
    both = [user(IMAGE, text("Is this in "), VIDEO, text("?"))]
    return [
        {"id": "video-odd", "messages": ask, "videos": [frames], "fps": 3, "completion": "They open the drawer."},
        {"id": "video-default", "messages": ask, "videos": [clip], "completion_ids": [5, 5, 260, 450]},
        {"id": "video-image", "messages": both, "images": ["images/exact.png"], "videos": [frames[:2]], "fps": 0.7,
         "completion": "Yes."},
    ]  # fmt: skip


def main() -> None:
    """Write images and rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    draw_images(out / "images")
    rows = text_rows() + image_rows() + video_rows()
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (out / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{out}: {len(rows)} rows")


if __name__ == "__main__":
    main()
