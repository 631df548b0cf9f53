"""Diaries are the courses that a rollout plays, told event by event; what is shown of them hides small groups."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curriculum_rl import load_world, rollout
from curriculum_rl.controls import CONTROLS
from curriculum_rl.evaluation.diary import MANY, UNKNOWN, can_stick, diaries, told
from curriculum_rl.policies.load import load_policy
from tests.ending import Ends

IDS = np.arange(40)


@pytest.fixture(scope="module", params=["fractions", "classroom"])
def kept(request: pytest.FixtureRequest) -> tuple[Any, ...]:
    world, policy = load_world(request.param), load_policy("mastery_review")
    return world, policy, *diaries(world, policy, IDS, 3)


def test_they_are_the_courses_that_a_rollout_plays(kept: tuple[Any, ...]):
    world, policy, found, _ = kept
    outcomes = rollout(world, policy, IDS, 3)
    np.testing.assert_array_equal([len(d.events) for d in found], outcomes.decisions)
    np.testing.assert_array_equal([d.left for d in found], outcomes.left)
    np.testing.assert_allclose([sum(e.minutes for e in d.events) for d in found], outcomes.minutes)
    followed = [sum(e.done == e.offered[0] for e in d.events) for d in found]
    np.testing.assert_array_equal(followed, outcomes.followed)


def test_events_follow_one_another_and_chances_are_chances(kept: tuple[Any, ...]):
    world, _, found, attendance = kept
    for d in found:
        assert all(a.day < b.day and a.session <= b.session for a, b in zip(d.events, d.events[1:], strict=False))
        assert all(0.0 <= x <= 1.0 for e in d.events for x in (e.believed, e.true))
        tries: dict[int, int] = {}
        for e in d.events:
            if e.right is not None:
                for concept in world.curriculum.activities[e.done].loads:
                    k = world.curriculum.concept_index[concept]
                    tries[k] = tries.get(k, 0) + 1
        assert {g.concept: g.tries for g in d.goals} == {g.concept: tries.get(g.concept, 0) for g in d.goals}
    assert np.all(np.diff(attendance.there) <= 0.0)
    assert attendance.there[-1] == pytest.approx(1.0 - np.mean([d.left for d in found]))
    assert (attendance.engagement is None) == (world.population.faculties.engagement is None)


@pytest.mark.parametrize("control", CONTROLS)
def test_sessions_and_courses_that_a_policy_ended_are_told_of_in_their_place(control: str):
    world = replace(load_world("classroom"), controls=CONTROLS)
    policy = Ends(control, after=3)
    found, attendance = diaries(world, policy, IDS, 3)
    outcomes = rollout(world, policy, IDS, 3)
    np.testing.assert_array_equal([len(d.events) for d in found], outcomes.decisions)
    np.testing.assert_array_equal([d.stopped for d in found], outcomes.stopped)
    assert outcomes.stopped.any() == (control == "stop")
    place, of_control = world.actions.ids.index(control), []
    for d in found:
        of_control += [e for e in d.events if e.done == place]
        assert all((e.believed is None) == (e.true is None) == (e.done == place) for e in d.events)
    assert of_control
    assert all(e.right is None and e.minutes == 0.0 for e in of_control)
    said = told(world, "ends", found, attendance, 1)["courses"][0]
    assert said["stopped"] == found[[d.student for d in found].index(said["student"])].stopped
    assert said["events"][3]["form"] == said["events"][3]["done"] == control
    json.dumps(said, allow_nan=False)


def test_who_is_stuck_tried_often_and_is_not_believed_to_recall_it(kept: tuple[Any, ...]):
    _, _, found, _ = kept
    for d in found:
        standing = {g.concept: g for g in d.goals}
        for concept, reason in d.stuck:
            assert standing[concept].tries >= MANY
            assert reason
    assert not all(d.stuck for d in found)


@pytest.mark.parametrize(("name", "can"), [("review-efc", False), ("vocabulary", False), ("kss", True)])
def test_nobody_is_stuck_where_the_first_tries_teach_all(name: str, can: bool):
    assert can_stick(load_world(name)).all() == can_stick(load_world(name)).any() == can


def test_what_is_only_forgotten_is_not_listed_as_stuck():
    world, policy = load_world("review-efc"), load_policy("random")
    found, attendance = diaries(world, policy, IDS[:5], 3)
    often = [g for d in found for g in d.goals if g.tries >= MANY]
    assert min(g.true for g in often) < UNKNOWN  # who could not be told from one who is stuck
    shown = told(world, "random", found, attendance, 1)
    assert shown["stuck"] == []
    assert shown["stuck_students"] is None


def test_what_is_told_leaves_small_subgroups_out(kept: tuple[Any, ...]):
    world, _, found, attendance = kept
    shown = told(world, "mastery_review", found, attendance, smallest=len(IDS) + 1)
    assert shown["courses"] == shown["stuck"] == []
    shown = told(world, "mastery_review", found, attendance, smallest=1)
    assert shown["courses"]
    assert {c["group"] for c in shown["courses"]} <= {g.name for g in world.population.groups}
