"""Runs one side, and watches how much memory it takes meanwhile."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from measure import Failed

EVERY = 0.1

RATES = """
import json, sys, time, torch
device, kind, size = sys.argv[1], getattr(torch, sys.argv[2]), int(sys.argv[3])
wait = torch.cuda.synchronize if device != "cpu" else lambda: None
a = torch.rand(size, size, device=device).to(kind)
b = torch.rand(size, size, device=device).to(kind)
to = torch.empty_like(a)
def best(work, times=20):
    found = []
    for _ in range(times):
        wait(); start = time.perf_counter(); work(); wait(); found.append(time.perf_counter() - start)
    return min(found)
big = torch.empty(size * size * 8, device=device, dtype=kind); other = torch.empty_like(big)
print(json.dumps({
    "matrix_flops": 2 * size**3 / best(lambda: torch.matmul(a, b, out=to)),
    "copy_bytes_per_second": 2 * big.numel() * big.element_size() / best(lambda: other.copy_(big)),
}))
"""


def completed(command: list[str], seconds: float, **options: object) -> subprocess.CompletedProcess[str]:
    """A command that has ended; one that has not after `seconds` is a failure."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=max(seconds, 1.0), **options)
    except subprocess.TimeoutExpired:
        raise Failed(f"{Path(command[0]).name} was ended after {seconds:.0f} seconds, which were left") from None


def rates(python: Path, device: str, dtype: str, seconds: float) -> dict[str, float]:
    """What this device reaches: operations of a large product and bytes read and written by a copy, a second."""
    size = "2048" if device == "cpu" else "8192"
    kind = "float32" if dtype == "auto" else dtype
    done = completed([str(python), "-c", RATES, torch_name(device), kind, size], seconds)
    if done.returncode != 0:
        raise Failed(f"the rates of {device} cannot be measured: {done.stderr.strip()[-400:]}")
    return json.loads(done.stdout)


def torch_name(device: str) -> str:
    """The name of a device in torch, which reaches NVIDIA's cards through CUDA whatever we take."""
    return device if device == "cpu" or device.startswith("cuda") else "cuda"


def resident(pid: int) -> int | None:
    """Bytes of a process in memory."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    line = next((line for line in status.splitlines() if line.startswith("VmRSS:")), "")
    return int(line.split()[1]) * 1024 if line else None


def on_card(card: int) -> int | None:
    """Bytes taken on a card, by all its processes."""
    line = ["nvidia-smi", f"--id={card}", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    done = subprocess.run(line, capture_output=True, text=True)
    return int(done.stdout.split()[0]) << 20 if done.returncode == 0 and done.stdout.strip() else None


@dataclass
class Watched:
    """What a process printed, and the memory it took while it ran."""

    found: dict
    samples: list[tuple[float, int]] = field(default_factory=list)
    noted: int = 0

    @property
    def peak(self) -> int:
        """The largest sample; on the CPU what the system noted, if that is more."""
        return max([*(taken for _, taken in self.samples), self.noted])

    def growth(self) -> float:
        """How much larger memory was in the last quarter of the timed steps than in their second one.

        Samples from before the steps, while the model was loaded, do not count."""
        end = self.samples[-1][0] if self.samples else 0.0
        took = sum(self.found["seconds"])
        second = [taken for at, taken in self.samples if 0.5 * took <= end - at < 0.75 * took]
        last = [taken for at, taken in self.samples if end - at < 0.25 * took]
        if not second or not last:
            raise Failed("too few samples of memory were taken to say how it grows")
        return max(last) / max(*second, 1) - 1


def memory_reader(device: str) -> Callable[[int], int | None]:
    """How memory of the device is read: of the process on the CPU, beyond what was taken before on a card."""
    if device == "cpu":
        return resident
    card = int(device.split(":")[1]) if ":" in device else 0
    before = on_card(card) or 0

    def beyond(_: int) -> int | None:
        taken = on_card(card)
        return None if taken is None else max(taken - before, 0)

    return beyond


def watched(command: list[str], device: str, seconds: float) -> Watched:
    """Run a command that prints a JSON object on its last line; it is ended when it takes longer than `seconds`."""
    read, samples = memory_reader(device), []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ended = threading.Event()

    def sample() -> None:
        while not ended.is_set():
            if (taken := read(process.pid)) is not None:
                samples.append((time.monotonic(), taken))
            ended.wait(EVERY)

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        out, errors = process.communicate(timeout=max(seconds, 1.0))
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Failed(f"{Path(command[0]).name} was ended after {seconds:.0f} seconds, which were left") from None
    finally:
        ended.set()
        sampler.join()
    if process.returncode != 0:
        raise Failed(f"{Path(command[0]).name} ended with {process.returncode}: {errors.strip()[-600:]}")
    found = json.loads(out.strip().splitlines()[-1])
    return Watched(found, samples, found.get("peak_rss_bytes") or 0 if device == "cpu" else 0)


@dataclass(frozen=True)
class Budget:
    """Seconds that are left, for gates and for cases."""

    ends: float

    @classmethod
    def of(cls, minutes: float) -> Budget:
        """From now on."""
        return cls(time.monotonic() + 60 * minutes)

    def left(self) -> float:
        """Seconds."""
        return self.ends - time.monotonic()
