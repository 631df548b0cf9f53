"""Models of values: what they find where there is something to find, and that folds keep students apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.marginalised import MarginalisedImportanceSampling
from curriculum_rl.ope.processes import PROCESSES
from curriculum_rl.ope.values.fitted_q import FittedQ, Regression
from curriculum_rl.ope.values.linear import Linear
from curriculum_rl.ope.values.neural import Neural
from curriculum_rl.ope.values.ridge import least, ridge_path
from curriculum_rl.ope.values.tabular import Tabular
from curriculum_rl.ope.values.tree import Tree
from curriculum_rl.violations import InvalidInput
from tests.ope.reference_estimators import ACTIVITIES, random_log

REGRESSIONS: list[Regression] = [Tabular(), Linear(), Tree(rounds=20), Neural(passes=20)]
BY_NAME = [type(r).__name__ for r in REGRESSIONS]
LOG = random_log(1)


def all_rows(log: Episodes) -> Any:
    return np.arange(len(log.student))


def test_linear_finds_what_is_linear_in_each_activity():
    log = random_log(2, students=400, horizon=1)
    slopes = np.random.default_rng(0).normal(size=(ACTIVITIES, log.features.shape[1]))
    truth = 3.0 + log.features @ slopes.T
    outcome = truth[all_rows(log), log.action]
    found = Linear(ridges=(1e-9,)).predict(log, all_rows(log), outcome, all_rows(log))
    assert found == pytest.approx(truth, abs=1e-6)


def test_linear_minimises_what_it_says():
    """The second fit, over an activity's own rows, has the slope of its penalised squares at 0."""
    log = random_log(3, students=100, horizon=1)
    ridge, outcome = 5.0, log.reward
    found = Linear((ridge,)).predict(log, all_rows(log), outcome, all_rows(log))
    mean, spread = log.features.mean(axis=0), log.features.std(axis=0)
    x = (log.features - mean) / spread
    shared = np.linalg.lstsq(
        np.vstack([x, np.sqrt(ridge) * np.eye(x.shape[1])]),
        np.append(outcome - outcome.mean(), np.zeros(x.shape[1])),
        rcond=None,
    )[0]
    for a in range(ACTIVITIES):
        rows = log.action == a
        own = np.column_stack([np.ones(rows.sum()), x[rows]])
        left = outcome[rows] - outcome.mean() - x[rows] @ shared
        stacked = np.vstack([own, np.sqrt(ridge) * np.eye(own.shape[1])])
        deviation = np.linalg.lstsq(stacked, np.append(left, np.zeros(own.shape[1])), rcond=None)[0]
        assert found[rows, a] == pytest.approx(outcome.mean() + x[rows] @ shared + own @ deviation, abs=1e-9)


@pytest.mark.parametrize("rows", [6, 40])
def test_left_out_errors_are_those_of_leaving_out(rows: int):
    """With fewer rows than features, and with more."""
    rng = np.random.default_rng(rows)
    x, y, ridges = rng.normal(size=(rows, 12)), rng.normal(size=rows), np.array([0.5, 20.0])
    slopes, errors = ridge_path(x, y, ridges)
    for k, ridge in enumerate(ridges):

        def fit(kept: Any, ridge: float = ridge) -> Any:
            return np.linalg.solve(x[kept].T @ x[kept] + ridge * np.eye(12), x[kept].T @ y[kept])

        assert slopes[k] == pytest.approx(fit(np.arange(rows)), abs=1e-10)
        left_out = [y[i] - x[i] @ fit(np.delete(np.arange(rows), i)) for i in range(rows)]
        assert errors[k] == pytest.approx(np.array(left_out), abs=1e-10)


def test_noise_is_not_learnt_and_what_is_told_is():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(100, 80))
    ridges = np.array([1.0, 1e4])
    assert least(ridge_path(x, rng.normal(size=100), ridges)[1]) == 1
    assert least(ridge_path(x, x @ rng.normal(size=80), ridges)[1]) == 0


