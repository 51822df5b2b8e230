"""Rows of the command line as transformers wants them: decoded images, frames with their rate, rendered text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image, ImageOps
from transformers import BatchFeature, ProcessorMixin
from transformers.video_utils import VideoMetadata

DEFAULT_FPS = 2.0


@dataclass(frozen=True)
class Row:
    """One line of rows.jsonl and the folder that its paths start from."""

    fields: dict
    folder: Path

    @property
    def id(self) -> str:
        """The row's name, which becomes a file name."""
        return self.fields["id"]

    def images(self) -> list[Image.Image]:
        """The row's images, in order."""
        return [open_rgb(self.folder / path) for path in self.fields.get("images", [])]

    def videos(self) -> list[list[Image.Image]]:
        """The row's videos, each a list of frames."""
        return [[open_rgb(self.folder / path) for path in frames] for frames in self.fields.get("videos", [])]

    def completion_ids(self, processor: ProcessorMixin) -> list[int]:
        """The completion to score: ids as given, or its text tokenised alone with nothing added."""
        if "completion_ids" in self.fields:
            return self.fields["completion_ids"]
        return processor.tokenizer(self.fields["completion"], add_special_tokens=False)["input_ids"]

    def has_completion(self) -> bool:
        """Whether the row can be scored."""
        return "completion" in self.fields or "completion_ids" in self.fields


def read_rows(path: Path) -> list[Row]:
    """Every row of a JSON lines file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Row(json.loads(line), path.parent) for line in lines if line.strip()]


def open_rgb(path: Path) -> Image.Image:
    """Decode with Pillow, apply the EXIF orientation, put transparency on white, and make it RGB."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
        if not upright.has_transparency_data:
            return upright.convert("RGB")
        rgba = upright.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")


def video_metadata(row: Row, videos: list[list[Image.Image]]) -> list[VideoMetadata]:
    """Say that every listed frame was sampled, at the row's rate."""
    fps = float(row.fields.get("fps", DEFAULT_FPS))
    return [VideoMetadata(total_num_frames=len(v), fps=fps, frames_indices=list(range(len(v)))) for v in videos]


def render(row: Row, processor: ProcessorMixin) -> str:
    """The chat template's text, ready for the assistant's answer.

    The processor has no template when only tokenizer_config.json carries one; then the tokenizer renders.
    """
    owner = processor if processor.chat_template else processor.tokenizer
    return owner.apply_chat_template(row.fields["messages"], tokenize=False, add_generation_prompt=True)


def model_inputs(rows: list[Row], processor: ProcessorMixin) -> BatchFeature:
    """One left-padded batch of `rows` as the model's forward takes it."""
    images, videos, metadata = [], [], []
    for row in rows:
        images += row.images()
        frames = row.videos()
        videos += [[to_tensor(frame) for frame in video] for video in frames]
        metadata += video_metadata(row, frames)
    extra = {"images": images} if images else {}
    if videos:
        stacked = [torch.stack(video) for video in videos]
        extra |= {"videos": stacked, "video_metadata": metadata, "do_sample_frames": False}
    text = [render(row, processor) for row in rows]
    return processor(text=text, padding=True, padding_side="left", return_tensors="pt", **extra)


def to_tensor(frame: Image.Image) -> torch.Tensor:
    """A frame as 8-bit [channels, height, width]."""
    flat = torch.frombuffer(bytearray(frame.tobytes()), dtype=torch.uint8)
    return flat.reshape(frame.height, frame.width, 3).permute(2, 0, 1).contiguous()
