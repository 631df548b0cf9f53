"""Objectives that are no potential of knowledge: time, engagement and cost, against courses added up by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.cost import Cost
from curriculum_rl.objectives.engagement_kept import EngagementKept
from curriculum_rl.objectives.time_to_mastery import TimeToMastery
from curriculum_rl.policies.random import Random
from curriculum_rl.students.classroom import Classroom
from curriculum_rl.students.dropout import Dropout
from curriculum_rl.students.engagement import Engagement
from curriculum_rl.students.faculties import Faculties
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.worlds import made_world, random_actions

N = 400
FLEETING = Faculties(engagement=Engagement(), dropout=Dropout(intercept=-1.5))


def easily_mastered() -> World:
    """Where some master all, some leave, and some run out of time."""
    plain = made_world()
    course = replace(plain.course, mastered=0.5)
    return replace(plain, course=course, population=replace(plain.population, faculties=FLEETING))


def minutes_gone(minutes: Float, session: float) -> float:
    """What of a student's activities, by minutes, counts by the calendar: what overruns a session does not."""
    gone = used = 0.0
    for m in minutes.tolist():
        gone += min(m, session - used)
        used += m
        if used >= session:
            used = 0.0
    return gone


def test_time_to_mastery_is_the_share_of_the_calendar_that_was_needed():
    world, objective = easily_mastered(), TimeToMastery()
    simulation = Simulation(world, Counts(), np.arange(N), 3)
    spent: list[list[float]] = [[] for _ in range(N)]
    total, ended, how = np.zeros(N), np.zeros(N, dtype=bool), np.full(N, "", dtype=object)
    for action in random_actions(world, 120, N):
        before = objective.before(simulation.students, world)
        happened = simulation.step(action)
        reward = objective.reward(happened, simulation.students, world, before)
        for i in np.flatnonzero(~ended):
            spent[i].append(happened.minutes[i])
            total[i] += reward[i]
        for kind in ("left", "truncated", "terminated"):
            how[~ended & getattr(happened, kind)] = kind
        ended |= happened.over
        if ended.all():
            break
    assert ended.all()
    whole = world.course.total_minutes
    for kind in ("left", "truncated"):
        assert np.count_nonzero(how == kind) > 10
        np.testing.assert_allclose(total[how == kind], -100.0, atol=1e-9)
    done = np.flatnonzero(how == "terminated")
    assert len(done) > 10
    gone = [minutes_gone(np.array(spent[i]), world.course.minutes) for i in done]
    np.testing.assert_allclose(total[done], -100.0 * np.array(gone) / whole, atol=1e-9)
    assert np.mean(total[done] > -100.0) > 0.9, "but for who mastered all in the last minute"


def test_who_is_closer_to_mastery_needs_less_time():
    """The same students, luck and activities: a lower bar is never reached later."""
    means = []
    for mastered in (0.4, 0.5, 0.6):
        world = easily_mastered()
        world = replace(world, course=replace(world.course, mastered=mastered))
        means.append(rollout(world, Random(), 200, objective=TimeToMastery()).total_reward)
    assert np.all(means[0] >= means[1])
    assert np.all(means[1] >= means[2])
    assert means[0].mean() > means[2].mean() + 1.0


def test_engagement_kept_is_that_of_those_who_are_still_there():
    world = easily_mastered()
    played = rollout(world, Random(), N, objective=EngagementKept())
    first = world.students(0, played.student).inner.mood
    assert first is not None
    assert 10 < played.left.sum() < N - 10
    np.testing.assert_array_equal(played.engagement_kept[played.left], 0.0)
    np.testing.assert_allclose(played.engagement_kept[~played.left], 100.0 * played.engagement[~played.left])
    np.testing.assert_allclose(played.total_reward, played.engagement_kept - 100.0 * first.level, atol=1e-9)


def test_there_must_be_engagement_to_be_kept():
    with pytest.raises(InvalidInput, match=r"have no engagement that could be kept. Switch on faculties.engagement"):
        rollout(made_world(), Random(), 10, objective=EngagementKept())


def test_costs_are_prices_times_what_was_done():
    world, prices = made_world(), {"worked example": 0.3, "project": 2.0}
    played = rollout(world, Random(), 200, objective=Cost(activity=0.05, by_form=prices))
    owed = 0.05 * played.decisions
    for form, price in prices.items():
        owed = owed + price * played.forms[:, world.curriculum.forms.index(form)]
    np.testing.assert_allclose(played.total_reward, -owed, atol=1e-9)


def test_prices_are_for_forms_that_there_are():
    with pytest.raises(InvalidInput, match=r"by_form = 'project s': is no activity's form .* Did you mean project"):
        rollout(made_world(), Random(), 10, objective=Cost(by_form={"project s": 1.0}))
    with pytest.raises(InvalidInput, match=r"by_form\[video\] = -1"):
        Cost(by_form={"video": -1.0})


def test_minutes_with_a_teacher_are_paid_for():
    room, plain = Classroom(size=4, peers=(), tutored=("worked example",)), made_world()
    world = replace(plain, population=replace(plain.population, faculties=Faculties(classroom=room)))
    played = rollout(world, Random(), 40, objective=Cost(activity=0.5, teacher_minute=3.0))
    assert played.teacher_minutes.sum() > 10.0
    owed = 0.5 * played.decisions + 3.0 * played.teacher_minutes
    np.testing.assert_allclose(played.total_reward, -owed, atol=1e-7)
