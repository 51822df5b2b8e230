"""Reads the journal of a run with TensorBoard's own reader and with the json module, and compares the two.

    cargo run -p journal --example write_run -- RUN
    python tests/reference/check_journal.py --run RUN

Needs tensorboard (2.21 was used), which the other scripts do not.
"""

import argparse
import json
import math
import pathlib

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def metrics(run: pathlib.Path) -> dict[str, dict[int, float]]:
    """The numbers of metrics.jsonl by tag and step."""
    found: dict[str, dict[int, float]] = {}
    for text in (run / "metrics.jsonl").read_text().splitlines():
        line = json.loads(text)
        step = line.pop("step")
        line.pop("epoch", None)
        for name, value in line.items():
            tag = f"eval/{name[5:]}" if name.startswith("eval_") else f"train/{name}"
            found.setdefault(tag, {})[step] = value
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=pathlib.Path, required=True)
    run = parser.parse_args().run
    board = EventAccumulator(str(run), size_guidance={"scalars": 0})
    board.Reload()
    compared = 0
    for tag, by_step in metrics(run).items():
        seen = {event.step: event.value for event in board.Scalars(tag)}
        assert seen.keys() == by_step.keys(), f"{tag}: steps {sorted(seen)} and {sorted(by_step)}"
        for step, value in by_step.items():
            assert math.isclose(seen[step], value, rel_tol=1e-6), f"{tag} of step {step}: {seen[step]} and {value}"
            compared += 1
    print(f"{compared} numbers of {len(metrics(run))} tags agree")


if __name__ == "__main__":
    main()
