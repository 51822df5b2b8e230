"""Writes docs/performance.md and the JSON file beside it."""

from __future__ import annotations

import json
from pathlib import Path

FIRST_TOKEN_GOAL = 0.5
HOW = """## How it was measured
- Both sides read the same generated checkpoints (random weights, Qwen2.5-VL, float32) and the same rows. `nano` has
  255 thousand parameters, `91M` has hidden size 768 and 12 layers. Made by `benches/peers/workload.py`.
- Before anything is timed, ids, positions and pixels are compared; decoding and prefill must give the same tokens in
  every process of both sides, or there is no table. A row is compared up to the first token whose logit leads the second
  best by less than 1e-4: from there on the order of a sum decides. (By less than 0.5 where the peer computes in
  bfloat16, as it does from files in bfloat16.)
- From files in bfloat16 we compute in 32 bits, or with `--dtype bfloat16` multiply in bfloat16: rows are rounded where they
  meet a weight, sums and everything else stay in 32 bits. The peer rounds every result to bfloat16.
- Each side runs in a process of its own. Processes alternate, and who goes first alternates with the rounds. Every process
  warms up once, then times its repeats; the table shows the median of all of them and their range.
- Both sides choose their number of threads themselves.
- Image preprocessing goes from JPEG files to pixel tensors and token ids, decoding included: Pillow and then
  `AutoProcessor` (torchvision back end, eight rows in one call) on the peer's side.
- Decoding counts the greedy tokens after the first: a whole `generate` on prepared inputs, less the median time of a
  `generate` of one token, on both sides. Batch 8 is eight prompts of different lengths, half of them with an image.
- Prefill goes from prepared inputs to the logits of the last position, vision tower included.
- Bound: the least time that a task needs here, over the time that it took. `products`: its multiplications and additions
  at the speed of a product of two 2048x2048 matrices, by torch or by us, whichever is faster. `reading`: its weights, once for all rows of a
  step, at the speed at which torch sums a buffer of their size; small models stay in the cache there as they do here.
  `writing`: the pixel values that are made, at the speed at which torch fills a buffer of their size. Of the first token
  it is reading the files of the model once, of judgements looking at every byte once on one thread: what is left is
  other work, not products.
- First token: the wall-clock time of a whole process that loads the model, reads one row with an image and writes one
  token. "In process" leaves out starting Python and its imports.
- Judgements: the example `judge` of the crate `rewards` beside `judge_peer.py`, on one thread, files read and prepared
  before the clock starts. Math pairs are the recorded ones of `data-fixtures`: verdicts are compared on all of them, every
  fifth is timed, and both the gold answer and the reply are parsed for each. `math-verify` is `verify(parse(gold),
  parse(reply))` and must agree on 99 %; `trl-accuracy` is TRL's `accuracy_reward`, which refuses answers outside LaTeX,
  so that fewer of its verdicts are the same. `trl-think-format` is `think_format_reward` and must agree on every reply.
  Formats and letters are judged on 20,000 generated replies of one to eight sentences. No peer judges letters: those
  verdicts must be the ones that the replies were made with. One of our passes over a file takes milliseconds, so each
  repeat is twenty of them, each timed.
"""


