"""The judges of the peers: the same pairs and the same JSON as the example `judge` of the crate `rewards`.

    python judge_peer.py --judge math-verify|trl-accuracy|trl-think-format --input pairs.jsonl [--repeat R]

Every judge is called as its documentation shows, with its own settings. The first pass gives the verdicts and is not timed.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

Pass = Callable[[], list[bool]]


def math_verify_pass(rows: list[dict]) -> Pass:
    """`verify(parse(gold), parse(prediction))`."""
    from math_verify import parse, verify

    return lambda: [bool(verify(parse(row["gold"]), parse(row["prediction"]))) for row in rows]


def conversations(rows: list[dict]) -> list[list[dict]]:
    """Completions as TRL passes them to its rewards."""
    return [[{"role": "assistant", "content": row["prediction"]}] for row in rows]


def accuracy_pass(rows: list[dict]) -> Pass:
    """TRL's accuracy over all rows in one call; a row that it skips is not accepted."""
    from trl.rewards import accuracy_reward

    completions, golds = conversations(rows), [row["gold"] for row in rows]
    return lambda: [reward == 1.0 for reward in accuracy_reward(completions, golds)]


def think_format_pass(rows: list[dict]) -> Pass:
    """TRL's layout reward over all rows in one call."""
    from trl.rewards import think_format_reward

    completions = conversations(rows)
    return lambda: [reward == 1.0 for reward in think_format_reward(completions)]


JUDGES = {"math-verify": math_verify_pass, "trl-accuracy": accuracy_pass, "trl-think-format": think_format_pass}


def main() -> None:
    """Judge, time, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", choices=JUDGES, required=True)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    # Unreadable answers are part of the workload; a line on standard error for each would be timed too.
    logging.disable(logging.CRITICAL)
    rows = [json.loads(line) for line in arguments.input.read_text(encoding="utf-8").splitlines() if line.strip()]
    judge = JUDGES[arguments.judge](rows)
    verdicts, seconds = judge(), []
    for _ in range(arguments.repeat):
        start = time.perf_counter()
        judge()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"judge": arguments.judge, "judgements": len(rows), "seconds": seconds, "verdicts": verdicts}))


if __name__ == "__main__":
    main()
