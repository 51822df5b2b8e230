"""Record what torch, PEFT and TRL compute when they train the fixture checkpoints.

    python make_training.py DATA_FIXTURES [--only NAME …] [--dtype float64 --out FOLDER]

Losses and gradients of SFT, DPO, GRPO and Reinforce++ on small batches, a 50-step SFT run, and gradients of every weight,
all in float32 on one thread. SFT, DPO and GRPO are computed a second time by TRL's own loss code, which must agree.
With float64 the same files show how far rounding alone moves the numbers.
"""

from __future__ import annotations

import argparse
import shutil
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import transformers
from reflib.training import adapters, batches, files, policy, preference, reinforce, supervised, trl_losses, trl_run
from reflib.training.rows import read, write_rows
from reflib.training.steps import StepSettings
from transformers import AutoProcessor

BATCH = ("text", "image", "image-turns")
BETA = 0.1
STEP = StepSettings(learning_rate=1e-3)


@dataclass(frozen=True)
class Plan:
    """How much is recorded for a checkpoint; what is left out keeps its numbers but not its tensors."""

    sft: tuple[str, ...]
    dpo_tensors: tuple[str, ...]
    grpo_tensors: tuple[str, ...]
    grpo_steps: tuple[str, ...]
    reinforce_tensors: tuple[str, ...]


PLANS = {
    "qwen2_5-nano": Plan(
        ("lora", "rslora", "dora", "lora-vision"), ("adapter", "base"), ("dapo", "dapo-kl", "grpo-kl-plain"),
        ("dapo-kl",), ("default", "published"),
    ),
    "qwen2-nano": Plan(("lora", "lora-vision"), ("adapter",), ("dapo-kl",), (), ("default",)),
}  # fmt: skip


