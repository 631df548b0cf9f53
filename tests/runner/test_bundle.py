"""No damage to a bundle goes unseen: a flipped bit in a graph would load without a word, and change choices."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.export.bundle import make
from curriculum_rl.policies.load import load_policy
from curriculum_rl.runner.bundle import read_bundle
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
