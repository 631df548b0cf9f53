"""What it is worth to end a session or a course: nothing learned, nothing paid, and no way round mastery."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.controls import ADVANCE, CONTROLS, STOP
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.cost import Cost
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.mean_recall import MeanRecall
from curriculum_rl.objectives.objective import Objective, check_fit
from curriculum_rl.objectives.time_to_mastery import TimeToMastery
from curriculum_rl.objectives.weighted import Weighted
from curriculum_rl.policies.random import Random
from curriculum_rl.violations import InvalidInput
from tests.ending import Ends
from tests.worlds import made_world

WORLD = replace(made_world(), controls=CONTROLS)
N = 60


@pytest.mark.parametrize("control", CONTROLS)
def test_a_course_ended_before_mastery_took_all_the_time_there_was(control: str):
    """Else the fastest way to mastery would be to stop."""
    for after in (0, 6):
        played = rollout(WORLD, Ends(control, after), N, seed=2, objective=TimeToMastery())
        early = ~played.finished
        assert early.all() or after
        np.testing.assert_allclose(played.total_reward[early], -100.0)
        np.testing.assert_array_equal(played.stopped, early & (control == STOP))
        assert not played.left.any()


def test_ending_costs_nothing_and_minutes_cost_their_price():
    price = Cost(activity=0.5, minute=0.25, teacher_minute=0.0)
    for control, decisions in ((STOP, 1), (ADVANCE, len(WORLD.course.days))):
        at_once = rollout(WORLD, Ends(control), N, seed=2, objective=price)
        assert (at_once.total_reward == 0.0).all()
        assert (at_once.minutes == 0.0).all()
        assert (at_once.decisions == decisions).all()
        assert (at_once.gain == 0.0).all()
        played = rollout(WORLD, Ends(control, after=7), N, seed=2, objective=price)
        activities = played.forms[:, :-2].sum(axis=1)
        np.testing.assert_allclose(played.total_reward, -0.5 * activities - 0.25 * played.minutes)
        np.testing.assert_array_equal(played.decisions, played.forms.sum(axis=1))
        np.testing.assert_array_equal(played.followed, played.decisions)


def test_what_a_minute_costs_no_outlook_tells():
    """Students' pace is not in it; without a price of minutes the rest is told."""
    outlook, value = None, np.ones((3, 8))
    assert Cost(minute=0.1).expected(outlook, WORLD.platform, value) is None  # type: ignore[arg-type]
    told = Cost(activity=0.3).expected(outlook, WORLD.platform, value)  # type: ignore[arg-type]
    np.testing.assert_array_equal(told, np.full((3, len(WORLD.curriculum.activities)), -0.3))
    with pytest.raises(InvalidInput, match=r"minute = -1: must be a finite number at least 0"):
        Cost(minute=-1)


@pytest.mark.parametrize("controls", [(STOP,), (ADVANCE,), CONTROLS])
def test_a_mean_over_decisions_is_refused_where_decisions_can_be_left_out(controls: tuple[str, ...]):
    world = replace(WORLD, controls=controls)
    objectives: list[Objective] = [MeanRecall(), Weighted({"a": MeanRecall()}, {"a": 1.0})]
    for objective in objectives:
        with pytest.raises(InvalidInput, match=rf"controls = {', '.join(controls)}: .* Give the world none"):
            check_fit(objective, world)
        check_fit(objective, made_world())


def test_stopping_and_dropping_out_are_told_apart():
    """A policy that does not end courses stops nobody, wherever it might."""
    played = rollout(WORLD, Random(), N, seed=2, objective=DelayedTest())
    assert not played.stopped.any()
