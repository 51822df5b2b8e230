"""What a GRPO update costs as it grows: ours, the peer's and the floor; write docs/scaling.md, .json and .svg.

    python3 benches/peers/scaling.py [--model 10M] [--repeat 3] [--anneal BINARY] [--python PYTHON]

One thing grows at a time: the group, the prompt, the completions, the images of a prompt, the prompts of a step, the threads.
The environment and the checkpoints are those of run.py.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from environment import machine, make_environment, versions
from floor import Sequence, Sizes, matrix_peaks
from measure import HERE, Failed, run_json
from plot import Panel, draw
from run import ROOT, build, commit, positive, target_folder
from training import near
from training_cases import SIZES

LABELS = {
    "group": "completions of a group", "prompt": "words of the prompt, in tokens", "completion": "tokens of a completion",
    "images": "images of a prompt", "batch": "prompts of a step", "threads": "threads",
}  # fmt: skip
LINES = ("anneal", "transformers + PEFT", "floor")
TOLERANCES = {"losses": 1e-3, "grad_norms": 1e-2}


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=SIZES, default="10M")
    parser.add_argument("--repeat", type=positive, default=3, help="timed steps of each side at each point")
    parser.add_argument("--anneal", type=Path, help="a release binary to use instead of building one")
    parser.add_argument("--python", type=Path, help="a Python that has the peers, instead of installing them")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page goes")
    parser.add_argument("--axes", choices=LABELS, nargs="*", default=list(LABELS), help="what grows")
    return parser.parse_args()


@dataclass(frozen=True)
class Scale:
    """The two sides, the model and the machine."""

    anneal: Path
    python: Path
    work: Path
    model: str
    repeat: int
    # Operations a second of a large product on so many threads.
    peaks: dict[int, float]

    def arguments(self, point: dict) -> list[str]:
        """The arguments that both sides take."""
        line = ["--model", str(self.work / "models" / self.model), "--adapter", str(self.work / "adapters" / self.model)]
        line += ["--input", str(self.work / "rows" / point["rows"]), "--task", "grpo-update", "--json"]
        return line + ["--batch", str(point["load"]["batch"]), "--repeat", str(self.repeat)]

    def ours(self, point: dict) -> dict:
        """One process of `anneal bench`; its threads are rayon's."""
        threads = f"RAYON_NUM_THREADS={point['load']['threads']}"
        return run_json(["env", threads, str(self.anneal), "bench", *self.arguments(point)])

    def peer(self, point: dict) -> dict:
        """One process of the peer, which encodes an image once for its group where there is one prompt with one image."""
        once = point["load"]["images"] == 1 and point["load"]["batch"] == 1
        options = ["--threads", str(point["load"]["threads"]), "--images", "once" if once else "each"]
        return run_json([str(self.python), str(HERE / "train_peer.py"), *self.arguments(point), *options])

    def floor(self, point: dict) -> float:
        """Seconds of the arithmetic that cannot be left out, at the machine's best speed with as many threads."""
        sizes = Sizes.read(self.work / "models" / self.model)
        rows = [Sequence(one["prompt"], tuple(one["completions"]), one["patches"]) for one in point["lengths"]]
        return sum(sizes.forward(one) + sizes.backward(one) + sizes.image(one) for one in rows) / self.peaks[point["load"]["threads"]]

    def measure(self, point: dict) -> dict:
        """Both sides at one point, after comparing losses and gradient norms."""
        ours, peer = self.ours(point), self.peer(point)
        for name, tolerance in TOLERANCES.items():
            if not near(ours[name], peer[name], tolerance):
                raise Failed(f"{point['rows']}: {name} {ours[name]} and {peer[name]}")
        seconds = [statistics.median(ours["seconds"]), statistics.median(peer["seconds"]), self.floor(point)]
        memory = [ours["peak_rss_bytes"], peer["peak_rss_bytes"]]
        print(f"{point['axis']} {point['value']}: {seconds[0]:.3g} s, {seconds[1]:.3g} s, floor {seconds[2]:.2g} s", flush=True)
        return {"axis": point["axis"], "value": point["value"], "seconds": seconds, "peak_rss_bytes": memory}


