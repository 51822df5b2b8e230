"""Writes a checkpoint folder as it was published (flat config, old file names) or as transformers 5 saves it (nested)."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import torch
from transformers import Qwen2_5_VLProcessor, Qwen2TokenizerFast, Qwen2VLImageProcessor, Qwen2VLProcessor
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

from .spec import ModelSpec
from .vocabulary import (
    ADDED_NOT_SPECIAL,
    SPECIAL,
    TEMPLATE,
    added_tokens_decoder,
    build_tokenizer,
    token_id,
    vocabulary_files,
)
from .weights import TOKEN_FIELDS, build_model, stop_ids, text_config, vision_config

MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]


def write_json(path: Path, value: object) -> None:
    """Write pretty JSON with a final newline."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def published_config(spec: ModelSpec) -> dict[str, object]:
    """config.json as the model cards have it: text fields on top, `rope_scaling` of type mrope, `in_chans`."""
    text = text_config(spec)
    rope = text.pop("rope_parameters")
    vision = vision_config(spec) | {"in_chans": 3, "spatial_patch_size": 14}
    name = "Qwen2VLForConditionalGeneration" if spec.family == "qwen2_vl" else "Qwen2_5_VLForConditionalGeneration"
    ids = {field: token_id(f"<|{token}|>") for field, token in TOKEN_FIELDS.items()}
    return {
        "architectures": [name], "attention_dropout": 0.0, **ids, "vision_token_id": token_id("<|vision_pad|>"),
        "hidden_act": "silu", "initializer_range": 0.02, "max_window_layers": spec.layers, "model_type": spec.family,
        **text, "rope_theta": rope["rope_theta"], "sliding_window": 32768, "torch_dtype": spec.dtype,
        "transformers_version": "4.41.2", "use_cache": True, "vision_config": vision,
        "rope_scaling": {"type": "mrope", "mrope_section": rope["mrope_section"]},
    }  # fmt: skip


def published_tokenizer_config(spec: ModelSpec) -> dict[str, object]:
    """tokenizer_config.json in the published form; it carries the chat template when no file does."""
    config = {
        "add_prefix_space": False, "added_tokens_decoder": added_tokens_decoder(),
        "additional_special_tokens": [token for token in SPECIAL if token != "<|endoftext|>"], "bos_token": None,
        "clean_up_tokenization_spaces": False, "eos_token": "<|im_end|>", "errors": "replace",
        "model_max_length": 32768, "pad_token": "<|endoftext|>", "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer", "unk_token": None,
    }  # fmt: skip
    return config | ({"chat_template": TEMPLATE} if spec.template_in == "tokenizer_config" else {})


def write_published(spec: ModelSpec, out: Path) -> None:
    """Everything but the weights, under the published names."""
    processor = "Qwen2VLProcessor" if spec.family == "qwen2_vl" else "Qwen2_5_VLProcessor"
    vocabulary, merges = vocabulary_files()
    write_json(out / "config.json", published_config(spec))
    write_json(out / "tokenizer_config.json", published_tokenizer_config(spec))
    write_json(out / "preprocessor_config.json", {
        "min_pixels": spec.pixels.image_min, "max_pixels": spec.pixels.image_max, "patch_size": 14,
        "temporal_patch_size": 2, "merge_size": 2, "image_mean": MEAN, "image_std": STD,
        "image_processor_type": "Qwen2VLImageProcessor", "processor_class": processor,
    })  # fmt: skip
    write_json(out / "generation_config.json", {
        "bos_token_id": token_id("<|endoftext|>"), "pad_token_id": token_id("<|endoftext|>"), "do_sample": True,
        "eos_token_id": stop_ids(spec), "repetition_penalty": 1.05, "temperature": 0.1, "top_k": 1, "top_p": 0.001,
        "transformers_version": "4.41.2",
    })  # fmt: skip
    build_tokenizer().save(str(out / "tokenizer.json"))
    (out / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
    if spec.template_in == "file":
        write_json(out / "chat_template.json", {"chat_template": TEMPLATE})


def write_nested(spec: ModelSpec, out: Path) -> None:
    """Tokenizer and processor exactly as the installed transformers saves them."""
    with tempfile.TemporaryDirectory() as scratch:
        raw = Path(scratch) / "tokenizer.json"
        build_tokenizer().save(str(raw))
        tokenizer = Qwen2TokenizerFast(
            tokenizer_file=str(raw), eos_token="<|im_end|>", pad_token="<|endoftext|>", bos_token=None, unk_token=None,
            additional_special_tokens=list(SPECIAL),
        )  # fmt: skip
    if len(tokenizer) != token_id(ADDED_NOT_SPECIAL[-1]) + 1:
        raise AssertionError("transformers renumbered the tokenizer's added tokens")
    kind = Qwen2VLProcessor if spec.family == "qwen2_vl" else Qwen2_5_VLProcessor
    limits = spec.pixels
    kind(
        image_processor=Qwen2VLImageProcessor(min_pixels=limits.image_min, max_pixels=limits.image_max),
        video_processor=Qwen2VLVideoProcessor(min_pixels=limits.video_min, max_pixels=limits.video_max),
        tokenizer=tokenizer, chat_template=TEMPLATE,
    ).save_pretrained(out)  # fmt: skip


def save_in_shards(model: torch.nn.Module, out: Path, shards: int) -> None:
    """Save the weights in `shards` files, or fewer where the largest tensor does not leave that many."""
    size = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    limit = -(-size // shards)
    model.save_pretrained(out, max_shard_size=limit)
    while len(files := sorted(out.glob("*.safetensors"))) > shards:
        for file in files:
            file.unlink()
        limit += limit // 50
        model.save_pretrained(out, max_shard_size=limit)
    for file in files:
        file.chmod(0o644)


def write_checkpoint(spec: ModelSpec, out: Path) -> int:
    """Write the whole folder; returns the number of parameters."""
    out.mkdir(parents=True, exist_ok=True)
    model = build_model(spec)
    save_in_shards(model, out, spec.shards)
    if spec.layout == "published":
        write_published(spec, out)
    else:
        write_nested(spec, out)
    return sum(weight.numel() for weight in model.parameters())
