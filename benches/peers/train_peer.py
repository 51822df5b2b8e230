"""The training side of the peers, torch + transformers + PEFT: the arguments and the JSON of `anneal bench`.

    python train_peer.py --model DIR --adapter DIR --input FILE --task sft-step|dpo-step|grpo-update|grpo-step
                         [--batch N] [--new-tokens N] [--repeat R] [--images each|once] [--threads N] [--attention sdpa|eager]
                         [--device cpu|cuda] [--dtype TYPE] [--load-in-4bit]

One repetition is one optimiser step on the first `batch` rows of the file, prepared beforehand: forward, backward, clipping
to norm 1, AdamW at 1e-4. A first step is not timed; its loss and gradient norm are printed with the others.
  sft-step     token-mean loss of what the assistant says
  dpo-step     sigmoid loss, β 0.1, the model without its adapter as reference
  grpo-update  the group of completions in the file: TRL's `dapo` loss, on-policy, no reference
  grpo-step    the same after sampling the group: eight completions of `new-tokens` tokens at temperature 1

The head computes nothing but the positions that the loss reads. `--images once` encodes the image of a group once and not
once for each completion, which TRL does not do.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "reference"))
from peft import PeftModel
from reflib.rows import Row, model_inputs, read_rows
from reflib.training import batches
from transformers import AutoModelForImageTextToText, AutoProcessor

BETA = 0.1
RATE = 1e-4
EPSILON = 0.2
Tensors = dict[str, torch.Tensor]


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--adapter", type=Path, required=True)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--new-tokens", type=int, default=96)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--images", choices=("each", "once"), default="each")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32", help="of the frozen weights; adapters are float32")
    parser.add_argument("--load-in-4bit", action="store_true", help="frozen weights as NF4, by bitsandbytes")
    parser.add_argument("--threads", type=int, help="threads of torch; its own choice without")
    parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa")
    parser.add_argument("--json", action="store_true", help="accepted because anneal has it; the output is always JSON")
    return parser.parse_args()


@dataclass(frozen=True)
class Policy:
    """A checkpoint under a trainable adapter."""

    model: PeftModel
    processor: transformers.ProcessorMixin

    @classmethod
    def load(cls, arguments: argparse.Namespace) -> Policy:
        """Load onto the device."""
        kind = torch.float32 if arguments.dtype == "auto" else getattr(torch, arguments.dtype)
        packed = transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=kind, llm_int8_skip_modules=["lm_head", "visual"]
        )  # fmt: skip
        base = AutoModelForImageTextToText.from_pretrained(
            arguments.model, dtype=kind, attn_implementation=arguments.attention, device_map=arguments.device,
            quantization_config=packed if arguments.load_in_4bit else None,
        )  # fmt: skip
        model = PeftModel.from_pretrained(base, arguments.adapter, is_trainable=True).train()
        return cls(model, batches.with_template(AutoProcessor.from_pretrained(arguments.model)))

    def on_device(self, batch: Tensors) -> Tensors:
        """The batch where the model is."""
        return {key: value.to(self.model.device) if torch.is_tensor(value) else value for key, value in batch.items()}

    def logps(self, inputs: Tensors, labels: torch.Tensor) -> torch.Tensor:
        """Log-probability of every label that is not ignored, row after row."""
        base = self.model.get_base_model()
        hidden = base.model(**inputs, use_cache=False).last_hidden_state[:, :-1]
        targets = labels[:, 1:]
        wanted = targets != batches.IGNORED
        logits = base.lm_head(hidden[wanted]).float()
        return -torch.nn.functional.cross_entropy(logits, targets[wanted], reduction="none")


def for_the_model(batch: Tensors) -> Tensors:
    """The batch without what only the loss reads."""
    return {key: value for key, value in batch.items() if key not in batches.NOT_FOR_THE_MODEL}


def sft(policy: Policy, rows: list[Row], _: argparse.Namespace) -> tuple[Callable[[], torch.Tensor], int]:
    """The loss, and the tokens of a step."""
    batch = policy.on_device(batches.supervised(rows, policy.processor))
    inputs, labels = for_the_model(batch), batch["labels"]
    return lambda: -policy.logps(inputs, labels).mean(), int(batch["attention_mask"].sum())


def row_sums(values: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Sums of ragged values by row."""
    rows = (labels[:, 1:] != batches.IGNORED).nonzero()[:, 0]
    return torch.zeros(len(labels), device=values.device).index_add(0, rows, values)


def dpo(policy: Policy, rows: list[Row], _: argparse.Namespace) -> tuple[Callable[[], torch.Tensor], int]:
    """The loss, and the tokens of a step: chosen and rejected rows, each with its prompt."""
    batch = policy.on_device(batches.preferences(rows, policy.processor))
    inputs, labels = for_the_model(batch), batches.preference_labels(batch)

    def loss() -> torch.Tensor:
        with torch.no_grad(), policy.model.disable_adapter():
            frozen = row_sums(policy.logps(inputs, labels), labels)
        chosen, rejected = (row_sums(policy.logps(inputs, labels), labels) - frozen).chunk(2)
        return -torch.nn.functional.logsigmoid(BETA * (chosen - rejected)).mean()

    return loss, int(batch["attention_mask"].sum())


