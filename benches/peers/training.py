"""Measure training steps of `anneal` beside transformers + PEFT; write docs/training-performance.md.

    python3 benches/peers/training.py [--rounds 3] [--repeat 3] [--anneal BINARY] [--python PYTHON] [--only WORDS]

The environment and the workload are those of run.py. Processes alternate; every process takes one step that is not timed and
then `repeat` that are, on the same rows from the same adapter, so that losses and gradient norms of all steps must agree.
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from environment import machine, make_environment, versions
from floor import Floor, matrix_peaks
from measure import HERE, Failed, run_json, spread_of
from run import ROOT, build, commit, positive, target_folder
from training_cases import CASES, TrainingCase
from training_report import write_report

LOSS_TOLERANCE = {"float32": 1e-3, "bfloat16": 1e-2}
NORM_TOLERANCE = {"float32": 1e-2, "bfloat16": 5e-2}
ATTENTION = ("sdpa", "eager")


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=positive, default=3, help="processes of each side for each task")
    parser.add_argument("--repeat", type=positive, default=3, help="timed steps in each process")
    parser.add_argument("--anneal", type=Path, help="a release binary to use instead of building one")
    parser.add_argument("--python", type=Path, help="a Python that has the peers, instead of installing them")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page and its data go")
    parser.add_argument("--only", default="", help="run only the tasks whose name contains this; nothing is written")
    return parser.parse_args()


@dataclass
class Side:
    """What one side did over all rounds."""

    rates: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    tokens: set[int] = field(default_factory=set)
    steps: list[tuple[list[float], list[float]]] = field(default_factory=list)

    def add(self, found: dict) -> None:
        """Keep one process's numbers."""
        self.rates += [found["tokens"] / seconds for seconds in found["seconds"]]
        self.peaks.append(found["peak_rss_bytes"])
        self.tokens.add(found["tokens"])
        self.steps.append((found["losses"], found["grad_norms"]))

    def summary(self) -> dict[str, object]:
        """Median and range, and the memory."""
        return {**spread_of(self.rates), "peak_rss_bytes": max(self.peaks)}


def near(ours: list[float], theirs: list[float], tolerance: float) -> bool:
    """Whether two columns agree step by step."""
    return len(ours) == len(theirs) and all(
        abs(one - other) <= tolerance * (1 + abs(other)) for one, other in zip(ours, theirs, strict=True)
    )


def check_steps(case: TrainingCase, ours: Side, peer: Side) -> None:
    """All processes counted the same tokens; where nothing is sampled, losses and gradient norms agree at every step."""
    if len(ours.tokens | peer.tokens) != 1:
        raise Failed(f"{case.name}: {ours.tokens} tokens on our side, {peer.tokens} on the other")
    losses, norms = peer.steps[0]
    for loss, norm in () if case.sampled else ours.steps + peer.steps:
        if not near(loss, losses, LOSS_TOLERANCE[case.dtype]):
            raise Failed(f"{case.name}: losses {loss} and {losses}")
        if not near(norm, norms, NORM_TOLERANCE[case.dtype]):
            raise Failed(f"{case.name}: gradient norms {norm} and {norms}")


@dataclass(frozen=True)
class Bench:
    """The two sides and where the workload lies."""

    anneal: Path
    python: Path
    work: Path
    repeat: int

    def ours(self, case: TrainingCase) -> dict:
        """One process of `anneal bench`."""
        return run_json([str(self.anneal), "bench", *case.ours(self.work, self.repeat)])

    def peer(self, case: TrainingCase, attention: str) -> dict:
        """One process of the peer."""
        line = [str(self.python), str(HERE / "train_peer.py"), *case.peer(self.work, self.repeat)]
        return run_json([*line, "--attention", attention])

    def best_attention(self, case: TrainingCase) -> str:
        """The faster of the peer's two ways to compute attention."""
        return min(ATTENTION, key=lambda way: min(self.peer(case, way)["seconds"]))

    def turns(self, case: TrainingCase, rounds: int, attention: str) -> tuple[Side, Side]:
        """Alternate the two sides, swapping who goes first."""
        ours, peer = Side(), Side()
        for number in range(rounds):
            if number % 2 == 0:
                ours.add(self.ours(case))
            peer.add(self.peer(case, attention))
            if number % 2 == 1:
                ours.add(self.ours(case))
        return ours, peer

    def run_case(self, case: TrainingCase, rounds: int, peak: float) -> dict[str, object]:
        """Measure one case and compare what was computed."""
        attention = self.best_attention(case)
        sides = dict(zip(("ours", "peer"), self.turns(case, rounds, attention), strict=True))
        check_steps(case, sides["ours"], sides["peer"])
        ours, peer = sides["ours"].summary(), sides["peer"].summary()
        found = {"task": case.name, "goal": case.goal, "tokens": sides["ours"].tokens.pop(), "ours": ours, "peer": peer}
        floor = Floor.of(case, self.work).operations / peak
        for side in (ours, peer):
            side["seconds"] = found["tokens"] / side["median"]
            side["share_of_peak"] = floor / side["seconds"]
        return found | {"ratio": ours["median"] / peer["median"], "floor_seconds": floor, "peer_attention": attention}


def measure(bench: Bench, chosen: list[TrainingCase], rounds: int) -> dict[str, object]:
    """Every case, printed as it ends."""
    peaks = matrix_peaks(bench.python)
    print({kind: f"{peak / 1e9:.0f} Gflop/s" for kind, peak in peaks.items()}, flush=True)
    found = []
    for case in chosen:
        found.append(bench.run_case(case, rounds, peaks[case.dtype]))
        done = found[-1]
        shares = f"{done['ours']['share_of_peak']:.0%} and {done['peer']['share_of_peak']:.0%} of peak"
        rates = f"{done['ours']['median']:.4g} and {done['peer']['median']:.4g} tokens/s"
        print(f"{case.name}: {rates}, {done['ratio']:.2f}x, goal {case.goal:g}x; {shares}", flush=True)
    return {"peak_flops": peaks, "cases": found}


def main() -> int:
    """Measure and write; 1 when something cannot be run, or the sides do not agree."""
    arguments = parse_arguments()
    chosen = [case for case in CASES if arguments.only in case.name]
    try:
        peers = target_folder() / "peers"
        python = (arguments.python or make_environment(peers / "venv", HERE / "requirements.txt")).absolute()
        anneal = arguments.anneal.absolute() if arguments.anneal else build("anneal-cli") / "anneal"
        subprocess.run([str(python), str(HERE / "workload.py"), str(peers / "workload")], check=True)
        results: dict[str, object] = {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "command": f"make bench-peers-training (rounds {arguments.rounds}, repeats {arguments.repeat})",
            "machine": machine(), "versions": versions(python), "commit": commit(),
        }  # fmt: skip
        results |= measure(Bench(anneal, python, peers / "workload", arguments.repeat), chosen, arguments.rounds)
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        print(f"bench-peers-training: {error}", file=sys.stderr)
        return 1
    if not arguments.only:
        print("wrote", write_report(results, arguments.docs, HERE / "training-notes.md"))
    else:
        print(json.dumps(results["cases"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
