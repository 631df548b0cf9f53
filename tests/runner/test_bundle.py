"""No damage to a bundle goes unseen: a flipped bit in a graph would load without a word, and change choices."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from curriculum_rl.export.bundle import archive, make
from curriculum_rl.policies.load import load_policy
from curriculum_rl.runner.bundle import (
    CATALOGUE,
    DIGITS,
    FILES,
    MANIFEST,
    MOST_BYTES,
    STATE,
    VECTORS,
    open_bundle,
    read_bundle,
)
from curriculum_rl.runner.replay import replay
from curriculum_rl.runner.runner import Runner
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world


@pytest.fixture(scope="module")
def content() -> bytes:
    return make("mastery", load_policy("mastery"), load_world("fractions"), 1000).content


def is_refused(content: bytes) -> bool:
    try:
        read_bundle(content)
    except InvalidInput as error:
        return "is damaged or no bundle" in str(error)
    return False


def test_what_is_whole_is_read(content: bytes):
    assert read_bundle(content).manifest["name"] == "mastery"


def test_ten_thousand_flipped_bits_are_refused(content: bytes):
    rng = np.random.default_rng(0)
    flipped = bytearray(content)
    refused = 0
    for at, bit in zip(rng.integers(0, len(content), 10_000), rng.integers(0, 8, 10_000), strict=True):
        flipped[at] ^= 1 << int(bit)
        refused += is_refused(bytes(flipped))
        flipped[at] ^= 1 << int(bit)
    assert refused == 10_000
    assert bytes(flipped) == content


def test_every_cut_is_refused(content: bytes):
    assert all(is_refused(content[:length]) for length in range(len(content)))


def signed(content: bytes) -> bytes:
    """With the right digest in its comment, as somebody would write it who means harm."""
    body = content[:-DIGITS]
    return body + hashlib.sha256(body).hexdigest().encode()


def with_file(content: bytes, name: str, instead: bytes) -> bytes:
    """With another file, whose digest the manifest knows."""
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        files = {one: whole.read(one) for one in FILES} | {name: instead}
    about = json.loads(files[MANIFEST])
    about["sha256"] = {one: hashlib.sha256(held).hexdigest() for one, held in files.items() if one != MANIFEST}
    return archive(files | {MANIFEST: json.dumps(about).encode()})


def test_an_archive_that_was_damaged_and_signed_is_read_or_refused(content: bytes):
    """Nothing else becomes of it: no error of whatever unpacks it. Half the damage is to the list of files."""
    rng, refused = np.random.default_rng(1), 0
    for _ in range(400):
        odd = bytearray(content)
        start = 0 if rng.random() < 0.5 else len(odd) - DIGITS - 600
        odd[rng.integers(start, len(odd) - DIGITS)] ^= int(rng.integers(1, 256))
        try:
            read_bundle(signed(bytes(odd)))
        except InvalidInput:
            refused += 1
    assert refused > 200


DEEP = b"[" * 100_000 + b"]" * 100_000


def _npy(shape: int) -> bytes:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape},), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


def _catalogue(concepts: dict[str, float]) -> bytes:
    activity = {"id": "a", "answered": True, "concepts": concepts}
    return json.dumps({"activities": [activity], "concepts": [], "prerequisites": []}).encode()


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        (CATALOGUE, DEEP),
        (CATALOGUE, b"[]"),
        (CATALOGUE, b"{}"),
        (CATALOGUE, b'{"activities": [], "concepts": [], "prerequisites": []}'),
        (CATALOGUE, b'{"activities": 5, "concepts": [], "prerequisites": []}'),
        (CATALOGUE, _catalogue({})),
        (CATALOGUE, _catalogue({"k": 1.0})),
        (STATE, b""),
        (STATE, b"PK\x03\x04"),
        (STATE, _npy(10**13)),
        (STATE, _npy(3) + bytes(12)),
    ],
)
def test_files_that_are_not_what_they_must_be_are_refused(content: bytes, name: str, instead: bytes):
    with pytest.raises(InvalidInput):
        read_bundle(with_file(content, name, instead))


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        (b'{"goals": null, "steps": []}\n' * 200, "0 students with steps"),
        (DEEP, "cannot be read"),
        (
            b'{"goals": null, "steps": [{"last_activity": 99999, "correct": 0, "elapsed_s": 0, "locked": []}]}\n' * 200,
            "cannot be read",
        ),
    ],
)
def test_vectors_that_compare_nothing_are_refused(content: bytes, vectors: bytes, told: str):
    with pytest.raises(InvalidInput, match=told):
        replay(Runner(read_bundle(with_file(content, VECTORS, vectors))))


def test_what_is_far_too_large_is_not_read(tmp_path: Path):
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(InvalidInput, match="more than 200,000,000 bytes"):
        open_bundle(path)
