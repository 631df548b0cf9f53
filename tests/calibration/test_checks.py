"""Posterior predictive checks, by hand, and that they find a population that is not the log's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.calibration.checks import AFTER_GAP, BETWEEN, FIRST, RISE, SPINNING, of_practice, of_replay
from curriculum_rl.calibration.predictive import Comparison
from curriculum_rl.calibration.replay import Replay
from curriculum_rl.calibration.streaks import between_students, practice

# Two students, one set of concepts each, ten tries.
ANSWERS = np.array([[1, 0, 1, 0, 1, 0, 1, 0, 1, 0], [0, 0, 1, 1, 0, 1, 1, 0, 1, 1]], dtype=float)
GAPS = np.array([[np.nan, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]] * 2)


def replayed(*simulated: np.ndarray) -> Replay:
    student = np.repeat([0, 1], 10)
    return Replay(
        right=ANSWERS.ravel(),
        simulated=np.array([s.ravel() for s in simulated]),
        concept=np.zeros(20, dtype=np.int64),
        opportunity=np.tile(np.arange(10), 2),
        gap=GAPS.ravel(),
        student=student,
        pair=student,
    )


def test_figures_by_hand() -> None:
    other = np.stack([1.0 - ANSWERS[0], np.ones(10)])
    found = of_replay(replayed(ANSWERS, other))
    assert found[FIRST].real == 0.5
    assert found[RISE].real == 0.5 - 0.5
    assert found[SPINNING].real == 1.0  # ten tries each, and never three right in a row
    assert found[BETWEEN].real == pytest.approx(np.std([0.5, 0.6], ddof=1))
    after, within = ANSWERS[:, [2, 5]].mean(), np.delete(ANSWERS[:, 1:], [1, 4], axis=1).mean()
    assert found[AFTER_GAP].real == pytest.approx(after - within)
    assert found[SPINNING].simulated == (1.0, 0.5)  # the second always right
    assert found[BETWEEN].simulated[1] == pytest.approx(np.std([0.5, 1.0], ddof=1))
    assert AFTER_GAP not in of_replay(replace(replayed(ANSWERS), gap=None))


def test_practice_that_stops_has_the_same_figures_up_to_the_stop() -> None:
    pair = np.repeat([0, 1], 10)
    real = practice(pair, ANSWERS.ravel() > 0, pair)
    found = of_practice(Comparison(real, (real, real)))
    as_logged = of_replay(replayed(ANSWERS))
    for name in (FIRST, RISE, SPINNING, BETWEEN):  # nobody had three in a row
        assert found[name].real == found[name].mean == as_logged[name].real


def test_the_spread_between_students_leaves_out_those_with_few_tries() -> None:
    student = np.repeat([0, 1, 2], [10, 20, 9])
    right = np.concatenate([np.ones(10), np.zeros(20), np.ones(9)]) > 0
    assert between_students(student, right) == pytest.approx(np.std([1.0, 0.0], ddof=1))
    assert np.isnan(between_students(student[:10], right[:10]))
