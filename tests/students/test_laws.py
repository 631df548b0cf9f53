"""Learning follows the closed forms of its models, at a stated false-alarm rate; an error of 5% would not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from curriculum_rl.curriculum import Activity
from curriculum_rl.students.knowledge.afm import AFM
from curriculum_rl.students.knowledge.bkt import BKT, BKTState
from curriculum_rl.students.knowledge.irt import IRT
from curriculum_rl.students.knowledge.knowledge import At
from curriculum_rl.students.knowledge.pfa import PFA
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.memory.power import Power
from curriculum_rl.students.traits import Group
from tests.students.laws import STUDENTS, Z, practise, small_world, standard_error

BKT_ = BKT(initial=(0.3,), learn=(0.2,), forget=(0.0,), guess=(0.2,), slip=(0.1,))
INDIVIDUAL = Group("one", ability_mean=1.2, rate_mean=-1.5)
AFM_ = AFM(intercept=(0.4,), slope=(0.15,))
PFA_ = PFA(intercept=(1.0,), right=(0.3,), wrong=(-0.5,))
IRT_ = IRT(level=(-0.5,), rise=(0.4,), discrimination=(1.2,), guess=(0.25,))


def near(share: float, expected: float) -> None:
    assert abs(share - expected) <= Z * standard_error(expected), f"{share} is not {expected}"


def bkt_grows(model: BKT) -> None:
    """P(known after m tries) = 1 - (1 - L0)(1 - T)^m; P(right) = G + (1 - S - G) P(known)."""
    known = 0.3
    for students, happened in practise(small_world(model), 6):
        near(happened.correct.mean(), 0.2 + 0.7 * known)
        known = 1.0 - (1.0 - known) * (1.0 - 0.2)
        near(students.knowledge.known.mean(), known)


def bkt_forgets(model: BKT) -> None:
    """A two-state chain: P' = P (1 - F) + (1 - P) T, with F = .1."""
    known = 0.3
    for students, _ in practise(small_world(replace(model, forget=tuple(g / 2 for g in model.guess))), 8):
        known = known * 0.9 + (1.0 - known) * 0.2
        near(students.knowledge.known.mean(), known)


def afm_grows(model: AFM) -> None:
    """logit P(right at try t) = intercept + slope t."""
    for t, (_, happened) in enumerate(practise(small_world(model), 12)):
        near(happened.correct.mean(), float(expit(0.4 + 0.15 * t)))


def irt_grows(model: IRT) -> None:
    """Growth solves dg/dt = rise (1 - s(a(level + g))): e^(a theta)/a + theta = e^(a theta_0)/a + theta_0 + rise t."""
    theta = -0.5
    for t, (students, happened) in enumerate(practise(small_world(model), 12)):
        near(happened.correct.mean(), float(0.25 + 0.75 * expit(1.2 * theta)))
        theta += 0.4 * (1.0 - expit(1.2 * theta))
        np.testing.assert_allclose(students.knowledge.growth[:, 0], theta + 0.5, rtol=1e-12)
        exact = np.exp(1.2 * theta) / 1.2 + theta - np.exp(1.2 * -0.5) / 1.2 + 0.5
        assert abs(exact / (0.4 * (t + 1)) - 1.0) < 0.1, "steps follow the differential equation that they discretise"


def pfa_grows(model: PFA) -> None:
    """logit P(right | r right answers and w wrong ones before) = 1 + .3 r - .5 w."""
    right, wrong = np.zeros(STUDENTS), np.zeros(STUDENTS)
    for t, (students, happened) in enumerate(practise(small_world(model), 8)):
        for r in range(t + 1):
            who = right == r
            if who.sum() > STUDENTS / 20:
                expected = float(expit(1.0 + 0.3 * r - 0.5 * (t - r)))
                assert abs(happened.correct[who].mean() - expected) < Z * standard_error(expected, int(who.sum()))
        right += happened.correct
        wrong += ~happened.correct
        np.testing.assert_allclose(students.knowledge.gain[:, 0], model.right[0] * right, rtol=1e-12)
        np.testing.assert_allclose(students.knowledge.loss[:, 0], model.wrong[0] * wrong, rtol=1e-12)


LAWS: list[tuple[Callable[[Any], None], Any]] = [
    (bkt_grows, BKT_),
    (bkt_forgets, BKT_),
    (afm_grows, AFM_),
    (irt_grows, IRT_),
    (pfa_grows, PFA_),
]