@dataclass(frozen=True)
class Recorder:
    """A checkpoint, where its rows lie and where its numbers go."""

    checkpoint: Path
    rows: Path
    out: Path
    plan: Plan
    dtype: torch.dtype

    def __post_init__(self) -> None:
        """Load the processor, which every recording needs."""
        object.__setattr__(self, "processor", batches.with_template(AutoProcessor.from_pretrained(self.checkpoint)))

    def model(self, adapter: str, reference: str | None = None) -> adapters.PeftModel:
        """The checkpoint under one of its adapters."""
        folder = self.out / "adapters"
        return adapters.load(self.checkpoint, folder / adapter, self.dtype, folder / reference if reference else None)

    def keep(self, name: str, tensors: dict[str, torch.Tensor], wanted: bool) -> dict[str, object]:
        """Norms of the tensors; the tensors themselves go to a file when they are wanted."""
        norms = {"grad_norm": files.global_norm(tensors), "norms": files.norms(tensors)}
        if not wanted:
            return norms
        files.write_tensors(self.out / "gradients" / f"{name}.safetensors", tensors)
        return {"gradients": f"gradients/{name}.safetensors", **norms}

    def adapters(self) -> None:
        """Draw every adapter that something is recorded with."""
        for name in dict.fromkeys((*self.plan.sft, "lora", "fresh", "reference")):
            adapters.make(self.checkpoint, adapters.ADAPTERS[name], self.out / "adapters" / name)

    def sft(self) -> None:
        """One batch through every variant of adapter."""
        rows = [read(self.rows, "supervised")[name] for name in BATCH]
        batch, variants = batches.supervised(rows, self.processor), {}
        for name in self.plan.sft:
            model = self.model(name)
            loss, gradient = supervised.gradients_of_batch(model, batch)
            theirs = trl_losses.with_head(model)
            trl_losses.confirm(f"sft {name}", theirs, trl_losses.sft_loss(theirs, batch), loss, gradient)
            variants[name] = {"adapter": f"adapters/{name}", "loss": loss, **self.keep(f"sft-{name}", gradient, True)}
        files.write_json(self.out / "sft.json", {"batch": supervised.describe(rows, batch), "variants": variants}, 3)

    def curve(self) -> None:
        """Fifty steps from an untrained adapter."""
        rows, settings = read(self.rows, "supervised"), StepSettings()
        order = [rows[name] for name in supervised.row_order(list(rows), settings.rows(), seed=3)]
        model = self.model("fresh")
        found = supervised.curve(model, order, self.processor, settings)
        trl_run.confirm_curve(found["steps"], trl_run.sft_run(self.model("fresh"), order, self.processor, settings))
        files.write_tensors(self.out / "sft-curve-adapter.safetensors", adapters.weights(model))
        places = {"adapter": "adapters/fresh", "final": "sft-curve-adapter.safetensors"}
        files.write_json(self.out / "sft-curve.json", places | found)

    def dpo(self) -> None:
        """One batch of pairs with both kinds of reference."""
        rows = read(self.rows, "preferences")
        batch, variants = batches.preferences(list(rows.values()), self.processor), {}
        for kind in preference.REFERENCES:
            model = self.model("lora", "reference" if kind == "adapter" else None)
            found, gradient = preference.gradients_of_pairs(model, batch, kind, BETA)
            theirs = trl_losses.with_head(model)
            loss = trl_losses.dpo_loss(theirs, batch, BETA)
            trl_losses.confirm(f"dpo {kind}", theirs, loss, found["loss"], gradient)
            reference = "adapters/reference" if kind == "adapter" else None
            kept = self.keep(f"dpo-{kind}", gradient, kind in self.plan.dpo_tensors)
            variants[kind] = {"adapter": "adapters/lora", "reference": reference, "beta": BETA, **found, **kept}
        files.write_json(
            self.out / "dpo.json", {"batch": preference.describe(list(rows), batch), "variants": variants}, 3
        )

    def score(self, model: adapters.PeftModel, rolled: policy.Rollouts, settings: policy.GrpoSettings) -> policy.Scored:
        """Log-probabilities of the fixed completions under the policy, the sampler and the bare model."""
        new = policy.completion_logps(model, rolled, settings.temperature)
        with torch.no_grad(), model.disable_adapter():
            reference = policy.completion_logps(model, rolled, settings.temperature)
        old = new.detach() if settings.on_policy else policy.old_logps(new.detach(), rolled, seed=11)
        size = len(rolled.replies) // len(set(rolled.prompts))
        return policy.Scored(new, old, reference, policy.group_advantages(rolled.rewards, size), rolled.mask)

    def grpo(self) -> None:
        """Every variant of the loss on the same completions; for some the adapter after one optimiser step."""
        rolled, variants = policy.rollouts(read(self.rows, "prompts"), self.processor), {}
        for name, settings in policy.VARIANTS.items():
            model = self.model("lora")
            scored = self.score(model, rolled, settings)
            loss, metrics = policy.grpo(scored, settings)
            loss.backward()
            gradient = adapters.gradients(model)
            variants[name] = policy.numbers(settings, scored, rolled) | {"loss": loss.item(), **metrics}
            variants[name] |= self.keep(f"grpo-{name}", gradient, name in self.plan.grpo_tensors)
            if name in self.plan.grpo_steps:
                variants[name] |= self.one_step(f"grpo-{name}-stepped.safetensors", gradient)
            theirs = trl_losses.with_head(model, settings.temperature)
            value = trl_losses.grpo_loss(theirs, rolled, scored, settings)
            trl_losses.confirm(f"grpo {name}", theirs, value, loss.item(), gradient)
            advantages = scored.advantages
        found = {"adapter": "adapters/lora", "rollouts": policy.describe(rolled, advantages), "variants": variants}
        files.write_json(self.out / "grpo.json", found, 3)

    def one_step(self, name: str, gradient: dict[str, torch.Tensor]) -> dict[str, object]:
        """Clip the gradient, step once with AdamW, keep the adapter."""
        model = self.model("lora")
        adapters.set_gradients(model, gradient)
        weights = list(adapters.trainable(model).values())
        optimiser = STEP.optimiser(weights)
        torch.nn.utils.clip_grad_norm_(weights, STEP.max_grad_norm)
        optimiser.step()
        files.write_tensors(self.out / name, adapters.weights(model))
        return {"stepped": name, "stepped_learning_rate": STEP.learning_rate}

    def reinforce(self) -> None:
        """Returns and advantages of the rollouts, then the losses that use them."""
        rolled = policy.rollouts(read(self.rows, "prompts"), self.processor)
        settings = replace(policy.VARIANTS["dapo"], beta=1.0)
        with torch.no_grad():
            scored = self.score(self.model("lora"), rolled, settings)
        stages = {name: reinforce.advantages(rolled, scored, one) for name, one in reinforce.RETURNS.items()}
        losses = {}
        for name, one in reinforce.LOSSES.items():
            model = self.model("lora")
            scored = self.score(model, rolled, settings)
            total, found = reinforce.loss(scored, stages[one.returns]["advantages"], one)
            total.backward()
            kept = self.keep(f"reinforce-{name}", adapters.gradients(model), name in self.plan.reinforce_tensors)
            losses[name] = reinforce.describe(one) | found | kept
        returns = {
            name: reinforce.describe(one) | {key: rolled.ragged(value) for key, value in stages[name].items()}
            for name, one in reinforce.RETURNS.items()
        }
        logps = {"old_logps": rolled.ragged(scored.old), "reference_logps": rolled.ragged(scored.reference)}
        rollouts = policy.describe(rolled, scored.advantages)
        rollouts.pop("advantages")
        found = {"adapter": "adapters/lora", "rollouts": rollouts | {"scores": reinforce.scores(rolled), **logps}}
        files.write_json(self.out / "reinforce.json", found | {"returns": returns, "losses": losses}, 3)

    def full(self) -> None:
        """Gradients of every weight."""
        rows = [read(self.rows, "supervised")[name] for name in BATCH]
        batch = batches.supervised(rows, self.processor)
        base = adapters.load_base(self.checkpoint, self.dtype)
        found = supervised.full_gradients(base, batch, seed=5)
        files.write_json(self.out / "full.json", {"batch": supervised.describe(rows, batch), **found})

    def everything(self) -> None:
        """All files of this checkpoint, made anew."""
        shutil.rmtree(self.out, ignore_errors=True)
        for part in (self.adapters, self.sft, self.curve, self.dpo, self.grpo, self.reinforce, self.full):
            part()
            print(f"{self.checkpoint.name}: {part.__name__}", flush=True)


def main() -> None:
    """Rows first, then every checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--only", choices=PLANS, nargs="*", default=list(PLANS))
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--out", type=Path, help="another place than ROOT/golden/training")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    warnings.simplefilter("ignore", FutureWarning)
    out = arguments.out or arguments.root / "golden" / "training"
    write_rows(out / "rows")
    for name in arguments.only:
        checkpoint = arguments.root / "checkpoints" / name
        Recorder(checkpoint, out / "rows", out / name, PLANS[name], getattr(torch, arguments.dtype)).everything()


if __name__ == "__main__":
    main()
