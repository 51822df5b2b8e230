"""Writes a checkpoint with a manifest of version 1, from the description of the format alone.

    python tests/reference/manifest.py

The manifest is JSON with two spaces of indentation. Its last entry, "checksum", is the SHA-256 of every byte before
the comma that separates it. Needs the standard library only.
"""

import hashlib
import json
import pathlib

FOLDER = pathlib.Path(__file__).parents[2] / "data-fixtures/runs/manifest-1/checkpoint-120"
FILES = {
    "adapter_config.json": b'{"peft_type": "LORA", "r": 8}\n',
    "trainer_state.json": b'{"global_step": 120}\n',
}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def manifest() -> bytes:
    meta = {
        "config_hash": sha256(b"settings"),
        "seed": 2**64 - 1,
        "data_cursor": 960,
        "identities": {"reference": "base"},
    }
    files = [{"name": name, "length": len(data), "sha256": sha256(data)} for name, data in FILES.items()]
    content = {"version": 1, "step": 120, "meta": meta, "files": files}
    body = json.dumps(content, indent=2).removesuffix("\n}").encode()
    return body + f',\n  "checksum": "{sha256(body)}"\n}}\n'.encode()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, data in {**FILES, "manifest.json": manifest()}.items():
        (FOLDER / name).write_bytes(data)
