"""A small byte-level BPE tokenizer with the special tokens and chat template of the Qwen2-VL family."""

from __future__ import annotations

import functools
import json

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
ADDED_NOT_SPECIAL = ("<tool_call>", "</tool_call>")
BPE_SIZE = 448
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CORPUS = (
    "A small green triangle stands between two large yellow circles, and the camera looks down on them.",
    "Question: how many objects touch the wall? Options: (A) 3 (B) 14 (C) 25 (D) none. Answer with a letter.",
    "<think>The angle at B is 60 degrees, so the sides are equal.</think><answer>\\frac{7}{12}</answer>",
    "Describe what the person does next. They open the drawer, take a knife and cut the bread.",
    "请描述这张图片里的物体。 左边有三个圆形, 右边有一个正方形。 Wie viele Würfel? Où est la sphère? 🙂 👍🏽",
)
# The published template of the family, in its two shapes of message content.
TEMPLATE = (
    "{% set image_count = namespace(value=0) %}{% set video_count = namespace(value=0) %}"
    "{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n"
    "{% else %}{% for content in message['content'] %}"
    "{% if content['type'] == 'image' or 'image' in content or 'image_url' in content %}"
    "{% set image_count.value = image_count.value + 1 %}"
    "{% if add_vision_id %}Picture {{ image_count.value }}: {% endif %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif content['type'] == 'video' or 'video' in content %}"
    "{% set video_count.value = video_count.value + 1 %}"
    "{% if add_vision_id %}Video {{ video_count.value }}: {% endif %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@functools.cache
def build_tokenizer() -> Tokenizer:
    """Train the BPE on the corpus, then add the special tokens behind it, as the published files do."""
    tokenizer = Tokenizer(models.BPE(fuse_unk=False, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated", False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=BPE_SIZE, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS * 20, trainer)
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=False) for token in ADDED_NOT_SPECIAL])
    return tokenizer


def token_id(token: str) -> int:
    """Id of a token of the small tokenizer."""
    found = build_tokenizer().token_to_id(token)
    if found is None:
        raise KeyError(token)
    return found


def added_tokens_decoder() -> dict[str, dict[str, object]]:
    """The `added_tokens_decoder` table of a published tokenizer_config.json."""
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    special = {str(token_id(token)): {"content": token, **flags, "special": True} for token in SPECIAL}
    plain = {str(token_id(token)): {"content": token, **flags, "special": False} for token in ADDED_NOT_SPECIAL}
    return special | plain


def vocabulary_files() -> tuple[dict[str, int], list[str]]:
    """The contents of the old `vocab.json` and `merges.txt`."""
    model = json.loads(build_tokenizer().to_str())["model"]
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    return model["vocab"], merges
