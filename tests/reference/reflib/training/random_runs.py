"""Training runs that nobody chose: rows, adapter, optimiser and schedule from a seed."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from pathlib import Path

from ..pictures import picture
from ..random_rows import WORDS
from ..vocabulary import CORPUS
from .adapters import LANGUAGE_MODEL, NAMES, AdapterSpec
from .rows import answer, user, write_lines
from .steps import StepSettings

# 9 to 15 merged tokens: within the limits of every random checkpoint, so that no image is resized.
SIZES = ((84, 84), (112, 84), (56, 140), (140, 84), (84, 112), (280, 28), (28, 308))
PASSES = 3
GROUP, PROMPTS = 4, 3


@dataclass(frozen=True)
class RandomRun:
    """How one run is trained, and from which adapter."""

    adapter: AdapterSpec
    steps: StepSettings
    reference: str
    beta: float


def random_targets(rng: random.Random) -> str | list[str]:
    """All linear layers, the language model's, or some names wherever they occur."""
    some = sorted(rng.sample(NAMES, rng.randint(2, len(NAMES))))
    return rng.choice(["all-linear", LANGUAGE_MODEL, some])


def random_adapter(rng: random.Random) -> AdapterSpec:
    """Rank, scale, variant, targets, and whether B is zero."""
    return AdapterSpec(
        seed=rng.randrange(1 << 30), targets=random_targets(rng), rank=rng.choice([1, 2, 4, 7]),
        alpha=rng.choice([1, 4, 8, 16]), rslora=rng.random() < 0.3, dora=rng.random() < 0.3, fresh=rng.random() < 0.5,
    )  # fmt: skip


def random_steps(rng: random.Random, count: int) -> StepSettings:
    """Optimiser and schedule."""
    shape = rng.choice(["constant", "constant_with_warmup", "linear", "cosine", "inverse_sqrt"])
    return StepSettings(
        learning_rate=rng.choice([5e-4, 1e-3, 2e-3]), lr_scheduler_type=shape, max_steps=count,
        warmup_steps=0 if shape == "constant" else rng.randint(1, 6), per_device_train_batch_size=rng.randint(1, 3),
        gradient_accumulation_steps=rng.randint(1, 3), adam_beta1=rng.choice([0.9, 0.8]),
        adam_beta2=rng.choice([0.999, 0.95]), adam_epsilon=rng.choice([1e-8, 1e-6]), weight_decay=rng.choice([0.0, 0.01, 0.1]),
        max_grad_norm=rng.choice([0.5, 1.0, 100.0]),
    )  # fmt: skip


def random_run(seed: int, steps: int) -> RandomRun:
    """Everything of one run."""
    rng = random.Random(seed)
    return RandomRun(
        random_adapter(rng), random_steps(rng, steps), rng.choice(["adapter_copy", "base"]), rng.choice([0.05, 0.1, 0.5])
    )


@dataclass
class Writer:
    """Draws conversations into a folder."""

    folder: Path
    rng: random.Random
    drawn: int = 0

    def text(self, most: int) -> str:
        """Random words; the first is an ordinary one, so that no token reaches over the start of an answer."""
        first = self.rng.choice(CORPUS[0].split())
        return " ".join([first, *self.rng.choices(WORDS, k=self.rng.randint(0, most))])

    def image(self) -> str:
        """Draw one image that no resizer touches."""
        self.drawn += 1
        name = f"{self.drawn:03}.png"
        picture(*self.rng.choice(SIZES), self.rng.randrange(1 << 30)).save(self.folder / name)
        return name

    def question(self) -> tuple[dict, list[str]]:
        """A user's turn with up to two images."""
        images = [self.image() for _ in range(self.rng.choice([0, 1, 1, 2]))]
        return user(self.text(15), len(images)), images

    def conversation(self) -> tuple[list[dict], list[str]]:
        """One or two questions; the last has no answer yet."""
        turn, images = self.question()
        if self.rng.random() < 0.6:
            return [turn], images
        later, more = self.question()
        return [turn, answer(self.text(8)), later], images + more

    def supervised(self, name: str) -> dict:
        """A conversation with its last answer."""
        messages, images = self.conversation()
        return {"id": name, "messages": [*messages, answer(self.text(12))]} | ({"images": images} if images else {})

    def preference(self, name: str) -> dict:
        """A conversation with two answers, in TRL's form."""
        messages, images = self.conversation()
        sides = {side: [answer(self.text(12))] for side in ("chosen", "rejected")}
        return {"id": name, "prompt": messages, **sides} | ({"images": images} if images else {})


    def group(self, name: str) -> dict:
        """A conversation with completions of random tokens, none of them a placeholder, and their rewards."""
        messages, images = self.conversation()
        replies = [
            {"token_ids": [self.rng.randrange(440) for _ in range(self.rng.randint(1, 20))], "reward": round(self.rng.random(), 2)}
            for _ in range(GROUP)
        ]
        return {"id": name, "messages": messages, "completions": replies} | ({"images": images} if images else {})


def write_random_rows(folder: Path, seed: int, steps: StepSettings) -> dict[str, Path]:
    """Files for every kind of training; the rows of the first two fill whole steps, and the run passes over them a few times."""
    folder.mkdir(parents=True, exist_ok=True)
    write = Writer(folder, random.Random(seed))
    count = max(1, steps.max_steps // PASSES) * steps.rows_per_step()
    files = {name: folder / f"{name}.jsonl" for name in ("sft", "dpo", "grpo")}
    write_lines(files["sft"], [write.supervised(f"s{number}") for number in range(count)])
    write_lines(files["dpo"], [write.preference(f"p{number}") for number in range(count)])
    write_lines(files["grpo"], [write.group(f"g{number}") for number in range(PROMPTS)])
    return files


def recipe_keys(run: RandomRun) -> dict[str, object]:
    """The run as keys of a recipe; the adapter itself is given as a folder."""
    steps = asdict(run.steps)
    if run.steps.lr_scheduler_type == "constant":
        steps.pop("warmup_steps")
    return steps | {
        "seed": 0, "shuffle_dataset": False, "logging_steps": 1, "save_steps": run.steps.max_steps, "lora_dropout": 0.0,
    }  # fmt: skip
