"""Rows nobody chose: random sizes, modes, file formats, videos, conversations and completions."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from .pictures import as_grey16, as_mode, picture, see_through_palette
from .vocabulary import CORPUS

ORIENTATION = 0x0112
MEGAPIXELS = 2_000_000
UNUSUAL = ["e\u0301", "ﬁ", "\u200d", "\U0001f469\u200d\U0001f52c", "  ", "\n\n", "\t", "x" * 40, "1234567", "’s", "٣"]
WORDS = " ".join(CORPUS).split() + UNUSUAL
# File name endings and how Pillow is told to write them; each is named in the row's id so that a failure explains itself.
LOSSLESS = {
    "rgb.png": "RGB", "grey.png": "L", "rgba.png": "RGBA", "greya.png": "LA", "palette.png": "P", "bits.png": "1",
    "grey16.png": "I;16", "clearpalette.png": "P+", "rgb.webp": "RGB", "rgba.webp": "RGBA",
}  # fmt: skip
LOSSY = {"rgb.jpg": "RGB", "grey.jpg": "L", "cmyk.jpg": "CMYK"}
FPS = (None, 0.7, 1, 2, 3, 12.5, 24, 29.97)


def random_size(rng: random.Random) -> tuple[int, int]:
    """Width and height: small, ordinary, exact multiples of 28, ribbons, and now and then two megapixels."""
    kind = rng.choice(["small", "small", "plain", "plain", "exact", "ribbon", "large"])
    if kind == "small":
        return rng.randint(28, 90), rng.randint(28, 90)
    if kind == "plain":
        return rng.randint(60, 640), rng.randint(60, 480)
    if kind == "exact":
        return 28 * rng.randint(1, 12), 28 * rng.randint(1, 12)
    if kind == "large":
        width = rng.randint(900, 2000)
        return width, min(MEGAPIXELS // width, rng.randint(700, 1600))
    short = rng.randint(2, 28)
    sides = (short, short * rng.randint(10, 190))
    return sides if rng.random() < 0.5 else sides[::-1]


def convert(image: Image.Image, mode: str) -> Image.Image:
    """The drawn image in one of the modes of the tables above."""
    special = {"I;16": as_grey16, "P+": see_through_palette}
    return special[mode](image) if mode in special else as_mode(image, mode)


def save_picture(path: Path, image: Image.Image, rng: random.Random) -> None:
    """Write in the format of the name's ending; some files carry an EXIF orientation."""
    options: dict[str, object] = {}
    if path.suffix == ".webp":
        options["lossless"] = True
    if path.suffix == ".jpg":
        options |= {"quality": rng.randint(60, 95), "subsampling": rng.choice([0, 1, 2])}
    if rng.random() < 0.3:
        exif = Image.Exif()
        exif[ORIENTATION] = rng.randint(1, 8)
        options["exif"] = exif
    image.save(path, **options)


@dataclass
class RowMaker:
    """Draws rows into a folder. Lossy files are drawn apart, because decoders may differ by a step."""

    folder: Path
    rng: random.Random
    vocab: int
    drawn: int = 0

    def text(self, most: int = 25) -> str:
        """Random words, some of them unusual."""
        return " ".join(self.rng.choices(WORDS, k=self.rng.randint(1, most)))

    def image(self, kinds: dict[str, str]) -> tuple[str, str]:
        """Draw one image; returns its path and its kind."""
        name, mode = self.rng.choice(list(kinds.items()))
        self.drawn += 1
        path = self.folder / f"{self.drawn:03}-{name}"
        width, height = random_size(self.rng)
        save_picture(path, convert(picture(width, height, self.rng.randrange(1 << 30)), mode), self.rng)
        return path.name, f"{name}-{width}x{height}"

    def frames(self) -> list[str]:
        """Draw a short video whose frames have one size."""
        width, height = self.rng.randint(28, 260), self.rng.randint(28, 260)
        paths = []
        for _ in range(self.rng.randint(1, 7)):
            self.drawn += 1
            path = self.folder / f"{self.drawn:03}-frame.png"
            picture(width, height, self.rng.randrange(1 << 30)).save(path)
            paths.append(path.name)
        return paths

    def answer(self) -> dict[str, object]:
        """A completion to score, as text or as ids."""
        if self.rng.random() < 0.5:
            return {"completion": self.text(12) + self.rng.choice(["", "<|im_end|>"])}
        # Ids below the placeholders: inside a completion, transformers would take those for images.
        return {"completion_ids": [self.rng.randrange(440) for _ in range(self.rng.randint(1, 20))]}

    def turns(self) -> list[dict[str, object]]:
        """What comes before the last user message."""
        before: list[dict[str, object]] = []
        if self.rng.random() < 0.3:
            before.append({"role": "system", "content": self.text(8)})
        if self.rng.random() < 0.3:
            before += [{"role": "user", "content": self.text()}, {"role": "assistant", "content": self.text()}]
        return before

    def row(self, name: str, images: list[str], videos: list[list[str]]) -> dict[str, object]:
        """A row with these visuals in random order among random text."""
        parts: list[dict[str, str]] = [{"type": "image"} for _ in images] + [{"type": "video"} for _ in videos]
        parts += [{"type": "text", "text": self.text()} for _ in range(self.rng.randint(1, 2))]
        self.rng.shuffle(parts)
        content = parts if images or videos or self.rng.random() < 0.5 else self.text()
        fields = {"id": name, "messages": [*self.turns(), {"role": "user", "content": content}], **self.answer()}
        fps = self.rng.choice(FPS)
        visuals = {"images": images, "videos": videos} | ({"fps": fps} if fps and videos else {})
        return fields | {key: value for key, value in visuals.items() if value}


def write_rows(folder: Path, seed: int, vocab: int, lossy: bool = False) -> Path:
    """Draw about ten rows into `folder`; returns the JSON lines file."""
    folder.mkdir(parents=True, exist_ok=True)
    make = RowMaker(folder, random.Random(seed), vocab)
    rows = [make.row(f"text-{index}", [], []) for index in range(2)]
    for _ in range(5):
        path, kind = make.image(LOSSLESS)
        rows.append(make.row(kind.replace(".", "-") + f"-{make.drawn}", [path], []))
    rows.append(make.row("several", [make.image(LOSSLESS)[0] for _ in range(make.rng.randint(2, 3))], []))
    rows.append(make.row("video", [], [make.frames()]))
    rows.append(make.row("mixed", [make.image(LOSSLESS)[0]], [make.frames() for _ in range(make.rng.randint(1, 2))]))
    for _ in range(2 if lossy else 0):
        path, kind = make.image(LOSSY)
        rows.append(make.row("lossy-" + kind.replace(".", "-") + f"-{make.drawn}", [path], []))
    out = folder / "rows.jsonl"
    out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return out
