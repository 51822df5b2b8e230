"""TRL's own loss code, run on our batches, so that the recorded formulas are TRL's and not our idea of them."""

from __future__ import annotations

from collections import defaultdict
from types import MethodType, SimpleNamespace

import torch
from accelerate import Accelerator
from peft import PeftModel
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.sft_trainer import SFTTrainer
from trl.trainer.utils import add_fused_lm_head

from . import adapters
from .policy import GrpoSettings, Rollouts, Scored

VALUE_TOLERANCE = 2e-6
GRADIENT_TOLERANCE = 2e-5
FIELDS = ("log_probs", "entropy", "mean_logits", "is_top1")


class Disagreement(RuntimeError):
    """TRL computes something else than the recorded formula."""


def trainer(model: PeftModel, **fields: object) -> SimpleNamespace:
    """As much of a trainer as the loss functions look at."""
    return SimpleNamespace(
        model=model, accelerator=Accelerator(cpu=True), aux_loss_enabled=False, current_gradient_accumulation_steps=1,
        _metrics=defaultdict(lambda: defaultdict(list)), _total_train_tokens=0, _tp_size=1, get_tp_size=lambda: 1, **fields,
    )  # fmt: skip


def sft_loss(model: PeftModel, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """SFTTrainer.compute_loss."""
    args = SimpleNamespace(loss_type="nll", average_tokens_across_devices=True, max_length=None)
    stub = trainer(model, args=args, compute_loss_func=None, label_smoother=None)
    return SFTTrainer.compute_loss(stub, model, dict(batch))


def dpo_loss(model: PeftModel, batch: dict[str, torch.Tensor], beta: float) -> torch.Tensor:
    """DPOTrainer._compute_loss; the reference is the adapter `ref` where the model has one, else the bare model."""
    args = SimpleNamespace(gradient_checkpointing_kwargs=None)
    stub = trainer(
        model, args=args, ld_alpha=None, precompute_ref_logps=False, ref_model=None, f_divergence_type="reverse_kl",
        loss_types=["sigmoid"], loss_weights=[1.0], beta=beta, label_smoothing=0.0, use_weighting=False,
    )  # fmt: skip
    return DPOTrainer._compute_loss(stub, model, dict(batch), return_outputs=False)


def grpo_loss(model: PeftModel, rolled: Rollouts, scored: Scored, settings: GrpoSettings) -> torch.Tensor:
    """GRPOTrainer._compute_loss."""
    args = SimpleNamespace(use_bias_correction_kl=settings.use_bias_correction_kl, delta=None, steps_per_generation=1)
    stub = trainer(
        model, args=args, beta=settings.beta, loss_type=settings.loss_type, epsilon_low=settings.epsilon,
        epsilon_high=settings.epsilon_high, importance_sampling_level="token", top_entropy_quantile=1.0,
        off_policy_mask_threshold=None, use_vllm=False, _entropy_bonus_enabled=False,
    )  # fmt: skip
    stub._get_per_token_logps_and_entropies = MethodType(GRPOTrainer._get_per_token_logps_and_entropies, stub)
    inputs = rolled.batch | {
        "advantages": scored.advantages.to(scored.new.dtype), "ref_per_token_logps": scored.reference,
        "num_items_in_batch": rolled.mask.sum(), "old_per_token_logps": None if settings.on_policy else scored.old,
    }  # fmt: skip
    return GRPOTrainer._compute_loss(stub, model, inputs)


def with_head(model: PeftModel, temperature: float = 1.0) -> PeftModel:
    """The model with the head that TRL's losses call."""
    add_fused_lm_head(model.get_base_model(), temperature=temperature, outputs=FIELDS)
    return model.train()


def confirm(what: str, model: PeftModel, theirs: torch.Tensor, value: float, gradient: dict[str, torch.Tensor]) -> None:
    """Raise unless TRL's loss has the recorded value and gradient."""
    model.zero_grad()
    theirs.backward()
    if not abs(theirs.item() - value) <= VALUE_TOLERANCE * (1 + abs(value)):
        raise Disagreement(f"{what}: TRL's loss is {theirs.item()}, recorded {value}")
    found = adapters.gradients(model)
    for name, expected in gradient.items():
        apart = (found[name] - expected).norm() / expected.norm().clamp(min=1e-12)
        if not apart <= GRADIENT_TOLERANCE:
            raise Disagreement(f"{what}: the gradient of {name} is {apart:.2g} away from TRL's")
