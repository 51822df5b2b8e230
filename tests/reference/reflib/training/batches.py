"""Rows as batches: TRL's own collators where it has one."""

from __future__ import annotations

from importlib.resources import files

import torch
from transformers import ProcessorMixin
from trl.trainer.dpo_trainer import DataCollatorForVisionPreference
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from ..rows import Row, model_inputs

IGNORED = -100
NOT_FOR_THE_MODEL = ("labels", "completion_mask")


def training_template() -> str:
    """TRL's copy of the family's template, which marks what the assistant says."""
    return files("trl").joinpath("chat_templates", "qwen2_5_vl_training.jinja").read_text(encoding="utf-8")


def with_template(processor: ProcessorMixin) -> ProcessorMixin:
    """The processor with a template of its own, also where only the tokenizer carries one."""
    processor.chat_template = processor.chat_template or processor.tokenizer.chat_template
    return processor


def supervised(rows: list[Row], processor: ProcessorMixin) -> dict[str, torch.Tensor]:
    """A right-padded batch with labels on what the assistant says, its end token and the newline after it."""
    collate = DataCollatorForVisionLanguageModeling(
        processor, assistant_only_loss=True, chat_template=training_template()
    )
    return dict(collate([{"messages": row.fields["messages"], "images": row.images()} for row in rows]))


def preferences(rows: list[Row], processor: ProcessorMixin) -> dict[str, torch.Tensor]:
    """All chosen rows, then all rejected ones, with `completion_mask`."""
    collate = DataCollatorForVisionPreference(with_template(processor))
    return dict(collate([preference(row) for row in rows]))


def preference(row: Row) -> dict[str, object]:
    """A row as TRL takes it; answers that are texts become turns of the assistant."""
    fields = row.fields
    sides = {side: fields[side] for side in ("chosen", "rejected")}
    turns = {
        side: [{"role": "assistant", "content": said}] if isinstance(said, str) else said for side, said in sides.items()
    }
    return {"prompt": fields.get("prompt") or fields["messages"], "images": row.images(), **turns}


def preference_labels(batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Ids of the completions, everything else ignored."""
    return batch["input_ids"].masked_fill(batch["completion_mask"] == 0, IGNORED)


def groups(prompts: list[Row], completions: list[list[list[int]]], processor: ProcessorMixin) -> dict[str, torch.Tensor]:
    """TRL's GRPO inputs: left-padded prompts, each repeated for its completions, which are right-padded."""
    rows = [row for row, group in zip(prompts, completions, strict=True) for _ in group]
    inputs = dict(model_inputs(rows, processor))
    replies = [torch.tensor(reply) for group in completions for reply in group]
    lengths = torch.tensor([len(reply) for reply in replies])
    padded = torch.nn.utils.rnn.pad_sequence(replies, batch_first=True, padding_value=processor.tokenizer.pad_token_id)
    mask = (torch.arange(padded.shape[1]) < lengths[:, None]).long()
    batch = {
        "prompt_ids": inputs["input_ids"], "prompt_mask": inputs["attention_mask"], "completion_ids": padded,
        "completion_mask": mask, "num_images": [len(row.fields.get("images", [])) for row in rows],
    }  # fmt: skip
    batch |= {key: inputs[key] for key in ("pixel_values", "image_grid_thw") if key in inputs}
    if "mm_token_type_ids" in inputs:
        batch["mm_token_type_ids"] = torch.cat([inputs["mm_token_type_ids"], torch.zeros_like(padded)], 1)
    return batch


def whole_rows(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The batch of groups as the model's forward takes it, with labels on the completions."""
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], 1)
    mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], 1)
    labels = torch.cat([torch.full_like(batch["prompt_ids"], IGNORED), batch["completion_ids"]], 1)
    kept = {key: batch[key] for key in ("pixel_values", "image_grid_thw", "mm_token_type_ids") if key in batch}
    return {"input_ids": ids, "attention_mask": mask, "labels": labels.masked_fill(mask == 0, IGNORED), **kept}


def token_logps(model: torch.nn.Module, batch: dict[str, torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
    """Log-probability of each label given what stands before it, [B, T−1]; 0 where a position is ignored."""
    inputs = {key: value for key, value in batch.items() if key not in NOT_FOR_THE_MODEL}
    if "pixel_values" in inputs:
        inputs["pixel_values"] = inputs["pixel_values"].to(next(model.parameters()).dtype)
    logits = model(**inputs, use_cache=False).logits[:, :-1]
    targets = labels[:, 1:]
    chosen = logits.log_softmax(-1).gather(2, targets.clamp(min=0)[:, :, None])[:, :, 0]
    return chosen.masked_fill(targets == IGNORED, 0.0)


def real_ids(batch: dict[str, torch.Tensor]) -> list[list[int]]:
    """The ids of each row without padding."""
    return [ids[mask.bool()].tolist() for ids, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True)]


def label_places(batch: dict[str, torch.Tensor], labels: torch.Tensor) -> list[list[int]]:
    """For each row, the places of its labels among its ids without padding."""
    rows = zip(labels, batch["attention_mask"], strict=True)
    return [(row[mask.bool()] != IGNORED).nonzero()[:, 0].tolist() for row, mask in rows]
