"""Make a random Qwen2-VL or Qwen2.5-VL checkpoint that looks like a real one: config, weights, tokenizer, processor.

    python make_checkpoint.py OUT [--size nano|small|bench] [--family qwen2_vl|qwen2_5_vl] [--layout published|nested]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from reflib.layout import write_checkpoint
from reflib.spec import DTYPES, FAMILIES, LAYOUTS, SIZES, ModelSpec, random_spec, with_overrides


def parse_arguments() -> argparse.Namespace:
    """The command line; every option left out keeps the size's default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", choices=[*SIZES, "random"], default="nano", help="random: all sizes drawn from --seed")
    parser.add_argument("--family", choices=FAMILIES)
    parser.add_argument("--layout", choices=LAYOUTS)
    parser.add_argument("--dtype", choices=DTYPES)
    parser.add_argument("--tied", choices=["yes", "no"], help="share the head with the token embeddings")
    parser.add_argument("--shards", type=int, help="number of weight files to aim at")
    parser.add_argument("--vocab", type=int)
    parser.add_argument("--template-in", choices=["file", "tokenizer_config"], help="published layout only")
    parser.add_argument("--logit-std", type=float, help="spread of the logits: large gaps between best tokens")
    parser.add_argument("--stop", choices=["natural", "never"], help="never: end tokens get logit 0 and are never best")
    parser.add_argument("--image-max", type=int, help="max_pixels of an image, in merged 28x28 tokens")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def chosen_spec(arguments: argparse.Namespace) -> ModelSpec:
    """The size's defaults with the command line on top."""
    base = random_spec(arguments.seed) if arguments.size == "random" else SIZES[arguments.size]
    spec = with_overrides(
        base, family=arguments.family, layout=arguments.layout, dtype=arguments.dtype, shards=arguments.shards,
        vocab=arguments.vocab, template_in=arguments.template_in, logit_std=arguments.logit_std, stop=arguments.stop,
        tied=None if arguments.tied is None else arguments.tied == "yes", seed=arguments.seed,
    )  # fmt: skip
    if arguments.image_max is None:
        return spec
    return replace(spec, pixels=replace(spec.pixels, image_max=arguments.image_max * 28 * 28))


def main() -> None:
    """Write the checkpoint and say what it is."""
    arguments = parse_arguments()
    spec = chosen_spec(arguments)
    parameters = write_checkpoint(spec, arguments.out)
    files = sorted(path.name for path in arguments.out.iterdir())
    print(f"{arguments.out}: {spec.family} {spec.layout} {spec.dtype}, {parameters} parameters, {files}")


if __name__ == "__main__":
    main()
