"""Make the checkpoints and rows of the comparison. Run by the peers' Python: `python workload.py OUT`."""

from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "reference"))
from reflib.layout import write_checkpoint
from reflib.pictures import picture
from reflib.spec import FACTOR, SIZES, PixelLimits
from reflib.vocabulary import CORPUS, build_tokenizer

import training_rows

# The published limits of an image, for both models.
PIXELS = PixelLimits(image_min=4 * FACTOR * FACTOR, image_max=1280 * FACTOR * FACTOR)
WORDS = " ".join(CORPUS[:4]).split()
# End tokens get logit 0 in these models, so that every row runs to its last token on both sides.
MODELS = {name: replace(SIZES[name], pixels=PIXELS, stop="never", logit_std=3.0, seed=7) for name in SIZES}
MODELS["bench-bf16"] = replace(MODELS["bench"], dtype="bfloat16")


def words(rng: random.Random, tokens: int) -> str:
    """Random words of about `tokens` tokens."""
    out: list[str] = []
    while len(build_tokenizer().encode(" ".join(out)).ids) < tokens:
        out.append(rng.choice(WORDS))
    return " ".join(out)


def row(name: str, text: str, image: str | None = None) -> dict[str, object]:
    """A row with one question and at most one image before it."""
    if image is None:
        return {"id": name, "messages": [{"role": "user", "content": text}]}
    content = [{"type": "image"}, {"type": "text", "text": text}]
    return {"id": name, "messages": [{"role": "user", "content": content}], "images": [image]}


def draw(folder: Path, rng: random.Random) -> None:
    """Photographs of 1280x720 as JPEG, small squares and one larger square as PNG."""
    for index in range(16):
        picture(1280, 720, rng.randrange(1 << 30)).save(folder / f"photo{index}.jpg", quality=90)
    for index in range(4):
        picture(112, 112, rng.randrange(1 << 30)).save(folder / f"small{index}.png")
    picture(448, 448, rng.randrange(1 << 30)).save(folder / "square.png")


def row_files(rng: random.Random) -> dict[str, list[dict[str, object]]]:
    """The rows of every task, by file name."""
    photos = [row(f"photo{index}", "Describe the picture.", f"photo{index}.jpg") for index in range(16)]
    ragged = [row(f"text{length}", words(rng, length)) for length in (40, 8, 90, 140)]
    ragged += [row(f"small{index}", words(rng, 10 * index + 4), f"small{index}.png") for index in range(4)]
    return {
        "photos": photos, "ragged": ragged, "first": ragged[-1:],
        "text512": [row("text512", words(rng, 490))], "text1024": [row("text1024", words(rng, 1002))],
        "image": [row("square", words(rng, 200), "square.png")],
    }  # fmt: skip


def main() -> None:
    """Write `models/`, `adapters/` and `rows/`; a finished folder is left alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    done = out / "workload.json"
    scripts = [Path(file).read_text(encoding="utf-8") for file in (__file__, training_rows.__file__)]
    wanted = {name: repr(spec) for name, spec in MODELS.items()} | {"scripts": scripts}
    if done.exists() and json.loads(done.read_text(encoding="utf-8")) == wanted:
        return
    rows, rng = out / "rows", random.Random(11)
    rows.mkdir(parents=True, exist_ok=True)
    draw(rows, rng)
    training_rows.draw(rows, rng)
    for name, lines in (row_files(rng) | training_rows.row_files(rng)).items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (rows / f"{name}.jsonl").write_text(text, encoding="utf-8")
    for name, spec in MODELS.items():
        print(f"{name}: {write_checkpoint(spec, out / 'models' / name)} parameters")
    training_rows.make_adapters(out / "models", out / "adapters")
    training_rows.write_lengths(out / "models" / "nano", rows)
    done.write_text(json.dumps(wanted), encoding="utf-8")


if __name__ == "__main__":
    main()
