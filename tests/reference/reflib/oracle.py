"""What transformers computes for a row: inputs, positions, log-probabilities, greedy text, hidden states."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor, BatchFeature, GenerationConfig

from .rows import Row, model_inputs


@dataclass(frozen=True)
class Completion:
    """A greedy completion with, for each step, the distance between the best two logits."""

    token_ids: list[int]
    logprobs: list[float]
    gaps: list[float]
    text: str
    finish_reason: str


class Oracle:
    """A checkpoint loaded by transformers. `dtype` "auto" computes in the dtype of the files."""

    def __init__(self, folder: Path, dtype: str = "auto", device: str = "cpu") -> None:
        """Load model and processor; the folder's sampling settings are set aside, its end tokens kept."""
        self.device = device
        self.processor = AutoProcessor.from_pretrained(folder)
        kind = dtype if dtype == "auto" else getattr(torch, dtype)
        self.model = AutoModelForImageTextToText.from_pretrained(folder, dtype=kind).eval().to(device)
        stop = self.model.generation_config.eos_token_id
        self.stop_ids = [stop] if isinstance(stop, int) else list(stop)
        pad = self.model.generation_config.pad_token_id
        self.model.generation_config = GenerationConfig(
            do_sample=False, eos_token_id=self.stop_ids, pad_token_id=pad if pad is not None else self.stop_ids[0]
        )

    def inputs(self, rows: list[Row]) -> BatchFeature:
        """The processor's output for a batch of rows."""
        return model_inputs(rows, self.processor).to(self.device)

    def positions(self, inputs: BatchFeature) -> tuple[torch.Tensor, int]:
        """M-RoPE positions [3, T] of a batch of one, and the delta that decoding adds."""
        ids = inputs["input_ids"]
        if "image_grid_thw" not in inputs and "video_grid_thw" not in inputs:
            return torch.arange(ids.shape[1]).expand(3, -1).contiguous(), 0
        grids = {key: inputs[key] for key in POSITION_INPUTS if key in inputs}
        positions, delta = self.model.model.get_rope_index(ids, **grids)
        return positions[:, 0].contiguous(), int(delta)

    def preprocess(self, row: Row) -> dict[str, torch.Tensor]:
        """The tensors of one row's preprocess file."""
        inputs = self.inputs([row])
        tensors = {key: inputs[key] for key in VISION_INPUTS if key in inputs}
        tensors["input_ids"] = inputs["input_ids"][0]
        tensors["position_ids"] = self.positions(inputs)[0]
        return {key: value.contiguous() for key, value in tensors.items()}

    @torch.no_grad()
    def score(self, row: Row, pixels: dict[str, torch.Tensor] | None = None) -> tuple[list[int], list[float]]:
        """Log-probabilities of the row's completion; `pixels` replaces the processor's own pixel tensors."""
        inputs = self.inputs([row])
        inputs.update(pixels or {})
        completion = row.completion_ids(self.processor)
        logits = self.model(**extended(inputs, completion)).logits[0, -len(completion) - 1 : -1]
        logp = logits.float().log_softmax(-1).gather(1, torch.tensor(completion)[:, None])[:, 0]
        return completion, logp.tolist()

    @torch.no_grad()
    def generate(self, rows: list[Row], new_tokens: int, pixels: dict[str, torch.Tensor] | None = None) -> list[Completion]:
        """Greedy completions of one left-padded batch."""
        inputs = self.inputs(rows)
        inputs.update(pixels or {})
        out = self.model.generate(
            **inputs, max_new_tokens=new_tokens, return_dict_in_generate=True, output_logits=True
        )
        logits = torch.stack(out.logits, dim=1).float()
        tokens = out.sequences[:, inputs["input_ids"].shape[1] :]
        return [self.completion(tokens[index], logits[index]) for index in range(len(rows))]

    def completion(self, tokens: torch.Tensor, logits: torch.Tensor) -> Completion:
        """Cut one row of a batch behind its end token and read off its numbers."""
        ends = [step for step, token in enumerate(tokens.tolist()) if token in self.stop_ids]
        length = ends[0] + 1 if ends else len(tokens)
        tokens, logits = tokens[:length], logits[:length]
        logp = logits.log_softmax(-1).gather(1, tokens[:, None])[:, 0]
        best = logits.topk(2, dim=-1).values
        text = self.processor.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        reason = "stop" if ends else "length"
        return Completion(tokens.tolist(), logp.tolist(), (best[:, 0] - best[:, 1]).tolist(), text, reason)


VISION_INPUTS = ("pixel_values", "image_grid_thw", "pixel_values_videos", "video_grid_thw")
POSITION_INPUTS = ("mm_token_type_ids", "image_grid_thw", "video_grid_thw", "second_per_grid_ts", "attention_mask")


def extended(inputs: BatchFeature, completion: list[int]) -> dict[str, torch.Tensor]:
    """The inputs of one row with text tokens appended."""
    tail = torch.tensor([completion], dtype=torch.long)
    fills = {"input_ids": tail, "attention_mask": torch.ones_like(tail), "mm_token_type_ids": torch.zeros_like(tail)}
    longer = {key: torch.cat([inputs[key], fill.to(inputs[key].dtype)], 1) for key, fill in fills.items() if key in inputs}
    return {**inputs, **longer}
