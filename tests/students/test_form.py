"""Forms: help that novices need and experts do not, feedback on wrong answers, taste; 5% off would not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from curriculum_rl.batch import Float
from curriculum_rl.curriculum import Activity
from curriculum_rl.students.form import Forms
from curriculum_rl.students.knowledge.afm import AFM
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.students.laws import STUDENTS
from tests.students.small import LEARN, noticed, one_try, share_is, small_world, tried

F = Forms(
    assistance={"worked example": 0.8, "problem": 0.1},
    feedback={"problem": 0.6},
    novice=0.5,
    expert=0.4,
    correction=0.7,
    fondness=0.05,
    meshing=0.25,
)
SLOPE = 0.01
FORMS = ("problem", "worked example", "video")
ASKED, EXAMPLE, VIDEO = (
    Activity(f"a{i}", form, {"c0": 1.0}, answered=form == "problem") for i, form in enumerate(FORMS)
)


def grown(forms: Forms, known: float, activity: int) -> tuple[Float, Students, Happened]:
    """What one try adds, over what it adds without forms; students and what happened. `known` is P(right) before."""
    knowledge = AFM(intercept=(float(logit(known)),), slope=(SLOPE,))
    students, happened = one_try(
        small_world((ASKED, EXAMPLE, VIDEO), knowledge=knowledge, forms=forms), activity, n=500
    )
    return students.knowledge.growth[:, 0] / SLOPE, students, happened


def examples_help_those_who_know_little(forms: Forms) -> None:
    """1 + a (novice (1 - m) - expert m), which is 1 where m = novice / (novice + expert)."""
    for known in (0.01, 0.2, 0.5, 5.0 / 9.0, 0.8, 0.99):
        factor, _, _ = grown(replace(forms, meshing=0.0), known, activity=1)
        np.testing.assert_allclose(factor, 1.0 + 0.8 * (0.5 * (1.0 - known) - 0.4 * known), rtol=1e-9)
    np.testing.assert_allclose(grown(replace(forms, meshing=0.0), 5.0 / 9.0, activity=1)[0], 1.0, rtol=1e-9)


def examples_help_those_who_know_nothing(forms: Forms) -> None:
    """The same where a concept is known or not: P(becomes known) = T (1 + a novice)."""
    students, _ = one_try(small_world((EXAMPLE,), forms=replace(forms, meshing=0.0)), 0)
    share_is(students.knowledge.known[:, 0], LEARN * (1.0 + 0.8 * 0.5))


def feedback_teaches_who_was_wrong(forms: Forms) -> None:
    factor, _, happened = grown(replace(forms, meshing=0.0), 0.5, activity=0)
    plain = 1.0 + 0.1 * (0.5 * 0.5 - 0.4 * 0.5)
    np.testing.assert_allclose(factor[happened.correct], plain, rtol=1e-9)
    np.testing.assert_allclose(factor[~happened.correct], plain * (1.0 + 0.7 * 0.6), rtol=1e-9)


def meshing_is_what_it_says(forms: Forms) -> None:
    factor, students, _ = grown(forms, 0.5, activity=2)
    liked = students.inner.taste.preferred == 2
    np.testing.assert_allclose(factor[liked], 1.25, rtol=1e-9)
    np.testing.assert_allclose(factor[~liked], 1.0, rtol=1e-9)


LAWS: dict[Callable[[Forms], None], tuple[str, ...]] = {
    examples_help_those_who_know_little: ("assistance", "novice", "expert"),
    examples_help_those_who_know_nothing: ("assistance", "novice"),
    feedback_teaches_who_was_wrong: ("feedback", "correction"),
    meshing_is_what_it_says: ("meshing",),
}


@pytest.mark.parametrize("law", LAWS)
def test_forms_follow(law: Callable[[Forms], None]):
    law(F)


@pytest.mark.parametrize(("law", "field"), [(law, field) for law, fields in LAWS.items() for field in fields])
def test_an_error_of_five_percent_is_noticed(law: Callable[[Any], None], field: str):
    noticed(law, F, field)


@pytest.mark.parametrize("activity", [0, 1, 2])
def test_by_default_a_preferred_form_teaches_nobody_more(activity: int):
    """Meshing is 0: what is learned is the same to the last bit whether the form is liked or not."""
    factor, students, happened = grown(replace(F, meshing=Forms().meshing), 0.4, activity)
    liked = students.inner.taste.preferred == activity
    assert 0 < liked.sum() < len(liked)
    for answer in (True, False):
        same = happened.correct == answer
        assert len(np.unique(factor[same & liked])) <= 1
        np.testing.assert_array_equal(np.unique(factor[same & liked]), np.unique(factor[same & ~liked]))


def test_each_form_is_as_often_preferred():
    preferred = small_world((ASKED, EXAMPLE, VIDEO), forms=F).students(1, np.arange(STUDENTS)).inner.taste.preferred
    assert stats.chisquare(np.bincount(preferred, minlength=3)).pvalue > 1e-5


def test_what_is_forgotten_makes_a_novice_again():
    """m is what can be used just now: after a half-life, half of the growth is gone."""
    memory = Exponential()
    knowledge = AFM(intercept=(0.0,), slope=(2.0,))
    world = small_world((EXAMPLE,), knowledge=knowledge, memory=memory, forms=replace(F, meshing=0.0))
    students = world.students(1, np.arange(10))
    tried(world, students, 0)
    first = students.knowledge.growth[:, 0].copy()
    half_life = students.memory.half_life[:, 0]
    students.clock.now[:] = half_life
    tried(world, students, 0)
    m = expit(0.5 * first)
    added = 2.0 * (1.0 + 0.8 * (0.5 * (1.0 - m) - 0.4 * m))
    np.testing.assert_allclose(students.knowledge.growth[:, 0] - first, added, rtol=1e-6)


def test_each_concept_of_an_activity_is_helped_by_how_far_it_is_known():
    both = Activity("both", "worked example", {"c0": 0.5, "c1": 0.5}, answered=False)
    knowledge = AFM(intercept=(-3.0, 3.0), slope=(SLOPE, SLOPE))
    world: World = small_world((both,), knowledge=knowledge, forms=replace(F, meshing=0.0))
    students, _ = one_try(world, 0, n=5)
    m = expit(np.array([-3.0, 3.0]))
    expected = 0.5 * SLOPE * (1.0 + 0.8 * (0.5 * (1.0 - m) - 0.4 * m))
    np.testing.assert_allclose(students.knowledge.growth, np.broadcast_to(expected, (5, 2)), rtol=1e-9)


BAD = [
    *((name, {"problem": bad}) for name in ("assistance", "feedback") for bad in (-0.1, 1.1, float("nan"))),
    *((name, bad) for name in ("novice", "correction", "fondness", "meshing") for bad in (-0.1, 11.0)),
    *(("expert", bad) for bad in (-0.1, 1.1, None)),
]


@pytest.mark.parametrize(("field", "bad"), BAD)
def test_numbers_out_of_range_are_refused(field: str, bad: Any):
    with pytest.raises(InvalidInput, match=rf"forms: 1 thing to mend\n  {field}(\[problem\])? = "):
        Forms(**{field: bad})
