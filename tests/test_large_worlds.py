"""Packs of so many concepts that the other tests walk a part of them: here they are walked whole."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.packs import read_pack
from curriculum_rl.resources import pack_names
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.world import load_world
from tests.paths import path
from tests.test_reference import compare
from tests.worlds import FEW, MANY, world_named

LARGE = [name for name in pack_names() if len(read_pack(name).curriculum.concepts) > MANY]


def test_there_is_one():
    assert LARGE
    for name in LARGE:
        assert len(world_named(f"pack {name}").curriculum.concepts) == FEW


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_equal_to_the_scalar_reference(name: str):
    compare(load_world(name), lanes=6, steps=250)


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_batch_size_and_order_change_nothing(name: str):
    world, ids = load_world(name), np.array([5, 0, 3, 64, 7])
    expected = path(world, Counts(), ids, 20)
    parts = [path(world, Counts(), ids[i : i + 2], 20) for i in range(0, len(ids), 2)]
    assert {k: v for part in parts for k, v in part.items()} == expected
    assert path(world, Counts(), np.random.default_rng(0).permutation(70), 20, told=ids) == expected
