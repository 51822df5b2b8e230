#!/usr/bin/env python3
"""Makes the small images in data-fixtures/images and records what transformers makes of them.

    python tests/reference/pixels.py        (from the root of the repository; needs transformers, torchvision, pillow)

Written to data-fixtures/golden/pixels:
  *.png            the RGB that Pillow decodes from each image of the same stem
  images.json      per image: grid, checksum and a few samples of pixel_values
  patterns.json    the same for images and clips drawn by `pattern`, which the Rust test draws too
  sizes.json       smart_resize: [height, width, factor, min, max, result or null]
  frames.json      frame sampling: [total, source fps, fps, min, max, indices]
  settings.json    model folders (file name -> content) and what AutoImageProcessor and AutoVideoProcessor read
The checksum of values v is the sum of (2i+1)*bits(v[i]) modulo 2**64, over the f32 bit patterns in order.
"""

import io
import json
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision
import transformers
from PIL import Image, ImageOps
from transformers import AutoImageProcessor, AutoVideoProcessor
from transformers.image_transforms import convert_to_rgb
from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor, smart_resize
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor
from transformers.video_utils import VideoMetadata

ROOT = Path(__file__).resolve().parents[2] / "data-fixtures"
IMAGES, GOLDEN = ROOT / "images", ROOT / "golden" / "pixels"
VERSIONS = {m.__name__: m.__version__ for m in (transformers, torchvision, torch, PIL, np)}
rng = np.random.default_rng(20)


def checksum(values):
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64).ravel()
    return str(int((bits * (2 * np.arange(bits.size, dtype=np.uint64) + 1)).sum(dtype=np.uint64)))


def record(values, grid):
    flat = values.numpy().ravel()
    at = np.linspace(0, flat.size - 1, 24).astype(int)
    return {"grid": grid[0].tolist(), "checksum": checksum(flat), "samples": [[int(i), float(flat[i])] for i in at]}


def pattern(frame, height, width):
    y, x, c = np.ogrid[:height, :width, :3]
    return (((x * 7 + y * 13 + c * 29 + frame * 31) ^ ((x * y) >> 3)) & 255).astype(np.uint8)


