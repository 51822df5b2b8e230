"""Writes what was recorded: JSON with one key a line, tensors for everybody to read."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file


def short(value: object) -> object:
    """Floats with nine significant digits, which hold every float32; tensors become lists."""
    if isinstance(value, torch.Tensor):
        return short(value.tolist())
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: short(item) for key, item in value.items()}
    return [short(item) for item in value] if isinstance(value, (list, tuple)) else value


def lines(value: dict, depth: int) -> str:
    """JSON of an object; down to `depth` its keys stand on lines of their own."""
    if depth == 0 or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = [
        f"{json.dumps(key)}: {lines(item, depth - 1) if isinstance(item, dict) else json.dumps(item, ensure_ascii=False)}"
        for key, item in value.items()
    ]
    return "{\n" + ",\n".join(inner) + "\n}"


def write_json(path: Path, value: dict, depth: int = 2) -> None:
    """Write an object whose numbers are shortened."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lines(short(value), depth) + "\n", encoding="utf-8")


def write_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Write float32 tensors under sorted names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensors[name].detach().float().contiguous() for name in sorted(tensors)}, path)
    path.chmod(0o644)


def norms(tensors: dict[str, torch.Tensor]) -> dict[str, float]:
    """The Euclidean norm of every tensor, taken in float64."""
    return {name: tensors[name].double().norm().item() for name in sorted(tensors)}


def global_norm(tensors: dict[str, torch.Tensor]) -> float:
    """The norm of all tensors together."""
    return sum(norm**2 for norm in norms(tensors).values()) ** 0.5
