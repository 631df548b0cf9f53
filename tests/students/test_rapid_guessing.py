"""Rapid guessing: how often, how long, how right, and what is learned and remembered; 5% off would not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from curriculum_rl.batch import Bool
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.population import Students
from curriculum_rl.students.rapid_guessing import RapidGuessing
from curriculum_rl.students.student import Happened
from curriculum_rl.violations import InvalidInput
from tests.students.small import CITY, GUESS, LEARN, SLIP, bkt, noticed, one_try, share_is, small_world, tried
from tests.students.test_dropout import STILL

R = RapidGuessing(intercept=-0.6, engagement=2.5, haste=0.2, right=0.4, learning=0.5)
OFFSETS = {"late": 0.5, "village / late": -0.9}


def rapid(happened: Happened) -> Bool:
    """Who guessed: activities take two minutes otherwise."""
    assert set(np.unique(happened.minutes)) <= {2.0, 2.0 * 0.2}, "minutes are those of the activity, or a fifth of them"
    return happened.minutes < 1.0


def guesses_are_as_often_as_engagement_says(guessing: RapidGuessing) -> None:
    for engaged, level in (({}, 0.5), ({"engagement": STILL}, expit(1.0))):
        _, happened = one_try(small_world(rapid_guessing=guessing, **engaged), 0)
        share_is(rapid(happened), expit(-0.6 - 2.5 * (level - 0.5)))


def subgroups_differ(guessing: RapidGuessing) -> None:
    students, happened = one_try(small_world(rapid_guessing=guessing, groups=CITY), 0)
    for group, offset in enumerate((0.0, 0.5, -0.4)):
        share_is(rapid(happened)[students.traits.group == group], expit(-0.6 + offset))


def guesses_are_right_as_often_as_chance_is(guessing: RapidGuessing) -> None:
    """Whether known or not; who thinks is right as ever."""
    for known, p in ((0.0, GUESS), (1.0, 1.0 - SLIP)):
        _, happened = one_try(small_world(knowledge=bkt(known=known), rapid_guessing=guessing), 0)
        fast = rapid(happened)
        share_is(happened.correct[fast], 0.4)
        share_is(happened.correct[~fast], p)


def guesses_teach_less(guessing: RapidGuessing) -> None:
    students, happened = one_try(small_world(rapid_guessing=guessing), 0)
    fast, known = rapid(happened), students.knowledge.known[:, 0]
    share_is(known[fast], 0.5 * LEARN)
    share_is(known[~fast], LEARN)


LAWS: dict[Callable[[RapidGuessing], None], tuple[str, ...]] = {
    guesses_are_as_often_as_engagement_says: ("intercept", "engagement", "haste"),
    subgroups_differ: ("intercept", "by_group"),
    guesses_are_right_as_often_as_chance_is: ("right",),
    guesses_teach_less: ("learning",),
}


@pytest.mark.parametrize("law", LAWS)
def test_rapid_guessing_follows(law: Callable[[RapidGuessing], None]):
    law(replace(R, by_group=OFFSETS) if law is subgroups_differ else R)


@pytest.mark.parametrize(("law", "field"), [(law, field) for law, fields in LAWS.items() for field in fields])
def test_an_error_of_five_percent_is_noticed(law: Callable[[Any], None], field: str):
    noticed(law, replace(R, by_group=OFFSETS) if law is subgroups_differ else R, field)


def later(known: float, **settings: float) -> tuple[Students, Bool]:
    """Students asked on the third day, and who of them guessed."""
    world = small_world(knowledge=bkt(known=known), memory=Exponential(), rapid_guessing=replace(R, **settings))
    students = world.students(1, np.arange(20_000))
    students.clock.now += 3.0
    return students, rapid(tried(world, students, 0))


def test_who_did_not_look_did_not_remember_either():
    """What is known is not practised by a rapid guess, even a right one: no longer half-life, no day of practice."""
    students, fast = later(known=1.0)
    memory = students.memory
    assert (memory.last[fast] == 0.0).all()
    assert (memory.half_life[fast] == Exponential().known_days).all()
    assert (memory.last[~fast] == 3.0).all()
    assert (memory.half_life[~fast] > Exponential().known_days).any()


def test_what_a_guess_teaches_after_all_is_new_on_that_day():
    students, fast = later(known=0.0, learning=1.0)
    learned = fast & students.knowledge.known[:, 0]
    assert learned.sum() > 1000
    assert (students.memory.last[learned] == 3.0).all()
    assert (students.memory.half_life[learned] == Exponential().new_days).all()
    assert (students.memory.last[fast & ~learned] == 0.0).all()


BAD = [
    *(("haste", bad) for bad in (0.0, 1.1, None)),
    *((name, bad) for name in ("right", "learning") for bad in (-0.1, 1.1, float("nan"))),
    *(("intercept", bad) for bad in (-51.0, 51.0)),
    *(("engagement", bad) for bad in (-21.0, 21.0, "much")),
]


@pytest.mark.parametrize(("field", "bad"), BAD)
def test_numbers_out_of_range_are_refused(field: str, bad: object):
    with pytest.raises(InvalidInput, match=f"rapid_guessing: 1 thing to mend\n  {field} = "):
        RapidGuessing(**{field: bad})  # type: ignore[arg-type]
