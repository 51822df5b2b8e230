"""The transformers side of the comparison: the same arguments and the same JSON as `anneal bench`.

    python peer.py --model DIR --input rows.jsonl --task preprocess|prefill|vision|decode|first-token
                   [--batch N] [--new-tokens N] [--repeat R] [--device cpu|cuda] [--dtype TYPE] [--json]

One repetition is one batch: the first `batch` rows of the file, from the start again when it has fewer. What is timed,
after one warm-up run that is not:
  preprocess   image files to pixel tensors and ids, in one call of the processor
  prefill      prepared inputs to the logits of the last position, vision tower included
  vision       prepared pictures to their features
  decode       the tokens after the first: `generate` of `new-tokens`, less the median time of `generate` of one token
  first-token  loading the model, preparing the first row and its first token; no warm-up, one run
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import transformers

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "reference"))
from reflib.oracle import Oracle
from reflib.rows import Row, read_rows

# Leads of a logit that the rounding of sums decides, by the type that the model computes in.
TIES = {torch.float32: 1e-4, torch.bfloat16: 0.5}
TASKS = ("preprocess", "prefill", "vision", "decode", "first-token")


def parse_arguments() -> argparse.Namespace:
    """The command line of `anneal bench`, and `--threads`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="auto", help="as torch names it; auto is that of the files")
    parser.add_argument("--tie", type=float, help="a lead that rounding decides; by the type of the numbers without")
    parser.add_argument("--threads", type=int, help="threads of torch; its own choice without")
    parser.add_argument("--json", action="store_true", help="accepted because anneal has it; the output is always JSON")
    return parser.parse_args()


def one_batch(rows: list[Row], size: int) -> list[Row]:
    """The first `size` rows, from the start again when there are fewer."""
    return [row for row, _ in zip(itertools.cycle(rows), range(size), strict=False)]


def timed(work: Callable[[], object], repeat: int) -> tuple[list[float], object]:
    """Seconds of each run after a warm-up, and what the last one gave."""
    work()
    seconds, result = [], None
    for _ in range(repeat):
        took, result = once(work)
        seconds.append(took)
    return seconds, result


def in_turns(one: Callable[[], object], other: Callable[[], object], repeat: int) -> tuple[list[float], list[float], object]:
    """Seconds of two pieces of work that alternate, so that both meet the same machine, and what the last one gave."""
    ones, others, result = [], [], None
    for turn in range(repeat + 1):
        seconds, _ = once(one)
        more, result = once(other)
        if turn > 0:
            ones.append(seconds)
            others.append(more)
    return ones, others, result


def once(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds of one run, and what it gave."""
    wait()
    start = time.perf_counter()
    result = work()
    wait()
    return time.perf_counter() - start, result


def wait() -> None:
    """Until a card has done what it was given."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


def prompt_tokens(inputs: transformers.BatchFeature) -> int:
    """Tokens of all prompts, padding left out."""
    return int(inputs["attention_mask"].sum())


def preprocess(oracle: Oracle, rows: list[Row], arguments: argparse.Namespace) -> dict[str, object]:
    """Time the processor, decoding of the files included."""
    seconds, inputs = timed(lambda: oracle.inputs(rows), arguments.repeat)
    digest = hashlib.sha256(inputs["pixel_values"].contiguous().numpy().tobytes()).hexdigest()
    return {"tokens": prompt_tokens(inputs), "seconds": seconds, "output_sha256": digest}


@torch.inference_mode()
def prefill(oracle: Oracle, rows: list[Row], arguments: argparse.Namespace) -> dict[str, object]:
    """Time one forward pass; the head runs on the last position only."""
    inputs = oracle.inputs(rows)

    def forward() -> list[list[int]]:
        logits = oracle.model(**inputs, logits_to_keep=1, use_cache=True).logits
        return logits[:, -1].argmax(-1, keepdim=True).tolist()

    seconds, best = timed(forward, arguments.repeat)
    return {"tokens": prompt_tokens(inputs), "seconds": seconds, "token_ids": best}


@torch.inference_mode()
def vision(oracle: Oracle, rows: list[Row], arguments: argparse.Namespace) -> dict[str, object]:
    """Time the vision tower and its merger."""
    inputs = oracle.inputs(rows)
    pixels, grids = inputs["pixel_values"], inputs["image_grid_thw"]

    seconds, _ = timed(lambda: oracle.model.model.get_image_features(pixels, grids), arguments.repeat)
    return {"tokens": int(grids.prod(1).sum()) // 4, "seconds": seconds}


@torch.inference_mode()
def decode(oracle: Oracle, rows: list[Row], arguments: argparse.Namespace) -> dict[str, object]:
    """Time `generate`, as a user calls it, with end tokens ignored."""
    inputs = oracle.inputs(rows)
    oracle.model.generation_config.eos_token_id = None

    def generate(new_tokens: int) -> list[list[int]]:
        out = oracle.model.generate(**inputs, max_new_tokens=new_tokens)
        return out[:, inputs["input_ids"].shape[1] :].tolist()

    first, whole, tokens = in_turns(lambda: generate(1), lambda: generate(arguments.new_tokens), arguments.repeat)
    after = [seconds - statistics.median(first) for seconds in whole]
    scored = oracle.model.generate(**inputs, max_new_tokens=arguments.new_tokens, output_logits=True, return_dict_in_generate=True)
    found = {"tokens": (arguments.new_tokens - 1) * len(rows), "seconds": after, "token_ids": tokens}
    return {**found, "sure": sure(scored.logits, arguments.tie or TIES[oracle.model.dtype])}


def sure(logits: tuple[torch.Tensor, ...], tie: float) -> list[int]:
    """How many tokens of each row come before the first whose lead over the second best is within the rounding of a sum."""
    best = torch.stack([step.double().topk(2).values for step in logits], 1)
    leads = best[..., 0] - best[..., 1] > tie
    return leads.long().cumprod(1).sum(1).tolist()


def first_token(rows: list[Row], arguments: argparse.Namespace) -> dict[str, object]:
    """Time from a started interpreter with everything imported to the first token."""
    start = time.perf_counter()
    token = Oracle(arguments.model, arguments.dtype, arguments.device).generate(rows[:1], 1)[0].token_ids
    return {"tokens": 1, "seconds": [time.perf_counter() - start], "token_ids": [token]}


def main() -> None:
    """Run the task and print one JSON object."""
    arguments = parse_arguments()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    rows = read_rows(arguments.input)
    if arguments.task == "first-token":
        found = first_token(rows, arguments)
    else:
        rows = one_batch(rows, arguments.batch)
        task = {"preprocess": preprocess, "prefill": prefill, "vision": vision, "decode": decode}[arguments.task]
        found = task(Oracle(arguments.model, arguments.dtype, arguments.device), rows, arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"task": arguments.task, "batch": arguments.batch, "rows": len(rows), **found, "peak_rss_bytes": peak}))


if __name__ == "__main__":
    main()