def amount(value: float) -> str:
    """Three significant digits without exponents."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def spread(side: dict) -> str:
    """Median with range."""
    return f"{amount(side['median'])} ({amount(side['lowest'])} to {amount(side['highest'])})"


def verdict(met: bool) -> str:
    """The last column."""
    return "met" if met else "**short**"


def share(case: dict) -> str:
    """How near both sides come to the least time that the machine needs."""
    ours, peer = case["share_of_bound"]
    return f"{percent(ours)} / {percent(peer)} of {case['bound']}"


def percent(part: float) -> str:
    """Whole percents; of less than one a digit, down to a hundredth."""
    if part < 1e-4:
        return "< 0.01%"
    return f"{part:.0%}" if part >= 0.01 else f"{100 * part:.1g}%"


def peaks(found: dict) -> str:
    """How fast products are with factors of each type."""
    return " and at ".join(f"{amount(peak / 1e9)} Gflop/s in {kind}" for kind, peak in found.items())


def case_line(case: dict) -> str:
    """One task of the table."""
    met = verdict(case["ratio"] >= case["goal"])
    memory = f"{case['ours']['peak_rss_bytes'] / 2**20:,.0f} / {case['peer']['peak_rss_bytes'] / 2**20:,.0f}"
    cells = (case["task"], case["unit"], spread(case["ours"]), spread(case["peer"]), f"{case['ratio']:.2f}x",
             f"{case['goal']:g}x", met, share(case), memory)  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def first_token_lines(first: dict) -> list[str]:
    """The table of starting times."""
    met, near = verdict(first["ours"]["median"] < FIRST_TOKEN_GOAL), first["share_of_bound"]
    return [
        "| start to first token, nano | seconds | goal | of reading |",
        "|---|---|---|---|",
        f"| anneal, whole process | {spread(first['ours'])} | under {FIRST_TOKEN_GOAL:g}: {met} | {percent(near['ours'])} |",
        f"| transformers, whole process | {spread(first['peer'])} | | {percent(near['peer'])} |",
        f"| transformers, in process | {spread(first['peer_in_process'])} | | {percent(near['peer_in_process'])} |",
    ]


def judgement_lines(found: dict) -> list[str]:
    """The lines of one kind of judgement: ours, then a line for every peer."""
    met = verdict(found["ours"]["median"] >= found["goal"])
    lines = [f"| {found['task']} | anneal | {spread(found['ours'])} | {amount(found['goal'])}: {met} | | | {percent(found['share_of_bound'])} |"]
    for peer in found["peers"]:
        lines.append(f"| | {peer['peer']} | {spread(peer)} | | {amount(peer['ratio'])}x | {peer['agreement']:.2%} | {percent(peer['share_of_bound'])} |")
    return lines


def judgement_table(judgements: list[dict]) -> list[str]:
    """The table of judgements."""
    return [
        "| one thread | judge | judgements a second: median (range) | goal | anneal is faster by | same verdicts | of reading |",
        "|---|---|---|---|---|---|---|",
        *[line for found in judgements for line in judgement_lines(found)],
    ]


def whole_page(title: str, results: dict, tables: list[str], notes: str, how: str) -> str:
    """A page: where and with what it was measured, its tables, what is known about them, and how it was done."""
    machine, versions = results["machine"], results["versions"]
    lines = [
        f"# {title}", "",
        f"Measured on {results['date']} with `{results['command']}`: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, AVX-512 {'present' if machine['avx512'] else 'absent'}, {machine['system']}, "
        f"load {machine['load_at_start']} at the start. A large product runs at {peaks(results['peak_flops'])}.", "",
        f"Ours: anneal at commit {results['commit']}. Peers: {', '.join(f'{k} {v}' for k, v in versions.items())}.", "",
        *tables, "",
    ]  # fmt: skip
    return "\n".join(lines) + "\n" + (notes.strip() + "\n\n" if notes.strip() else "") + how


def write_files(name: str, results: dict, page: str, docs: Path) -> Path:
    """A page and its data."""
    docs.mkdir(parents=True, exist_ok=True)
    (docs / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    path = docs / f"{name}.md"
    path.write_text(page, encoding="utf-8")
    return path


def known(notes: Path) -> str:
    """What a person knows about the figures that fall short."""
    return notes.read_text(encoding="utf-8") if notes.exists() else ""


def write_report(results: dict, docs: Path, notes: Path) -> Path:
    """The page of single tasks and its data."""
    tables = [
        "| task | unit | anneal: median (range) | transformers: median (range) | ratio | goal | | bound (ours / peer) | MiB (ours / peer) |",
        "|---|---|---|---|---|---|---|---|---|",
        *[case_line(case) for case in results["cases"]], "",
        *first_token_lines(results["first_token"]), "",
        *judgement_table(results["judgements"]),
    ]  # fmt: skip
    return write_files("performance", results, whole_page("Performance", results, tables, known(notes), HOW), docs)
