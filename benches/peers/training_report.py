"""Writes docs/training-performance.md and the JSON file beside it."""

from __future__ import annotations

from pathlib import Path

from report import known, spread, verdict, whole_page, write_files

HOW = """## How it was measured
- Generated Qwen2.5-VL checkpoints in float32 with LoRA of rank 16 on the seven projections of every layer; `nano` has 255 thousand
  parameters, `10M` hidden size 256 and 8 layers, `91M` hidden size 768 and 12 layers, a vocabulary of 512. Made by
  `benches/peers/workload.py`.
- A step is forward, backward, clipping and AdamW on prepared rows; the vision tower is frozen, and its images are encoded in every
  step. Each process takes one step that is not timed. Processes alternate, and who goes first alternates with the rounds.
- Losses of all steps agree within 1e-3 and gradient norms within 1 %, or there is no table. Where completions are sampled, only
  their number can be compared.
- The peer is torch + transformers + PEFT with torch's own number of threads, its fused AdamW, and the attention (`sdpa` or `eager`)
  that was faster in a process of each before the case. Its head computes only the positions that the loss reads, DPO's
  reference runs without gradients, and the adapter is merged while the peer samples. A group's prompt is repeated for
  every completion, as TRL does it. TRL also encodes the image for each of them: the rows where the peer encodes it once
  are faster than TRL.
- Tokens: of all rows for SFT and DPO (a pair counts its prompt twice on both sides), of the completions for GRPO.
- Peak: the arithmetic of a step that computes every prompt, prefix and image once and no gradient of frozen weights
  (`benches/peers/floor.py`), over the speed of a product of two 2048x2048 matrices of the same type, by torch or by us,
  whichever is faster, over the time taken.
- Where both sides multiply in bfloat16, losses agree within 1e-2 and gradient norms within 5 %.
"""
HEAD = "| task | anneal, tokens/s: median (range) | peer, tokens/s: median (range) | ratio | goal | | seconds (ours / peer) | % of peak (ours / peer) | MiB (ours / peer) |"


def case_line(case: dict) -> str:
    """One task of the table."""
    ours, peer = case["ours"], case["peer"]
    seconds = f"{ours['seconds']:.3g} / {peer['seconds']:.3g}"
    shares = f"{ours['share_of_peak']:.0%} / {peer['share_of_peak']:.0%}"
    memory = f"{ours['peak_rss_bytes'] / 2**20:,.0f} / {peer['peak_rss_bytes'] / 2**20:,.0f}"
    met = verdict(case["ratio"] >= case["goal"])
    cells = (case["task"], spread(ours), spread(peer), f"{case['ratio']:.2f}x", f"{case['goal']:g}x", met, seconds, shares, memory)
    return "| " + " | ".join(cells) + " |"


def write_report(results: dict, docs: Path, notes: Path) -> Path:
    """The page of training and its data."""
    tables = [HEAD, "|---|---|---|---|---|---|---|---|---|", *[case_line(case) for case in results["cases"]]]
    page = whole_page("Training performance", results, tables, known(notes), HOW)
    return write_files("training-performance", results, page, docs)
