"""Engagement: exact steps of its level, where it settles, and what it does to learning; 5% off would not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from curriculum_rl.curriculum import Activity
from curriculum_rl.students.engagement import Engagement
from curriculum_rl.students.form import Forms
from curriculum_rl.violations import InvalidInput
from tests.students.laws import STUDENTS
from tests.students.small import CITY, LEARN, bkt, mean_is, noticed, one_try, share_is, small_world, tried

E = Engagement(
    base_mean=0.4,
    base_sd=0.8,
    target=0.6,
    success=0.05,
    failure=0.07,
    boredom=0.03,
    variety=0.02,
    belonging=0.05,
    autonomy=0.015,
    pull=0.1,
    effort=0.9,
)
OFFSETS = {"late": -0.5, "city / late": 0.9}
ASKED, SHOWN = Activity("a0", "problem", {"c0": 1.0}), Activity("a1", "video", {"c0": 1.0}, answered=False)


def levels_are_normal_in_logits(engagement: Engagement) -> None:
    students = small_world(groups=CITY, engagement=engagement).students(1, np.arange(STUDENTS))
    means = (0.4, 0.4 - 0.5 + 0.9, 0.4 - 0.5) if engagement.by_group else (0.4, 0.4, 0.4)
    for group, mean in enumerate(means):
        z = logit(students.inner.mood.base[students.traits.group == group]) - mean
        mean_is(z, 0.0, 0.8)
        assert stats.kstest(z / 0.8, "norm").pvalue > 1e-5


def an_answer_moves_it(engagement: Engagement) -> None:
    """From p = .3 and from p = .9, both half as near to .6 as could be, the second with an excess of .75."""
    for known, excess in ((0.0, 0.0), (1.0, 0.75)):
        world = small_world(knowledge=bkt(known=known), engagement=replace(engagement, effort=0.0, pull=0.0))
        students, happened = one_try(world, 0, n=1000)
        base, moved = students.inner.mood.base, np.where(happened.correct, 0.05 * 0.5, -0.07) - 0.03 * excess
        np.testing.assert_allclose(students.inner.mood.level, np.clip(base + moved, 0.0, 1.0), rtol=1e-12)


def it_settles(engagement: Engagement) -> None:
    """With a choice and without answers, level - base = (autonomy / pull) (1 - (1 - pull)^t)."""
    world = small_world((SHOWN,), engagement=engagement)
    students = world.students(1, np.arange(1000))
    mood = students.inner.mood
    base = mood.base.copy()
    for t in range(1, 60):
        tried(world, students, 0, 0)
        ahead = 0.015 / 0.1 * (1.0 - 0.9**t)
        kept = base + ahead < 1.0
        np.testing.assert_allclose(mood.level[kept], (base + ahead)[kept], rtol=1e-12)
    assert 0.9 < kept.mean() < 1.0
    assert mood.level.max() == 1.0


def another_form_moves_it(engagement: Engagement) -> None:
    world = small_world((SHOWN, replace(SHOWN, id="a2", form="reading")), engagement=engagement)
    students, _ = one_try(world, 0, n=1000)
    np.testing.assert_array_equal(students.inner.mood.level, students.inner.mood.base)  # the first form is not another
    tried(world, students, 0)
    np.testing.assert_array_equal(students.inner.mood.level, students.inner.mood.base)
    tried(world, students, 1)
    np.testing.assert_allclose(students.inner.mood.level, np.minimum(students.inner.mood.base + 0.02, 1.0), rtol=1e-12)


def it_multiplies_learning(engagement: Engagement) -> None:
    """P(known after one try) = T (1 - effort (1 - level)), with level = s(.4)."""
    students, _ = one_try(small_world(engagement=replace(engagement, base_sd=0.0)), 0)
    share_is(students.knowledge.known[:, 0], LEARN * (1.0 - 0.9 * (1.0 - expit(0.4))))


LAWS: dict[Callable[[Engagement], None], tuple[str, ...]] = {
    levels_are_normal_in_logits: ("base_mean", "base_sd", "by_group"),
    an_answer_moves_it: ("target", "success", "failure", "boredom"),
    it_settles: ("autonomy", "pull"),
    another_form_moves_it: ("variety",),
    it_multiplies_learning: ("effort",),
}


@pytest.mark.parametrize("law", LAWS)
def test_engagement_follows(law: Callable[[Engagement], None]):
    law(E)


def test_offsets_of_subgroups_enter_in_logits():
    levels_are_normal_in_logits(replace(E, by_group=OFFSETS))


@pytest.mark.parametrize(("law", "field"), [(law, field) for law, fields in LAWS.items() for field in fields])
def test_an_error_of_five_percent_is_noticed(law: Callable[[Any], None], field: str):
    noticed(law, replace(E, by_group=OFFSETS) if field == "by_group" else E, field)


def test_a_preferred_form_engages():
    world = small_world((SHOWN, ASKED), engagement=replace(E, pull=0.0), forms=Forms(fondness=0.04))
    students, _ = one_try(world, 0)
    liked = students.inner.taste.preferred == 0
    share_is(liked, 0.5)
    expected = np.minimum(students.inner.mood.base + 0.04 * liked, 1.0)
    np.testing.assert_allclose(students.inner.mood.level, expected, rtol=1e-12)


def test_company_as_usual_moves_nothing_and_more_or_less_does():
    mood = small_world(engagement=E).students(1, np.arange(3)).inner.mood
    mood.level[:] = mood.base[:] = 0.4
    none = np.zeros(3, dtype=np.bool_)
    E.feel(mood, np.full(3, 0.5), none, none, np.zeros(3, dtype=int), np.array([0.0, 0.5, 1.0]), np.zeros(3))
    np.testing.assert_allclose(mood.level, [0.4 - 0.025, 0.4, 0.4 + 0.025], rtol=1e-12)


def test_the_level_stays_within_its_bounds_and_reaches_both():
    world = small_world(
        knowledge=bkt(known=1.0), engagement=replace(E, pull=0.0, success=1.0, failure=1.0, boredom=0.0)
    )
    students, happened = one_try(world, 0)
    level, base = students.inner.mood.level, students.inner.mood.base
    np.testing.assert_allclose(level, np.where(happened.correct, np.minimum(base + 0.5, 1.0), 0.0), rtol=1e-12)
    assert level.min() == 0.0
    assert level.max() == 1.0


def test_who_is_not_engaged_at_all_learns_as_little_as_effort_says():
    for effort, share in ((0.0, LEARN), (0.5, LEARN / 2), (1.0, 0.0)):
        students = small_world(engagement=replace(E, effort=effort)).students(1, np.arange(STUDENTS))
        students.inner.mood.level[:] = 0.0
        tried(small_world(engagement=replace(E, effort=effort)), students, 0)
        share_is(students.knowledge.known[:, 0], share)


BAD = [
    *((name, bad) for name in ("success", "failure", "boredom", "variety", "belonging") for bad in (-0.1, 1.1)),
    *((name, bad) for name in ("autonomy", "pull", "effort") for bad in (-0.1, 1.1, float("nan"), None)),
    *(("target", bad) for bad in (0.0, 1.0, "half")),
    *(("base_mean", bad) for bad in (-11.0, 11.0, float("inf"))),
    *(("base_sd", bad) for bad in (-0.1, 11.0)),
]


@pytest.mark.parametrize(("field", "bad"), BAD)
def test_numbers_out_of_range_are_refused(field: str, bad: object):
    with pytest.raises(InvalidInput, match=f"engagement: 1 thing to mend\n  {field} = "):
        Engagement(**{field: bad})  # type: ignore[arg-type]
