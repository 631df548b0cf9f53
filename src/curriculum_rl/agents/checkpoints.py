"""Tensors and a record on disk, safetensors and JSON: written whole or not at all, and refused if a byte changed.

`save("runs/a/policy", ...)` writes `policy.json` and, beside it, `policy-<digest>.safetensors`. The JSON holds the
digest (SHA-256) of the tensors and one of itself, and is renamed into place last: what was there before stays good
until that moment, even if the machine stops in mid-write.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as parse_tensors
from safetensors.numpy import save as format_tensors

from curriculum_rl.files import write_whole
from curriculum_rl.violations import InvalidInput

Arrays = Mapping[str, npt.NDArray[Any]]
SHORT = 16
"""Digits of the digest in a file's name."""


def save(path: Path, tensors: Arrays, record: Mapping[str, Any]) -> None:
    """Writes the pair whose JSON is `path` with the suffix .json; `record` must be what JSON can say."""
    path = path.with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    content = format_tensors({name: np.ascontiguousarray(array) for name, array in tensors.items()})
    digest = hashlib.sha256(content).hexdigest()
    data = path.with_name(f"{path.stem}-{digest[:SHORT]}.safetensors")
    write_whole(data, content)
    about = {**record, "tensors": {"file": data.name, "sha256": digest}}
    write_whole(path, _format(about))
    for old in path.parent.glob(f"{path.stem}-{'[0-9a-f]' * SHORT}.safetensors"):
        if old != data:
            old.unlink(missing_ok=True)


def load(path: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Tensors and record of a pair.

    Raises:
        InvalidInput: a file is missing, cut short, or differs by a single bit from what was written.
    """
    path = path.with_suffix(".json")
    record = _parse(path)
    data = path.with_name(Path(record["tensors"]["file"]).name)
    content = _read(data)
    if hashlib.sha256(content).hexdigest() != record["tensors"]["sha256"]:
        raise _damaged(data, "its SHA-256 is not the one that was recorded")
    try:
        return parse_tensors(content), record
    except SafetensorError as error:
        raise _damaged(data, str(error)) from None


def about(path: Path) -> dict[str, Any]:
    """The record of a pair alone.

    Raises:
        InvalidInput: it is missing or damaged.
    """
    return _parse(path.with_suffix(".json"))


def exists(path: Path) -> bool:
    """Whether a pair was written here."""
    return path.with_suffix(".json").is_file()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        remedy = "A .json and its .safetensors belong together."
        raise InvalidInput(str(path), [f"cannot be read: {error.strerror}. {remedy}"]) from None


def _format(record: Mapping[str, Any]) -> bytes:
    """JSON for people, whose first entry is the digest of the rest."""
    rest = json.dumps(record, indent=1, allow_nan=False)
    digest = hashlib.sha256(rest.encode()).hexdigest()
    return json.dumps({"sha256": digest, "content": record}, indent=1).encode() + b"\n"


def _parse(path: Path) -> dict[str, Any]:
    content = _read(path)
    try:
        record = json.loads(content)["content"]
        whole = _format(record) == content and isinstance(record["tensors"]["file"], str)
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise _damaged(path, "its content is not what was written")
    found: dict[str, Any] = record
    return found


def _damaged(path: Path, why: str) -> InvalidInput:
    return InvalidInput(str(path), [f"is damaged: {why}. Take it from a backup, or train again."])
