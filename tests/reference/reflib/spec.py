"""What a random checkpoint looks like: every size and option, as one value."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

FAMILIES = ("qwen2_vl", "qwen2_5_vl")
DTYPES = ("float32", "bfloat16", "float16")
LAYOUTS = ("published", "nested")
PATCH = 14
FACTOR = 28


@dataclass(frozen=True)
class VisionSpec:
    """Sizes of the vision tower; `windows` and `full_attention` matter for Qwen2.5-VL only."""

    depth: int = 4
    width: int = 32
    heads: int = 2
    intermediate: int = 48
    window: int = 56
    full_attention: tuple[int, ...] = (1, 3)
    tokens_per_second: int = 2


@dataclass(frozen=True)
class PixelLimits:
    """Limits of one image and of one video frame, in pixels."""

    image_min: int = 4 * FACTOR * FACTOR
    image_max: int = 24 * FACTOR * FACTOR
    video_min: int = 4 * FACTOR * FACTOR
    video_max: int = 8 * FACTOR * FACTOR


@dataclass(frozen=True)
class ModelSpec:
    """A whole checkpoint: text decoder, vision tower, files."""

    family: str = "qwen2_5_vl"
    hidden: int = 64
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    intermediate: int = 96
    mrope_section: tuple[int, int, int] = (2, 3, 3)
    rope_theta: float = 1e6
    rms_eps: float = 1e-6
    vocab: int = 512
    tied: bool = True
    vision: VisionSpec = field(default_factory=VisionSpec)
    pixels: PixelLimits = field(default_factory=PixelLimits)
    dtype: str = "float32"
    layout: str = "nested"
    shards: int = 1
    template_in: str = "file"
    logit_std: float = 3.0
    stop: str = "natural"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse sizes that transformers would accept and then fail on in the middle of a forward pass."""
        if self.hidden % self.heads or self.heads % self.kv_heads:
            raise ValueError(f"hidden {self.hidden}, heads {self.heads}, kv heads {self.kv_heads} do not divide")
        if sum(self.mrope_section) * 2 != self.hidden // self.heads:
            raise ValueError(f"mrope sections {self.mrope_section} must fill half a head of {self.hidden // self.heads}")
        if self.vision.width % self.vision.heads or (self.vision.width // self.vision.heads) % 4:
            raise ValueError(f"vision head of {self.vision.width}/{self.vision.heads} must be a multiple of 4")
        for value, allowed in ((self.family, FAMILIES), (self.dtype, DTYPES), (self.layout, LAYOUTS)):
            if value not in allowed:
                raise ValueError(f"{value!r} is none of {allowed}")


SIZES = {
    "nano": ModelSpec(),
    "small": ModelSpec(
        hidden=256, layers=8, intermediate=704, mrope_section=(8, 12, 12),
        vision=VisionSpec(depth=6, width=192, heads=4, intermediate=512, window=112, full_attention=(2, 5)),
        pixels=PixelLimits(image_max=1280 * FACTOR * FACTOR, video_max=768 * FACTOR * FACTOR),
    ),
    "bench": ModelSpec(
        hidden=768, layers=12, heads=12, intermediate=2048, mrope_section=(8, 12, 12),
        vision=VisionSpec(depth=8, width=384, heads=6, intermediate=1024, window=112, full_attention=(3, 7)),
        pixels=PixelLimits(image_max=1280 * FACTOR * FACTOR, video_max=768 * FACTOR * FACTOR),
    ),
}  # fmt: skip


def split_sections(half_head: int, rng: random.Random) -> tuple[int, int, int]:
    """Cut half a head into three non-empty sections for time, height and width."""
    first, second = sorted(rng.sample(range(1, half_head), 2))
    return first, second - first, half_head - second


def random_vision(rng: random.Random) -> VisionSpec:
    """A vision tower nobody chose: any depth, window and set of full-attention blocks."""
    depth, heads = rng.randint(1, 5), rng.choice([1, 2, 3, 4])
    full = tuple(sorted(rng.sample(range(depth), rng.randint(0, depth))))
    return VisionSpec(
        depth=depth, heads=heads, width=heads * rng.choice([8, 16, 20, 24]), intermediate=rng.choice([24, 40, 52, 96]),
        window=rng.choice([28, 56, 84, 112, 168]), full_attention=full, tokens_per_second=rng.choice([1, 2, 4, 25]),
    )  # fmt: skip


def random_pixels(rng: random.Random) -> PixelLimits:
    """Pixel limits from a few tokens per image to the published ones (at most 1280 tokens)."""
    area = FACTOR * FACTOR
    small = rng.choice([1, 4, 7]) * area + rng.choice([0, 1, 100])
    return PixelLimits(
        image_min=small, image_max=rng.choice([16, 64, 256, 1280]) * area + rng.choice([0, 333]),
        video_min=small, video_max=rng.choice([8, 32, 96]) * area,
    )  # fmt: skip


def random_spec(seed: int) -> ModelSpec:
    """A checkpoint with every hyper-parameter drawn from `seed`."""
    rng = random.Random(seed)
    kv_heads, groups, half_head = rng.choice([1, 2, 3]), rng.choice([1, 2, 3, 4]), rng.choice([4, 6, 8, 12, 16])
    heads = kv_heads * groups
    dtype = rng.choice(["float32", "float32", "bfloat16", "float16"])
    return ModelSpec(
        family=rng.choice(FAMILIES), hidden=heads * half_head * 2, layers=rng.randint(1, 6), heads=heads, kv_heads=kv_heads,
        intermediate=rng.choice([40, 72, 96, 160]), mrope_section=split_sections(half_head, rng),
        rope_theta=rng.choice([1e4, 1e6, 5e5]), rms_eps=rng.choice([1e-6, 1e-5]), vocab=rng.choice([500, 512, 640, 1031]),
        tied=rng.random() < 0.5, vision=random_vision(rng), pixels=random_pixels(rng), dtype=dtype,
        layout=rng.choice(LAYOUTS), shards=rng.choice([1, 1, 2, 5]), template_in=rng.choice(["file", "tokenizer_config"]),
        logit_std=3.0 if dtype == "float32" else 0.5, seed=seed,
    )  # fmt: skip


def with_overrides(spec: ModelSpec, **changes: object) -> ModelSpec:
    """The same checkpoint with every change that is not None applied."""
    return replace(spec, **{key: value for key, value in changes.items() if value is not None})
