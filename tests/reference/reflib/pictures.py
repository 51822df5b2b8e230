"""Drawn images: gradients, shapes and noise from a seed, in every mode a user's folder may hold."""

from __future__ import annotations

import random

import numpy as np
from PIL import Image, ImageDraw


def picture(width: int, height: int, seed: int, noise: int = 24) -> Image.Image:
    """An RGB image with smooth parts, hard edges and some noise."""
    draw_from = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = [127 + 120 * np.sin(x * draw_from.uniform(0.01, 0.3) + y * draw_from.uniform(0.01, 0.3)) for _ in range(3)]
    grain = draw_from.integers(-noise, noise + 1, (height, width, 3))
    pixels = np.clip(np.stack(waves, -1) + grain, 0, 255).astype(np.uint8)
    image = Image.fromarray(pixels, "RGB")
    add_shapes(image, random.Random(seed))
    return image


def add_shapes(image: Image.Image, rng: random.Random) -> None:
    """Draw a few filled shapes."""
    pen = ImageDraw.Draw(image)
    for _ in range(4):
        left, top = rng.randrange(image.width), rng.randrange(image.height)
        box = (left, top, left + rng.randint(2, max(3, image.width // 3)), top + rng.randint(2, max(3, image.height // 3)))
        colour = tuple(rng.randrange(256) for _ in range(3))
        (pen.rectangle if rng.random() < 0.5 else pen.ellipse)(box, fill=colour)


def with_alpha(image: Image.Image) -> Image.Image:
    """The image with transparency that runs from clear to opaque."""
    ramp = np.linspace(0, 255, image.width).astype(np.uint8)
    alpha = Image.fromarray(np.tile(ramp, (image.height, 1)), "L")
    out = image.convert("RGBA")
    out.putalpha(alpha)
    return out


def as_mode(image: Image.Image, mode: str) -> Image.Image:
    """Convert to one of Pillow's modes, with real transparency where the mode has it."""
    if mode == "RGBA":
        return with_alpha(image)
    if mode == "LA":
        return with_alpha(image).convert("LA")
    if mode == "P":
        return image.quantize(64)
    return image.convert(mode)


def as_grey16(image: Image.Image) -> Image.Image:
    """A 16-bit grey image; Pillow clips such values at 255 when it makes them RGB."""
    return Image.fromarray((np.asarray(image.convert("L")).astype(np.uint16)) * 2)


def see_through_palette(image: Image.Image) -> Image.Image:
    """A palette image in which one colour is transparent."""
    out = image.quantize(32)
    out.info["transparency"] = 3
    return out
