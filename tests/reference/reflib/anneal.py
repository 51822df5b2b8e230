"""Runs the `anneal` binary and reads what it wrote."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file


class AnnealError(RuntimeError):
    """The binary failed; the message holds its last lines."""


@dataclass(frozen=True)
class Anneal:
    """The binary, and what to add to every call."""

    binary: Path
    extra: tuple[str, ...] = ()
    timeout: float = 600.0

    def call(self, command: str, model: Path, rows: Path, output: Path, *options: str) -> None:
        """Run one command and raise with its error text when it fails."""
        line = [str(self.binary), command, "--model", str(model), "--input", str(rows), "--output", str(output)]
        try:
            done = subprocess.run([*line, *options, *self.extra], capture_output=True, text=True, timeout=self.timeout)
        except subprocess.TimeoutExpired as error:
            raise AnnealError(f"{command}: no answer within {self.timeout} s") from error
        if done.returncode != 0:
            raise AnnealError(f"{command}: exit {done.returncode}: {done.stderr.strip()[-600:]}")

    def preprocess(self, model: Path, rows: Path, output: Path) -> dict[str, dict[str, torch.Tensor]]:
        """Tensors by row id."""
        self.call("preprocess", model, rows, output)
        return {path.stem: load_file(path) for path in sorted(output.glob("*.safetensors"))}

    def score(self, model: Path, rows: Path, output: Path) -> dict[str, dict]:
        """Score lines by row id."""
        self.call("score", model, rows, output)
        return read_by_id(output)

    def generate(self, model: Path, rows: Path, output: Path, new_tokens: int) -> dict[str, dict]:
        """Greedy generations by row id."""
        self.call("generate", model, rows, output, "--max-new-tokens", str(new_tokens), "--temperature", "0")
        return read_by_id(output)


def read_by_id(path: Path) -> dict[str, dict]:
    """JSON lines by their `id`."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {line["id"]: line for line in lines}
