"""Judgements per second of the crate `rewards` beside the judges of the peers, in turns, one thread each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from bound import Bound
from measure import HERE, Failed, run_json, spread_of

# One of our passes takes milliseconds, so that a single interruption would double it: the median is of many.
OUR_PASSES = 20


@dataclass(frozen=True)
class Peer:
    """A judge of judge_peer.py, and the least share of equal verdicts."""

    name: str
    agreement: float


@dataclass(frozen=True)
class Judgement:
    """One kind of judgement, the rate to reach on one core, and who else makes it."""

    name: str
    kind: str
    goal: float
    peers: tuple[Peer, ...] = ()


# TRL's accuracy wants LaTeX around an answer, so it refuses plain ones that math-verify's own settings accept. Its share
# of equal verdicts is printed and not held to anything.
JUDGEMENTS = (
    Judgement("judgements, math", "math", 2e4, (Peer("math-verify", 0.99), Peer("trl-accuracy", 0.0))),
    Judgement("judgements, think format", "think-format", 1e6, (Peer("trl-think-format", 1.0),)),
    Judgement("judgements, choice letter", "choice", 1e6),
)


@dataclass
class Judged:
    """What one judge did: its verdicts on the checked pairs and on the timed ones, and a rate for every timed pass."""

    checked: list[bool]
    timed: list[bool] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    def add(self, found: dict) -> None:
        """Keep one process's numbers."""
        self.timed = found["verdicts"]
        self.rates += [found["judgements"] / seconds for seconds in found["seconds"]]


def agreement(name: str, ours: list[bool], theirs: list[bool], least: float) -> float:
    """The share of equal verdicts."""
    if not ours or len(ours) != len(theirs):
        raise Failed(f"{name}: {len(ours)} verdicts on our side and {len(theirs)} on the other")
    share = sum(one == other for one, other in zip(ours, theirs, strict=True)) / len(ours)
    if share < least:
        raise Failed(f"{name}: {share:.2%} of the verdicts are the same, {least:.0%} are needed")
    return share


@dataclass(frozen=True)
class Court:
    """The judges and where the pairs lie."""

    judge: Path
    python: Path
    pairs: Path
    repeat: int

    def run(self, case: Judgement, judge: str, rows: str, repeat: int) -> dict:
        """One process of one judge; "ours" is the example `judge`."""
        line = ["--input", str(self.pairs / f"{rows}.jsonl"), "--repeat"]
        if judge == "ours":
            return run_json([str(self.judge), "--kind", case.kind, *line, str(OUR_PASSES * repeat)])
        return run_json([str(self.python), str(HERE / "judge_peer.py"), "--judge", judge, *line, str(repeat)])

    def expected(self, case: Judgement) -> list[bool]:
        """The verdicts that the pairs were made with, where they say so."""
        lines = (self.pairs / f"{case.kind}-check.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        return [row["expected"] for row in rows if "expected" in row]

    def bound(self, case: Judgement) -> float:
        """Seconds that a pass over the timed pairs takes at least."""
        lines = (self.pairs / f"{case.kind}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        return Bound.of_texts([row["prediction"] + row.get("gold", "") for row in rows], self.python).seconds

    def check(self, case: Judgement, names: list[str]) -> dict[str, Judged]:
        """Verdicts on the checked pairs, compared before any clock runs."""
        judged = {name: Judged(self.run(case, name, f"{case.kind}-check", 0)["verdicts"]) for name in names}
        ours = judged["ours"].checked
        for peer in case.peers:
            share = agreement(peer.name, ours, judged[peer.name].checked, peer.agreement)
            print(f"{case.name}: {share:.2%} of {len(ours)} verdicts as {peer.name}", flush=True)
        if expected := self.expected(case):
            share = agreement(case.name, ours, expected, 1.0)
            print(f"{case.name}: {share:.2%} of {len(ours)} verdicts as the replies were made", flush=True)
        return judged

    def measure(self, case: Judgement, rounds: int) -> dict[str, object]:
        """Check, then let the judges take turns; who goes first moves on with every round."""
        names = ["ours", *(peer.name for peer in case.peers)]
        judged = self.check(case, names)
        for number in range(rounds):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                judged[name].add(self.run(case, name, case.kind, self.repeat))
        return summary(case, judged, self.bound(case))


def summary(case: Judgement, judged: dict[str, Judged], bound: float) -> dict[str, object]:
    """Rates, ratios, agreement and shares of the bound, the seconds that a pass takes at least, of one kind of judgement."""
    ours, peers = judged["ours"], []
    each = bound / len(ours.timed)
    rate = spread_of(ours.rates)
    for peer in case.peers:
        theirs = judged[peer.name]
        agreement(f"{peer.name}, timed pairs", ours.timed, theirs.timed, peer.agreement)
        found = spread_of(theirs.rates)
        share = agreement(peer.name, ours.checked, theirs.checked, peer.agreement)
        peers.append({"peer": peer.name, **found, "ratio": rate["median"] / found["median"], "agreement": share,
                      "share_of_bound": each * found["median"]})  # fmt: skip
    return {"task": case.name, "unit": "judgements/s", "goal": case.goal, "pairs": len(ours.timed),
            "checked_pairs": len(ours.checked), "ours": rate, "share_of_bound": each * rate["median"], "peers": peers}  # fmt: skip
