"""Rows and adapters of the training tasks."""

from __future__ import annotations

import json
import random
from pathlib import Path

from reflib.pictures import picture
from reflib.rows import Row, model_inputs, read_rows
from reflib.training import batches
from reflib.training.adapters import AdapterSpec, make
from reflib.vocabulary import CORPUS, build_tokenizer
from transformers import AutoProcessor, ProcessorMixin

WORDS = " ".join(CORPUS[:4]).split()
ADAPTER = AdapterSpec(seed=13, rank=16, alpha=32)
GROUP = 8


def text(rng: random.Random, tokens: int) -> str:
    """Random words of at least `tokens` tokens."""
    out: list[str] = []
    while len(build_tokenizer().encode(" ".join(out)).ids) < tokens:
        out.append(rng.choice(WORDS))
    return " ".join(out)


def token_ids(rng: random.Random, tokens: int) -> list[int]:
    """Exactly `tokens` tokens of random words."""
    return build_tokenizer().encode(text(rng, tokens)).ids[:tokens]


def question(words: str, image: str | None) -> dict[str, object]:
    """A user's turn, below an image if there is one."""
    parts = ([{"type": "image"}] if image else []) + [{"type": "text", "text": words}]
    return {"role": "user", "content": parts}


def answer(words: str) -> dict[str, object]:
    """The assistant's turn."""
    return {"role": "assistant", "content": [{"type": "text", "text": words}]}


def supervised(rng: random.Random, name: str, image: str | None, tokens: tuple[int, int]) -> dict[str, object]:
    """A question and its answer of so many tokens each."""
    messages = [question(text(rng, tokens[0]), image), answer(text(rng, tokens[1]))]
    return {"id": name, "messages": messages} | ({"images": [image]} if image else {})


def preference(rng: random.Random, name: str, image: str) -> dict[str, object]:
    """A question about an image with two answers."""
    return {
        "id": name, "images": [image], "prompt": [question(text(rng, 80), image)],
        "chosen": [answer(text(rng, 64))], "rejected": [answer(text(rng, 56))],
    }  # fmt: skip


def group(rng: random.Random, name: str, image: str, sizes: tuple[int, int]) -> dict[str, object]:
    """A question about an image with a group of completions, which never ended, and their rewards."""
    prompt, longest = sizes
    replies = [
        {"token_ids": token_ids(rng, longest - 4 * index), "reward": round(rng.random(), 3)} for index in range(GROUP)
    ]
    return {"id": name, "images": [image], "messages": [question(text(rng, prompt), image)], "completions": replies}


def draw(folder: Path, rng: random.Random) -> None:
    """Images that keep their size: 64 merged tokens each."""
    for index in range(4):
        picture(224, 224, rng.randrange(1 << 30)).save(folder / f"train{index}.png")


def row_files(rng: random.Random) -> dict[str, list[dict[str, object]]]:
    """The rows of every training task, by file name."""
    sft = [supervised(rng, f"text{index}", None, (150, 64)) for index in range(2)]
    sft += [supervised(rng, f"image{index}", f"train{index}.png", (90, 64)) for index in range(2)]
    return {
        "sft": sft, "dpo": [preference(rng, f"pair{index}", f"train{index}.png") for index in range(2)],
        "grpo": [group(rng, "group", "train2.png", (100, 96))],
    }  # fmt: skip


def make_adapters(models: Path, out: Path) -> None:
    """An adapter on every linear layer of each language model, B away from zero."""
    for model in sorted(models.iterdir()):
        make(model, ADAPTER, out / model.name)


def count(row: Row, processor: ProcessorMixin) -> dict[str, object]:
    """Tokens of the prompt and of each completion, and patches of the images."""
    if "completions" in row.fields:
        prompt = model_inputs([row], processor)["input_ids"].shape[1]
        completions = [len(reply["token_ids"]) for reply in row.fields["completions"]]
    else:
        pairs = "chosen" in row.fields
        batch = (batches.preferences if pairs else batches.supervised)([row], processor)
        labels = batches.label_places(batch, batches.preference_labels(batch) if pairs else batch["labels"])
        prompt, completions = labels[0][0], [len(places) for places in labels]
    return {"prompt": prompt, "completions": completions, "patches": 256 * len(row.fields.get("images", []))}


def write_lengths(model: Path, rows: Path) -> None:
    """The lengths of all rows, by file: what the arithmetic of a step depends on."""
    processor = batches.with_template(AutoProcessor.from_pretrained(model))
    names = ("sft", "dpo", "grpo")
    lengths = {name: [count(row, processor) for row in read_rows(rows / f"{name}.jsonl")] for name in names}
    (rows / "lengths.json").write_text(json.dumps(lengths), encoding="utf-8")
