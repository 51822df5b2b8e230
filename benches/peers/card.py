"""Measure `anneal` on a card beside transformers and PEFT. This is scripts/gpu-bench.

    scripts/gpu-bench [--device cuda] [--size 3B|7B|91M|nano] [--anneal BINARY] [--python PYTHON] [--gates TEST-BINARY]

First the device must compute what the CPU computes; then every task is run in turns with the peer, each in a process of its own,
over random weights that are made in place. `--device cpu --size nano` tries the whole of it without a card. Once everything is
built and installed, nothing takes longer than --minutes: what the time left would not do for is left out, which is said, and
what does not end in time is ended.
"""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import card_report
from card_cases import CASES, CardCase, Setting
from card_gates import Sides, nano, suite
from card_measure import Budget, Watched, completed, rates, torch_name, watched
from environment import machine, make_environment, versions
from measure import HERE, Failed, spread_of
from run import ROOT, commit, target_folder

SIZES = ("nano", "91M", "3B", "7B")
STEP = next(case for case in CASES if case.task == "sft-step" and not case.packed)
FLAT = CardCase("flat memory", "sft-step", "sft", "tokens/s", batch=4)
# Memory is flat when it grows by less than this from the second quarter of the steps to the last.
GROWTH = 0.02
# Bytes that an allocator may take for itself meanwhile.
SLACK = 8 << 20
# Fewer steps say nothing about growth.
FEWEST = 40


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="as `anneal --device` takes it")
    parser.add_argument("--features", help="to build with; the device's without, and cuda,cuda-cpp for NVRTC")
    parser.add_argument("--size", choices=SIZES, default="3B", help="of the model")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), help="bfloat16 with cuda, float32 without")
    parser.add_argument("--repeat", type=int, default=2, help="timed repetitions in each process")
    parser.add_argument("--steps", type=int, default=200, help="steps over which memory must not grow")
    parser.add_argument("--minutes", type=float, default=9.5, help="for gates and figures, without what is built")
    parser.add_argument("--anneal", type=Path, help="a release binary with the device, instead of building one")
    parser.add_argument("--gates", type=Path, help="the test binary of test-device, instead of building it")
    parser.add_argument("--python", type=Path, help="a Python that has the peers, instead of installing them")
    parser.add_argument("--out", type=Path, help="where the workload and gpu-bench.json go; target/gpu-bench without")
    return parser.parse_args()


def require_card(device: str) -> dict[str, object]:
    """The device in words; refuses where there is none."""
    if device == "cpu":
        return {"name": machine()["processor"], "driver": None}
    line = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(line, capture_output=True, text=True)
    except FileNotFoundError:
        done = None
    if done is None or done.returncode != 0 or not done.stdout.strip():
        raise Failed(f"--device {device}: no NVIDIA card was found; `--device cpu --size nano` tries the bench without one")
    name, driver, memory = (part.strip() for part in done.stdout.splitlines()[0].split(","))
    return {"name": name, "driver": driver, "memory": memory}


def features(arguments: argparse.Namespace, package: str) -> list[str]:
    """Cargo's arguments for the device's back end, as features of a package."""
    kind = arguments.device.split(":")[0]
    names = arguments.features or ("" if kind == "cpu" else kind)
    return ["--features", ",".join(f"{package}/{name}" for name in names.split(","))] if names else []


def build(arguments: argparse.Namespace) -> Path:
    """The release binary with the device's back end."""
    line = ["cargo", "build", "--release", "--locked", "--workspace", "--bin", "anneal", *features(arguments, "anneal-cli")]
    subprocess.run(line, cwd=ROOT, check=True)
    return target_folder() / "release" / "anneal"


