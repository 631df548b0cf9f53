"""Response times: what was planted is found, and simulated times are as spread as the real ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.response_times import FEWEST, LONGEST, check_times, fit_times
from tests.calibration.simulated import some_attempts

LEVEL = np.log(np.array([0.5, 1.0, 2.0]))
PACE_SD, RESIDUAL_SD = 0.4, 0.6


def timed(students: int = 400, tries: int = 25, seed: int = 0) -> Attempts:
    attempts = some_attempts(students, tries)
    rng = np.random.default_rng(seed)
    concept = attempts.members[attempts.first[attempts.item]]
    log = LEVEL[concept] - rng.normal(0.0, PACE_SD, students)[attempts.student]
    return replace(attempts, minutes=np.exp(log + rng.normal(0.0, RESIDUAL_SD, len(log))))


def test_what_was_planted_is_found() -> None:
    times = fit_times(timed())
    assert times is not None
    # The mean pace of 400 students is within 3 standard errors of none.
    np.testing.assert_allclose(np.log(times.minutes), LEVEL, atol=3 * PACE_SD / 20 + 0.03)
    assert times.pace_sd == pytest.approx(PACE_SD, rel=0.12)
    assert times.residual_sd == pytest.approx(RESIDUAL_SD, rel=0.03)


def test_the_fit_is_at_the_top_of_its_likelihood() -> None:
    """The marginal likelihood, with each student's times jointly normal, falls to both sides of either deviation."""
    attempts = timed(students=60, tries=12)
    times = fit_times(attempts)
    assert times is not None
    assert attempts.minutes is not None
    concept = attempts.members[attempts.first[attempts.item]]
    off = (np.log(attempts.minutes) - np.log(times.minutes)[concept]).reshape(60, 12)

    def likelihood(pace_sd: float, residual_sd: float) -> float:
        covariance = residual_sd**2 * np.eye(12) + pace_sd**2
        _, logdet = np.linalg.slogdet(covariance)
        return float(-0.5 * (60 * logdet + np.einsum("ui,ij,uj->", off, np.linalg.inv(covariance), off)))

    best = likelihood(times.pace_sd, times.residual_sd)
    for factor in (0.97, 1.03):
        assert likelihood(times.pace_sd * factor, times.residual_sd) < best
        assert likelihood(times.pace_sd, times.residual_sd * factor) < best


def test_time_away_and_unknown_times_are_left_out() -> None:
    attempts = timed(students=60)
    assert attempts.minutes is not None
    minutes = attempts.minutes.copy()
    minutes[::10], minutes[1::10] = 5 * LONGEST, np.nan
    known = np.ones(len(minutes), dtype=np.bool_)
    known[::10] = known[1::10] = False
    spoiled, less = fit_times(replace(attempts, minutes=minutes)), fit_times(replace(attempts, minutes=minutes * known))
    assert spoiled is not None
    assert less is not None
    np.testing.assert_array_equal(spoiled.minutes, less.minutes)
    assert spoiled.away == pytest.approx(1 / 9)
    assert spoiled.tries == known.sum()


def test_nothing_is_fitted_to_a_log_without_times_or_with_few() -> None:
    attempts = timed(students=8)
    assert fit_times(replace(attempts, minutes=None)) is None
    few = np.full(len(attempts.right), np.nan)
    few[: FEWEST - 1] = 1.0
    assert fit_times(replace(attempts, minutes=few)) is None


def test_simulated_times_are_spread_as_the_real_ones_and_too_narrow_a_fit_shows() -> None:
    attempts = timed()
    times = fit_times(attempts)
    assert times is not None
    for check in check_times(times, attempts, seed=1, repeats=4).values():
        assert check.mean == pytest.approx(check.real, rel=0.12)
    narrow = check_times(replace(times, pace_sd=0.05), attempts, seed=1, repeats=4)
    between = narrow["sd between students of their mean log minutes"]
    assert max(between.simulated) < 0.6 * between.real
