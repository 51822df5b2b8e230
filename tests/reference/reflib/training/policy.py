"""GRPO on fixed completions with fixed rewards."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from transformers import ProcessorMixin

from ..rows import Row
from . import batches
from .rows import GROUPS, Reply

OLD_NOISE = 0.15


@dataclass(frozen=True)
class GrpoSettings:
    """A variant of the loss; names and defaults as in TRL 1.16."""

    loss_type: str = "dapo"
    beta: float = 0.0
    use_bias_correction_kl: bool = True
    epsilon: float = 0.2
    epsilon_high: float = 0.2
    temperature: float = 1.0
    on_policy: bool = False


VARIANTS = {
    "dapo": GrpoSettings(),
    "dapo-kl": GrpoSettings(beta=0.04),
    "dapo-kl-plain": GrpoSettings(beta=0.04, use_bias_correction_kl=False),
    "grpo": GrpoSettings(loss_type="grpo"),
    "grpo-kl": GrpoSettings(loss_type="grpo", beta=0.04),
    "grpo-kl-plain": GrpoSettings(loss_type="grpo", beta=0.04, use_bias_correction_kl=False),
    "dapo-on-policy": GrpoSettings(on_policy=True),
    "dapo-cool": GrpoSettings(beta=0.04, temperature=0.7),
}


@dataclass(frozen=True)
class Rollouts:
    """Fixed completions of every prompt, one after another."""

    prompts: list[str]
    replies: list[Reply]
    token_ids: list[list[int]]
    batch: dict[str, torch.Tensor]

    @property
    def mask(self) -> torch.Tensor:
        """1 where a completion has a token."""
        return self.batch["completion_mask"]

    @property
    def rewards(self) -> torch.Tensor:
        """One number a completion."""
        return torch.tensor([reply.reward for reply in self.replies], dtype=torch.float64)

    def ragged(self, values: torch.Tensor) -> list[list[float]]:
        """Each row without its padding."""
        return [row[: len(ids)].tolist() for row, ids in zip(values, self.token_ids, strict=True)]


def reply_ids(reply: Reply, processor: ProcessorMixin) -> list[int]:
    """Tokens of a completion, with its end token when it stopped."""
    ids = processor.tokenizer(reply.text, add_special_tokens=False)["input_ids"]
    return ids + [processor.tokenizer.convert_tokens_to_ids("<|im_end|>")] if reply.stopped else ids


def rollouts(rows: dict[str, Row], processor: ProcessorMixin) -> Rollouts:
    """The recorded groups as one batch."""
    prompts = [rows[row["id"]] for row, _ in GROUPS]
    ids = [[reply_ids(reply, processor) for reply in replies] for _, replies in GROUPS]
    names = [row["id"] for row, replies in GROUPS for _ in replies]
    replies = [reply for _, group in GROUPS for reply in group]
    return Rollouts(names, replies, [one for group in ids for one in group], batches.groups(prompts, ids, processor))


def completion_logps(model: torch.nn.Module, rolled: Rollouts, temperature: float = 1.0) -> torch.Tensor:
    """log π(token | before) of the distribution softmax(logits / temperature), [B, T]; 0 at padding."""
    batch = batches.whole_rows(rolled.batch)
    labels = batch.pop("labels")
    if "pixel_values" in batch:
        batch["pixel_values"] = batch["pixel_values"].to(next(model.parameters()).dtype)
    width = rolled.mask.shape[1]
    logits = model(**batch, use_cache=False).logits[:, -width - 1 : -1] / temperature
    targets = labels[:, -width:].clamp(min=0)
    return logits.log_softmax(-1).gather(2, targets[:, :, None])[:, :, 0] * rolled.mask


def old_logps(logps: torch.Tensor, rolled: Rollouts, seed: int) -> torch.Tensor:
    """What the sampler is said to have computed: the policy's own values, moved enough for some ratios to be clipped."""
    draw = torch.Generator().manual_seed(seed)
    return (logps + OLD_NOISE * torch.randn(logps.shape, generator=draw)) * rolled.mask


def group_advantages(rewards: torch.Tensor, size: int) -> torch.Tensor:
    """(r − mean) / (std + 1e-4) within each group, std with divisor n − 1."""
    groups = rewards.view(-1, size)
    return ((groups - groups.mean(1, keepdim=True)) / (groups.std(1, keepdim=True) + 1e-4)).view(-1)


@dataclass(frozen=True)
class Scored:
    """Log-probabilities of the fixed completions; everything but `new` is a constant."""

    new: torch.Tensor
    old: torch.Tensor
    reference: torch.Tensor
    advantages: torch.Tensor
    mask: torch.Tensor


def grpo(scored: Scored, settings: GrpoSettings) -> tuple[torch.Tensor, dict[str, float]]:
    """The clipped surrogate, plus β times k3 to the reference, and TRL's metrics of it."""
    mask, advantages = scored.mask, scored.advantages[:, None].to(scored.new.dtype)
    ratio = (scored.new - scored.old).exp()
    clipped = ratio.clamp(1 - settings.epsilon, 1 + settings.epsilon_high)
    token = -torch.min(ratio * advantages, clipped * advantages)
    away = scored.reference - scored.new
    divergence = away.exp() - away - 1
    if settings.use_bias_correction_kl:
        divergence = divergence * ratio
    if settings.beta:
        token = token + settings.beta * divergence
    low, high = (ratio < 1 - settings.epsilon) & (advantages < 0), (ratio > 1 + settings.epsilon_high) & (advantages > 0)
    metrics = {"clip_ratio/low_mean": token_mean(low, mask), "clip_ratio/high_mean": token_mean(high, mask)}
    metrics |= {"kl": token_mean(divergence, mask)} if settings.beta else {}
    if settings.loss_type == "grpo":
        return ((token * mask).sum(1) / mask.sum(1)).mean(), metrics
    return (token * mask).sum() / mask.sum(), metrics


def token_mean(values: torch.Tensor, mask: torch.Tensor) -> float:
    """Mean over the tokens of all rows."""
    return ((values * mask).sum() / mask.sum()).item()


def describe(rolled: Rollouts, advantages: torch.Tensor) -> dict[str, object]:
    """The rollout file."""
    ids = [row[mask.bool()].tolist() for row, mask in zip(rolled.batch["prompt_ids"], rolled.batch["prompt_mask"], strict=True)]
    prompts = dict(zip(rolled.prompts, ids, strict=True))
    completions = [
        {"prompt": name, "token_ids": tokens, "finish_reason": "stop" if reply.stopped else "length", "reward": reply.reward}
        for name, tokens, reply in zip(rolled.prompts, rolled.token_ids, rolled.replies, strict=True)
    ]
    return {"prompt_ids": prompts, "completions": completions, "advantages": advantages}


def numbers(settings: GrpoSettings, scored: Scored, rolled: Rollouts) -> dict[str, object]:
    """A variant's settings and the log-probabilities that go into it."""
    return asdict(settings) | {
        "logps": rolled.ragged(scored.new.detach()), "old_logps": rolled.ragged(scored.old.detach()),
        "reference_logps": rolled.ragged(scored.reference),
    }  # fmt: skip
