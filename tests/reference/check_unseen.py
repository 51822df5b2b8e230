"""Compare `anneal` with transformers on checkpoints and rows that nobody has seen.

    python check_unseen.py --anneal target/release/anneal [--seeds 10] [--first-seed 1000] [--lossy]

For every seed: a checkpoint with random sizes, family, layout, dtype and weight files, and about ten random rows; then
`anneal preprocess`, `score` and `generate` against transformers. Prints a table; exit code 1 when anything differs.

Model outputs are compared on the pixels `anneal` computed, which are themselves compared with transformers' first: a
resizer that is one 8-bit step off must not hide or fake an error of the model. Checkpoints in bfloat16 or float16 must
agree with the same weights computed in float32 (2e-4), or with transformers computing in the files' dtype (3e-2).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import torch
import transformers
from reflib.anneal import Anneal, AnnealError
from reflib.compare import Findings, compare_generate, compare_preprocess, compare_score, missing, usable_pixels
from reflib.layout import write_checkpoint
from reflib.oracle import Oracle
from reflib.random_rows import write_rows
from reflib.rows import Row, read_rows
from reflib.spec import ModelSpec, random_spec

COLUMNS = "{:>6}  {:<34} {:<9} {:>4} {:>10} {:>8} {:>9} {:>8} {:>4} {:>6}  {}"


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--anneal", type=Path, required=True, help="the binary")
    parser.add_argument("--seeds", type=int, default=5, help="how many checkpoints")
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--lossy", action="store_true", help="add JPEG rows, whose decoders may differ by a step")
    parser.add_argument("--keep", type=Path, help="folder for the checkpoints and outputs; default: a temporary one")
    parser.add_argument("--extra", default="", help="options added to every anneal call, separated by spaces")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    return parser.parse_args()


def describe(spec: ModelSpec) -> str:
    """A checkpoint in one short line."""
    family = "2.5" if spec.family == "qwen2_5_vl" else "2"
    heads = f"{spec.heads}/{spec.kv_heads}x{spec.hidden // spec.heads}"
    return f"{family} {spec.layout[:3]} L{spec.layers} {heads} v{spec.vision.depth}w{spec.vision.window} s{spec.shards}"


def compare_row(row: Row, answers: tuple[dict, dict, dict], oracles: list[Oracle], steps: int, into: Findings) -> None:
    """All three commands for one row."""
    preprocessed, scored, generated = answers
    into.rows += 1
    if not missing(row, preprocessed, "preprocess file", into):
        compare_preprocess(row, preprocessed[row.id], oracles[0], into)
    pixels = usable_pixels(preprocessed.get(row.id), row, oracles[0])
    if row.has_completion() and not missing(row, scored, "score", into):
        compare_score(row, scored[row.id], oracles, pixels, into)
    if not missing(row, generated, "completion", into):
        expected = oracles[0].generate([row], steps, pixels)[0]
        prompt_tokens = oracles[0].inputs([row])["input_ids"].shape[1]
        compare_generate(row, generated[row.id], expected, prompt_tokens, into)


def check_seed(seed: int, root: Path, arguments: argparse.Namespace) -> tuple[ModelSpec, Findings]:
    """One checkpoint with its rows."""
    spec = random_spec(seed)
    model, folder = root / "model", root / "rows"
    write_checkpoint(spec, model)
    path = write_rows(folder, seed, spec.vocab, arguments.lossy)
    anneal = Anneal(arguments.anneal.resolve(), tuple(arguments.extra.split()))
    findings = Findings()
    try:
        answers = (
            anneal.preprocess(model, path, root / "preprocess"),
            anneal.score(model, path, root / "score.jsonl"),
            anneal.generate(model, path, root / "generate.jsonl", arguments.new_tokens),
        )
    except AnnealError as error:
        findings.failures.append(str(error))
        return spec, findings
    oracles = [Oracle(model, "float32")] + ([] if spec.dtype == "float32" else [Oracle(model)])
    for row in read_rows(path):
        compare_row(row, answers, oracles, arguments.new_tokens, findings)
    return spec, findings


def report(seed: int, spec: ModelSpec, found: Findings, seconds: float) -> None:
    """One line of the table, and what failed below it."""
    state = "ok" if not found.failures else f"{len(found.failures)} FAILED"
    greedy = f"{found.greedy_equal}/{found.rows}"
    print(COLUMNS.format(
        seed, describe(spec), spec.dtype, found.rows, f"{found.pixel_worst:.5f}", f"{found.pixel_share:.3%}",
        f"{found.logprob_worst:.2g}", greedy, found.near_ties, f"{seconds:.0f}s", state,
    ), flush=True)  # fmt: skip
    for failure in found.failures:
        print("          " + failure, flush=True)


def main() -> int:
    """Check every seed; 0 when all agree."""
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    header = ("seed", "checkpoint", "dtype", "rows", "pixels max", "differ", "logp max", "greedy", "ties", "time", "")
    print(COLUMNS.format(*header), flush=True)
    failed = 0
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        start = time.monotonic()
        place = nullcontext(str(arguments.keep / str(seed))) if arguments.keep else tempfile.TemporaryDirectory()
        with place as root:
            spec, findings = check_seed(seed, Path(root), arguments)
        report(seed, spec, findings, time.monotonic() - start)
        failed += bool(findings.failures)
    print(f"{arguments.seeds - failed} of {arguments.seeds} checkpoints agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
