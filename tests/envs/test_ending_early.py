"""Sessions and courses that a policy ends: in environments, in what trackers believe, in lanes, in rollouts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.batch import arrays, take_rows
from curriculum_rl.controls import CONTROLS
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.envs.single import CurriculumEnv
from curriculum_rl.envs.vector import CurriculumVectorEnv
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from tests.paths import actions_of
from tests.worlds import component, made_world, names, world_named

LANES = 16
STOPS = replace(made_world(), controls=CONTROLS)
STOP, ADVANCE = (STOPS.actions.ids.index(name) for name in CONTROLS)


@pytest.mark.parametrize("tracker", names("tracker"))
@pytest.mark.parametrize("control", [STOP, ADVANCE])
def test_a_platform_learns_nothing_but_that_time_went_by(tracker: str, control: int):
    """The last event's own features hold the days since it, which are more by then."""
    simulation = Simulation(STOPS, component("tracker", tracker), np.arange(LANES), 3)
    for step in range(4):
        simulation.step(actions_of(made_world(), np.arange(LANES), step))
    before, days = take_rows(simulation.belief, slice(None)), simulation.students.clock.now.copy()
    happened = simulation.step(np.full(LANES, control))
    assert (happened.elapsed > 0.5).all()
    for (name, was), (_, now) in zip(arrays(before), arrays(simulation.belief), strict=True):
        if name not in ("now", "event"):
            np.testing.assert_array_equal(was, now, err_msg=name)
    np.testing.assert_array_equal(simulation.belief.now, before.now + happened.elapsed)
    np.testing.assert_allclose(simulation.belief.now, days + happened.elapsed)


def test_the_last_event_is_as_long_ago_as_it_is():
    """Days t since it as t / (1 + t), all rests in one, however often a session was ended; 0 before the first."""
    simulation = Simulation(STOPS, component("tracker", "last_event"), np.arange(LANES), 3)
    simulation.step(np.full(LANES, ADVANCE))
    assert not simulation.belief.event.any()  # type: ignore[attr-defined]
    since = np.zeros(LANES)
    for action in (0, ADVANCE, ADVANCE):
        since += simulation.step(np.full(LANES, action)).elapsed
        np.testing.assert_allclose(simulation.belief.event[:, 2], since / (1.0 + since), rtol=1e-5)  # type: ignore[attr-defined]


@pytest.mark.parametrize("gate", [None, Believed(0.9)])
@pytest.mark.parametrize("name", ["may be stopped", "classes that may be stopped"])
def test_who_may_choose_may_choose_a_control(name: str, gate: Believed | None):
    """The mask of agents is that of activities, then the controls, open to all but who waits; `allows` agrees."""
    world = world_named(name)
    simulation = Simulation(world, Counts(), np.arange(LANES), 3, gate)
    waited, activities = 0, len(world.curriculum.activities)
    for step in range(40):
        mask, whole, waiting = simulation.mask(), simulation.action_mask(), simulation.waiting()
        assert mask.shape == (LANES, activities)
        np.testing.assert_array_equal(whole[:, :activities], mask)
        open_ = np.ones(LANES, dtype=np.bool_) if waiting is None else ~waiting
        np.testing.assert_array_equal(whole[:, activities:], np.stack([open_, open_], axis=1))
        some = np.array([3, 0, 9])
        np.testing.assert_array_equal(simulation.action_mask(some), whole[some])
        np.testing.assert_array_equal(simulation.view().mask, mask)
        np.testing.assert_array_equal(simulation.view(controls=True).mask, whole)
        for action in range(len(world.actions)):
            allowed = simulation.allows(np.full(LANES, action))
            np.testing.assert_array_equal(allowed, whole[:, action] | ~open_)
        waited += int((~open_).sum())
        simulation.step(actions_of(replace(world, controls=()), np.arange(LANES), step))
    assert (waited > 0) == (world.class_size > 1)


def test_a_course_that_is_stopped_has_terminated():
    env = CurriculumVectorEnv(STOPS, LANES)
    _, info = env.reset(seed=5)
    assert info["action_mask"].shape == (LANES, len(STOPS.actions))
    assert env.single_action_space.n == len(STOPS.actions)  # type: ignore[attr-defined]
    assert not env.masked
    actions = np.where(np.arange(LANES) % 2 == 0, STOP, 0)
    _, reward, terminated, truncated, info = env.step(actions)
    np.testing.assert_array_equal(terminated, actions == STOP)
    assert not truncated.any()
    assert (reward[actions == STOP] == 0.0).all()
    final = info["final_info"]
    np.testing.assert_array_equal(final["stopped"], actions == STOP)
    assert not final["left"].any()
    assert (final["decisions"][actions == STOP] == 1).all()
    np.testing.assert_array_equal(
        info["student"], np.where(actions == STOP, LANES + np.arange(LANES) // 2, range(LANES))
    )
    with pytest.raises(InvalidInput, match=rf"activity = \[{ADVANCE + 1}\]: must be from 0 to {ADVANCE}"):
        env.step(np.full(LANES, ADVANCE + 1))


def test_a_course_all_of_whose_sessions_are_ended_is_truncated_with_the_last():
    env = CurriculumEnv(STOPS)
    env.reset(seed=5)
    seen: list[Any] = [env.step(np.int64(ADVANCE)) for _ in STOPS.course.days]
    assert [over or cut for _, _, over, cut, _ in seen] == [False, False, True]
    *_, over, cut, about = seen[-1]
    assert (over, cut) == (False, True)
    assert not about["stopped"]
    assert about["decisions"] == len(STOPS.course.days)


def test_the_warm_up_of_lanes_ends_nothing():
    """As many students come and go before training as where nothing could be ended."""

    def made(controls: tuple[str, ...]) -> Lanes:
        world = replace(made_world(), controls=controls)
        lanes = Lanes(world, tracker=Counts(), objective=DelayedTest(), gate=None, lanes=LANES, seed=3)
        lanes.reset()
        return lanes

    plain, stops = made(()), made(CONTROLS)
    for (name, here), (_, there) in zip(
        arrays(plain.env.running().students), arrays(stops.env.running().students), strict=True
    ):
        np.testing.assert_array_equal(here, there, err_msg=name)
    assert plain.env.next_student == stops.env.next_student
