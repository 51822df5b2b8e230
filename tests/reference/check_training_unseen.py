"""Compare `anneal sft`, `anneal dpo` and GRPO updates with torch and PEFT on checkpoints, rows and settings nobody has seen.

    python check_training_unseen.py --anneal target/release/anneal [--seeds 3] [--first-seed 1000] [--steps 50]

For every seed: a random checkpoint, an adapter that PEFT wrote (any rank, variant and targets), random conversations with
images, and random optimiser settings. Every step's loss must agree within 1e-3, its gradient norm and learning rate as closely
as rounding allows, and the final adapter must load in PEFT and be the one that torch arrives at. GRPO is checked by updates
on fixed completions, which `anneal bench --task grpo-update` takes. Exit code 1 when anything differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
import transformers
from reflib.anneal import AnnealError
from reflib.layout import write_checkpoint
from reflib.spec import random_spec
from reflib.training import adapters
from reflib.training.group_runs import anneal_updates, torch_updates
from reflib.training.random_runs import RandomRun, random_run, write_random_rows
from reflib.training.runs import Folders, TorchRun, anneal_run, write_recipe
from safetensors.torch import load_file

LOSS_TOLERANCE = 1e-3
NORM_TOLERANCE = 5e-3
RATE_TOLERANCE = 1e-6
ADAPTER_TOLERANCE = 2e-2
METHODS = ("sft", "dpo", "grpo")
COLUMNS = "{:>6} {:<4} {:<44} {:>9} {:>9} {:>9} {:>6}  {}"


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--anneal", type=Path, required=True, help="the binary")
    parser.add_argument("--seeds", type=int, default=3, help="how many checkpoints")
    parser.add_argument("--first-seed", "--seed", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=METHODS)
    parser.add_argument("--keep", type=Path, help="folder for everything that is written; default: a temporary one")
    parser.add_argument("--extra", default="", help="options added to every anneal call, separated by spaces")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    return parser.parse_args()


@dataclass
class Findings:
    """What one run showed."""

    failures: list[str] = field(default_factory=list)
    loss: float = 0.0
    norm: float = 0.0
    adapter: float = 0.0

    def column(self, name: str, ours: list[dict], theirs: list[dict], tolerance: float, relative: bool) -> float:
        """Compare a number of every step; returns the largest distance."""
        worst = 0.0
        for number, (mine, other) in enumerate(zip(ours, theirs, strict=False), start=1):
            apart = abs(mine.get(name, float("nan")) - other[name]) / (abs(other[name]) + 1e-12 if relative else 1)
            if apart <= tolerance:
                worst = max(worst, apart)
                continue
            self.failures.append(f"step {number}: {name} {mine.get(name)}, expected {other[name]}")
            return float("inf")
        return worst


def compare_steps(ours: list[dict], theirs: list[dict], found: Findings) -> None:
    """Loss, gradient norm and learning rate of all steps."""
    if [step.get("step") for step in ours] != list(range(1, len(theirs) + 1)):
        found.failures.append(f"{len(ours)} steps are logged, expected {len(theirs)} from 1 on")
    found.loss = found.column("loss", ours, theirs, LOSS_TOLERANCE, relative=False)
    found.norm = found.column("grad_norm", ours, theirs, NORM_TOLERANCE, relative=True)
    found.column("learning_rate", ours, theirs, RATE_TOLERANCE, relative=True)


def compare_adapters(torch_run: TorchRun, saved: Path, found: Findings) -> None:
    """The saved adapter against torch's: the same tensors, near to each other as seen from the start, the same loss."""
    path = saved / "adapter_model.safetensors"
    if not path.exists():
        found.failures.append(f"{saved.name} has no adapter_model.safetensors")
        return
    ours, theirs = load_file(path), adapters.weights(torch_run.model)
    if {name: ours[name].shape for name in ours} != {name: theirs[name].shape for name in theirs}:
        odd = sorted(set(ours) ^ set(theirs))[:4]
        found.failures.append(f"the saved adapter has other names or shapes, such as {odd}")
        return
    start = load_file(torch_run.folders.adapter / "adapter_model.safetensors")
    apart = sum((ours[name] - theirs[name]).double().square().sum() for name in theirs) ** 0.5
    moved = sum((theirs[name] - start[name]).double().square().sum() for name in theirs) ** 0.5
    found.adapter = float(apart / moved)
    if not found.adapter <= ADAPTER_TOLERANCE:
        found.failures.append(f"the adapters are {found.adapter:.2g} of the way apart")
    compare_loaded(torch_run, saved, found)


