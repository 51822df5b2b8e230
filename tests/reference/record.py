"""Record what transformers computes for a checkpoint and a file of rows, in the formats of `anneal`.

    python record.py --model CHECKPOINT --input rows.jsonl --output FOLDER [--pixels with|without] [--dtype auto|float32]

Writes preprocess/ID.safetensors, score.jsonl, generate.jsonl (greedy), gaps.jsonl and hidden.safetensors.
Fails when a greedy step is a near tie, or when a ragged batch gives other tokens than the rows alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from reflib.hidden import hidden_states
from reflib.oracle import Completion, Oracle
from reflib.rows import Row, read_rows
from safetensors.torch import save_file


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--pixels", choices=["with", "without"], default="with", help="keep pixel tensors in preprocess/")
    parser.add_argument("--hidden-row", help="id of the row whose hidden states are kept; default: first with one image")
    parser.add_argument("--dtype", choices=["auto", "float32"], default="auto", help="auto computes in the files' dtype")
    parser.add_argument("--min-gap", type=float, default=2e-3, help="smallest allowed distance of the best two logits")
    parser.add_argument("--parts", default="preprocess,score,generate,hidden", help="what to write, comma separated")
    return parser.parse_args()


def write_lines(path: Path, values: list[dict]) -> None:
    """Write JSON lines."""
    lines = [json.dumps(value, ensure_ascii=False) for value in values]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def short(values: list[float]) -> list[float]:
    """Seven significant digits: all that float32 has."""
    return [float(f"{value:.7g}") for value in values]


def save_tensors(tensors: dict[str, torch.Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file that everybody may read."""
    save_file(tensors, path, metadata=metadata)
    path.chmod(0o644)


def record_preprocess(oracle: Oracle, rows: list[Row], arguments: argparse.Namespace) -> None:
    """One safetensors file per row."""
    folder = arguments.output / "preprocess"
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        tensors = oracle.preprocess(row)
        if arguments.pixels == "without":
            tensors = {key: value for key, value in tensors.items() if not key.startswith("pixel_values")}
        save_tensors(tensors, folder / f"{row.id}.safetensors")


def record_score(oracle: Oracle, rows: list[Row], arguments: argparse.Namespace) -> None:
    """One line per row that has a completion."""
    lines = []
    for row in filter(Row.has_completion, rows):
        ids, logprobs = oracle.score(row)
        lines.append({"id": row.id, "token_ids": ids, "logprobs": short(logprobs)})
    write_lines(arguments.output / "score.jsonl", lines)


def check_generation(alone: list[Completion], batched: list[Completion], rows: list[Row], min_gap: float) -> None:
    """Refuse goldens that rounding could flip."""
    for row, one, other in zip(rows, alone, batched, strict=True):
        if one.token_ids != other.token_ids:
            raise SystemExit(f"row {row.id}: alone {one.token_ids}, in a ragged batch {other.token_ids}: use another seed")
        if min(one.gaps) < min_gap:
            raise SystemExit(f"row {row.id}: best two logits only {min(one.gaps):.2g} apart: use another seed")
    print("smallest gap", min(min(one.gaps) for one in alone), "finish", [one.finish_reason for one in alone])


def record_generate(oracle: Oracle, rows: list[Row], arguments: argparse.Namespace) -> None:
    """Greedy completions of each row alone, after checking them against one ragged batch of all rows."""
    alone = [oracle.generate([row], arguments.new_tokens)[0] for row in rows]
    check_generation(alone, oracle.generate(rows, arguments.new_tokens), rows, arguments.min_gap)
    lines, gaps = [], []
    for row, one in zip(rows, alone, strict=True):
        prompt_tokens = oracle.inputs([row])["input_ids"].shape[1]
        completion = {"text": one.text, "token_ids": one.token_ids, "logprobs": short(one.logprobs)}
        completion["finish_reason"] = one.finish_reason
        lines.append({"id": row.id, "prompt_tokens": prompt_tokens, "completions": [completion]})
        gaps.append({"id": row.id, "gaps": [round(gap, 4) for gap in one.gaps]})
    write_lines(arguments.output / "generate.jsonl", lines)
    write_lines(arguments.output / "gaps.jsonl", gaps)


def record_hidden(oracle: Oracle, rows: list[Row], arguments: argparse.Namespace) -> None:
    """Hidden states of one row with images only; the file's metadata names it."""
    candidates = [row for row in rows if row.fields.get("images") and not row.fields.get("videos")]
    wanted = arguments.hidden_row or candidates[0].id
    row = next(row for row in candidates if row.id == wanted)
    save_tensors(hidden_states(oracle, row), arguments.output / "hidden.safetensors", {"row": row.id})


def main() -> None:
    """Record every part asked for."""
    arguments = parse_arguments()
    torch.set_num_threads(2)
    oracle, rows = Oracle(arguments.model, arguments.dtype), read_rows(arguments.input)
    arguments.output.mkdir(parents=True, exist_ok=True)
    recorders = {
        "preprocess": record_preprocess, "score": record_score, "generate": record_generate, "hidden": record_hidden,
    }  # fmt: skip
    for part in arguments.parts.split(","):
        recorders[part](oracle, rows, arguments)
    print(f"{arguments.output}: {len(rows)} rows")


if __name__ == "__main__":
    main()
