"""A random model whose outputs are far from flat, so that a wrong implementation shows."""

from __future__ import annotations

import torch
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2VLConfig, Qwen2VLForConditionalGeneration

from .spec import ModelSpec
from .vocabulary import token_id

GAIN = 1.2
NORM_NOISE = 0.1


def text_config(spec: ModelSpec) -> dict[str, object]:
    """Fields of the text decoder under their nested names."""
    rope = {"rope_type": "default", "rope_theta": spec.rope_theta, "mrope_section": list(spec.mrope_section)}
    return dict(
        vocab_size=spec.vocab, hidden_size=spec.hidden, intermediate_size=spec.intermediate,
        num_hidden_layers=spec.layers, num_attention_heads=spec.heads, num_key_value_heads=spec.kv_heads,
        max_position_embeddings=32768, rms_norm_eps=spec.rms_eps, tie_word_embeddings=spec.tied,
        use_sliding_window=False, rope_parameters=rope, bos_token_id=token_id("<|endoftext|>"),
        eos_token_id=token_id("<|im_end|>"),
    )  # fmt: skip


def vision_config(spec: ModelSpec) -> dict[str, object]:
    """Fields of the vision tower, which differ between the two families."""
    vision = spec.vision
    common = dict(depth=vision.depth, num_heads=vision.heads, patch_size=14, spatial_merge_size=2, temporal_patch_size=2)
    if spec.family == "qwen2_vl":
        ratio = max(1, round(vision.intermediate / vision.width))
        return common | dict(embed_dim=vision.width, hidden_size=spec.hidden, mlp_ratio=ratio, hidden_act="quick_gelu")
    return common | dict(
        hidden_size=vision.width, intermediate_size=vision.intermediate, out_hidden_size=spec.hidden, hidden_act="silu",
        window_size=vision.window, fullatt_block_indexes=list(vision.full_attention),
        tokens_per_second=vision.tokens_per_second,
    )  # fmt: skip


def build_config(spec: ModelSpec) -> Qwen2VLConfig | Qwen2_5_VLConfig:
    """The transformers configuration of `spec`."""
    kind = Qwen2VLConfig if spec.family == "qwen2_vl" else Qwen2_5_VLConfig
    ids = {name: token_id(f"<|{token}|>") for name, token in TOKEN_FIELDS.items()}
    return kind(
        text_config=text_config(spec), vision_config=vision_config(spec), tie_word_embeddings=spec.tied, **ids
    )


TOKEN_FIELDS = {
    "image_token_id": "image_pad",
    "video_token_id": "video_pad",
    "vision_start_token_id": "vision_start",
    "vision_end_token_id": "vision_end",
}


def stop_ids(spec: ModelSpec) -> list[int]:
    """The end tokens of generation_config.json."""
    return [token_id("<|im_end|>"), token_id("<|endoftext|>")]


def liven(model: torch.nn.Module, spec: ModelSpec) -> None:
    """Redraw every weight: matrices keep the scale of their input, logits get `spec.logit_std`, norms and biases move."""
    draw = torch.Generator().manual_seed(spec.seed + 1)
    head_std = spec.logit_std / spec.hidden**0.5
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=draw)
            if weight.ndim == 1:
                weight.add_(noise * NORM_NOISE)
            elif "embed_tokens" in name or "lm_head" in name:
                weight.copy_(noise * (head_std if spec.tied or "lm_head" in name else 1.0))
            else:
                weight.copy_(noise * (GAIN / weight[0].numel() ** 0.5))
        if spec.stop == "never":
            model.get_output_embeddings().weight[stop_ids(spec)] = 0.0


def build_model(spec: ModelSpec) -> Qwen2VLForConditionalGeneration | Qwen2_5_VLForConditionalGeneration:
    """The random model of `spec`, in its dtype, ready for inference."""
    kind = Qwen2VLForConditionalGeneration if spec.family == "qwen2_vl" else Qwen2_5_VLForConditionalGeneration
    torch.manual_seed(spec.seed)
    model = kind(build_config(spec)).eval()
    liven(model, spec)
    model.generation_config.pad_token_id = token_id("<|endoftext|>")
    model.generation_config.eos_token_id = stop_ids(spec)
    return model.to(getattr(torch, spec.dtype))