def peaks(found: dict[int, float]) -> str:
    """How fast products are on so many threads."""
    return " and at ".join(f"{peak / 1e9:.0f} Gflop/s on {threads}" for threads, peak in sorted(found.items())) + " threads"


def table(found: list[dict]) -> list[str]:
    """Every point in numbers."""
    names = ("what grows", "", "anneal, s", "peer, s", "floor, s", "ratio", "% of peak (ours / peer)", "MiB (ours / peer)")
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    for point in found:
        ours, peer, floor = point["seconds"]
        memory = " / ".join(f"{size / 2**20:,.0f}" for size in point["peak_rss_bytes"])
        times = (f"{ours:.3g}", f"{peer:.3g}", f"{floor:.2g}", f"{peer / ours:.2f}x", f"{floor / ours:.0%} / {floor / peer:.0%}")
        lines.append("| " + " | ".join((LABELS[point["axis"]], str(point["value"]), *times, memory)) + " |")
    return lines


def write_page(results: dict, docs: Path, notes: Path = HERE / "scaling-notes.md") -> Path:
    """The page, its plot and its data; `notes` holds what a person knows about the points."""
    found = results["points"]
    known = [notes.read_text(encoding="utf-8").strip(), ""] if notes.exists() else []
    panels = [
        Panel(LABELS[axis], [point["value"] for point in found if point["axis"] == axis],
              [[point["seconds"][line] for point in found if point["axis"] == axis] for line in range(len(LINES))])
        for axis in dict.fromkeys(point["axis"] for point in found)
    ]  # fmt: skip
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "scaling.svg").write_text(draw(panels, LINES, "seconds of a GRPO update"), encoding="utf-8")
    (docs / "scaling.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    machine_facts = results["machine"]
    page = docs / "scaling.md"
    page.write_text("\n".join([
        "# What a GRPO update costs as it grows", "",
        f"Measured on {results['date']} with `make bench-peers-scaling`: {machine_facts['processor']}, {machine_facts['cores']} cores; "
        f"anneal at commit {results['commit']}, torch {results['versions']['torch']}, model {results['model']}. "
        f"A large product runs at {peaks(results['peak_flops'])}.", "",
        "![seconds of an update against each size](scaling.svg)", "", *table(found), "",
        "One prompt of 128 tokens with an image of 64, eight completions of 64 tokens, two threads; one of these grows at a time. The peer",
        "encodes the image once for its group where it stands alone, and once for each completion otherwise. The floor is the arithmetic",
        "of `benches/peers/floor.py` at the speed of a product of two 2048x2048 matrices on as many threads, by torch or by us, whichever is",
        "faster; `% of peak` is the floor over the time taken. Losses and gradient norms agree at every point.", "", *known,
    ]), encoding="utf-8")  # fmt: skip
    return page


def main() -> int:
    """Measure and write; 1 when something cannot be run, or the sides do not agree."""
    arguments = parse_arguments()
    try:
        peers = target_folder() / "peers"
        python = (arguments.python or make_environment(peers / "venv", HERE / "requirements.txt")).absolute()
        anneal = arguments.anneal.absolute() if arguments.anneal else build("anneal-cli") / "anneal"
        for script in ("workload.py", "scaling_rows.py"):
            subprocess.run([str(python), str(HERE / script), str(peers / "workload")], check=True)
        points = json.loads((peers / "workload" / "scaling.json").read_text(encoding="utf-8"))
        cores = len(os.sched_getaffinity(0))
        chosen = [one for one in points if one["axis"] in arguments.axes and one["load"]["threads"] <= max(cores, 2)]
        speed = {threads: matrix_peaks(python, threads)["float32"] for threads in {one["load"]["threads"] for one in chosen}}
        scale = Scale(anneal, python, peers / "workload", SIZES[arguments.model], arguments.repeat, speed)
        results = {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(), "machine": machine(), "commit": commit(),
            "versions": versions(python), "model": arguments.model, "peak_flops": speed, "points": [scale.measure(one) for one in chosen],
        }  # fmt: skip
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        print(f"bench-peers-scaling: {error}", file=sys.stderr)
        return 1
    print("wrote", write_page(results, arguments.docs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