@pytest.mark.parametrize("regression", [Tree(), Neural()], ids=["Tree", "Neural"])
def test_thresholds_and_what_activities_make_of_them_are_found(regression: Regression):
    """A reward that no plane fits: 1 where the first activity meets features of one sign, or the second of two."""
    log = random_log(4, students=1200, horizon=1)
    one_sign = (log.features[:, -1] > 0) == (log.features[:, -2] > 0)
    truth = np.stack([one_sign, ~one_sign, np.zeros_like(one_sign)], axis=1).astype(float)
    outcome, half = truth[all_rows(log), log.action], all_rows(log)[: len(log.student) // 2]
    rest = all_rows(log)[len(half) :]

    def error(model: Regression) -> float:
        return float(((model.predict(log, half, outcome[half], rest) - truth[rest]) ** 2).mean())

    assert error(regression) < 0.4 * error(Linear())


@pytest.mark.parametrize("regression", REGRESSIONS, ids=BY_NAME)
def test_what_never_varies_is_learnt_exactly(regression: Regression):
    log = random_log(5, students=80, variable=False)
    values = FittedQ(regression, folds=0).fit(replace(log, reward=np.full(len(log.reward), 2.0)), 0.5)
    left = 2.0 * (1 - 0.5 ** (4 - log.step)) / (1 - 0.5)
    assert values.q == pytest.approx(left, rel=1e-12)
    assert values.v == pytest.approx(left, rel=1e-12)


@pytest.mark.parametrize("regression", REGRESSIONS, ids=BY_NAME)
def test_folds_keep_a_clusters_own_rewards_out_of_its_values(regression: Regression):
    log = replace(random_log(6), cluster=np.arange(60) // 4 * 10)
    model = FittedQ(regression, folds=3)
    own = (log.cluster % 30 == 0)[log.student]  # every third cluster: one part of three
    values, others = model.fit(log, 0.9), model.fit(replace(log, reward=np.where(own, -log.reward, log.reward)), 0.9)
    assert np.array_equal(values.q[own], others.q[own])
    assert np.array_equal(values.v[own], others.v[own])
    assert np.isclose(values.q[~own], others.q[~own]).mean() < 0.1


def test_counted_values_come_near_the_true_ones():
    process = PROCESSES["dropout"]
    log = process.simulate(np.random.default_rng(0), 10_000, 3)
    truth = process.values(3, 0.9)[log.step, log.state]
    values = FittedQ(Tabular()).fit(log, 0.9)
    assert values.q == pytest.approx(truth[all_rows(log), log.action], abs=0.06)
    assert values.v == pytest.approx((truth * process.target[log.state]).sum(axis=1), abs=0.06)


def test_cells_that_were_never_seen_take_the_mean_of_what_is_nearest():
    log = random_log(7, students=12, horizon=1)
    log = replace(log, state=np.repeat([0, 1, 2], 4), action=np.tile([0, 0, 1, 1], 3), reward=np.arange(12.0))
    table = Tabular().predict(log, np.arange(8), log.reward[:8], np.array([0, 4, 8]))
    assert table == pytest.approx(np.array([[0.5, 2.5, 1.5], [4.5, 6.5, 5.5], [3.5, 3.5, 3.5]]))


def test_a_decision_that_the_others_never_reached_is_worth_nothing_to_the_model():
    lengths = LOG.lengths
    pair = LOG.take(np.array([np.argmax(lengths == 4), np.argmax(lengths == 1)]))
    q = FittedQ(Linear()).fit(pair, 1.0).q
    assert q[1:4].tolist() == [0.0, 0.0, 0.0]
    assert q[0] == pytest.approx(pair.reward[4])
    assert q[4] != 0.0


def test_the_random_state_of_torch_is_left_alone():
    before = torch.get_rng_state()
    FittedQ(Neural(passes=1)).fit(LOG, 1.0)
    assert torch.equal(before, torch.get_rng_state())


def test_one_cluster_cannot_be_cross_fitted():
    with pytest.raises(InvalidInput, match="Set folds to 0"):
        FittedQ(Linear()).fit(replace(LOG, cluster=np.zeros(len(LOG), np.int64)), 1.0)


@pytest.mark.parametrize(
    ("component", "bad"),
    [
        (FittedQ(Linear()), {"folds": 1}),
        (FittedQ(Linear()), {"folds": -1}),
        (Linear(), {"ridges": (0.0,)}),
        (Linear(), {"ridges": ()}),
        (MarginalisedImportanceSampling(), {"ridges": (-1.0,)}),
        *((Tree(), {field: 0}) for field in ("rounds", "rate", "leaves", "leaf")),
        *((Neural(), {field: -1}) for field in ("width", "passes", "rate", "decay", "seed")),
    ],
)
def test_settings_out_of_range_are_refused(component: Any, bad: dict[str, Any]):
    with pytest.raises(InvalidInput, match=next(iter(bad))):
        replace(component, **bad)