def compare_loaded(torch_run: TorchRun, saved: Path, found: Findings) -> None:
    """What PEFT computes with the saved adapter and with torch's."""
    reference = torch_run.folders.adapter if "ref" in torch_run.model.peft_config else None
    loaded = adapters.load(torch_run.folders.model, saved, torch.float32, reference)
    mine, theirs = torch_run.final_loss(loaded), torch_run.final_loss(torch_run.model)
    if not abs(mine - theirs) <= LOSS_TOLERANCE:
        found.failures.append(f"PEFT finds a loss of {mine} with the saved adapter, {theirs} with torch's")


def check_groups(folders: Folders, arguments: argparse.Namespace) -> Findings:
    """Updates on the same completions."""
    found = Findings()
    try:
        ours = anneal_updates(arguments.anneal.resolve(), folders, tuple(arguments.extra.split()))
    except (AnnealError, OSError, KeyError, ValueError) as error:
        found.failures.append(f"grpo-update: {error}")
        return found
    theirs = torch_updates(folders)
    if len(ours) != len(theirs):
        found.failures.append(f"{len(ours)} updates are printed, expected {len(theirs)}")
    found.loss = found.column("loss", ours, theirs, LOSS_TOLERANCE, relative=False)
    found.norm = found.column("grad_norm", ours, theirs, NORM_TOLERANCE, relative=True)
    return found


def check(method: str, run: RandomRun, folders: Folders, arguments: argparse.Namespace) -> Findings:
    """One run of one kind."""
    found, recipe = Findings(), folders.out.with_suffix(".yaml")
    write_recipe(recipe, method, run, folders)
    try:
        ours = anneal_run(arguments.anneal.resolve(), method, recipe, folders, tuple(arguments.extra.split()))
    except (AnnealError, OSError) as error:
        found.failures.append(str(error))
        return found
    torch_run = TorchRun(method, run, folders)
    compare_steps(ours, torch_run.train(), found)
    compare_adapters(torch_run, folders.out / f"checkpoint-{run.steps.max_steps}", found)
    return found


def describe(run: RandomRun, method: str) -> str:
    """A run in one short line."""
    spec, steps = run.adapter, run.steps
    kind = ("dora" if spec.dora else "lora") + ("-rs" if spec.rslora else "") + f" r{spec.rank}"
    named = {"all-linear": "all", adapters.LANGUAGE_MODEL: "language"}
    targets = f"{len(spec.targets)} names" if isinstance(spec.targets, list) else named[spec.targets]
    reference = f" {run.reference}" if method == "dpo" else ""
    batch = f"{steps.per_device_train_batch_size}x{steps.gradient_accumulation_steps}"
    return f"{kind} {targets} {batch} {steps.lr_scheduler_type[:12]}{reference}"


def check_seed(seed: int, root: Path, arguments: argparse.Namespace) -> bool:
    """All kinds of training on one checkpoint; whether everything agreed."""
    run, model, good = random_run(seed, arguments.steps), root / "model", True
    write_checkpoint(replace(random_spec(seed), logit_std=1.0), model)
    adapters.make(model, run.adapter, root / "adapter")
    rows = write_random_rows(root / "rows", seed, run.steps)
    for method in arguments.methods:
        start = time.monotonic()
        folders = Folders(model, root / "adapter", rows[method], root / f"run-{method}")
        found = check_groups(folders, arguments) if method == "grpo" else check(method, run, folders, arguments)
        state = "ok" if not found.failures else f"{len(found.failures)} FAILED"
        numbers = [f"{value:.2g}" for value in (found.loss, found.norm, found.adapter)]
        seconds = f"{time.monotonic() - start:.0f}s"
        print(COLUMNS.format(seed, method, describe(run, method), *numbers, seconds, state), flush=True)
        for failure in found.failures:
            print("          " + failure, flush=True)
        good = good and not found.failures
    return good


def main() -> int:
    """Check every seed; 0 when all agree."""
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    print(COLUMNS.format("seed", "kind", "run", "loss", "norm", "adapter", "time", ""), flush=True)
    agreed = 0
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        place = nullcontext(str(arguments.keep / str(seed))) if arguments.keep else tempfile.TemporaryDirectory()
        with place as root:
            agreed += check_seed(seed, Path(root), arguments)
    print(f"{agreed} of {arguments.seeds} checkpoints agree")
    return 0 if agreed == arguments.seeds else 1


if __name__ == "__main__":
    sys.exit(main())
