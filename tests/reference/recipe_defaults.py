"""Records the defaults of TRL's training arguments, for the test that ours are the same or say why not.

    python tests/reference/recipe_defaults.py data-fixtures/golden/recipes/trl_defaults.json
"""

import argparse
import dataclasses
import json
import pathlib

import trl
from trl import DPOConfig, GRPOConfig, ModelConfig, SFTConfig


def defaults(config: type) -> dict:
    """The default of every field that JSON can hold."""
    found = {}
    for field in dataclasses.fields(config):
        value = field.default
        if field.default_factory is not dataclasses.MISSING:
            value = field.default_factory()
        if isinstance(value, (bool, int, float, str, list, type(None))):
            found[field.name] = value
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=pathlib.Path)
    kinds = {"sft": SFTConfig, "dpo": DPOConfig, "grpo": GRPOConfig}
    recorded = {kind: defaults(config) | defaults(ModelConfig) for kind, config in kinds.items()}
    text = json.dumps({"trl": trl.__version__, **recorded}, indent=1, sort_keys=True, default=str)
    parser.parse_args().output.write_text(text + "\n")


if __name__ == "__main__":
    main()
