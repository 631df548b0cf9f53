"""The models of memory that differ from item to item, or ask for the whole history: laws that their equations imply."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from curriculum_rl.students.memory.actr import ActR
from curriculum_rl.students.memory.dash import Dash
from curriculum_rl.students.memory.dash_blocks import DashBlocks
from curriculum_rl.students.memory.efc import ExponentialCurve
from curriculum_rl.students.memory.hlr import HalfLifeRegression
from curriculum_rl.violations import InvalidInput

ALARM = 1e-5
"""False-alarm rate of a check of a distribution; the seed is fixed."""
DECKS = 60_000
ONE = np.zeros((1, 1), dtype=np.int64)


def median(kind: int) -> np.ndarray:
    return np.full((1, 1), 0.5)


def seeded(n: int) -> Callable[[int], np.ndarray]:
    return lambda kind: np.random.default_rng(kind).random((n, 1))


class Learner:
    """One student and one median concept, which is learned on day 0."""

    def __init__(self, model: Any, known: bool = False) -> None:
        self.model = model
        self.state = model.start(np.ones(1), np.full((1, 1), known), 0.0, median)
        if not known:
            self.practise(0.0, new=True)

    def practise(self, day: float, *, right: bool = True, new: bool = False) -> None:
        yes = np.ones((1, 1), dtype=bool)
        recalled = self.model.recalled(self.state, ONE, day)
        self.model.practise(self.state, ONE, np.full(1, day), recalled, yes, yes & right, yes[0], yes & new)

    def recalls(self, day: float) -> float:
        return float(self.model.recalled(self.state, ONE, day)[0, 0])


ITEMS: list[tuple[Any, Callable[[Any], np.ndarray], tuple[float, float]]] = [
    (ExponentialCurve(rate=0.077, rate_sd=1.0), lambda s: np.log(s.rate), (math.log(0.077), 1.0)),
    (HalfLifeRegression(item_sd=0.8), lambda s: s.item, (0.0, 0.8)),
    (Dash(difficulty=1.0, difficulty_sd=1.0), lambda s: s.difficulty, (1.0, 1.0)),
    (DashBlocks(difficulty=1.0, difficulty_sd=1.0), lambda s: s.difficulty, (1.0, 1.0)),
    (DashBlocks(decay=1.0, decay_sd=1.0), lambda s: np.log(-np.log(s.decay)), (1.0, 1.0)),
    (DashBlocks(rate=2.0, rate_sd=0.5), lambda s: np.log(s.rate)[:, None], (math.log(2.0), 0.5)),
]


@pytest.mark.parametrize(("model", "of", "expected"), ITEMS, ids=lambda x: type(x).__name__)
def test_items_are_spread_as_said(model: Any, of: Callable[[Any], np.ndarray], expected: tuple[float, float]) -> None:
    """Normal with this mean and sd; an sd 5% off would be noticed."""
    state = model.start(np.ones(DECKS), np.zeros((DECKS, 1), dtype=bool), 0.0, seeded(DECKS))
    z = (of(state)[:, 0] - expected[0]) / expected[1]
    assert stats.kstest(z, "norm").pvalue > ALARM
    assert stats.kstest(1.05 * z, "norm").pvalue < ALARM


@pytest.mark.parametrize("reviews", [0, 1, 5])
def test_strength_is_one_more_than_the_reviews_right_or_wrong(reviews: int):
    learner = Learner(ExponentialCurve(rate=0.2))
    for i in range(reviews):
        learner.practise(1.0 + i, right=i % 2 == 0)
    assert learner.recalls(reviews + 3.0) == pytest.approx(math.exp(-0.2 * 3.0 / (1 + reviews)), rel=1e-12)


@pytest.mark.parametrize("roots", [True, False])
def test_half_lives_are_log_linear_in_what_was_right_and_wrong(roots: bool):
    model = HalfLifeRegression(bias=0.5, right_weight=0.7, wrong_weight=-0.4, roots=roots)
    learner, right, wrong = Learner(model), 1, 0
    for day, correct in enumerate((True, False, True, True, False), start=1):
        learner.practise(float(day), right=correct)
        right, wrong = right + correct, wrong + (not correct)
        x, y = (math.sqrt(1 + right), math.sqrt(1 + wrong)) if roots else (right, wrong)
        half_life = 2 ** (0.5 + 0.7 * x - 0.4 * y)
        assert learner.recalls(day + half_life) == pytest.approx(0.5, rel=1e-9)


def test_half_lives_stay_between_the_shortest_and_the_longest():
    shortest = Learner(HalfLifeRegression(bias=-40.0))
    assert shortest.recalls(15 / 1440) == pytest.approx(0.5)
    longest = Learner(HalfLifeRegression(bias=40.0))
    assert longest.recalls(274.0) == pytest.approx(0.5)


def test_windows_count_what_lies_in_them():
    """Answers on days 0 (right), 1 (wrong), 2 (right), asked for at every distance."""
    model = Dash(windows=(1.5, 4.0), right=(1.0, 0.7, 0.5), tries=(0.3, 0.2, 0.1), difficulty=0.4, known_tries=0.0)
    learner = Learner(model)
    learner.practise(1.0, right=False)
    learner.practise(2.0)
    for day, in_first, in_second in (
        (2.0, (2, 1), (3, 2)),  # tries and rights in the window of 1.5 days, and in that of 4
        (3.0, (1, 1), (3, 2)),
        (4.0, (0, 0), (2, 1)),
        (5.5, (0, 0), (1, 1)),
        (9.0, (0, 0), (0, 0)),
    ):
        logit = -0.4
        for (tries, rights), right, weight in zip((in_first, in_second, (3, 2)), model.right, model.tries, strict=True):
            logit += right * math.log(1 + rights) - weight * math.log(1 + tries)
        assert learner.recalls(day) == pytest.approx(1 / (1 + math.exp(-logit)), rel=1e-12), day


@pytest.mark.parametrize("model", [Dash, ActR])
def test_a_ring_is_exact_for_whoever_practises_no_more_than_it_holds(model: Any):
    """And within a tenth where it holds a third."""
    rings = [Learner(model(size=size)) for size in (30, 100, 10)]
    days = np.sort(np.random.default_rng(2).uniform(0.0, 60.0, 29)).tolist()
    for i, day in enumerate(days):
        for ring in rings:
            ring.practise(day, right=i % 3 > 0)
    later = [[ring.recalls(60.0 + t) for t in (0.0, 0.5, 3.0, 10.0, 40.0)] for ring in rings]
    assert later[0] == pytest.approx(later[1], rel=1e-12)
    assert later[2] == pytest.approx(later[0], abs=0.1)
    assert later[2] != later[0]


def test_a_block_counts_once_it_has_ended():
    """R = s(-delta + h) / (1 + r d)^f, with two tries, one of them right, in the first block."""
    model = DashBlocks(ends=(10.0, 20.0), weights=(0.25, 0.5, 1.0), difficulty=1.0, decay=0.3, rate=0.5)
    learner = Learner(model)
    learner.practise(6.0, right=False)
    power = math.exp(-math.exp(0.3))
    for day, past in ((9.0, 0.0), (10.0, 0.25), (25.0, 0.25)):
        logit = -1.0 + past * (math.log(1 + 1) + math.log(1 + 2))
        expected = 1 / (1 + math.exp(-logit)) / (1 + 0.5 * (day - 6.0)) ** power
        assert learner.recalls(day) == pytest.approx(expected, rel=1e-12)


def by_hand(model: ActR, days: list[float], now: float) -> float:
    """Activation of practices on these days, all of them kept."""

    def seconds(of: float) -> float:
        session = 60 * model.session_minutes
        return max(model.least_seconds, of if of < session else session + model.between * (of - session))

    def strength(traces: list[tuple[float, float]], day: float) -> float:
        return sum(seconds((day - then) * 86400) ** -decay for then, decay in traces)

    traces: list[tuple[float, float]] = []
    for day in days:
        traces.append((day, model.scale * strength(traces, day) + model.intercept))
    return math.log(strength(traces, now))


def test_activation_is_the_sum_over_all_practices():
    model, days = ActR(), [0.0, 0.001, 0.5, 0.5, 3.0, 20.0]
    learner = Learner(model)
    for day in days[1:]:
        learner.practise(day)
    for now in (20.0, 20.01, 25.0, 90.0):
        odds = math.exp((by_hand(model, days, now) + 0.704) / 0.255)
        assert learner.recalls(now) == pytest.approx(odds / (1 + odds), rel=1e-9)


def test_spaced_practice_lasts_longer_than_massed_practice():
    """The effect that decay by activation is there for: sooner forgotten where it came at once."""
    massed, spaced = Learner(ActR()), Learner(ActR())
    for i in range(1, 6):
        massed.practise(15.0 + 0.0005 * i)
        spaced.practise(3.0 * i + 0.0025)
    assert massed.recalls(15.003) > spaced.recalls(15.003) - 0.02
    assert spaced.recalls(45.0) > massed.recalls(45.0) + 0.1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: HalfLifeRegression(right_weight=0.5, wrong_weight=0.6), "must not be above right_weight"),
        (lambda: HalfLifeRegression(floor_days=3.0, cap_days=2.0), "must not be above cap_days"),
        (lambda: Dash(windows=(1.0, 1.0)), "windows = .*must rise"),
        (lambda: Dash(right=(1.0, 1.0)), "right = .*must have 5 numbers"),
        (lambda: Dash(tries=(0.2, 0.2, 0.9, 0.2, 0.2)), r"tries\[2\] = 0.9: must be at most right"),
        (lambda: Dash(size=0), "size"),
        (lambda: DashBlocks(ends=(3.0, 2.0, 4.0)), "ends = .*must rise"),
        (lambda: DashBlocks(weights=(1.0,)), "weights = .*must have 4 numbers"),
        (lambda: ActR(intercept=0.0), "intercept"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(make: Callable[[], Any], said: str):
    with pytest.raises(InvalidInput, match=said):
        make()
