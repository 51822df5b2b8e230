"""Checkpoints of the sizes that are run on a card, with random weights made in place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from reflib.layout import save_in_shards, write_checkpoint, write_nested
from reflib.spec import SIZES, ModelSpec, VisionSpec
from reflib.weights import GAIN, build_config, stop_ids
from reflib.vocabulary import token_id
from transformers import Qwen2_5_VLForConditionalGeneration
from transformers.initialization import no_init_weights

TOWER = VisionSpec(depth=32, width=1280, heads=16, intermediate=3420, window=112, full_attention=(7, 15, 23, 31))
# Numbers that are drawn; larger tensors repeat them from changing places.
DRAWN = 1 << 23
SHARD = 4 << 30

LARGE = {
    "3B": ModelSpec(
        hidden=2048, layers=36, heads=16, kv_heads=2, intermediate=11008, mrope_section=(16, 24, 24), vocab=151936,
        vision=TOWER, dtype="bfloat16",
    ),
    "7B": ModelSpec(
        hidden=3584, layers=28, heads=28, kv_heads=4, intermediate=18944, mrope_section=(16, 24, 24), vocab=152064,
        tied=False, vision=TOWER, dtype="bfloat16",
    ),
}  # fmt: skip
CARD_SIZES = {"nano": SIZES["nano"], "91M": SIZES["bench"], **LARGE}


def spread(weight: torch.Tensor, noise: torch.Tensor, start: int, scale: float) -> None:
    """Fill a tensor with scaled noise, from `start` on and around."""
    flat = weight.view(-1)
    block = noise.roll(start) * scale
    for first in range(0, flat.numel(), block.numel()):
        part = flat[first : first + block.numel()]
        part.copy_(block[: part.numel()])


def build_large(spec: ModelSpec) -> Qwen2_5_VLForConditionalGeneration:
    """As `reflib.weights.build_model` scales its weights, in seconds instead of minutes."""
    torch.set_default_dtype(getattr(torch, spec.dtype))
    with no_init_weights():
        model = Qwen2_5_VLForConditionalGeneration(build_config(spec)).eval()
    torch.set_default_dtype(torch.float32)
    model.tie_weights()
    noise = torch.randn(DRAWN, generator=torch.Generator().manual_seed(spec.seed))
    with torch.no_grad():
        for index, (name, weight) in enumerate(model.named_parameters()):
            table = "embed_tokens" in name or "lm_head" in name
            scale = spec.logit_std / spec.hidden**0.5 if table else GAIN / max(weight[0].numel(), 1) ** 0.5
            spread(weight, noise, 7919 * index, 0.1 if weight.ndim == 1 else scale)
            if weight.ndim == 1 and "norm" in name:
                weight.add_(1.0)
        model.get_output_embeddings().weight[stop_ids(spec)] = 0.0
    model.generation_config.pad_token_id = token_id("<|endoftext|>")
    model.generation_config.eos_token_id = stop_ids(spec)
    return model


def write(size: str, changes: dict[str, object], out: Path) -> int:
    """Write the folder of one size; returns the number of parameters."""
    spec = replace(CARD_SIZES[size], **changes)
    if size not in LARGE:
        return write_checkpoint(spec, out)
    out.mkdir(parents=True, exist_ok=True)
    model = build_large(spec)
    count = sum(weight.numel() for weight in model.parameters())
    save_in_shards(model, out, -(-2 * count // SHARD))
    write_nested(spec, out)
    return count
