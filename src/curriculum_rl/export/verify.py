"""Whether a bundle is whole, and does what it says: before anything of it is believed or run.

In this order: the digest of the whole file, the files it must have and their digests, the graph (standard operators,
nothing outside the file, inputs and outputs as they must be), and every test vector.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx

from curriculum_rl.export.bundle import CARD, CATALOGUE, FORMAT, GRAPH, MANIFEST, STATE, VECTORS, VERSION
from curriculum_rl.export.parity import TOLERANCE, session
from curriculum_rl.violations import InvalidInput

FILES: Final = (CARD, CATALOGUE, GRAPH, MANIFEST, STATE, VECTORS)
INPUTS: Final = ("state", "last_activity", "correct", "elapsed_s", "allowed")
OUTPUTS: Final = ("state_out", "probs", "eligible", "concept_mastery")
MOST_BYTES: Final = 200_000_000
TOGETHER: Final = 256
FEWEST: Final = 200
"""Test vectors that a bundle has at least."""


def verify(path: Path) -> dict[str, Any]:
    """The manifest of a bundle that is whole.

    Raises:
        InvalidInput: it is not; the message says what is wrong.
    """
    try:
        files = _files(path)
        manifest: dict[str, Any] = _checked(files)
        _graph(files[GRAPH])
        vectors = _vectors(files)
    except InvalidInput as error:
        raise InvalidInput(str(path), error.violations) from None
    return manifest | {"vectors": vectors}


def _refused(reason: str) -> InvalidInput:
    return InvalidInput("bundle", [reason])


def _files(path: Path) -> dict[str, bytes]:
    """All files of the archive, unpacked."""
    if not path.is_file():
        raise _refused("there is no such file. Give the path of a bundle that `curriculum-rl export` wrote")
    content = path.read_bytes()
    if not content.startswith(b"PK") or hashlib.sha256(content[:-64]).hexdigest().encode() != content[-64:]:
        raise _refused("is damaged or no bundle: its digest is not that of its content. Export it again")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as whole:
            names = whole.namelist()
            if sorted(names) != sorted(FILES):
                raise _refused(f"holds {', '.join(sorted(names))[:200]}: must hold {', '.join(FILES)}")
            if sum(entry.file_size for entry in whole.infolist()) > MOST_BYTES:
                raise _refused(f"unpacks to more than {MOST_BYTES:,} bytes")
            return {name: whole.read(name) for name in names}
    except zipfile.BadZipFile as error:
        raise _refused(f"is damaged: {error}. Export it again") from None


def _checked(files: dict[str, bytes]) -> dict[str, Any]:
    """The manifest, whose digests are those of the files."""
    try:
        manifest: dict[str, Any] = json.loads(files[MANIFEST])
        seen = manifest["format"], manifest["version"]
        digests = dict(manifest["sha256"])
    except (ValueError, KeyError, TypeError):
        raise _refused(f"{MANIFEST}: is not what `curriculum-rl export` writes") from None
    if seen != (FORMAT, VERSION):
        raise _refused(f"{MANIFEST}: is {seen[0]!r}, version {seen[1]!r}; this reads {FORMAT!r}, version {VERSION}")
    for name in FILES:
        if name != MANIFEST and digests.get(name) != hashlib.sha256(files[name]).hexdigest():
            raise _refused(f"{name}: its digest is not the one in {MANIFEST}")
    return manifest


def _graph(content: bytes) -> None:
    """Refuses what is not of standard operators alone, or reaches outside."""
    try:
        model = onnx.load_from_string(content)
        onnx.checker.check_model(model)
    except Exception as error:  # what a hostile file makes of the parser is no promise of its authors
        raise _refused(f"{GRAPH}: is no graph: {str(error)[:200]}") from None
    foreign = sorted({node.domain for node in model.graph.node} - {"", "ai.onnx"})
    if foreign or model.functions:
        raise _refused(f"{GRAPH}: has operators of {', '.join(foreign) or 'its own'}: standard ones alone are allowed")
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
        raise _refused(f"{GRAPH}: has data outside the file")
    found = tuple(i.name for i in model.graph.input), tuple(o.name for o in model.graph.output)
    if found != (INPUTS, OUTPUTS):
        raise _refused(f"{GRAPH}: takes {found[0]} and gives {found[1]}; must be {INPUTS} and {OUTPUTS}")


def _vectors(files: dict[str, bytes]) -> int:
    """Replays every test vector; returns how many there are."""
    graph, count = session(files[GRAPH]), 0
    activities = len(json.loads(files[CATALOGUE])["activities"])
    lines = iter(files[VECTORS].decode().splitlines())
    while part := [json.loads(line) for line in islice(lines, TOGETHER)]:
        found = graph.run(["probs"], _inputs(part, activities))[0]
        for one, chances in zip(part, found, strict=True):
            wanted = np.zeros(activities)
            wanted[[int(a) for a in one["probs"]]] = list(one["probs"].values())
            count += 1
            if not one["level"] and np.abs(chances - wanted).max() > TOLERANCE:
                raise _refused(f"{VECTORS}: line {count}: the graph differs by {np.abs(chances - wanted).max():.2g}")
            if chances[one["locked"]].any():
                raise _refused(f"{VECTORS}: line {count}: what is locked is recommended")
    if count < FEWEST:
        raise _refused(f"{VECTORS}: has {count} lines; must have at least {FEWEST}")
    return count


def _inputs(part: list[dict[str, Any]], activities: int) -> dict[str, Any]:
    allowed = np.ones((len(part), activities), dtype=np.bool_)
    for row, one in enumerate(part):
        allowed[row, one["locked"]] = False
    return {
        "state": np.array([one["state"] for one in part], dtype=np.float32),
        "last_activity": np.array([one["last_activity"] for one in part], dtype=np.int64),
        "correct": np.array([one["correct"] for one in part], dtype=np.float32),
        "elapsed_s": np.array([one["elapsed_s"] for one in part], dtype=np.float32),
        "allowed": allowed,
    }
