"""Compares what `anneal` wrote for a row with what transformers computes, and says what differs."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from .oracle import VISION_INPUTS, Completion, Oracle
from .rows import Row

ONE_STEP = 1.02 / 255 / 0.26130258
PIXEL_TOLERANCE = {"exact": 1e-5, "resized": ONE_STEP, "lossy": 2 * ONE_STEP}
PIXEL_KEYS = ("pixel_values", "pixel_values_videos")
LOGPROB_TOLERANCE = 2e-4
NATIVE_TOLERANCE = 3e-2
NEAR_TIE = 2e-3


@dataclass
class Findings:
    """What a checkpoint's rows showed."""

    failures: list[str] = field(default_factory=list)
    pixel_worst: float = 0.0
    pixel_share: float = 0.0
    logprob_worst: float = 0.0
    rows: int = 0
    greedy_equal: int = 0
    near_ties: int = 0

    def check(self, good: bool, row: Row, message: str) -> bool:
        """Note a failure unless `good`."""
        if not good:
            self.failures.append(f"{row.id}: {message}")
        return good


def missing(row: Row, found: dict[str, object], what: str, findings: Findings) -> bool:
    """Whether a row has no answer, which is a failure."""
    return not findings.check(row.id in found, row, f"no {what} written")


def pixel_class(row: Row, expected: dict[str, torch.Tensor]) -> str:
    """Lossy formats may be decoded a step apart; an image that keeps its size must be equal."""
    if any(path.endswith(".jpg") for path in row.fields.get("images", [])):
        return "lossy"
    sizes = [[image.height, image.width] for image in row.images()]
    sizes += [[frames[0].height, frames[0].width] for frames in row.videos()]
    grids = [expected[key] for key in ("image_grid_thw", "video_grid_thw") if key in expected]
    patches = [[int(side) * 14 for side in grid[1:]] for grid in (torch.cat(grids) if grids else [])]
    return "exact" if sizes == patches else "resized"


def compare_preprocess(row: Row, ours: dict[str, torch.Tensor], oracle: Oracle, findings: Findings) -> None:
    """Ids, positions and grids must be equal; pixels equal or within one step."""
    expected = oracle.preprocess(row)
    tolerance = PIXEL_TOLERANCE[pixel_class(row, expected)]
    findings.check(set(ours) == set(expected), row, f"tensors {sorted(ours)}, expected {sorted(expected)}")
    for key in sorted(set(ours) & set(expected)):
        mine, theirs = ours[key], expected[key]
        if not findings.check(mine.shape == theirs.shape, row, f"{key} {tuple(mine.shape)}, not {tuple(theirs.shape)}"):
            continue
        if key not in PIXEL_KEYS:
            findings.check(torch.equal(mine.long(), theirs.long()), row, f"{key} differ")
            continue
        apart = (mine - theirs).abs()
        findings.pixel_worst = max(findings.pixel_worst, apart.max().item())
        findings.pixel_share = max(findings.pixel_share, (apart > 1e-4).float().mean().item())
        findings.check(apart.max().item() <= tolerance, row, f"{key} off by {apart.max().item():.4f}")


def usable_pixels(ours: dict[str, torch.Tensor] | None, row: Row, oracle: Oracle) -> dict[str, torch.Tensor]:
    """Our pixels, so that the model is compared apart from decoders and resizers; none when they do not fit."""
    expected = oracle.inputs([row])
    keys = [key for key in VISION_INPUTS if key in expected]
    if ours is None or any(key not in ours or ours[key].shape != expected[key].shape for key in keys):
        return {}
    return {key: ours[key] for key in keys}


def furthest(mine: list[float], theirs: list[float]) -> float:
    """Largest distance of two lists, infinite when a length or a value is wrong."""
    if len(mine) != len(theirs) or any(value is None for value in mine):
        return float("inf")
    distances = [abs(a - b) for a, b in zip(mine, theirs, strict=True)]
    return max((d if d == d else float("inf") for d in distances), default=0.0)


def compare_score(row: Row, ours: dict, oracles: list[Oracle], pixels: dict, findings: Findings) -> None:
    """The first oracle computes in float32 and must be met closely; a second one in the files' dtype loosely."""
    ids, exact = oracles[0].score(row, pixels)
    findings.check(ours["token_ids"] == ids, row, "scored other token ids")
    distance = furthest(ours["logprobs"], exact)
    findings.logprob_worst = max(findings.logprob_worst, distance)
    if distance > LOGPROB_TOLERANCE and len(oracles) > 1:
        native = furthest(ours["logprobs"], oracles[1].score(row, pixels)[1])
        findings.check(native <= NATIVE_TOLERANCE, row, f"log-probs off by {distance:.2g}, native by {native:.2g}")
    else:
        findings.check(distance <= LOGPROB_TOLERANCE, row, f"log-probs off by {distance:.3g}")


def first_difference(mine: list[int], theirs: list[int]) -> int | None:
    """First step at which two completions part."""
    for step in range(max(len(mine), len(theirs))):
        if mine[step : step + 1] != theirs[step : step + 1]:
            return step
    return None


def compare_generate(row: Row, ours: dict, expected: Completion, prompt_tokens: int, findings: Findings) -> None:
    """Tokens, text, end and log-probabilities must be equal; a parting at a near tie is counted apart."""
    findings.check(ours["prompt_tokens"] == prompt_tokens, row, f"prompt of {ours['prompt_tokens']}, not {prompt_tokens}")
    if not findings.check(len(ours["completions"]) == 1, row, "not one completion"):
        return
    mine = ours["completions"][0]
    step = first_difference(mine["token_ids"], expected.token_ids)
    if step is not None and step < len(expected.gaps) and expected.gaps[step] < NEAR_TIE:
        findings.near_ties += 1
        return
    if not findings.check(step is None, row, f"greedy tokens part at step {step}"):
        return
    findings.greedy_equal += 1
    findings.check(mine["text"] == expected.text, row, f"text {mine['text']!r}, not {expected.text!r}")
    findings.check(mine["finish_reason"] == expected.finish_reason, row, f"finish_reason {mine['finish_reason']}")
    distance = furthest(mine["logprobs"], expected.logprobs)
    findings.check(distance <= LOGPROB_TOLERANCE, row, f"greedy log-probs off by {distance:.3g}")
