"""A student's path depends on (seed, student, actions) alone: byte for byte, hidden state and features included."""

from __future__ import annotations

import multiprocessing

import numpy as np
import pytest

from curriculum_rl.batch import arrays, take_rows
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import BLOCK, Simulation
from curriculum_rl.trackers.counts import Counts
from tests.paths import actions_of, digest, path
from tests.worlds import WORLDS, component, names, world_named

STEPS = 24  # beyond the second session
PAIRS = sorted({*((w, "bkt_grid") for w in WORLDS), *(("bkt exponential", t) for t in names("tracker"))})
FEW = np.array([5, 0, 3, 1023, 64, 7, 100, 31])


@pytest.mark.parametrize(("name", "tracker"), PAIRS)
def test_batch_size_order_and_position_change_nothing(name: str, tracker: str):
    world, made = world_named(name), component("tracker", tracker)
    expected = path(world, made, FEW, STEPS, gate=Believed(0.6))
    for size, students in ((1, FEW[:2]), (2, FEW[2:6]), (7, FEW)):
        for i in range(0, len(students), size):
            for student, there in path(world, made, students[i : i + size], STEPS, gate=Believed(0.6)).items():
                assert there == expected[student], (size, student)
    shuffled = np.random.default_rng(0).permutation(1024)
    assert path(world, made, shuffled, STEPS, gate=Believed(0.6), told=FEW) == expected


@pytest.mark.parametrize("slate", [2, 5])
def test_batch_size_and_order_change_nothing_of_what_comes_of_a_slate(slate: int):
    world = world_named("all faculties")
    expected = path(world, Counts(), FEW, STEPS, slate=slate)
    alone = [path(world, Counts(), FEW[i : i + 1], STEPS, slate=slate) for i in range(len(FEW))]
    assert {k: v for part in alone for k, v in part.items()} == expected
    assert path(world, Counts(), np.arange(1024)[::-1].copy(), STEPS, slate=slate, told=FEW) == expected
    assert expected != path(world, Counts(), FEW, STEPS, slate=slate - 1)


@pytest.mark.parametrize("name", WORLDS)
def test_the_same_seed_is_the_same_path_and_another_is_not(name: str):
    world = world_named(name)
    here, again, other = (digest(path(world, Counts(), FEW, STEPS, seed)) for seed in (1, 1, 2))
    assert here == again
    assert here != other


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_sixty_five_thousand_at_once(name: str):
    """Hash of what 65,536 students did together, against chunks of 1,024 of them."""
    world, made = world_named(name), component("tracker", "counts")
    ids = np.random.default_rng(1).permutation(65_536)
    together = path(world, made, ids, 6)
    apart: dict[int, bytes] = {}
    for start in range(0, len(ids), 1024):
        apart |= path(world, made, ids[start : start + 1024], 6)
    assert digest(together) == digest(apart)


def _chunk(ids: np.ndarray) -> dict[int, bytes]:
    return path(world_named("bkt exponential"), component("tracker", "bkt_grid"), ids, 12)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 8])
def test_the_number_of_workers_changes_nothing(workers: int):
    """Fresh processes, so that nothing is shared but the code."""
    ids = np.arange(512)
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        parts = pool.map(_chunk, np.array_split(ids, 2 * workers))
    assert digest({k: v for part in parts for k, v in part.items()}) == digest(_chunk(ids))


REFILLED = [*(("bkt exponential", tracker) for tracker in names("tracker")), ("all faculties", "counts")]


@pytest.mark.parametrize(("name", "tracker"), REFILLED)
@pytest.mark.parametrize("ids", [[40, 41, 42], [7, 900_000, 3], [3, BLOCK + 2, 2]], ids=str)
def test_a_refilled_lane_is_like_a_fresh_one(name: str, tracker: str, ids: list[int]):
    """Ids that go on from one another, that lie far apart, that are out of order: the lanes hold those students."""
    world, made = world_named(name), component("tracker", tracker)
    simulation = Simulation(world, made, np.arange(8), 3)
    for step in range(5):
        simulation.step(actions_of(world, simulation.students.id, step))
    lanes = np.array([6, 1, 3])
    simulation.replace(lanes, np.array([500, 501, 502]))
    simulation.replace(lanes, np.array(ids))
    fresh = Simulation(world, made, np.array(ids), 3)
    for refilled, new in ((simulation.students, fresh.students), (simulation.belief, fresh.belief)):
        for (field, here), (_, there) in zip(arrays(take_rows(refilled, lanes)), arrays(new), strict=True):
            np.testing.assert_array_equal(here, there, err_msg=field)
    assert (simulation.students.id[[0, 2, 4, 5, 7]] == [0, 2, 4, 5, 7]).all()


@pytest.mark.parametrize("name", ["bkt exponential", "all faculties"])
def test_dropping_lanes_keeps_the_others_as_they_were(name: str):
    world, made = world_named(name), component("tracker", "bkt_grid")
    whole, part = (Simulation(world, made, np.arange(20), 3) for _ in range(2))
    kept = np.array([1, 5, 19])
    part.keep(kept)
    for step in range(10):
        whole.step(actions_of(world, whole.students.id, step))
        part.step(actions_of(world, part.students.id, step))
    np.testing.assert_array_equal(whole.view().features()[kept], part.view().features())
    for (field, here), (_, there) in zip(arrays(take_rows(whole.students, kept)), arrays(part.students), strict=True):
        np.testing.assert_array_equal(here, there, err_msg=field)
    assert (part.students.id == kept).all()
