"""Measure `anneal` beside transformers and write docs/performance.md. This is `make bench-peers`.

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
from pathlib import Path

from environment import machine, make_environment, versions
from measure import CASES, HERE, Bench, Failed
from report import write_report

ROOT = HERE.parents[1]


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="processes of each side for each task")
    parser.add_argument("--repeat", type=int, default=3, help="timed runs in each process")
    parser.add_argument("--anneal", type=Path, help="a release binary to use instead of building one")
    parser.add_argument("--python", type=Path, help="a Python that has the peers, instead of installing them")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where performance.md and .json go")
    parser.add_argument("--only", default="", help="run only the tasks whose name contains this; nothing is written")
    return parser.parse_args()


def target_folder() -> Path:
    """Cargo's target folder."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def build_anneal() -> Path:
    """Build the command line as users get it."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--package", "anneal-cli"], cwd=ROOT, check=True)
    return target_folder() / "release" / "anneal"


def commit() -> str:
    """The short commit, with a mark when the tree has changes."""
    line = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def check_pixels(bench: Bench) -> None:
    """Compare what both sides make of the images, before any clock runs."""
    model, rows = bench.work / "models" / "nano", bench.work / "rows" / "photos.jsonl"
    line = [bench.python, HERE / "agree.py", "--anneal", bench.anneal, "--model", model, "--input", rows]
    if subprocess.run([str(part) for part in line]).returncode != 0:
        raise Failed("the two sides do not agree on pixels, ids or positions")


def measure_all(bench: Bench, arguments: argparse.Namespace) -> dict[str, object]:
    """Every task, printed as it ends."""
    facts = {"machine": machine(), "versions": versions(bench.python), "commit": commit()}
    cases = []
    for case in (case for case in CASES if arguments.only in case.name):
        cases.append(bench.run_case(case, arguments.rounds))
        done = cases[-1]
        ours, peer = done["ours"]["median"], done["peer"]["median"]
        print(f"{case.name}: {ours:.4g} and {peer:.4g} {case.unit}, {done['ratio']:.2f}x, goal {case.goal:g}x", flush=True)
    first = bench.first_token(max(arguments.rounds, 3))
    print("first token:", {name: round(values["median"], 3) for name, values in first.items()}, flush=True)
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    settings = f"make bench-peers (rounds {arguments.rounds}, repeats {arguments.repeat})"
    return {"date": date, "command": settings, **facts, "cases": cases, "first_token": first}


def main() -> int:
    """Install, make the workload, check, measure, write."""
    arguments = parse_arguments()
    anneal = (arguments.anneal or build_anneal()).absolute()
    peers = target_folder() / "peers"
    python = arguments.python or make_environment(peers / "venv", HERE / "requirements.txt")
    subprocess.run([str(python), str(HERE / "workload.py"), str(peers / "workload")], check=True)
    bench = Bench(anneal, python.absolute(), (peers / "workload").absolute(), arguments.repeat)
    try:
        check_pixels(bench)
        results = measure_all(bench, arguments)
    except Failed as error:
        print(f"bench-peers: {error}", file=sys.stderr)
        return 1
    if not arguments.only:
        print("wrote", write_report(results, arguments.docs, HERE / "notes.md"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
