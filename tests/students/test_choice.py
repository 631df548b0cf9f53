"""Choice: who goes their own way, what is picked from a slate, where wandering leads; 5% off would not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from curriculum_rl.batch import Float, Int
from curriculum_rl.curriculum import Activity
from curriculum_rl.students.access import Access, Resource
from curriculum_rl.students.choice import Choice
from curriculum_rl.violations import InvalidInput
from tests.students.laws import STUDENTS
from tests.students.small import CITY, bkt, noticed, one_try, share_is, small_world

C = Choice(own=-0.9, relief=1.5, trust=1.2, interest=0.9, goal=1.5)
OFFSETS = {"city": 1.2, "city / late": -2.4}
SIX = tuple(Activity(f"a{k}", "problem", {f"c{k}": 1.0}) for k in range(6))
NEVER, ALWAYS = -50.0, 50.0


def shares_are(chosen: Int, chances: Float) -> None:
    """Each of the columns of these chances, (n, m), is chosen as often as they say."""
    for i in range(chances.shape[1]):
        share_is(chosen == i, chances[:, i])


def mean_is(values: Float, chances: Float, of_each: Float) -> None:
    """The mean of what was chosen, (n,), given each student's chances, (n, m), of values, (n, m)."""
    mean = (chances * of_each).sum(axis=1)
    variance = (chances * of_each**2).sum(axis=1) - mean**2
    assert abs(values.mean() - mean.mean()) <= 4.5 * np.sqrt(variance.sum()) / len(values)


def some_go_their_own_way(choice: Choice) -> None:
    """The first of three is offered; who wanders with no liking for anything ends there one time in three."""
    aimless = replace(choice, interest=0.0, goal=0.0, trust=20.0)
    for offers in (1, 3):
        students, happened = one_try(small_world(SIX[:3], choice=aimless, groups=CITY), *range(offers))
        groups = (1.2, 1.2 - 2.4, 0.0) if choice.by_group else (0.0, 0.0, 0.0)
        for group, offset in enumerate(groups):
            own = expit(-0.9 + offset - 1.5 * np.log(offers))
            share_is((happened.activity > 0)[students.traits.group == group], own * 2.0 / 3.0)


def slates_are_picked_from_by_trust_and_interest(choice: Choice) -> None:
    """A multinomial logit: exp(trust [first] + interest I_i), the last of which is a mean over two concepts."""
    two = Activity("two", "problem", {"c3": 0.75, "c4": 0.25})
    world = small_world((*SIX, two), choice=replace(choice, own=NEVER))
    students, happened = one_try(world, 2, 0, 6)
    interest = students.inner.interests.interest
    each = np.stack([interest[:, 2], interest[:, 0], 0.75 * interest[:, 3] + 0.25 * interest[:, 4]], axis=1)
    weight = np.exp(0.9 * each + np.array([1.2, 0.0, 0.0]))
    chances = weight / weight.sum(axis=1, keepdims=True)
    chosen = np.array([1, -1, 0, -1, -1, -1, 2])[happened.activity]
    shares_are(chosen, chances)
    mean_is(each[np.arange(STUDENTS), chosen], chances, each)


def wanderers_go_to_what_they_like_and_to_their_goals(choice: Choice) -> None:
    world = small_world(SIX, choice=replace(choice, own=ALWAYS), goals=0.3, knowledge=bkt(6))
    students, happened = one_try(world, 0)
    interest, goals = students.inner.interests.interest, students.goals.astype(np.float64)
    weight = np.exp(0.9 * interest + 1.5 * goals)
    chances = weight / weight.sum(axis=1, keepdims=True)
    shares_are(happened.activity, chances)
    rows = np.arange(STUDENTS)
    mean_is(interest[rows, happened.activity], chances, interest)
    mean_is(goals[rows, happened.activity], chances, goals)


LAWS: dict[Callable[[Choice], None], tuple[str, ...]] = {
    some_go_their_own_way: ("own", "relief", "by_group"),
    slates_are_picked_from_by_trust_and_interest: ("trust", "interest"),
    wanderers_go_to_what_they_like_and_to_their_goals: ("interest", "goal"),
}


