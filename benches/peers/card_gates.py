"""What must be right before a clock runs."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from card_cases import CardCase, Setting
from card_measure import Budget, completed, watched
from measure import HERE, Failed

TOKENS = CardCase("tokens", "decode", "ragged", "tokens/s", batch=4, new_tokens=33)
STEPS = CardCase("steps", "sft-step", "sft", "tokens/s", batch=4)
LOSS_TOLERANCE = 1e-3
# A lead of one logit over the next that decides nothing: a card may round the factors of a product in float32 to 11 bits (TF32).
TIE = 0.03


@dataclass(frozen=True)
class Sides:
    """The two programs that are compared."""

    anneal: Path
    python: Path

    def ours(self, case: CardCase, setting: Setting) -> list[str]:
        """The command of our side."""
        return [str(self.anneal), "bench", *case.arguments(setting)]

    def peer(self, case: CardCase, setting: Setting) -> list[str]:
        """The command of the other."""
        script = "train_peer.py" if case.trains else "peer.py"
        return [str(self.python), str(HERE / script), *case.arguments(setting), *case.peer_only()]


def suite(device: str, binary: Path | None, budget: Budget) -> str:
    """The tests that put the device beside the CPU."""
    if binary is None:
        return "not run: the CPU is what devices are compared with"
    environment = os.environ | {"ANNEAL_TEST_DEVICE": device}
    done = completed([str(binary), "device::"], budget.left(), env=environment)
    if done.returncode != 0:
        raise Failed(f"the tests of {device} fail: {(done.stdout + done.stderr).strip()[-1500:]}")
    if "skipped" in done.stdout + done.stderr:
        raise Failed(f"the tests of {device} were skipped: {(done.stdout + done.stderr).strip()[-300:]}")
    return "passed"


def nano(sides: Sides, setting: Setting, budget: Budget) -> str:
    """The tiny model in float32: greedy tokens up to the first near tie of each row, at most 33, and the losses of training
    steps, on the device, on the CPU and by the peer."""
    here = replace(setting, size="nano", dtype="float32", repeat=2)
    cpu = replace(here, device="cpu")
    commands = every(sides, TOKENS, here, cpu)
    commands[-1] += ["--tie", str(TIE)] if setting.device != "cpu" else []
    found = [watched(line, "cpu", budget.left()).found for line in commands]
    sure = found[-1]["sure"]
    rows = [[ids[:count] for ids, count in zip(side["token_ids"], sure, strict=True)] for side in found]
    if any(side != rows[0] for side in rows):
        raise Failed("the greedy tokens of the tiny model differ between the device, the CPU and transformers")
    losses = [watched(line, "cpu", budget.left()).found["losses"] for line in every(sides, STEPS, here, cpu)]
    for other in losses[1:]:
        if any(abs(a - b) > LOSS_TOLERANCE * (1 + abs(b)) for a, b in zip(losses[0], other, strict=True)):
            raise Failed(f"the losses of the tiny model differ: {losses}")
    return f"{' + '.join(map(str, sure))} tokens of {len(sure)} rows, up to near ties, and the losses of 3 steps agree"


def every(sides: Sides, case: CardCase, here: Setting, cpu: Setting) -> list[list[str]]:
    """Our side on the device and on the CPU, and the peer."""
    return [sides.ours(case, here), sides.ours(case, cpu), sides.peer(case, cpu)]
