"""References, against the same regressions written out try by try, and windows against a count by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.logistic import fit_logistic
from curriculum_rl.calibration.reference import BEST, ITEM, reference_predictions
from curriculum_rl.calibration.windows import WINDOWS, counts_within
from tests.calibration.simulated import some_attempts


def newton(design: Float, right: Float, ridge: float) -> Float:
    """The penalised regression by Newton's method on a dense design."""
    penalty = np.r_[0.0, np.full(design.shape[1] - 1, ridge)]
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        chance = expit(design @ weights)
        hessian = (design * (chance * (1.0 - chance))[:, None]).T @ design + np.diag(penalty + 1e-12)
        weights = weights + np.linalg.solve(hessian, design.T @ (right - chance) - penalty * weights)
    return weights


def test_the_regression_reaches_its_optimum_whatever_the_scale_of_its_columns() -> None:
    rng = np.random.default_rng(0)
    dense = np.c_[np.ones(300), rng.normal(size=(300, 3)) * (0.01, 1.0, 100.0), rng.random((300, 2)) < 0.02]
    right = (rng.random(300) < expit(dense[:, 2])).astype(float)
    exact = newton(dense, right, 1.0)
    np.testing.assert_allclose(fit_logistic(sparse.csr_matrix(dense), right), exact, rtol=2e-3, atol=2e-4)


def rows_of(attempts: Attempts, features: Callable[[Attempts, int], list[float]]) -> Float:
    """The design, one try after the other."""
    return np.array([features(attempts, i) for i in range(len(attempts.right))])


def best_lr(attempts: Attempts, i: int) -> list[float]:
    """Intercept, item, and for each concept its share and logs of earlier answers; then logs of all earlier answers."""
    own = [j for j in range(i) if attempts.student[j] == attempts.student[i]]
    members = concepts_of(attempts, i)
    item = [float(attempts.item[i] == j) for j in range(attempts.items)]
    skills: list[list[float]] = [[], [], []]
    for k in range(len(attempts.concepts)):
        met = [j for j in own if k in concepts_of(attempts, j)]
        share = (k in members) / len(members)
        won = sum(attempts.right[j] for j in met)
        for column, value in zip(skills, (1.0, np.log(1 + won), np.log(1 + len(met) - won)), strict=True):
            column.append(share * value)
    won = sum(attempts.right[j] for j in own)
    return [1.0, *item, *skills[0], *skills[1], *skills[2], np.log(1 + won), np.log(1 + len(own) - won)]


def concepts_of(attempts: Attempts, i: int) -> list[int]:
    first, count = attempts.first[attempts.item[i]], attempts.count[attempts.item[i]]
    return attempts.members[first : first + count].tolist()


def test_best_lr_is_the_regression_of_its_definition() -> None:
    attempts = some_attempts(students=16, tries=18)
    fitting, unseen = attempts.of_students(~attempts.unseen), attempts.of_students(attempts.unseen)
    weights = newton(rows_of(fitting, best_lr), fitting.right, 1.0)
    found = reference_predictions(fitting, unseen)
    np.testing.assert_allclose(found[BEST], expit(rows_of(unseen, best_lr) @ weights), atol=1e-3)
    assert list(found) == [ITEM, "PFA", "log-count PFA + item", BEST]


def test_references_with_time_need_times_and_see_them() -> None:
    attempts = some_attempts(students=12, tries=15, days=True)
    found = reference_predictions(attempts.of_students(~attempts.unseen), attempts.of_students(attempts.unseen))
    assert list(found)[4:] == ["DAS3H", "Best-LR, time windows"]
    assert np.abs(found["DAS3H"] - found["log-count PFA + item"]).max() > 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_windows_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    key, right = rng.integers(0, 3, 40), (rng.random(40) < 0.5).astype(float)
    day = np.cumsum(rng.choice([0.0, 0.01, 0.5, 3.0, 40.0], 40))
    for window, (wins, tries) in zip(WINDOWS, counts_within(key, day, right), strict=True):
        for i in range(40):
            own = [j for j in range(i) if key[j] == key[i] and day[i] - day[j] <= window + 1e-9]
            assert tries[i] == len(own)
            assert wins[i] == sum(right[j] for j in own)
