"""A policy as one file: the graph, the state of a new student, the catalogue, and how to find out that it is whole.

    step.onnx            tracker, gate and policy in one graph
    initial_state.npy    the state of a student of whom nothing is known, whose goals are everything, (S,)
    catalogue.json       activities, concepts and prerequisites, in the order of the graph's columns
    manifest.json        name, units, what it was made from, and the SHA-256 of every other file
    test_vectors.jsonl   courses of students, step by step: what goes in, and what has to come out
    MODEL_CARD.md        what it is, and what it is not

The comment of the archive is the SHA-256 of all bytes before it, so that a single bit that differs, anywhere, is seen
before anything of the file is believed or run.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from curriculum_rl.violations import InvalidInput

FORMAT: Final = "curriculum-rl policy"
VERSION: Final = 2
GRAPH, STATE, CATALOGUE, MANIFEST = "step.onnx", "initial_state.npy", "catalogue.json", "manifest.json"
VECTORS, CARD = "test_vectors.jsonl", "MODEL_CARD.md"
FILES: Final = (CARD, CATALOGUE, GRAPH, MANIFEST, STATE, VECTORS)
DIGITS: Final = 64
"""Of a SHA-256, in hexadecimal: the length of the archive's comment."""
MOST_BYTES: Final = 200_000_000
"""That a bundle may have, and may unpack to."""
_BROKEN: Final = zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError
"""What `zipfile` makes of an archive that somebody wrote to harm it."""


@dataclass(frozen=True)
class Bundle:
    """A bundle that is whole.

    Attributes:
        digest: "sha256:" and the digest of the whole file: the name of exactly this policy.
        manifest, catalogue: what their files say.
        initial_state: (S,) single precision.
        graph: the ONNX file.
        card: the model card, Markdown.
    """

    digest: str
    manifest: Mapping[str, Any]
    catalogue: Mapping[str, Any] = field(repr=False)
    initial_state: npt.NDArray[np.float32] = field(repr=False)
    graph: bytes = field(repr=False)
    card: str = field(repr=False)
    lines: bytes = field(repr=False)

    @property
    def before(self) -> tuple[str, ...]:
        """Digests of the bundles that it was recatalogued from and whose states mean the same here, the last first."""
        origins = reversed(self.manifest.get("recatalogued", []))
        return tuple(origin["bundle"] for origin in takewhile(lambda origin: origin["states_fit"], origins))

    def vectors(self) -> Iterator[dict[str, Any]]:
        """The test vectors: one student each."""
        return map(json.loads, self.lines.splitlines())


def open_bundle(path: Path) -> Bundle:
    """A bundle, its digests checked.

    Raises:
        InvalidInput: it is damaged, or no bundle; the message says what is wrong.
    """
    try:
        if not path.is_file():
            raise refused("there is no such file. Give the path of a bundle that `curriculum-rl export` wrote")
        if path.stat().st_size > MOST_BYTES:
            raise refused(f"has more than {MOST_BYTES:,} bytes: is no bundle that `curriculum-rl export` wrote")
        return read_bundle(path.read_bytes())
    except InvalidInput as error:
        raise InvalidInput(str(path), error.violations) from None


def read_bundle(content: bytes) -> Bundle:
    """A bundle from its bytes; see `open_bundle`."""
    files = _unpacked(content)
    manifest = _checked(files)
    try:
        catalogue: dict[str, Any] = json.loads(files[CATALOGUE])
        state = np.lib.format.read_array(io.BytesIO(files[STATE]), allow_pickle=False)
        fits = state.shape == (int(manifest["state"]["size"]),) and state.dtype == np.float32
        card = files[CARD].decode()
        listed, told = _listed(catalogue), _told(manifest)
    except (ValueError, KeyError, TypeError, MemoryError, RecursionError):
        raise refused("is not what `curriculum-rl export` writes") from None
    if not listed:
        raise refused(f"{CATALOGUE}: lists no activities, or some on concepts that it does not list")
    if not told:
        raise refused(f"{MANIFEST}: must tell name, world, gate, places of goals in the state, exploration from 0 to 1")
    if not fits:
        raise refused(f"{STATE}: is {state.dtype} of shape {state.shape}: not what {MANIFEST} says")
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Bundle(digest, manifest, catalogue, state, files[GRAPH], card, files[VECTORS])


def refused(reason: str) -> InvalidInput:
    """What is wrong with a bundle."""
    return InvalidInput("bundle", [reason])


def _unpacked(content: bytes) -> dict[str, bytes]:
    """All files of the archive."""
    body, comment = content[:-DIGITS], content[-DIGITS:]
    if not content.startswith(b"PK") or hashlib.sha256(body).hexdigest().encode() != comment:
        raise refused("is damaged or no bundle: its digest is not that of its content. Export it again")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as whole:
            names = whole.namelist()
            if sorted(names) != sorted(FILES):
                raise refused(f"holds {', '.join(sorted(names))[:200]}: must hold {', '.join(FILES)}")
            if sum(entry.file_size for entry in whole.infolist()) > MOST_BYTES:
                raise refused(f"unpacks to more than {MOST_BYTES:,} bytes")
            return {entry.filename: _content(whole, entry) for entry in whole.infolist()}
    except InvalidInput:
        raise
    except _BROKEN as error:
        raise refused(f"is damaged: {error}. Export it again") from None


def _content(whole: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A file of the archive; never more is unpacked than it says, whatever it was packed from."""
    with whole.open(entry) as file:
        return file.read(entry.file_size)


def _told(manifest: Mapping[str, Any]) -> bool:
    """Whether it says all that a runner, a service or a page asks of it."""
    state = manifest["state"]
    places = all(isinstance(start, int) and 0 <= start < state["size"] for start in state["goals"])
    named = isinstance(manifest["name"], str) and isinstance(manifest["world"], str) and "gate" in manifest
    return places and named and 0.0 <= float(manifest["exploration"]) <= 1.0


def _listed(catalogue: Mapping[str, Any]) -> bool:
    """Whether it has all that a runner reads of it."""
    known = {concept["id"] for concept in catalogue["concepts"]}
    activities = [(a["id"], a["answered"], a["concepts"]) for a in catalogue["activities"]]
    links = {p[end] for p in catalogue["prerequisites"] for end in ("prerequisite", "concept")}
    practised = all(concepts and known.issuperset(concepts) for _, _, concepts in activities)
    return bool(activities) and practised and known >= links


def _checked(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The manifest, whose digests are those of the files."""
    try:
        manifest: dict[str, Any] = json.loads(files[MANIFEST])
        seen = manifest["format"], manifest["version"]
        digests = dict(manifest["sha256"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refused(f"{MANIFEST}: is not what `curriculum-rl export` writes") from None
    if seen != (FORMAT, VERSION):
        raise refused(f"{MANIFEST}: is {seen[0]!r}, version {seen[1]!r}; this reads {FORMAT!r}, version {VERSION}")
    for name in FILES:
        if name != MANIFEST and digests.get(name) != hashlib.sha256(files[name]).hexdigest():
            raise refused(f"{name}: its digest is not the one in {MANIFEST}")
    return manifest
