"""Measure `anneal` beside transformers, and its judges beside math-verify and TRL; write docs/performance.md. This is
`make bench-peers`.

    python3 benches/peers/run.py [--rounds 3] [--repeat 3] [--anneal BINARY] [--python PYTHON] [--docs FOLDER]

Needs Python 3.11 with `venv` and nothing else: the peers are installed under target/peers, once. Without --anneal the
release binary is built with cargo first.
"""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bound import Bound
from environment import machine, make_environment, versions
from floor import matrix_peaks
from judgements import JUDGEMENTS, Court, Judgement
from measure import CASES, HERE, Bench, Case, Failed
from pairs import write_pairs
from report import write_report

ROOT = HERE.parents[1]
FIRST_TOKEN = "start to first token"


def positive(text: str) -> int:
    """A number of rounds or repeats: at least one."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=positive, default=3, help="processes of each side for each task")
    parser.add_argument("--repeat", type=positive, default=3, help="timed runs in each process")
    parser.add_argument("--anneal", type=Path, help="a release binary to use instead of building one")
    parser.add_argument("--python", type=Path, help="a Python that has the peers, instead of installing them")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where performance.md and .json go")
    parser.add_argument("--only", default="", help="run only the tasks whose name contains this; nothing is written")
    return parser.parse_args()


@dataclass(frozen=True)
class Plan:
    """What of everything is measured, how often, and where the workload lies."""

    cases: tuple[Case, ...]
    judgements: tuple[Judgement, ...]
    first_token: bool
    rounds: int
    repeat: int
    workload: Path

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Plan:
        """What the command line asks for."""
        cases = tuple(case for case in CASES if arguments.only in case.name)
        judgements = tuple(case for case in JUDGEMENTS if arguments.only in case.name)
        first = arguments.only in FIRST_TOKEN
        if not (cases or judgements or first):
            names = [case.name for case in (*JUDGEMENTS, *CASES)] + [FIRST_TOKEN]
            raise Failed(f"no task has {arguments.only!r} in its name; there are: {'; '.join(names)}")
        workload = target_folder() / "peers" / "workload"
        return cls(cases, judgements, first, arguments.rounds, arguments.repeat, workload)


def target_folder() -> Path:
    """Cargo's target folder; cargo takes a relative one from where it runs."""
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target")


def build(package: str, *what: str) -> Path:
    """Build a package as users get it; the folder of what was built."""
    line = ["cargo", "build", "--release", "--locked", "--package", package, *what]
    subprocess.run(line, cwd=ROOT, check=True)
    return target_folder() / "release"


def commit() -> str:
    """The short commit, with a mark when anything but the pages has changed since."""

    def git(*line: str) -> str:
        return subprocess.run(["git", *line], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return (git("rev-parse", "--short=10", "HEAD") or "unknown") + ("-dirty" if changed else "")


def check_pixels(bench: Bench) -> None:
    """Compare what both sides make of the images, before any clock runs."""
    model, rows = bench.work / "models" / "nano", bench.work / "rows" / "photos.jsonl"
    line = [bench.python, HERE / "agree.py", "--anneal", bench.anneal, "--model", model, "--input", rows]
    if subprocess.run([str(part) for part in line]).returncode != 0:
        raise Failed("the two sides do not agree on pixels, ids or positions")


def measure_judges(plan: Plan, python: Path) -> list[dict[str, object]]:
    """Every kind of judgement, printed as it ends."""
    judge = build("rewards", "--example", "judge") / "examples" / "judge"
    pairs = plan.workload / "pairs"
    write_pairs(pairs)
    court, found = Court(judge, python, pairs, plan.repeat), []
    for case in plan.judgements:
        found.append(court.measure(case, plan.rounds))
        done = found[-1]
        peers = "".join(f"; {peer['peer']} {peer['median']:.4g}, {peer['ratio']:.3g}x" for peer in done["peers"])
        print(f"{case.name}: {done['ours']['median']:.4g} a second, goal {case.goal:g}{peers}", flush=True)
    return found


def measure_tasks(plan: Plan, bench: Bench) -> dict[str, object]:
    """Every task of the command line, printed as it ends, and how fast the machine is."""
    found, peaks = [], matrix_peaks(bench.python)
    for case in plan.cases:
        found.append(bench.run_case(case, plan.rounds))
        done = found[-1]
        ours, peer = done["ours"]["median"], done["peer"]["median"]
        bound = Bound.of(case, done["tokens"], plan.workload, bench.python, peaks)
        done["bound"] = bound.why
        count = case.batch if case.unit == "rows/s" else done["tokens"]
        done["share_of_bound"] = [rate * bound.seconds / count for rate in (ours, peer)]
        print(f"{case.name}: {ours:.4g} and {peer:.4g} {case.unit}, {done['ratio']:.2f}x, goal {case.goal:g}x", flush=True)
    return {"cases": found, "peak_flops": peaks}


def measure_models(plan: Plan, python: Path, anneal: Path | None) -> dict[str, object]:
    """Make the checkpoints, compare the pixels, then time the tasks and the start to the first token."""
    anneal = anneal.absolute() if anneal else build("anneal-cli") / "anneal"
    subprocess.run([str(python), str(HERE / "workload.py"), str(plan.workload)], check=True)
    bench = Bench(anneal, python, plan.workload, plan.repeat)
    check_pixels(bench)
    results = measure_tasks(plan, bench)
    if plan.first_token:
        first = bench.first_token(max(plan.rounds, 3))
        print("first token:", {name: round(values["median"], 3) for name, values in first.items()}, flush=True)
        read = Bound.of_files([*(plan.workload / "models" / "nano").iterdir()], python).seconds
        results["first_token"] = first | {"share_of_bound": {name: read / values["median"] for name, values in first.items()}}
    return results


def measure_all(plan: Plan, arguments: argparse.Namespace) -> dict[str, object]:
    """Install the peers, then measure what the plan names."""
    peers = target_folder() / "peers"
    python = (arguments.python or make_environment(peers / "venv", HERE / "requirements.txt")).absolute()
    results: dict[str, object] = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "command": f"make bench-peers (rounds {plan.rounds}, repeats {plan.repeat})",
        "machine": machine(), "versions": versions(python), "commit": commit(),
    }  # fmt: skip
    if plan.judgements:
        results["judgements"] = measure_judges(plan, python)
    if plan.cases or plan.first_token:
        results |= measure_models(plan, python, arguments.anneal)
    return results


def main() -> int:
    """Measure and write; 1 when something cannot be built or run, or the sides do not agree."""
    arguments = parse_arguments()
    try:
        results = measure_all(Plan.of(arguments), arguments)
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        print(f"bench-peers: {error}", file=sys.stderr)
        return 1
    if not arguments.only:
        print("wrote", write_report(results, arguments.docs, HERE / "notes.md"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
