"""How long tries take, fitted where a log says so: a log-normal of each concept and each student's pace.

    ln minutes = level_k - pace_i + e,     pace_i ~ N(0, pace_sd^2),     e ~ N(0, residual_sd^2)

k is the first concept of the item. The equation is that of `students/pace.py`: van der Linden (2006),
doi:10.3102/10769986031002181. Fitted by expectation-maximisation over the paces, which are normal given the rest. What
items of a concept differ by is in the residual. Tries of more than `LONGEST` count as time away, and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.checks import Check
from curriculum_rl.calibration.fit import summed

LONGEST: Final = 30.0
"""Minutes; assumed."""
FEWEST: Final = 100
"""Timed tries of fitted students below which no times are fitted; assumed."""
_ROUNDS: Final = 500
_SETTLED: Final = 1e-6


@dataclass(frozen=True)
class ResponseTimes:
    """Fitted times.

    Attributes:
        minutes: the median try on each concept by a student of average pace; all concepts' own where it was not timed,
            (K,).
        pace_sd, residual_sd: of the logarithm, between students and within one.
        tries: that were fitted.
        away: share of the timed tries left out for taking longer than `LONGEST`.
    """

    minutes: Float
    pace_sd: float
    residual_sd: float
    tries: int
    away: float


def fit_times(attempts: Attempts) -> ResponseTimes | None:
    """Fits the times of these students; None where fewer than `FEWEST` tries are timed."""
    timed = timed_tries(attempts)
    if timed is None or timed.sum() < FEWEST or attempts.minutes is None:
        return None
    log, concept = np.log(attempts.minutes[timed]), _concept(attempts)[timed]
    _, student = np.unique(attempts.student[timed], return_inverse=True)
    k, users = len(attempts.concepts), int(student.max()) + 1
    of_concept, of_student = np.bincount(concept, minlength=k), np.bincount(student)
    practised = of_concept > 0
    level = np.where(practised, summed(concept, log, k) / np.maximum(of_concept, 1), log.mean())
    between, within = 0.1, float(log.var())
    for _ in range(_ROUNDS):
        spread = 1.0 / (1.0 / between + of_student / within)
        pace = spread * summed(student, level[concept] - log, users) / within
        level[practised] = (summed(concept, log + pace[student], k) / np.maximum(of_concept, 1))[practised]
        before = between, within
        between = float((pace**2 + spread).mean())
        off = log - level[concept] + pace[student]
        within = float((off**2 + spread[student]).mean())
        if max(abs(between - before[0]), abs(within - before[1])) < _SETTLED:
            break
    level[~practised] = log.mean()
    known = int((attempts.minutes > 0).sum())
    return ResponseTimes(np.exp(level), between**0.5, within**0.5, int(timed.sum()), 1.0 - timed.sum() / known)


def timed_tries(attempts: Attempts) -> Bool | None:
    """Which tries took a known time that counts, (n,); None where the log never says."""
    if attempts.minutes is None:
        return None
    timed: Bool = (attempts.minutes > 0) & (attempts.minutes <= LONGEST)
    return timed


def check_times(times: ResponseTimes, attempts: Attempts, seed: int, repeats: int) -> dict[str, Check]:
    """Real times beside those of simulated students who do the same tries; some try is timed."""
    timed = timed_tries(attempts)
    assert timed is not None, "the log has no durations"
    assert attempts.minutes is not None
    concept, (_, student) = _concept(attempts)[timed], np.unique(attempts.student[timed], return_inverse=True)
    rng, level = np.random.default_rng(seed), np.log(times.minutes)[concept]

    def lived() -> Float:
        pace = times.pace_sd * rng.standard_normal(int(student.max()) + 1)
        drawn: Float = level - pace[student] + times.residual_sd * rng.standard_normal(len(level))
        return drawn

    real = _figures(np.log(attempts.minutes[timed]), student)
    simulated = [_figures(lived(), student) for _ in range(repeats)]
    return {name: Check(value, tuple(own[name] for own in simulated)) for name, value in real.items()}


def _figures(log: Float, student: Int) -> dict[str, float]:
    low, middle, high = np.exp(np.quantile(log, (0.1, 0.5, 0.9)))
    means = summed(student, log, int(student.max()) + 1) / np.bincount(student)
    return {
        "minutes a try, lowest tenth": float(low),
        "minutes a try, median": float(middle),
        "minutes a try, highest tenth": float(high),
        "sd between students of their mean log minutes": float(means.std()),
    }


def _concept(attempts: Attempts) -> Int:
    """The first concept of the item of each try, (n,)."""
    first: Int = attempts.members[attempts.first[attempts.item]]
    return first