def build_tests(arguments: argparse.Namespace) -> Path | None:
    """The tests that put the device beside the CPU, which needs none."""
    if arguments.device == "cpu":
        return None
    line = ["cargo", "test", "--locked", "--workspace", "--test", "parity", "--no-run", *features(arguments, "trainer")]
    told = subprocess.run([*line, "--message-format=json-render-diagnostics"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    built = (json.loads(message) for message in told.stdout.splitlines())
    return next(Path(one["executable"]) for one in built if one.get("executable") and one["target"]["name"] == "parity")


class TooShort(Failed):
    """Work that takes less time than the clock's noise: a difference of two times came out as nothing."""


@dataclass
class Bench:
    """One run of everything."""

    sides: Sides
    setting: Setting
    rates: dict[str, float]
    budget: Budget

    def side(self, case: CardCase, run: Watched) -> dict[str, object]:
        """The figures of one side."""
        found = run.found
        if min(found["seconds"]) <= 0:
            raise TooShort("the tokens after the first took no time that could be measured; repeat it, or take a larger size")
        share = case.share(self.setting, found, statistics.median(found["seconds"]), self.rates)
        figures = spread_of([case.amount(found) / seconds for seconds in found["seconds"]])
        return {**figures, "share": share, "peak_bytes": run.peak, "seconds": found["seconds"]}

    def peer(self, case: CardCase) -> Watched:
        """The peer's process, in torch's name for the device."""
        setting = replace(self.setting, device=torch_name(self.setting.device))
        return watched(self.sides.peer(case, setting), self.setting.device, self.budget.left())

    def case(self, case: CardCase, left_out: list[dict[str, str]]) -> dict[str, object]:
        """One line; the peer may lack what four bits need."""
        ours = watched(self.sides.ours(case, self.setting), self.setting.device, self.budget.left())
        figures: dict[str, object] = {"task": case.name, "unit": case.unit, "goal": case.goal, "ours": self.side(case, ours)}
        try:
            theirs = self.peer(case)
        except Failed as error:
            if not case.packed:
                raise
            why = f"the peer cannot run it here: {str(error).splitlines()[-1][:200]}"
            left_out.append({"task": case.name, "why": why})
            return figures | {"peer": None, "ratio": None}
        figures["peer"] = self.side(case, theirs)
        figures["ratio"] = figures["ours"]["median"] / figures["peer"]["median"]
        mine, other = (side.found.get("token_ids") for side in (ours, theirs))
        if case.task == "decode":
            figures["same_tokens"] = sum(a == b for a, b in zip(mine, other, strict=True)) / len(mine)
        return figures

    def flat(self, steps: int) -> dict[str, object]:
        """Memory over many steps of training."""
        setting = replace(self.setting, repeat=steps)
        run = watched(self.sides.ours(FLAT, setting), self.setting.device, self.budget.left())
        growth = run.growth()
        is_flat = growth <= GROWTH or growth * run.peak <= SLACK
        return {"steps": steps, "growth": growth, "is_flat": is_flat, "peak_bytes": run.peak}

    def all(self, steps: int) -> dict[str, object]:
        """Every case that time is left for."""
        cases, left_out, longest = [], [], 0.0
        for case in CASES:
            before = self.budget.left()
            if before < longest:
                left_out.append({"task": case.name, "why": "left out, the time was up"})
                continue
            try:
                cases.append(self.case(case, left_out))
                print(card_report.row(cases[-1]), flush=True)
            except TooShort as error:
                left_out.append({"task": case.name, "why": str(error)})
            except Failed as error:
                left_out.append({"task": case.name, "why": f"failed: {error}"})
            longest = max(longest, before - self.budget.left())
        found: dict[str, object] = {"cases": cases, "left_out": left_out}
        if (affordable := min(steps, self.affordable(cases, longest))) < FEWEST:
            left_out.append({"task": FLAT.name, "why": "left out, the time was up"})
            return found
        try:
            return found | {"flat_memory": self.flat(affordable)}
        except Failed as error:
            left_out.append({"task": FLAT.name, "why": f"failed: {error}"})
            return found

    def affordable(self, cases: list[dict[str, object]], longest: float) -> int:
        """Steps of the flat test that the time left would do for, when loading takes no longer than the longest case did."""
        steps = (case["ours"]["seconds"] for case in cases if case["task"] == STEP.name)
        slowest = max(next(steps, [longest]))
        return int((self.budget.left() - longest) / (1.25 * slowest))


def measure(arguments: argparse.Namespace, python: Path) -> dict[str, object]:
    """Gates, then figures."""
    device = require_card(arguments.device)
    out = (arguments.out or target_folder() / "gpu-bench").absolute()
    anneal = arguments.anneal.absolute() if arguments.anneal else build(arguments)
    tests = arguments.gates.absolute() if arguments.gates else build_tests(arguments)
    dtype = arguments.dtype or ("bfloat16" if arguments.device.startswith("cuda") else "float32")
    # What is built once does not count: a second run has it.
    budget = Budget.of(arguments.minutes)
    gates = {"tests of the device": suite(arguments.device, tests, budget)}
    made = completed([str(python), str(HERE / "card_workload.py"), str(out / "workload"), arguments.size], budget.left())
    if made.returncode != 0:
        raise Failed(f"the workload cannot be made: {made.stderr.strip()[-600:]}")
    setting = Setting(out / "workload", arguments.size, arguments.device, dtype, arguments.repeat)
    sides = Sides(anneal, python)
    gates["tiny model"] = nano(sides, setting, budget)
    reached = rates(python, arguments.device, dtype, budget.left())
    results = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(), "command": " ".join(["scripts/gpu-bench", *sys.argv[1:]]),
        "commit": commit(), "versions": versions(python), "machine": machine(), "device": device, "dtype": dtype,
        "size": arguments.size, "gates": gates, "rates": reached,
    }  # fmt: skip
    return results | Bench(sides, setting, reached, budget).all(arguments.steps)


def main() -> int:
    """Measure and write; 1 when something cannot be run, a gate is shut, or memory grows."""
    arguments = parse_arguments()
    try:
        require_card(arguments.device)
        peers = target_folder() / "peers"
        python = (arguments.python or make_environment(peers / "venv", HERE / "requirements.txt")).absolute()
        results = measure(arguments, python)
    except (Failed, OSError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
        print(f"gpu-bench: {error}", file=sys.stderr)
        return 1
    print(card_report.words(results))
    print("wrote", card_report.write(results, arguments.out or target_folder() / "gpu-bench"))
    failed = [note["task"] for note in results["left_out"] if note["why"].startswith("failed")]
    grew = not results.get("flat_memory", {"is_flat": True})["is_flat"]
    return 1 if failed or grew else 0


if __name__ == "__main__":
    sys.exit(main())
