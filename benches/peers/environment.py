"""The virtual environment of the peers, and the facts about the machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

PACKAGES = ("torch", "torchvision", "transformers", "peft", "tokenizers", "pillow", "numpy", "trl", "math-verify", "bitsandbytes")


def make_environment(folder: Path, requirements: Path) -> Path:
    """A virtual environment with the pinned peers; made once, and again when the pins change. Returns its Python."""
    python, stamp = folder / "bin" / "python", folder / "requirements.txt"
    wanted = requirements.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"installing the Python peers into {folder} (once, a few gigabytes)", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)], check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def versions(python: Path) -> dict[str, str]:
    """Versions of the peers as installed; of those that are."""
    code = (
        "import importlib.metadata as m, json, sys; there = {d.metadata['Name'].lower().replace('_', '-') for d in m.distributions()}; "
        "print(json.dumps({p: m.version(p) for p in sys.argv[1:] if p in there}))"
    )
    done = subprocess.run([str(python), "-c", code, *PACKAGES], check=True, capture_output=True, text=True)
    python_version = subprocess.run([str(python), "--version"], check=True, capture_output=True, text=True).stdout
    return {"python": python_version.split()[-1], **json.loads(done.stdout)}


def first_field(path: str, key: str) -> str:
    """The value of the first `key : value` line of a file under /proc, or "unknown"."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "unknown")


def machine() -> dict[str, object]:
    """Processor, cores, memory and how busy the machine was."""
    flags = first_field("/proc/cpuinfo", "flags").split()
    memory = first_field("/proc/meminfo", "MemTotal").split()[0]
    return {
        "processor": first_field("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(memory) / 1024**2, 1) if memory.isdigit() else "unknown",
        "avx512": "avx512f" in flags,
        "system": platform.system(),
        "load_at_start": round(os.getloadavg()[0], 2),
    }