@pytest.mark.parametrize(("law", "model"), LAWS, ids=[law.__name__ for law, _ in LAWS])
def test_learning_follows(law: Callable[[Any], None], model: Any):
    law(model)


@pytest.mark.parametrize(
    ("law", "model", "field"),
    [
        *((bkt_grows, BKT_, field) for field in ("initial", "learn", "guess", "slip")),
        *((bkt_forgets, BKT_, field) for field in ("initial", "learn", "guess")),
        *((afm_grows, AFM_, field) for field in ("intercept", "slope")),
        *((irt_grows, IRT_, field) for field in ("level", "rise", "discrimination", "guess")),
        *((pfa_grows, PFA_, field) for field in ("intercept", "right", "wrong")),
    ],
)
def test_an_error_of_five_percent_is_noticed(law: Callable[[Any], None], model: Any, field: str):
    wrong = replace(model, **{field: tuple(1.05 * x for x in getattr(model, field))})
    with pytest.raises(AssertionError):
        law(wrong)


def offsets(group: Group) -> None:
    """Individualised: logit P(known at first) = logit(.3) + 1.2, logit P(becomes known) = logit(.2) - 1.5."""
    known = float(expit(logit(0.3) + 1.2))
    near(small_world(BKT_, group=group).students(1, np.arange(STUDENTS)).knowledge.known.mean(), known)
    for students, _ in practise(small_world(BKT_, group=group), 8):
        known = 1.0 - (1.0 - known) * (1.0 - float(expit(logit(0.2) - 1.5)))
        near(students.knowledge.known.mean(), known)


def test_offsets_of_the_student_enter_in_logits():
    offsets(INDIVIDUAL)


@pytest.mark.parametrize("trait", ["ability_mean", "rate_mean"])
def test_an_offset_wrong_by_five_percent_is_noticed(trait: str):
    with pytest.raises(AssertionError):
        offsets(replace(INDIVIDUAL, **{trait: 1.05 * getattr(INDIVIDUAL, trait)}))


def test_students_differ_as_much_as_is_said():
    """P(known at first) over students is logistic-normal; 5% less spread would be noticed."""
    z = np.polynomial.hermite_e.hermegauss(60)

    def mean(sd: float) -> float:
        return float(z[1] @ expit(logit(0.05) + sd * z[0]) / z[1].sum())

    model, group = replace(BKT_, initial=(0.05,)), Group("one", ability_sd=2.0)
    known = small_world(model, group=group).students(1, np.arange(STUDENTS)).knowledge.known.mean()
    near(known, mean(2.0))
    with pytest.raises(AssertionError):
        near(known, mean(1.9))


@pytest.mark.parametrize("difficulty", [-1.0, 0.0, 1.0])
def test_difficulty_enters_in_logits(difficulty: float):
    (_, happened), *_ = practise(small_world(BKT_, difficulty=difficulty), 1)
    right, lucky = (float(expit(logit(p) - difficulty)) for p in (0.9, 0.2))
    near(happened.correct.mean(), 0.3 * right + 0.7 * lucky)


@pytest.mark.parametrize("learning", [0.0, 0.7, 1.7, 9.0])
def test_the_form_multiplies_the_chance_of_learning(learning: float):
    (students, _), *_ = practise(small_world(BKT_, learning=learning), 1)
    expected = 1.0 - 0.7 * (1.0 - min(1.0, learning * 0.2))
    near(students.knowledge.known.mean(), expected)


@pytest.mark.parametrize("strength", [0.4, 1.0])
def test_missing_prerequisites_damp_learning(strength: float):
    """readiness = leak + (1 - leak)(1 - strength (1 - recall)): all for those who know the first, part for the rest."""
    model = BKT((0.5, 0.01), (0.2, 0.4), (0.0, 0.0), (0.2, 0.2), (0.1, 0.1))
    world = small_world(model, strength=strength, leak=0.1)
    ((students, _),) = practise(world, 1, activity=1)
    first, second = students.knowledge.known.T
    for ready, who in ((1.0, first), (0.1 + 0.9 * (1.0 - strength), ~first)):
        share = second[who].mean()
        expected = 1.0 - 0.99 * (1.0 - 0.4 * ready)
        assert abs(share - expected) < Z * standard_error(expected, int(who.sum()))