@pytest.mark.parametrize("law", LAWS)
def test_choice_follows(law: Callable[[Choice], None]):
    law(C)


def test_offsets_of_subgroups_enter_in_logits():
    some_go_their_own_way(replace(C, by_group=OFFSETS))


@pytest.mark.parametrize(("law", "field"), [(law, field) for law, fields in LAWS.items() for field in fields])
def test_an_error_of_five_percent_is_noticed(law: Callable[[Any], None], field: str):
    noticed(law, replace(C, by_group=OFFSETS) if field == "by_group" else C, field)


def test_interests_are_standard_normal_and_have_nothing_to_do_with_goals():
    students = small_world(SIX, choice=C, goals=0.3).students(1, np.arange(STUDENTS))
    interest = students.inner.interests.interest
    for of_concept, goal in zip(interest.T, students.goals.T, strict=True):
        assert stats.kstest(of_concept, "norm").pvalue > 1e-5
        assert stats.ks_2samp(of_concept[goal], of_concept[~goal]).pvalue > 1e-5
    z = np.arctanh(np.corrcoef(interest.T) - np.eye(6)) * np.sqrt(STUDENTS - 3)
    assert np.abs(z).max() < 4.5


def test_any_activity_on_the_concept_is_as_likely_and_only_what_can_be_done_today():
    """Three forms on one concept, a fourth for who is online, and a project on it and another concept."""
    forms = tuple(Activity(f"c0-{i}", "problem", {"c0": 1.0}, needs=("online",) if i == 3 else ()) for i in range(4))
    project = Activity("project", "project", {"c0": 0.1, "c1": 0.9}, needs=("laptop",))
    access = Access((Resource("online", 0.5), Resource("laptop", 0.5)))
    world = small_world((*forms, project), choice=replace(C, own=ALWAYS, interest=0.0, goal=0.0), access=access)
    students, happened = one_try(world, 2)
    today = students.inner.conditions.has
    for online in (0, 1):
        for laptop in (0, 1):
            of = happened.activity[today == online + 2 * laptop]
            possible = 3 + online + laptop  # on c0, to which half of all go
            expected = np.array([0.5 / possible] * 3 + [0.5 * online / possible, 0.5 * laptop / possible])
            # The other half go to c1: to the project, or to the first offer where they have no laptop.
            expected[4 if laptop else 2] += 0.5
            counts = np.bincount(of, minlength=5)
            assert (counts[expected == 0.0] == 0).all()
            kept = expected > 0.0
            assert stats.chisquare(counts[kept], len(of) * expected[kept]).pvalue > 1e-5


def test_who_follows_does_what_is_offered_and_draws_are_of_its_own():
    """With nobody going their own way, single offers are done, and all else is as without choice to the last bit."""
    followed = one_try(small_world(SIX, choice=replace(C, own=NEVER)), 4, n=1000)[1]
    alone = one_try(small_world(SIX), 4, n=1000)[1]
    for name in ("activity", "correct", "minutes", "elapsed"):
        np.testing.assert_array_equal(getattr(followed, name), getattr(alone, name), err_msg=name)


def test_a_slate_of_the_same_is_the_same():
    _, happened = one_try(small_world(SIX, choice=replace(C, own=NEVER)), 3, 3, 3, n=1000)
    assert (happened.activity == 3).all()


BAD = [
    *(("own", bad) for bad in (-51.0, 51.0, float("nan"))),
    *((name, bad) for name in ("relief", "trust", "interest", "goal") for bad in (-0.1, 21.0, "some")),
]


@pytest.mark.parametrize(("field", "bad"), BAD)
def test_numbers_out_of_range_are_refused(field: str, bad: object):
    with pytest.raises(InvalidInput, match=f"choice: 1 thing to mend\n  {field} = "):
        Choice(**{field: bad})  # type: ignore[arg-type]
