"""Runs both sides in turns and keeps the numbers."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Failed(RuntimeError):
    """A side could not be run, or the two sides do not agree."""


@dataclass(frozen=True)
class Case:
    """One line of the table: what is run, what is counted, and the ratio to reach."""

    name: str
    model: str
    rows: str
    task: str
    unit: str
    goal: float
    batch: int = 1
    new_tokens: int = 0
    # Patches of the image of a row, and bytes of a weight of a layer.
    patches: int = 0
    weight_bytes: int = 4
    # What products are computed in on our side, when not in what the CPU takes by itself.
    dtype: str = ""

    def arguments(self, work: Path, repeat: int) -> list[str]:
        """The arguments that both sides take."""
        line = ["--model", str(work / "models" / self.model), "--input", str(work / "rows" / f"{self.rows}.jsonl")]
        line += ["--task", self.task, "--batch", str(self.batch), "--repeat", str(repeat), "--json"]
        return line + (["--new-tokens", str(self.new_tokens)] if self.new_tokens else [])

    def ours(self, work: Path, repeat: int) -> list[str]:
        """The arguments of our side."""
        return self.arguments(work, repeat) + (["--dtype", self.dtype] if self.dtype else [])


CASES = (
    Case("image preprocessing, 1280x720", "nano", "photos", "preprocess", "rows/s", 5.0, batch=8, patches=4784),
    Case("greedy decoding, nano, batch 1", "nano", "ragged", "decode", "tokens/s", 30.0, batch=1, new_tokens=128),
    Case("greedy decoding, nano, batch 8", "nano", "ragged", "decode", "tokens/s", 30.0, batch=8, new_tokens=128),
    Case("greedy decoding, 91M, batch 1", "bench", "ragged", "decode", "tokens/s", 3.0, batch=1, new_tokens=96),
    Case("greedy decoding, 91M, batch 8", "bench", "ragged", "decode", "tokens/s", 3.0, batch=8, new_tokens=96),
    Case("files in bfloat16, we compute in 32 bits, batch 1", "bench-bf16", "ragged", "decode", "tokens/s", 3.0, batch=1, new_tokens=96, weight_bytes=2),
    Case("files in bfloat16, we compute in 32 bits, batch 8", "bench-bf16", "ragged", "decode", "tokens/s", 3.0, batch=8, new_tokens=96, weight_bytes=2),
    Case("files in bfloat16, both multiply in it, batch 1", "bench-bf16", "ragged", "decode", "tokens/s", 3.0, batch=1, new_tokens=96, weight_bytes=2, dtype="bfloat16"),
    Case("files in bfloat16, both multiply in it, batch 8", "bench-bf16", "ragged", "decode", "tokens/s", 3.0, batch=8, new_tokens=96, weight_bytes=2, dtype="bfloat16"),
    Case("prefill, files in bfloat16, both multiply in it, 1024 tokens", "bench-bf16", "text1024", "prefill", "tokens/s", 1.2, weight_bytes=2, dtype="bfloat16"),
    Case("prefill, 91M, text of 512 tokens", "bench", "text512", "prefill", "tokens/s", 1.2),
    Case("prefill, 91M, text of 1024 tokens", "bench", "text1024", "prefill", "tokens/s", 1.2),
    Case("prefill, 91M, image 448x448 and text", "bench", "image", "prefill", "tokens/s", 1.2, patches=1024),
)  # fmt: skip


def spread_of(values: list[float]) -> dict[str, float]:
    """Median, range and number."""
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values), "runs": len(values)}


@dataclass(frozen=True)
class Output:
    """What a process computed."""

    rows: int
    tokens: int
    token_ids: list[list[int]]

    def until(self, sure: list[int] | None) -> Output:
        """Its tokens up to the first of each row that rounding decides."""
        if sure is None:
            return self
        return replace(self, token_ids=[ids[:count] for ids, count in zip(self.token_ids, sure, strict=True)])


@dataclass
class Side:
    """What one side did over all rounds: a rate for every timed run, and its largest memory."""

    rates: list[float] = field(default_factory=list)
    peak_rss_bytes: int = 0
    outputs: list[Output] = field(default_factory=list)
    sure: list[int] | None = None

    def add(self, found: dict, unit: str) -> None:
        """Keep one process's numbers."""
        count = found["rows"] if unit == "rows/s" else found["tokens"]
        self.rates += [count / seconds for seconds in found["seconds"]]
        self.peak_rss_bytes = max(self.peak_rss_bytes, found["peak_rss_bytes"])
        self.outputs.append(Output(found["rows"], found["tokens"], found.get("token_ids") or []))
        self.sure = found.get("sure")

    def summary(self) -> dict[str, object]:
        """Median and range, and the memory."""
        return {**spread_of(self.rates), "peak_rss_bytes": self.peak_rss_bytes}


def run_json(command: list[str]) -> dict:
    """Run a command and read the JSON object on its last line."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr.strip()[-800:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


@dataclass(frozen=True)
class Bench:
    """The two sides and where the workload lies."""

    anneal: Path
    python: Path
    work: Path
    repeat: int

    def ours(self, case: Case) -> dict:
        """One process of `anneal bench`."""
        return run_json([str(self.anneal), "bench", *case.ours(self.work, self.repeat)])

    def peer(self, case: Case) -> dict:
        """One process of the peer."""
        return run_json([str(self.python), str(HERE / "peer.py"), *case.arguments(self.work, self.repeat)])

    def run_case(self, case: Case, rounds: int) -> dict[str, object]:
        """Alternate the two sides, swapping who goes first, and check that they computed the same."""
        sides = {"ours": Side(), "peer": Side()}
        for number in range(rounds):
            for name in ("ours", "peer") if number % 2 == 0 else ("peer", "ours"):
                sides[name].add(getattr(self, name)(case), case.unit)
        outputs = sides["ours"].outputs + sides["peer"].outputs
        check_outputs(case, [output.until(sides["peer"].sure) for output in outputs])
        ours, peer = sides["ours"].summary(), sides["peer"].summary()
        ratio = ours["median"] / peer["median"]
        tokens = outputs[0].tokens
        return {"task": case.name, "unit": case.unit, "goal": case.goal, "tokens": tokens, "ours": ours, "peer": peer, "ratio": ratio}

    def first_token(self, rounds: int) -> dict[str, object]:
        """Whole processes, from start to the end after one token; for the peer also without start and imports."""
        ours, peer, inside = [], [], []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as scratch:
                common = ["--model", str(self.work / "models" / "nano"), "--input", str(self.work / "rows" / "first.jsonl")]
                output = ["--output", f"{scratch}/out.jsonl", "--max-new-tokens", "1", "--temperature", "0"]
                ours.append(whole_process([str(self.anneal), "generate", *common, *output])[0])
            seconds, text = whole_process([str(self.python), str(HERE / "peer.py"), *common, "--task", "first-token"])
            peer.append(seconds)
            inside.append(json.loads(text.strip().splitlines()[-1])["seconds"][0])
        names = {"ours": ours, "peer": peer, "peer_in_process": inside}
        return {name: spread_of(values) for name, values in names.items()}


def check_outputs(case: Case, outputs: list[Output]) -> None:
    """Every process of both sides must have seen the same rows and tokens and given the same tokens."""
    if any(output != outputs[0] for output in outputs):
        raise Failed(f"{case.name}: the two sides do not agree: {[str(output)[:200] for output in outputs]}")


def whole_process(command: list[str]) -> tuple[float, str]:
    """Wall-clock seconds of a process, and what it printed."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise Failed(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr.strip()[-800:]}")
    return seconds, done.stdout
