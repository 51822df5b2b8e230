#!/usr/bin/env python3
"""Makes small JPEG files of every kind and records what Pillow decodes from them.

    python tests/reference/jpeg.py        (from the root of the repository; needs pillow with libjpeg-turbo, numpy)

Written to data-fixtures/golden/jpeg:
  files.bin    the files, one after the other
  scene.jpg    a larger picture with the statistics of a photograph, 4:2:0, for the benchmark
  cases.json   per file: what it is, its length, and width, height and checksum of the RGB, or null where Pillow refuses
The checksum of bytes v is the sum of (2i+1)*v[i] modulo 2**64.
"""

import io
import json
import warnings
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, features

GOLDEN = Path(__file__).resolve().parents[2] / "data-fixtures" / "golden" / "jpeg"
VERSIONS = {"PIL": PIL.__version__, "libjpeg_turbo": features.version("libjpeg_turbo"), "numpy": np.__version__}
CHANNELS = {"L": 1, "RGB": 3, "CMYK": 4}
rng = np.random.default_rng(33)


def drawn(width, height, channels):
    """Noise, stripes, hard edges or soft blots."""
    kind = rng.integers(4)
    if kind == 0:
        return rng.integers(0, 256, (height, width, channels)).astype(np.uint8)
    if kind == 1:
        y, x, c = np.ogrid[:height, :width, :channels]
        return ((x * int(rng.integers(1, 9)) + y * int(rng.integers(1, 9)) + c * 40) % 256).astype(np.uint8)
    if kind == 2:
        return (rng.integers(0, 2, (height, width, channels)) * 255).astype(np.uint8)
    small = rng.normal(0, 1, (height // 8 + 2, width // 8 + 2, channels)).astype(np.float32)
    planes = [Image.fromarray(small[..., i]).resize((width, height), Image.BICUBIC) for i in range(channels)]
    return np.clip(np.stack(planes, -1) * 60 + 128, 0, 255).astype(np.uint8)


def encoded(width, height, mode="RGB", **options):
    pixels = drawn(width, height, CHANNELS[mode])
    out = io.BytesIO()
    Image.fromarray(pixels[..., 0] if mode == "L" else pixels, mode).save(out, "JPEG", **options)
    return out.getvalue()


def segments(data):
    """(start, code, end) of each segment up to the first scan's header."""
    at = 2
    while True:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield at, data[at + 1], end
        if data[at + 1] == 0xDA:
            return
        at = end


def segment(code, content):
    return bytes([0xFF, code]) + (len(content) + 2).to_bytes(2, "big") + content


def with_sampling(data, factors):
    """The same data under other sampling factors: they run out or are left over, and become some picture."""
    data = bytearray(data)
    start = next(at for at, code, _ in segments(data) if code in (0xC0, 0xC1, 0xC2))
    for i, pair in enumerate(factors):
        data[start + 11 + 3 * i] = pair
    return bytes(data)


def without(data, code):
    """The file without its segments of one kind."""
    kept, last = data[:2], 2
    for at, found, end in segments(data):
        kept += b"" if found == code else data[at:end]
        last = end
    return kept + data[last:]


def scan_by_scan(width, height, luma):
    """A sequential file of three scans, put together from three grey ones."""
    h, v = luma
    sizes = [(width, height)] + 2 * [(-(-width // h), -(-height // v))]
    greys = [encoded(*size, "L", quality=80) for size in sizes]
    parts = [{code: grey[at:end] for at, code, end in segments(grey)} for grey in greys]
    tables = b"".join(greys[0][at:end] for at, code, end in segments(greys[0]) if code in (0xDB, 0xC4))
    components = b"".join(bytes([i + 1, 16 * h + v if i == 0 else 0x11, 0]) for i in range(3))
    frame = b"\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\x03" + components
    scans = [grey[list(segments(grey))[-1][2] : -2] for grey in greys]
    assert all(0xDA in part for part in parts)
    heads = [segment(0xDA, bytes([1, i + 1, 0, 0, 63, 0])) for i in range(3)]
    return greys[0][:2] + tables + segment(0xC0, frame) + b"".join(h + s for h, s in zip(heads, scans)) + b"\xff\xd9"


def mutated(data):
    data = bytearray(data)
    first = next(at for at, code, _ in segments(data) if code in (0xC0, 0xC1, 0xC2))
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(first, len(data) - 2))
        if rng.integers(3):
            data[at] ^= 1 << int(rng.integers(8))
        else:
            del data[at : at + int(rng.integers(1, 9))]
    return bytes(data)


def plain():
    side = lambda: int(rng.integers(1, 34))
    for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
        for progressive in (False, True):
            for width, height in ((1, 1), (2, 5), (3, 3), (4, 2), (16, 16), (17, 33), (side(), side())):
                options = {"quality": int(rng.integers(1, 101)), "progressive": progressive}
                options |= {"optimize": bool(rng.integers(2)), "subsampling": subsampling}
                yield f"{width}x{height} {options}", encoded(width, height, **options)
    for blocks in (1, 2, 5):
        for progressive in (False, True):
            options = {"restart_marker_blocks": blocks, "progressive": progressive, "quality": 60}
            yield f"restarts {options}", encoded(41, 27, **options)
    for progressive in (False, True):
        for size in ((1, 1), (9, 20)):
            yield "grey", encoded(*size, "L", progressive=progressive, quality=30)
            yield "CMYK", encoded(*size, "CMYK", progressive=progressive, quality=85)
            yield "CMYK, halved", encoded(*size, "CMYK", progressive=progressive, subsampling="4:2:0")
            yield "RGB", encoded(*size, progressive=progressive, keep_rgb=True)


def strange():
    base = encoded(39, 29, quality=50, subsampling=0)
    for factors in ((0x12, 0x11, 0x11), (0x41, 0x11, 0x11), (0x14, 0x11, 0x11), (0x42, 0x11, 0x11), (0x31, 0x11, 0x11),
                    (0x11, 0x22, 0x11), (0x22, 0x21, 0x12), (0x24, 0x11, 0x11), (0x21, 0x11, 0x22), (0x32, 0x21, 0x11),
                    (0x44, 0x11, 0x11), (0x00, 0x11, 0x11)):
        yield f"sampling {[hex(pair) for pair in factors]}", with_sampling(base, factors)
    halved = encoded(3, 37, quality=50, subsampling="4:2:2")
    yield "sampling of narrow files", with_sampling(halved, (0x12, 0x11, 0x11))
    yield "without Huffman tables", without(base, 0xC4)
    yield "without quantisation tables", without(base, 0xDB)
    yield "without JFIF mark", without(base, 0xE0)
    yield "YCCK", without(encoded(19, 23, "CMYK"), 0xEE)[:2] + segment(0xEE, b"Adobe\0\x64\0\0\0\0\x02") + without(encoded(19, 23, "CMYK"), 0xEE)[2:]
    yield "CMYK without mark", without(encoded(19, 23, "CMYK"), 0xEE)
    for luma in ((1, 1), (2, 2), (2, 1), (1, 2)):
        yield f"scan by scan {luma}", scan_by_scan(27, 35, luma)
    yield "two pictures", base + base
    yield "garbage behind the end", base + b"garbage"
    yield "fill bytes", base[:2] + b"\xff\xff" + base[2:]
    yield "cut", base[: len(base) // 2]
    extreme = bytearray(encoded(33, 24, quality=95, subsampling=0))
    for at, code, end in segments(extreme):
        if code == 0xDB:
            extreme[at + 5 : at + 69] = bytes(rng.integers(200, 256, 64, dtype=np.uint8))
    yield "coefficients that overflow", bytes(extreme)


def unfinished():
    """Progressive files that end before their last scans: what is missing is estimated."""
    for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
        for width, height in ((7, 5), (43, 37), (26, 59)):
            data = encoded(width, height, progressive=True, subsampling=subsampling, quality=int(rng.integers(20, 95)))
            scans = [at for at in range(len(data) - 1) if data[at : at + 2] in (b"\xff\xda", b"\xff\xc4")]
            for at in sorted(int(at) for at in rng.choice(scans[2:], 4, replace=False)):
                yield f"{subsampling}, {width}x{height}, ends at {at}", data[:at] + b"\xff\xd9"
    grey = encoded(30, 50, "L", progressive=True, quality=50)
    for at in (at for at in range(len(grey) - 1) if grey[at : at + 2] == b"\xff\xda"):
        yield f"grey, ends at {at}", grey[:at] + b"\xff\xd9"


def damaged():
    for i in range(120):
        options = {"quality": int(rng.integers(10, 90)), "restart_marker_blocks": int(rng.choice([0, 0, 1, 3]))}
        mode = str(rng.choice(["RGB", "RGB", "L"]))
        size = (int(rng.integers(1, 33)), int(rng.integers(1, 33)))
        yield f"damaged {i}", mutated(encoded(*size, mode, progressive=bool(i % 2), **options))


def scene(width=1280, height=720):
    picture = np.full((height, width, 3), 128.0)
    for step, strength in ((64, 45), (16, 18), (4, 8)):
        blots = rng.normal(0, strength, (height // step + 2, width // step + 2, 3)).astype(np.float32)
        for i in range(3):
            picture[..., i] += Image.fromarray(blots[..., i]).resize((width, height), Image.BICUBIC)
    picture += rng.normal(0, 3, (height, width, 1))
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def checksum(pixels):
    flat = pixels.astype(np.uint64).ravel()
    return str(int((flat * (2 * np.arange(flat.size, dtype=np.uint64) + 1)).sum(dtype=np.uint64)))


def decoded(data):
    try:
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    except (OSError, SyntaxError):
        return None
    return [pixels.shape[1], pixels.shape[0], checksum(pixels)]


def main():
    warnings.simplefilter("ignore")
    GOLDEN.mkdir(parents=True, exist_ok=True)
    files = [case for make in (plain, strange, unfinished, damaged) for case in make()]
    (GOLDEN / "files.bin").write_bytes(b"".join(data for _, data in files))
    scene().save(GOLDEN / "scene.jpg", quality=75, subsampling="4:2:0")
    cases = [[what, len(data), decoded(data)] for what, data in files]
    text = ",\n".join(json.dumps(case) for case in cases)
    (GOLDEN / "cases.json").write_text(f'{{"versions": {json.dumps(VERSIONS)}, "cases": [\n{text}\n]}}\n')
    print(VERSIONS, len(cases), "files,", sum(case[2] is None for case in cases), "of them refused")


if __name__ == "__main__":
    main()
