"""PEFT adapters with weights that a wrong implementation cannot hit by chance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from transformers import AutoModelForImageTextToText

NAMES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
# The names alone would also match the vision tower of Qwen2.5-VL.
LANGUAGE_MODEL = rf".*language_model.*\.({'|'.join(NAMES)})"
B_SPREAD = 0.05
MAGNITUDE_SPREAD = 0.1


@dataclass(frozen=True)
class AdapterSpec:
    """An adapter: its variant, its targets, the seed of its weights, and whether B is still zero."""

    seed: int
    targets: str | list[str] = LANGUAGE_MODEL
    rank: int = 4
    alpha: int = 8
    rslora: bool = False
    dora: bool = False
    fresh: bool = False

    def config(self) -> LoraConfig:
        """PEFT's configuration."""
        return LoraConfig(
            r=self.rank, lora_alpha=self.alpha, lora_dropout=0.0, target_modules=self.targets, use_rslora=self.rslora,
            use_dora=self.dora, bias="none", task_type="CAUSAL_LM",
        )  # fmt: skip


ADAPTERS = {
    "lora": AdapterSpec(101),
    "rslora": AdapterSpec(102, rslora=True),
    "dora": AdapterSpec(103, dora=True),
    "lora-vision": AdapterSpec(104, targets="all-linear"),
    "fresh": AdapterSpec(105, fresh=True),
    "reference": AdapterSpec(106),
}


def load_base(folder: Path, dtype: torch.dtype) -> torch.nn.Module:
    """The checkpoint without adapters, in evaluation mode (nothing in it drops)."""
    return AutoModelForImageTextToText.from_pretrained(folder, dtype=dtype).eval()


@torch.no_grad()
def redraw(model: PeftModel, spec: AdapterSpec) -> None:
    """Draw A as PEFT does but from our seed; B and the magnitudes move unless the adapter is fresh."""
    draw = torch.Generator().manual_seed(spec.seed)
    for name, weight in sorted(model.named_parameters()):
        if "lora_A" in name:
            bound = weight.shape[1] ** -0.5
            weight.copy_((torch.rand(weight.shape, generator=draw) * 2 - 1) * bound)
        elif "lora_B" in name and not spec.fresh:
            weight.copy_(torch.randn(weight.shape, generator=draw) * B_SPREAD)
        elif "lora_magnitude_vector" in name and not spec.fresh:
            weight.mul_(1 + MAGNITUDE_SPREAD * torch.randn(weight.shape, generator=draw))


def save(model: PeftModel, folder: Path, base: str) -> None:
    """The two files that PEFT loads, with nothing in them that changes from run to run."""
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | {"base_model_name_or_path": base}
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (folder / "adapter_model.safetensors").chmod(0o644)


def make(checkpoint: Path, spec: AdapterSpec, out: Path) -> None:
    """Draw an adapter for a checkpoint."""
    torch.manual_seed(spec.seed)
    model = get_peft_model(load_base(checkpoint, torch.float32), spec.config())
    redraw(model, spec)
    save(model, out, checkpoint.name)


def load(checkpoint: Path, adapter: Path, dtype: torch.dtype, reference: Path | None = None) -> PeftModel:
    """The checkpoint under its trainable adapter; a frozen second adapter gets the name that TRL gives it, `ref`."""
    model = PeftModel.from_pretrained(
        load_base(checkpoint, dtype), adapter, is_trainable=True, autocast_adapter_dtype=False
    ).to(dtype)
    if reference is not None:
        model.load_adapter(reference, adapter_name="ref", is_trainable=False, autocast_adapter_dtype=False)
        model.to(dtype).set_adapter("default")
    return model


def trainable(model: PeftModel) -> dict[str, torch.nn.Parameter]:
    """What the optimiser moves, by PEFT's inner names."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def named_as_saved(model: PeftModel, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same tensors under the names of `adapter_model.safetensors`."""
    return get_peft_model_state_dict(model, state_dict=tensors, save_embedding_layers=False)


def gradients(model: PeftModel) -> dict[str, torch.Tensor]:
    """The gradient of every adapter tensor, under the names of the file."""
    return named_as_saved(model, {name: weight.grad for name, weight in trainable(model).items()})


def weights(model: PeftModel) -> dict[str, torch.Tensor]:
    """The adapter as it stands."""
    return named_as_saved(model, {name: weight.detach() for name, weight in trainable(model).items()})


def set_gradients(model: PeftModel, tensors: dict[str, torch.Tensor]) -> None:
    """Give every adapter weight the gradient of its name in the file."""
    inner = trainable(model)
    for name, own in named_as_saved(model, inner).items():
        own.grad = tensors[name].clone()
