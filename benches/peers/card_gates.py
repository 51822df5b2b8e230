"""What must be right before a clock runs."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from card_cases import CardCase, Setting
from card_measure import watched
from measure import HERE, Failed

TOKENS = CardCase("tokens", "decode", "ragged", "tokens/s", batch=4, new_tokens=33)
STEPS = CardCase("steps", "sft-step", "sft", "tokens/s", batch=4)
LOSS_TOLERANCE = 1e-3


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


def suite(device: str, binary: Path | None) -> str:
    """The tests that put the device beside the CPU: a test binary that is there, or built by make."""
    if device == "cpu":
        return "not run: the CPU is what devices are compared with"
    environment = os.environ | {"ANNEAL_TEST_DEVICE": device}
    line = [str(binary), "device::"] if binary else ["make", "-C", str(HERE.parents[1]), "test-device", f"DEVICE={device}"]
    done = subprocess.run(line, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"the tests of {device} fail: {(done.stdout + done.stderr).strip()[-1500:]}")
    if "skipped" in done.stdout + done.stderr:
        raise Failed(f"the tests of {device} were skipped: {(done.stdout + done.stderr).strip()[-300:]}")
    return "passed"


def nano(sides: Sides, setting: Setting) -> str:
    """The tiny model in float32: 33 greedy tokens and the losses of training steps, on the device, on the CPU and by the peer."""
    here = replace(setting, size="nano", dtype="float32", repeat=2)
    cpu = replace(here, device="cpu")
    found = [watched(line, "cpu").found for line in every(sides, TOKENS, here, cpu)]
    if any(side["token_ids"] != found[0]["token_ids"] for side in found):
        raise Failed("the greedy tokens of the tiny model differ between the device, the CPU and transformers")
    losses = [watched(line, "cpu").found["losses"] for line in every(sides, STEPS, here, cpu)]
    for other in losses[1:]:
        if any(abs(a - b) > LOSS_TOLERANCE * (1 + abs(b)) for a, b in zip(losses[0], other, strict=True)):
            raise Failed(f"the losses of the tiny model differ: {losses}")
    return "33 tokens of 4 rows and the losses of 3 steps agree"


def every(sides: Sides, case: CardCase, here: Setting, cpu: Setting) -> list[list[str]]:
    """Our side on the device and on the CPU, and the peer."""
    return [sides.ours(case, here), sides.ours(case, cpu), sides.peer(case, cpu)]