@pytest.mark.parametrize("memory", [Exponential(), Power(decay=0.7)], ids=lambda m: type(m).__name__)
def test_answers_after_a_rest_show_what_was_retained(memory: Any):
    """Known at first, asked again after the half-life: P(right) = G + (1 - S - G) / 2."""
    model = replace(BKT_, initial=(1.0 - 1e-12,))
    world = small_world(model, memory=memory)
    students = world.students(1, np.arange(STUDENTS))
    students.clock.now += memory.known_days
    happened = world.dynamics.step(students, np.zeros(STUDENTS, dtype=int))
    near(happened.correct.mean(), 0.2 + 0.7 * 0.5)
    longer = students.memory.half_life[happened.correct] / memory.known_days
    np.testing.assert_allclose(longer, 1.0 + memory.gain + memory.spacing * 0.5)
    np.testing.assert_array_equal(students.memory.half_life[~happened.correct], memory.known_days)
    np.testing.assert_array_equal(students.memory.last, memory.known_days)


ALL_NEEDED = BKT((0.6, 0.8), (0.2, 0.2), (0.0, 0.0), (0.4, 0.5), (0.3, 0.3), "conjunctive")


def both(model: BKT) -> float:
    """Share right of an activity on both concepts, .7 and .3."""
    world = small_world(model)
    activity = Activity("both", "project", {"c0": 0.7, "c1": 0.3})
    world = replace(world, curriculum=replace(world.curriculum, activities=(activity,)))
    ((_, happened),) = practise(world, 1)
    return float(happened.correct.mean())


def test_where_all_concepts_are_needed_one_does_not_make_up_for_another():
    """P(right) = .43 + (.7 - .43) * .6 * .8, and .43 + (.7 - .43) * (.7 * .6 + .3 * .8) where it does."""
    lucky, right = 0.7 * 0.4 + 0.3 * 0.5, 0.7
    needed, mean = lucky + (right - lucky) * 0.6 * 0.8, lucky + (right - lucky) * (0.7 * 0.6 + 0.3 * 0.8)
    near(both(ALL_NEEDED), needed)
    near(both(replace(ALL_NEEDED, items="compensatory")), mean)
    for field in ("initial", "guess", "slip"):
        wrong = replace(ALL_NEEDED, **{field: tuple(1.05 * x for x in getattr(ALL_NEEDED, field))})
        assert abs(both(wrong) - needed) > Z * standard_error(needed), field


@pytest.mark.parametrize("retention", [0.2, 1.0])
def test_what_needs_all_is_never_above_its_weakest_concept(retention: float):
    rng, n = np.random.default_rng(0), 500
    at, shares = At(np.array([[0] * n, [1] * n]), np.arange(2 * n).reshape(n, 2).T), np.array([[0.7] * n, [0.3] * n])
    state = BKTState(known=rng.random((n, 2)) < 0.6, rate=np.zeros(n))
    kept = retention + (1.0 - retention) * rng.random((2, n))
    task = ALL_NEEDED.tasks(at.concepts, np.zeros(n))
    needed = ALL_NEEDED.success(state, at, shares, kept, task)
    mean = replace(ALL_NEEDED, items="compensatory").success(state, at, shares, kept, task)
    weakest = ALL_NEEDED.recall(state, at, kept).min(axis=0)
    lucky, right = 0.43, 0.7
    assert np.all(needed <= lucky + (right - lucky) * weakest + 1e-12)
    assert np.all(needed <= mean + 1e-12)
    assert np.any(needed < mean - 0.05)


def test_minutes_are_lognormal_around_the_students_pace():
    """ln minutes ~ Normal(ln 3 - .2, .25^2 + .5^2); Kolmogorov-Smirnov at 1e-5, mean and sd at 4.5 standard errors."""
    group = Group("one", pace_mean=0.2, pace_sd=0.25)
    ((_, happened),) = practise(small_world(BKT_, minutes=3.0, group=group), 1)
    log, sd = np.log(happened.minutes), float(np.hypot(0.25, 0.5))
    assert stats.kstest((log - np.log(3.0) + 0.2) / sd, "norm").pvalue > 1e-5
    assert abs(log.mean() - np.log(3.0) + 0.2) < Z * sd / np.sqrt(STUDENTS)
    assert abs(log.std() - sd) < Z * sd / np.sqrt(2 * STUDENTS)
    assert abs(log.std() - 1.05 * sd) > Z * sd / np.sqrt(2 * STUDENTS), "5% more would be noticed"
