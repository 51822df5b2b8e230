"""The table of a card's figures, and their file."""

from __future__ import annotations

import json
from pathlib import Path

HEAD = ("task", "unit", "ours", "peer", "ratio", "goal", "ours of rate", "peer of rate", "ours GiB", "peer GiB")


def number(value: float | None, form: str) -> str:
    """A figure, or a dash where there is none."""
    return "-" if value is None else format(value, form)


def row(case: dict) -> tuple[str, ...]:
    """One line of the table."""
    ours, peer = case["ours"], case["peer"] or {}
    memory = [side.get("peak_bytes") for side in (ours, peer)]
    return (
        case["task"], case["unit"], number(ours["median"], ".4g"), number(peer.get("median"), ".4g"),
        number(case["ratio"], ".2f"), number(case["goal"], "g"), number(ours["share"], ".0%"),
        number(peer.get("share"), ".0%"), *(number(taken and taken / 2**30, ".2f") for taken in memory),
    )  # fmt: skip


def table(results: dict) -> str:
    """All cases, aligned."""
    lines = [HEAD, *(row(case) for case in results["cases"])]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    aligned = (zip(line, widths, strict=True) for line in lines)
    return "\n".join("  ".join(cell.ljust(width) for cell, width in line).rstrip() for line in aligned)


def words(results: dict) -> str:
    """What stands around the table."""
    rates = results["rates"]
    head = [
        f"{results['device']['name']}, {results['dtype']}, size {results['size']}, {results['date']}, commit {results['commit']}",
        f"measured rates: {rates['matrix_flops'] / 1e12:.4g} Tflop/s, {rates['copy_bytes_per_second'] / 1e9:.4g} GB/s",
        *(f"gate, {name}: {said}" for name, said in results["gates"].items()),
    ]  # fmt: skip
    notes = [f"{note['task']}: {note['why']}" for note in results["left_out"]]
    flat = results.get("flat_memory")
    if flat:
        verdict = "flat" if flat["is_flat"] else "NOT flat"
        notes.append(f"memory over {flat['steps']} steps of SFT: {flat['growth']:+.1%}, {verdict}")
    return "\n".join([*head, "", table(results), "", *notes])


def write(results: dict, out: Path) -> Path:
    """The file of everything."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "gpu-bench.json"
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return path