def encoded_once(policy: Policy, inputs: Tensors) -> Tensors:
    """Inputs of a group whose rows have the same image, with the image encoded once."""
    core = policy.model.get_base_model().model
    grid = inputs["image_grid_thw"][:1]
    patches = inputs["pixel_values"][: int(grid.prod())]
    with torch.no_grad():
        features = core.get_image_features(patches, grid)
        features = torch.cat(list(getattr(features, "pooler_output", features)))
        embedded = core.get_input_embeddings()(inputs["input_ids"])
        here = inputs["input_ids"] == policy.model.config.image_token_id
        embedded[here] = features.repeat(len(here), 1)
        names = ("input_ids", "mm_token_type_ids", "image_grid_thw", "attention_mask")
        positions, _ = core.get_rope_index(**{name: inputs[name] for name in names})
    return {"inputs_embeds": embedded, "position_ids": positions, "attention_mask": inputs["attention_mask"]}


def group_loss(policy: Policy, prompts: list[Row], groups: list[list[list[int]]], rewards: torch.Tensor, images: str):
    """TRL's `dapo` loss of completions just sampled: old log-probabilities are the new ones without their gradient."""
    batch = policy.on_device(batches.whole_rows(batches.groups(prompts, groups, policy.processor)))
    inputs, labels = for_the_model(batch), batch["labels"]
    advantages = ((rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + 1e-4)).view(-1).to(labels.device)
    weights = advantages[(labels[:, 1:] != batches.IGNORED).nonzero()[:, 0]]

    def loss() -> torch.Tensor:
        new = policy.logps(encoded_once(policy, inputs) if images == "once" else inputs, labels)
        ratio = (new - new.detach()).exp()
        return -torch.min(ratio * weights, ratio.clamp(1 - EPSILON, 1 + EPSILON) * weights).mean()

    return loss


def grpo_update(policy: Policy, rows: list[Row], arguments: argparse.Namespace) -> tuple[Callable[[], torch.Tensor], int]:
    """The loss, and the completion tokens of a step."""
    groups = [[reply["token_ids"] for reply in row.fields["completions"]] for row in rows]
    rewards = torch.tensor([[reply["reward"] for reply in row.fields["completions"]] for row in rows])
    loss = group_loss(policy, rows, groups, rewards, arguments.images)
    return loss, sum(len(reply) for group in groups for reply in group)


def sampled(model: PeftModel, inputs: Tensors) -> list[list[int]]:
    """A completion for each row. The adapter is merged meanwhile, which is worth 10 to 25 % here."""
    model.eval().merge_adapter()
    with torch.inference_mode():
        written = model.generate(**inputs)[:, inputs["input_ids"].shape[1] :].tolist()
    model.train().unmerge_adapter()
    return written


def grpo_step(policy: Policy, rows: list[Row], arguments: argparse.Namespace) -> tuple[Callable[[], torch.Tensor], int]:
    """The loss of freshly sampled groups, and their tokens. End tokens do not end a completion."""
    size = len(rows[0].fields["completions"])
    rewards = torch.tensor([[reply["reward"] for reply in row.fields["completions"]] for row in rows])
    inputs = policy.on_device(model_inputs([row for row in rows for _ in range(size)], policy.processor))
    config = policy.model.config
    pictures = [config.image_token_id, config.video_token_id, config.vision_start_token_id, config.vision_end_token_id]
    policy.model.generation_config = transformers.GenerationConfig(
        do_sample=True, temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=arguments.new_tokens, suppress_tokens=pictures,
        pad_token_id=policy.processor.tokenizer.pad_token_id, eos_token_id=None,
    )  # fmt: skip

    def loss() -> torch.Tensor:
        written = sampled(policy.model, inputs)
        groups = [written[first : first + size] for first in range(0, len(written), size)]
        return group_loss(policy, rows, groups, rewards, arguments.images)()

    return loss, len(rows) * size * arguments.new_tokens


TASKS = {"sft-step": sft, "dpo-step": dpo, "grpo-update": grpo_update, "grpo-step": grpo_step}


def wait(device: torch.device) -> None:
    """Until the device has done what it was given: a card is given work and left to it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def train(policy: Policy, loss: Callable[[], torch.Tensor], repeat: int) -> dict[str, list[float]]:
    """Take a step that is not timed and `repeat` that are."""
    device = policy.model.device
    weights = [weight for weight in policy.model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=RATE, weight_decay=0.01, fused=True)
    found: dict[str, list[float]] = {"seconds": [], "losses": [], "grad_norms": []}
    for _ in range(repeat + 1):
        wait(device)
        start = time.perf_counter()
        value = loss()
        value.backward()
        norm = torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        wait(device)
        found["seconds"].append(time.perf_counter() - start)
        found["losses"].append(value.item())
        found["grad_norms"].append(norm.item())
    return found | {"seconds": found["seconds"][1:]}


def main() -> None:
    """Run the task and print one JSON object."""
    arguments = parse_arguments()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    policy, rows = Policy.load(arguments), read_rows(arguments.input)[: arguments.batch]
    loss, tokens = TASKS[arguments.task](policy, rows, arguments)
    found = train(policy, loss, arguments.repeat)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    line = {"task": arguments.task, "batch": arguments.batch, "rows": len(rows), "tokens": tokens}
    print(json.dumps({**line, **found, "peak_rss_bytes": peak}))


if __name__ == "__main__":
    main()
