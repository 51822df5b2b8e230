"""Reinforce++ as MAYE runs it: penalty, token rewards, returns, whitening, the clipped loss."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch

from .policy import Rollouts, Scored, token_mean

NO_END_PENALTY = -0.1
CLAMP = 10.0


@dataclass(frozen=True)
class ReturnSettings:
    """How rewards become advantages."""

    kl_reward_coeff: float = 0.0
    gamma: float = 1.0
    whiten: str = "zero_mean"


@dataclass(frozen=True)
class LossSettings:
    """How advantages become a loss."""

    loss_agg: str = "sequence_mean"
    kl_loss_coeff: float = 0.001
    epsilon_low: float = 0.2
    epsilon_high: float = 0.2
    returns: str = "default"


RETURNS = {
    "default": ReturnSettings(),
    "penalised": ReturnSettings(kl_reward_coeff=0.01, gamma=0.95),
    "published": ReturnSettings(kl_reward_coeff=0.01, gamma=0.999, whiten="readd_mean"),
}
LOSSES = {
    "default": LossSettings(),
    "penalised": LossSettings(kl_loss_coeff=0.05, returns="penalised"),
    "published": LossSettings(loss_agg="token_mean", kl_loss_coeff=0.01, returns="published"),
}


def scores(rolled: Rollouts) -> torch.Tensor:
    """The reward, or the penalty of a row that never ended."""
    ended = torch.tensor([reply.stopped for reply in rolled.replies])
    return torch.where(ended, rolled.rewards, torch.full_like(rolled.rewards, NO_END_PENALTY))


def k3(away: torch.Tensor) -> torch.Tensor:
    """exp(d) − 1 − d with d = ref − logp."""
    return away.exp() - 1 - away


def token_rewards(rolled: Rollouts, scored: Scored, settings: ReturnSettings) -> tuple[torch.Tensor, torch.Tensor]:
    """The divergence of every token at rollout time, and the rewards: −β k3, with the score on the last token."""
    kl = k3((scored.reference - scored.old).double()).clamp(-CLAMP, CLAMP) * rolled.mask
    rewards = -settings.kl_reward_coeff * kl
    last = rolled.mask.sum(1) - 1
    rewards[torch.arange(len(last)), last] += scores(rolled)
    return kl, rewards


def returns(rewards: torch.Tensor, mask: torch.Tensor, gamma: float) -> torch.Tensor:
    """G_t = r_t + γ G_{t+1}."""
    out, after = torch.zeros_like(rewards), torch.zeros_like(rewards[:, 0])
    for step in reversed(range(rewards.shape[1])):
        after = (rewards[:, step] + gamma * after) * mask[:, step]
        out[:, step] = after
    return out


def whitened(values: torch.Tensor, mask: torch.Tensor, how: str) -> torch.Tensor:
    """(G − μ) / √(v + 1e-8) over all tokens, v with divisor n − 1; as published, μ comes back."""
    count = mask.sum() + 1e-8
    mean = (values * mask).sum() / count
    variance = ((values - mean) ** 2 * mask).sum() / count * count / (count - 1)
    out = (values - mean) / (variance + 1e-8).sqrt()
    return (out + mean if how == "readd_mean" else out) * mask


def advantages(rolled: Rollouts, scored: Scored, settings: ReturnSettings) -> dict[str, torch.Tensor]:
    """Every stage from the divergence to the advantages."""
    kl, rewards = token_rewards(rolled, scored, settings)
    total = returns(rewards, rolled.mask, settings.gamma)
    return {"kl": kl, "rewards": rewards, "returns": total, "advantages": whitened(total, rolled.mask, settings.whiten)}


def aggregate(values: torch.Tensor, mask: torch.Tensor, how: str) -> torch.Tensor:
    """The mean of row means, or of all tokens."""
    if how == "sequence_mean":
        return ((values * mask).sum(1) / mask.sum(1)).mean()
    return (values * mask).sum() / mask.sum()


def loss(scored: Scored, advantage: torch.Tensor, settings: LossSettings) -> tuple[torch.Tensor, dict[str, float]]:
    """L_pg + β clamp(L_kl, ±10), with the metrics of the update."""
    advantage, mask = advantage.to(scored.new.dtype), scored.mask
    ratio = (scored.new - scored.old).exp()
    bounded = ratio.clamp(1 - settings.epsilon_low, 1 + settings.epsilon_high)
    plain, clipped = -advantage * ratio, -advantage * bounded
    policy = aggregate(torch.max(plain, clipped), mask, settings.loss_agg)
    divergence = aggregate(k3(scored.reference - scored.new), mask, settings.loss_agg)
    total = policy + settings.kl_loss_coeff * divergence.clamp(-CLAMP, CLAMP)
    return total, {
        "loss": total.item(), "policy_loss": policy.item(), "kl_loss": divergence.item(),
        "clipfrac": token_mean(clipped > plain, mask), "ratios": token_mean(ratio, mask),
        "entropy": token_mean(-scored.new.exp() * scored.new, mask),
        "approx_policy_kl": token_mean(0.5 * (scored.new - scored.old) ** 2, mask),
    }  # fmt: skip


def describe(settings: ReturnSettings | LossSettings) -> dict[str, object]:
    """The settings as they are written down."""
    return asdict(settings)
