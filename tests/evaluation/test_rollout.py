"""Rollouts: whole courses of any number of students, whatever the chunks, and what is told of each."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
import pytest

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.envs.vector import CurriculumVectorEnv
from curriculum_rl.evaluation.cohorts import TEST, TRAIN, TUNE, VALIDATE, apart, first
from curriculum_rl.evaluation.oracles import TrueGreedy
from curriculum_rl.evaluation.outcomes import BINS, Outcomes, blank_traces
from curriculum_rl.evaluation.rollout import choose, rollout
from curriculum_rl.policies.policy import best, evenly
from curriculum_rl.policies.random import Random
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from tests.worlds import WORLDS, whole, world_named


@dataclass(frozen=True)
class Nothing:
    """Does the same worked example on the last concept again and again."""

    tracker: Counts = field(default_factory=Counts)

    def probabilities(self, view):  # type: ignore[no-untyped-def]
        return best(np.broadcast_to(np.arange(view.mask.shape[1]) == 31.0, view.mask.shape), view.mask)


def same(a: Outcomes, b: Outcomes) -> None:
    for column in fields(Outcomes):
        np.testing.assert_array_equal(getattr(a, column.name), getattr(b, column.name), err_msg=column.name)


@pytest.mark.parametrize("name", WORLDS)
def test_chunks_change_nothing(name: str):
    """Four students, or two of each of two classes."""
    world = world_named(name)
    ids = np.arange(4) * max(1, world.class_size // 2)
    at_once = rollout(world, Random(), ids, seed=2)
    for chunk in (1, 3):
        same(at_once, rollout(world, Random(), ids, seed=2, chunk=chunk))


def test_a_student_has_the_same_outcome_in_any_company():
    world = world_named("bkt exponential")
    many, part = rollout(world, Random(), np.arange(50), seed=2), rollout(world, Random(), np.array([40, 3]), seed=2)
    for column in fields(Outcomes):
        np.testing.assert_array_equal(getattr(many, column.name)[[40, 3]], getattr(part, column.name))


@pytest.mark.parametrize("name", WORLDS)
def test_outcomes_hold_together(name: str):
    world = world_named(name)
    count = whole(world, 300)
    outcomes = rollout(world, Random(), count, seed=2)
    assert outcomes.student.tolist() == list(range(TEST.start, TEST.start + count))
    np.testing.assert_array_equal(outcomes.forms.sum(axis=1), outcomes.decisions)
    for score in (outcomes.pretest, outcomes.delayed_test, outcomes.mastery_before, outcomes.mastery_after):
        assert np.all((score >= 0.0) & (score <= 100.0 + 1e-9))
    students = Simulation(world, Counts(), outcomes.student, seed=2).students  # as the course begins
    np.testing.assert_allclose(outcomes.pretest, 100.0 * world.population.expected_score(students))
    np.testing.assert_array_equal(outcomes.group, students.traits.group)
    stayed = ~(outcomes.finished | outcomes.left)
    longest = outcomes.minutes[stayed]
    assert np.all(longest >= world.course.total_minutes - 1e-9), "who stayed and did not finish used the whole course"
    faculties = world.population.faculties
    assert not (outcomes.finished & outcomes.left).any()
    assert bool(outcomes.left.any()) == (faculties.dropout is not None)
    assert (outcomes.decisions >= 1).all()
    assert np.all((outcomes.followed >= 0) & (outcomes.followed <= outcomes.decisions))
    if faculties.choice is None and faculties.classroom is None:
        np.testing.assert_array_equal(outcomes.followed, outcomes.decisions)
    assert np.all((outcomes.engagement >= 0.0) & (outcomes.engagement <= 1.0))
    assert (faculties.engagement is not None) == bool((outcomes.engagement != 0.5).any())
    assert (faculties.classroom is not None) == bool((outcomes.belonging != 0.5).any())
    assert (faculties.classroom is not None) == bool(outcomes.teacher_minutes.any())
    assert np.all((outcomes.teacher_minutes >= 0.0) & (outcomes.teacher_minutes <= outcomes.minutes + 1e-9))


def test_traces_count_every_decision():
    world = world_named("bkt exponential")
    traces = blank_traces(world)
    outcomes = rollout(world, Random(), 100, seed=2, traces=traces)
    assert traces.chosen.sum() == pytest.approx(outcomes.decisions.sum())
    assert traces.moments.sum() == outcomes.decisions.sum()
    assert traces.chosen.shape == traces.recall.shape == (BINS, 8)
    assert np.all(traces.recall <= traces.moments[:, None])


def test_progress_is_told():
    told: list[int] = []
    rollout(world_named("bkt exponential"), Random(), 100, chunk=30, progress=told.append)
    assert sum(told) == 100


def test_choices_follow_their_probabilities_and_never_what_has_none():
    """Chi-square at a false-alarm rate of 1e-5, fixed seed."""
    from scipy import stats

    p = np.array([0.0, 0.2, 0.0, 0.5, 0.3, 0.0])
    u = np.random.default_rng(0).random(50_000)
    chosen = choose(np.repeat(p[None], len(u), axis=0), u)
    counts = np.bincount(chosen, minlength=6)
    assert counts[p == 0.0].sum() == 0
    assert stats.chisquare(counts[p > 0], len(u) * p[p > 0]).pvalue > 1e-5
    edges = choose(np.repeat(p[None], 2, axis=0), np.array([0.0, 1.0 - 2.0**-53]))
    assert edges.tolist() == [1, 4]


def test_even_and_best_choices():
    mask = np.array([[True, False, True], [False, True, False]])
    np.testing.assert_allclose(evenly(mask), [[0.5, 0, 0.5], [0, 1, 0]])
    np.testing.assert_allclose(best(np.array([[1.0, 9.0, 1.0]] * 2), mask), [[1, 0, 0], [0, 1, 0]])


def test_more_to_choose_from_is_refused_less_often_and_engages():
    """In the test's world: relief takes .8 ln 3 logits off going one's own way, and a choice adds to engagement."""
    world = world_named("faculty choice")
    one, three = (rollout(world, Random(), 400, slate=m) for m in (1, 3))
    assert three.followed.sum() / three.decisions.sum() < one.followed.sum() / one.decisions.sum()
    choice = world.population.faculties.choice
    assert choice is not None
    trusted = replace(world.population.faculties, choice=replace(choice, trust=20.0))
    loyal = replace(world, population=replace(world.population, faculties=trusted))
    one, three = (rollout(loyal, Random(), 400, slate=m) for m in (1, 3))
    assert three.followed.sum() / three.decisions.sum() > one.followed.sum() / one.decisions.sum() + 0.1
    engaged = world_named("faculty engagement")
    one, three = (rollout(engaged, Random(), 200, slate=m) for m in (1, 3))
    assert three.engagement.mean() > one.engagement.mean() + 0.1


def test_the_privileged_offer_one_whatever_the_slate():
    world = world_named("all faculties")
    same(rollout(world, TrueGreedy(), 20, slate=3), rollout(world, TrueGreedy(), 20))


@pytest.mark.parametrize("bad", [0, -1, 1.5, "three", None, 35])
def test_a_slate_that_is_none_is_refused(bad: object):
    with pytest.raises(InvalidInput, match=r"rollout: 1 thing to mend\n  slate = "):
        rollout(world_named("all faculties"), Random(), 5, slate=bad)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=r"environment: 1 thing to mend\n  slate = "):
        CurriculumVectorEnv(world_named("all faculties"), 1, slate=bad)  # type: ignore[arg-type]


def test_cohorts_are_apart():
    cohorts = (TRAIN, TUNE, VALIDATE, TEST)
    assert apart(*cohorts)
    assert apart(*(first(cohort, 5) for cohort in cohorts))
    assert np.array_equal(first(TEST, 5, skip=3), first(TEST, 8)[3:])
    assert apart(first(TEST, 5), first(TEST, 5, skip=5))
    assert not apart(first(TRAIN, 5), np.arange(4, 6))
    for bad in (0, -1, len(TRAIN) + 1):
        with pytest.raises(InvalidInput, match="count"):
            first(TRAIN, bad)


def test_a_policy_that_teaches_one_thing_gains_little():
    world = world_named("bkt exponential")
    assert rollout(world, Nothing(), 300).gain.mean() < rollout(world, Random(), 300).gain.mean()
