"""Dropout: how many leave, session by session, against the product of hazards; 5% off would not pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from curriculum_rl.batch import Bool, Float
from curriculum_rl.course import Course
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.policies.random import Random
from curriculum_rl.students.dropout import Dropout
from curriculum_rl.students.engagement import Engagement
from curriculum_rl.students.population import Students
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.students.laws import STUDENTS
from tests.students.small import CITY, bkt, noticed, share_is, small_world, steady, tried
from tests.worlds import ALONE, world_named

D = Dropout(intercept=-1.6, time=-0.6, failures=3.0, engagement=6.0, memory=0.25)
HALF = steady(0.5)
OFFSETS = {"late": 1.4, "city / late": -2.0}
SIX = Course(days=tuple(float(day) for day in range(6)), minutes=2.0, test_days=1.0, mastered=1.0)
"""Sessions of one activity each."""
STILL = Engagement(
    base_mean=1.0, base_sd=0.0, success=0.0, failure=0.0, boredom=0.0, variety=0.0, autonomy=0.0, pull=0.0, effort=0.0
)
"""A level of s(1) that nothing moves."""


def leaving(world: World) -> Iterator[tuple[Students, Bool, Bool]]:
    """After each session: the students, who was there until then, and who of them left."""
    students = world.students(1, np.arange(STUDENTS))
    there: Bool = np.ones(STUDENTS, dtype=np.bool_)
    while not world.course.over(students.clock)[0]:
        happened = tried(world, students, 0)
        left = there & happened.left
        yield students, there.copy(), left
        there &= ~happened.left


def hazard(session: int, recent: Float | float = 0.0, offset: float = 0.0, level: float = 0.5) -> Float:
    """P(leaves) at the end of this session, from the equation."""
    chance: Float = expit(-1.6 + offset - 0.6 * np.log(session) + 3.0 * recent - 6.0 * (level - 0.5))
    return chance


def those_who_cannot_fail_leave_as_time_says(dropout: Dropout) -> None:
    """Where failures matter to nobody, the share that has left is 1 - prod (1 - h)."""
    stay, world = 1.0, small_world(knowledge=HALF, dropout=replace(dropout, failures=0.0), course=SIX)
    gone = np.zeros(STUDENTS, dtype=np.bool_)
    for session, (_, _, left) in enumerate(leaving(world), start=1):
        gone |= left
        stay *= 1.0 - hazard(session) if session < 6 else 1.0  # who comes to the last end has not left
        share_is(gone, 1.0 - stay)


def failures_make_leave(dropout: Dropout) -> None:
    """After t answers, 1 - (1 - memory)^t of recent ones were wrong where all were; otherwise whatever they were."""
    world = small_world(knowledge=HALF, dropout=dropout, course=SIX)
    for session, (students, there, left) in enumerate(leaving(world), start=1):
        if session < 6:
            recent = students.inner.wavering.recent[there]
            share_is(left[there], hazard(session, recent))
            assert recent.max() == pytest.approx(1.0 - 0.75**session)


def engagement_makes_stay(dropout: Dropout) -> None:
    calm = replace(dropout, failures=0.0)
    world = small_world(knowledge=HALF, dropout=calm, engagement=STILL, course=SIX)
    _, there, left = next(leaving(world))
    share_is(left[there], hazard(1, level=float(expit(1.0))))


def subgroups_differ(dropout: Dropout) -> None:
    calm = replace(dropout, failures=0.0)
    world = small_world(knowledge=HALF, dropout=calm, course=SIX, groups=CITY)
    students, _, left = next(leaving(world))
    for group, offset in enumerate((0.0, -0.6, 1.4)):
        share_is(left[students.traits.group == group], hazard(1, offset=offset))


LAWS: dict[Callable[[Dropout], None], tuple[str, ...]] = {
    those_who_cannot_fail_leave_as_time_says: ("intercept", "time"),
    failures_make_leave: ("intercept", "time", "failures", "memory"),
    engagement_makes_stay: ("intercept", "engagement"),
    subgroups_differ: ("intercept", "by_group"),
}


@pytest.mark.parametrize("law", LAWS)
def test_dropout_follows(law: Callable[[Dropout], None]):
    law(replace(D, by_group=OFFSETS) if law is subgroups_differ else D)


@pytest.mark.parametrize(("law", "field"), [(law, field) for law, fields in LAWS.items() for field in fields])
def test_an_error_of_five_percent_is_noticed(law: Callable[[Any], None], field: str):
    noticed(law, replace(D, by_group=OFFSETS) if law is subgroups_differ else D, field)


def test_nobody_leaves_within_a_session_at_the_end_of_the_course_or_with_nothing_left_to_learn():
    certain = replace(D, intercept=50.0)
    long = small_world(knowledge=HALF, dropout=certain, course=replace(SIX, minutes=4.0))
    students = long.students(1, np.arange(100))
    assert not tried(long, students, 0).left.any()
    assert tried(long, students, 0).left.all()
    last = small_world(knowledge=HALF, dropout=certain, course=replace(SIX, days=(0.0,)))
    assert not tried(last, last.students(1, np.arange(100)), 0).left.any()
    done = small_world(knowledge=bkt(known=1.0), dropout=certain, course=replace(SIX, mastered=0.9))
    happened = tried(done, done.students(1, np.arange(100)), 0)
    assert happened.terminated.all()
    assert not happened.left.any()


def test_recent_failures_are_an_average_that_the_unanswered_leave_alone():
    wavering = small_world(dropout=D).students(1, np.arange(3)).inner.wavering
    wavering.recent[:] = (0.2, 0.2, 0.2)
    D.note(wavering, np.array([True, True, False]), np.array([True, False, False]))
    np.testing.assert_allclose(wavering.recent, [0.15, 0.4, 0.2], rtol=1e-12)


def test_who_leaves_after_the_first_session_keeps_what_a_course_of_one_session_would_have_brought():
    """The same students, luck and test day: the same outcome to the last bit, in a policy's rollout."""
    world = world_named("bkt exponential")
    certain = replace(world.population.faculties, dropout=Dropout(intercept=50.0))
    leaving = replace(world, population=replace(world.population, faculties=certain))
    first, test_day = world.course.days[0], world.course.days[-1] + world.course.test_days
    short = replace(world, course=replace(world.course, days=(first,), test_days=test_day - first))
    left, stayed = rollout(leaving, Random(), 300), rollout(short, Random(), 300)
    assert left.left[~left.finished].all()
    assert not stayed.left.any()
    for column in ("pretest", "delayed_test", "mastery_after", "minutes", "decisions", "forms", "finished"):
        np.testing.assert_array_equal(getattr(left, column), getattr(stayed, column), err_msg=column)
    assert (left.gain != 0.0).any()


def test_until_they_leave_students_are_as_they_would_be_without_dropout():
    world = world_named(ALONE[1])
    faculties = replace(world.population.faculties, dropout=None)
    staying = replace(world, population=replace(world.population, faculties=faculties))
    with_, without = rollout(world, Random(), 200), rollout(staying, Random(), 200)
    same = ~with_.left
    assert 0.2 < same.mean() < 0.8
    np.testing.assert_array_equal(with_.delayed_test[same], without.delayed_test[same])
    assert (with_.decisions[~same] < without.decisions[~same]).all()


BAD = [
    *(("memory", bad) for bad in (0.0, 1.1, float("nan"))),
    *(("intercept", bad) for bad in (-51.0, 51.0, "never")),
    *((name, bad) for name in ("time", "failures", "engagement") for bad in (-21.0, 21.0, None)),
]


@pytest.mark.parametrize(("field", "bad"), BAD)
def test_numbers_out_of_range_are_refused(field: str, bad: object):
    with pytest.raises(InvalidInput, match=f"dropout: 1 thing to mend\n  {field} = "):
        Dropout(**{field: bad})  # type: ignore[arg-type]
