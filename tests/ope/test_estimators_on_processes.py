"""Where the truth is known: no bias beyond chance, and standard errors as large as the errors are.

Weights are right here, so what corrects a model may have any; what trusts one has the counted one, which is right.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from curriculum_rl.ope.estimators.estimator import Estimator
from curriculum_rl.ope.estimators.load import load_estimator
from curriculum_rl.ope.processes import PROCESSES
from curriculum_rl.ope.values.fitted_q import FittedQ
from curriculum_rl.ope.values.tabular import Tabular

WEIGHTED: Final = ("is", "wis", "pdis", "pdwis", "mis")
CORRECTED: Final = ("dr", "wdr", "switch")
TRUSTING: Final = ("direct", "magic")


def estimator(name: str) -> Estimator:
    found = load_estimator(name)
    return replace(found, values=FittedQ(Tabular(), folds=0)) if name in TRUSTING else found


def check(named: str, names: tuple[str, ...], *, students: int, repeats: int, horizon: int, spare: float) -> None:
    """Bias within 4 standard errors of the mean over repeats, and standard errors right but for a factor of `spare`."""
    process = PROCESSES[named]
    truth = process.value(horizon, 0.95)
    estimators = [estimator(name) for name in names]
    found, errors = np.empty((repeats, len(names))), np.empty((repeats, len(names)))
    for repeat in range(repeats):
        log = process.simulate(np.random.default_rng(repeat), students, horizon)
        for k, one in enumerate(estimators):
            estimate = one.estimate(log, 0.95)
            found[repeat, k] = estimate.value
            errors[repeat, k] = estimate.terms.std(ddof=1) / np.sqrt(students)
    spread = found.std(axis=0, ddof=1)
    bias = np.abs(found.mean(axis=0) - truth)
    assert (bias <= 4 * spread / np.sqrt(repeats) + 1e-9).all(), dict(zip(names, bias, strict=True))
    for k, name in enumerate(names):
        if name not in TRUSTING:  # whose terms take the model as given, or may be too wide
            assert 1 / spare < errors[:, k].mean() / spread[k] < spare, name


@pytest.mark.parametrize("process", PROCESSES)
def test_no_bias_beyond_chance(process: str):
    check(process, (*WEIGHTED, "wdr", "direct"), students=200, repeats=100, horizon=3, spare=1.3)


@pytest.mark.slow
@pytest.mark.parametrize("process", PROCESSES)
def test_no_bias_beyond_chance_in_many_repeats(process: str):
    check(process, (*WEIGHTED, *CORRECTED, *TRUSTING), students=1000, repeats=500, horizon=5, spare=1.12)


@pytest.mark.parametrize("name", ["direct", "direct_tree", "direct_neural"])
def test_models_of_any_form_come_near_the_value(name: str):
    process = PROCESSES["stochastic"]
    log = process.simulate(np.random.default_rng(3), 2000, 3)
    assert load_estimator(name).estimate(log).value == pytest.approx(process.value(3), rel=0.03)
