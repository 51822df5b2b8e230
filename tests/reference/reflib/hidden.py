"""Intermediate values of one forward pass, so that a difference can be traced to the layer that makes it."""

from __future__ import annotations

import torch

from .oracle import Oracle
from .rows import Row


def first(output: object) -> torch.Tensor:
    """The hidden states among a module's outputs."""
    return output[0] if isinstance(output, tuple) else output


@torch.no_grad()
def hidden_states(oracle: Oracle, row: Row) -> dict[str, torch.Tensor]:
    """Vision tower, token embeddings with vision features in place, every decoder layer, norm, and last logits."""
    inputs = oracle.inputs([row])
    found: dict[str, torch.Tensor] = {}
    model = oracle.model.model
    layers = model.language_model.layers
    blocks = model.visual.blocks
    watched = {f"vision.block_{i}": block for i, block in enumerate(blocks)}
    watched |= {"vision.patch_embed": model.visual.patch_embed, "vision.merger": model.visual.merger}
    watched |= {f"text.layer_{i}": layer for i, layer in enumerate(layers)} | {"text.norm": model.language_model.norm}

    def keep(name: str):
        return lambda _module, _inputs, output: found.setdefault(name, first(output).float().contiguous())

    hooks = [module.register_forward_hook(keep(name)) for name, module in watched.items()]
    hooks.append(layers[0].register_forward_pre_hook(embeddings_into(found), with_kwargs=True))
    out = oracle.model(**inputs)
    for hook in hooks:
        hook.remove()
    found["logits_last"] = out.logits[0, -1].float()
    features = model.get_image_features(inputs["pixel_values"], inputs["image_grid_thw"], return_dict=True)
    found["vision.features"] = torch.cat(list(features.pooler_output)).float()
    return {name: value.squeeze(0).contiguous() for name, value in found.items()}


def embeddings_into(found: dict[str, torch.Tensor]):
    """A hook that keeps what enters the first decoder layer."""

    def keep(_module: torch.nn.Module, args: tuple, kwargs: dict) -> None:
        states = args[0] if args else kwargs["hidden_states"]
        found["text.embeddings"] = states.float().contiguous()

    return keep
