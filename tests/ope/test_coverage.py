"""Coverage where the truth is known: the figure itself is measured by `experiments/estimators-against-truth`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from curriculum_rl.ope.coverage import coverage
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate, Estimator
from curriculum_rl.ope.estimators.load import load_estimator
from curriculum_rl.ope.intervals.load import load_interval
from curriculum_rl.ope.intervals.student_t import StudentT
from curriculum_rl.ope.processes import DROPOUT, PROCESSES
from curriculum_rl.ope.thresholds import Thresholds

WEIGHTED = ("is", "wis", "pdis", "pdwis", "mis")


@dataclass(frozen=True)
class Fixed:
    """Says what it is told to."""

    value: float
    weighted: bool = True

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        terms = self.value + np.where(np.arange(len(episodes)) % 2, 1.0, -1.0)
        weights = np.where(np.arange(len(episodes)) < 4, 1.0, 0.0) if self.weighted else None
        return Estimate(self.value, terms, weights)


@dataclass(frozen=True)
class Around:
    """An interval of half-width one tenth."""

    level: float = 0.95

    def of(
        self, estimator: Estimator, episodes: Episodes, estimate: Estimate, discount: float = 1.0
    ) -> tuple[float, float]:
        return estimate.value - 0.1, estimate.value + 0.1


def test_what_is_counted():
    truth = DROPOUT.value(3)
    estimators: dict[str, Estimator] = {
        "right": Fixed(truth, weighted=False),
        "wrong": Fixed(truth + 0.2, weighted=False),
        "wrong and warned": Fixed(truth - 0.2),
    }
    found = coverage(DROPOUT, estimators, Around(), students=40, horizon=3, repeats=5)
    assert [(of.covered, of.warned, of.told_right) for of in found.values()] == [(1, 0, 1), (0, 0, 0), (0, 1, 1)]
    assert found["wrong"].bias == pytest.approx(0.2, abs=1e-12)
    assert found["wrong"].error == pytest.approx(0.2, abs=1e-12)
    assert found["wrong"].width == pytest.approx(0.2, abs=1e-12)
    assert found["right"].truth == truth
    # Nothing is warned of where nothing is asked for.
    free = Thresholds(effective=0.0, largest_share=1.0, carrying=0.0)
    told = coverage(DROPOUT, estimators, Around(), students=40, horizon=3, repeats=5, thresholds=free)
    assert told["wrong and warned"].warned == 0


def test_the_same_seed_draws_the_same_logs():
    estimators = {"is": load_estimator("is")}
    first, again, other = (coverage(DROPOUT, estimators, StudentT(), 50, 2, 4, seed=seed)["is"] for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.slow
@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("horizon", [2, 5])
def test_the_usual_interval_holds_the_truth_as_often_as_it_says(process: str, horizon: int):
    """1,000 students, 1,500 repeats: .93 to .97, and no bias of 4 standard errors where there should be none."""
    estimators = {name: load_estimator(name) for name in WEIGHTED}
    for name, of in coverage(PROCESSES[process], estimators, load_interval("usual"), 1_000, horizon, 1_500).items():
        assert 0.93 <= of.covered <= 0.97, name
        assert abs(of.bias) < 4 * of.bias_error or name in ("wis", "pdwis"), name


@pytest.mark.slow
@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("horizon", [10, 20, 50])
def test_beyond_a_few_decisions_the_interval_holds_or_the_tool_warns(process: str, horizon: int):
    """In at least .95 of 400 repeats, less two standard errors of that count itself."""
    estimators = {name: load_estimator(name) for name in WEIGHTED}
    for name, of in coverage(PROCESSES[process], estimators, load_interval("usual"), 1_000, horizon, 400).items():
        assert of.told_right >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / 400), name