def natural(height, width, channels=3):
    small = rng.normal(0, 1, (height // 8 + 2, width // 8 + 2, channels)).astype(np.float32)
    planes = [Image.fromarray(small[..., i]).resize((width, height), Image.BICUBIC) for i in range(channels)]
    return np.clip(np.stack(planes, -1) * 60 + 128 + rng.normal(0, 3, (height, width, channels)), 0, 255).astype(np.uint8)


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def raw_png(color_type, depth, rows, width):
    def chunk(tag, data):
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))

    header = struct.pack(">IIBBBBB", width, len(rows), depth, color_type, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pictures():
    rgb = Image.fromarray(natural(84, 112))
    rgba = Image.fromarray(natural(56, 70, 4), "RGBA")
    small = Image.fromarray(natural(40, 52))
    yield "rgb.png", encoded(rgb, "PNG")
    yield "rgb-28.png", encoded(rgb.crop((0, 0, 28, 28)), "PNG")
    yield "one-pixel.png", encoded(rgb.crop((5, 5, 6, 6)), "PNG")
    yield "wide-200.png", encoded(Image.fromarray(pattern(0, 2, 400)), "PNG")
    yield "tall.png", encoded(Image.fromarray(pattern(0, 300, 3)), "PNG")
    yield "rgba.png", encoded(rgba, "PNG")
    yield "grey-alpha.png", encoded(rgba.convert("LA"), "PNG")
    yield "grey.png", encoded(small.convert("L"), "PNG")
    yield "grey-trns.png", encoded(small.convert("L"), "PNG", transparency=130)
    yield "rgb-trns.png", encoded(small, "PNG", transparency=small.getpixel((3, 3)))
    yield "one-bit.png", encoded(small.convert("1"), "PNG")
    yield "palette.png", encoded(small.quantize(40), "PNG")
    yield "palette-4bit.png", encoded(small.quantize(12), "PNG", bits=4)
    alphas = bytes(rng.integers(0, 256, 40, dtype=np.uint8))
    yield "palette-trns.png", encoded(small.quantize(40), "PNG", transparency=alphas)
    yield "grey16.png", encoded(Image.fromarray(rng.integers(0, 500, (30, 30)).astype(np.uint16)), "PNG")
    for name, color_type, n in (("rgb16", 2, 3), ("grey-alpha16", 4, 2), ("rgba16", 6, 4)):
        rows = rng.integers(0, 65536, (20, 24 * n)).astype(">u2")
        yield f"{name}.png", raw_png(color_type, 16, rows, 24)
    yield "grey-2bit.png", raw_png(0, 2, rng.integers(0, 256, (20, 6)).astype(np.uint8), 24)
    yield "animated.png", encoded(small, "PNG", save_all=True, append_images=[small.rotate(180)])
    yield "lossless.webp", encoded(small, "WEBP", lossless=True)
    yield "lossy.webp", encoded(rgb, "WEBP", quality=80)
    yield "alpha.webp", encoded(rgba, "WEBP", quality=80)
    yield "animated.webp", encoded(small, "WEBP", lossless=True, save_all=True, append_images=[small.rotate(180)])
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        yield f"jpeg-{name}.jpg", encoded(rgb, "JPEG", subsampling=subsampling, quality=90)
    yield "progressive.jpg", encoded(rgb, "JPEG", progressive=True, quality=90)
    yield "jpeg-grey.jpg", encoded(rgb.convert("L"), "JPEG", quality=90)
    yield "jpeg-rgb.jpg", encoded(small, "JPEG", keep_rgb=True, quality=90)
    yield "cmyk.jpg", encoded(small.convert("CMYK"), "JPEG", quality=90)
    yield "png-named.jpg", encoded(small, "PNG")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = orientation
        yield f"exif-{orientation}.jpg", encoded(small, "JPEG", exif=exif, quality=90, subsampling=0)
    exif = Image.Exif()
    exif[0x112] = 6
    yield "exif-6.png", encoded(small, "PNG", exif=exif)
    yield "exif-6.webp", encoded(small, "WEBP", exif=exif, lossless=True)


def write_images():
    processor, entries = Qwen2VLImageProcessor(), {}
    for name, data in pictures():
        (IMAGES / name).write_bytes(data)
        rgb = Image.fromarray(convert_to_rgb(ImageOps.exif_transpose(Image.open(io.BytesIO(data))), return_numpy=True))
        rgb.save(GOLDEN / f"{name}.png", optimize=True)
        made = processor(images=[rgb], return_tensors="pt")
        entries[name] = record(made["pixel_values"], made["image_grid_thw"])
    return entries


def write_patterns():
    entries = []
    budgets = ((3136, 1003520), (3136, 50176), (100352, 602112), (784, 3136))
    sizes = ((28, 28), (56, 84), (1, 1), (1, 200), (37, 411), (300, 200), (720, 1280), (1080, 607), (700, 4))
    for height, width in sizes:
        for low, high in budgets if height < 700 else budgets[:2]:
            image = Image.fromarray(pattern(0, height, width))
            made = Qwen2VLImageProcessor(min_pixels=low, max_pixels=high)(images=[image], return_tensors="pt")
            entry = record(made["pixel_values"], made["image_grid_thw"])
            entries.append({"frames": 0, "height": height, "width": width, "min": low, "max": high, **entry})
    for frames, height, width in ((1, 60, 90), (2, 60, 90), (3, 120, 57), (5, 33, 200), (4, 240, 320)):
        for low, high in budgets[1:]:
            clip = [Image.fromarray(pattern(i, height, width)) for i in range(frames)]
            made = Qwen2VLVideoProcessor(min_pixels=low, max_pixels=high)(videos=[clip], return_tensors="pt")
            entry = record(made["pixel_values_videos"], made["video_grid_thw"])
            entries.append({"frames": frames, "height": height, "width": width, "min": low, "max": high, **entry})
    return entries


def write_sizes():
    entries = []
    while len(entries) < 600:
        height, width = (int(np.exp(rng.uniform(0, 9))) for _ in range(2))
        factor = int(rng.choice([28, 28, 16, 32, 14]))
        low = int(rng.choice([3136, 100352, 784, 4 * factor * factor]))
        high = int(rng.choice([1003520, 12845056, 50176, 602112]))
        try:
            result = list(smart_resize(height, width, factor, low, high))
        except ValueError:
            result = None
        if result is None or 0 not in result:
            entries.append([height, width, factor, low, high, result])
    return entries


def write_frames():
    entries, processor = [], Qwen2VLVideoProcessor()
    while len(entries) < 150:
        total, source = int(np.exp(rng.uniform(0.7, 9))), float(rng.choice([23.976, 24, 25, 29.97, 30, 60]))
        fps, low, high = float(rng.choice([0.5, 1, 2, 4])), int(rng.integers(1, 10)), int(rng.choice([8, 64, 768]))
        meta = VideoMetadata(total_num_frames=total, fps=source)
        try:
            indices = processor.sample_frames(meta, 2, low, high, fps=fps).tolist()
        except (ValueError, ZeroDivisionError):
            continue
        if indices[-1] < total:  # rounding can add an index behind the end, which transformers then fails on
            entries.append([total, source, fps, low, high, indices])
    return entries


def write_settings():
    image = {"image_processor_type": "Qwen2VLImageProcessor"}
    video = {"video_processor_type": "Qwen2VLVideoProcessor"}
    flat, clip, nested = "preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json"
    edges = {"shortest_edge": 5, "longest_edge": 6000}
    folders = [
        {flat: image},
        {flat: {**image, "min_pixels": 3136, "max_pixels": 12845056}},
        {flat: {**image, "max_pixels": 50176}},
        {flat: {**image, "size": edges}},
        {flat: {**image, "size": edges, "min_pixels": 99, "max_pixels": 990}},
        {flat: {**image, "size": {"min_pixels": 7, "max_pixels": 8}, "min_pixels": 99, "max_pixels": 990}},
        {flat: {**image, "size": None, "min_pixels": None}},
        {flat: {**image, "max_pixels": 700}, clip: {**video, "max_pixels": 900}},
        {nested: {"image_processor": {**image, "max_pixels": 50176}}},
        {nested: {"image_processor": {**image, "size": edges}, "video_processor": {**video, "max_pixels": 777}}, flat: {**image, "max_pixels": 1}},
        {nested: {"image_processor": {**image, "size": edges}}, flat: {**image, "max_pixels": 1}, clip: {**video, "min_pixels": 3}},
        {nested: {"processor_class": "Qwen2VLProcessor", "max_pixels": 5}, flat: {**image, "max_pixels": 1000}},
        {flat: {**image, "patch_size": 16, "merge_size": 4, "temporal_patch_size": 3, "image_mean": [0.5, 0.25, 0], "image_std": [0.5, 0.5, 1]}},
        {},
    ]
    entries = []
    for files in folders:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                Path(folder, name).write_text(json.dumps(content))
            Path(folder, "config.json").write_text('{"model_type": "qwen2_vl"}')
            try:
                pair = [kind.from_pretrained(folder) for kind in (AutoImageProcessor, AutoVideoProcessor)]
            except OSError:
                entries.append({"files": files, "read": None})
                continue
        still, moving = pair
        read = {"image": [still.size["shortest_edge"], still.size["longest_edge"]]}
        read["video"] = [moving.size["shortest_edge"], moving.size["longest_edge"]]
        read["sizes"] = [still.patch_size, still.temporal_patch_size, still.merge_size]
        read["mean"], read["std"] = list(still.image_mean), list(still.image_std)
        entries.append({"files": files, "read": read})
    return entries


def main():
    torch.set_num_threads(2)
    IMAGES.mkdir(parents=True, exist_ok=True)
    GOLDEN.mkdir(parents=True, exist_ok=True)
    print(VERSIONS)
    makers = {"images": write_images, "patterns": write_patterns, "sizes": write_sizes, "frames": write_frames, "settings": write_settings}
    for name, make in makers.items():
        (GOLDEN / f"{name}.json").write_text(json.dumps({"versions": VERSIONS, "cases": make()}) + "\n")


if __name__ == "__main__":
    main()
