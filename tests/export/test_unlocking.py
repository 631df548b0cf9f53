"""All links of a height at once come to what link by link comes to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.synthetic import synthetic_world
from curriculum_rl.export.unlocking import by_heights, heights, unlocking
from curriculum_rl.policies import greedy_credit
from curriculum_rl.trackers import planning, prospects
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.world import World, load_world

WORLDS = {name: load_world(name) for name in ("new_material", "kss", "fractions")} | {"drawn": synthetic_world(50, 200)}


@pytest.mark.parametrize("discount", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_it_is_what_links_come_to_one_by_one(world: World, discount: float):
    platform, rng = world.platform, np.random.default_rng(0)
    shape = (30, len(platform.curriculum.concepts))
    outlook = BKTFilter().start(platform, np.ones(shape, dtype=np.bool_)).outlook()
    outlook = replace(outlook, **{name: rng.random(shape) for name in ("recall", "at_test", "fresh")})
    value = rng.random(shape)
    expected = planning.unlocking(outlook, platform, value, discount)
    found = unlocking(outlook, platform, value, discount)
    assert np.allclose(found, expected, rtol=1e-12, atol=1e-14)
    assert expected.any() == (platform.leak < 1.0)


def test_a_height_is_the_longest_chain():
    rng = np.random.default_rng(0)
    for _ in range(20):
        requires = np.triu(rng.random((9, 9)) < 0.3, 1)

        def longest(concept: int, requires: np.ndarray = requires) -> int:
            return max((1 + longest(child) for child in np.flatnonzero(requires[concept])), default=0)

        assert heights(requires).tolist() == [longest(k) for k in range(9)]


def test_it_stands_in_for_the_other_one_for_a_while():
    modules = planning, prospects, greedy_credit
    before = [module.unlocking for module in modules]
    with by_heights():
        assert all(module.unlocking is unlocking for module in modules)
    assert [module.unlocking for module in modules] == before
