"""What must hold exactly, for any log: each estimator against its definition, and the estimators against each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.direct import Direct
from curriculum_rl.ope.estimators.doubly_robust import DoublyRobust
from curriculum_rl.ope.estimators.estimator import Estimator
from curriculum_rl.ope.estimators.importance_sampling import ImportanceSampling
from curriculum_rl.ope.estimators.magic import Magic, least_on_simplex
from curriculum_rl.ope.estimators.marginalised import MarginalisedImportanceSampling
from curriculum_rl.ope.estimators.per_decision import PerDecision
from curriculum_rl.ope.estimators.switch import Switch
from curriculum_rl.ope.estimators.weighted_doubly_robust import WeightedDoublyRobust
from curriculum_rl.ope.estimators.weighted_importance_sampling import WeightedImportanceSampling
from curriculum_rl.ope.estimators.weighted_per_decision import WeightedPerDecision
from curriculum_rl.ope.processes import PROCESSES
from curriculum_rl.ope.values.fitted_q import FittedQ
from curriculum_rl.ope.values.tabular import Tabular
from tests.ope import reference_estimators as reference
from tests.ope.reference_estimators import ACTIVITIES, STATES, Given, random_log

HORIZON = 4
TABLE: Float = np.random.default_rng(7).normal(size=(HORIZON, STATES, ACTIVITIES))
GIVEN, NOTHING = Given(TABLE), Given(np.zeros_like(TABLE))
LOGS = [random_log(seed, horizon=HORIZON, variable=variable) for seed in (1, 2) for variable in (False, True)]
ONE = [random_log(seed, horizon=1) for seed in (3, 4)]
IDS = ["equal", "variable", "equal", "variable"]


def value(estimator: Estimator, episodes: Episodes, discount: float = 0.9) -> float:
    """The estimate, after what every estimate promises: its terms have its mean."""
    estimate = estimator.estimate(episodes, discount)
    assert estimate.terms.shape == (len(episodes),)
    assert estimate.terms.mean() == pytest.approx(estimate.value, rel=1e-12)
    return estimate.value


def exactly(expected: float) -> object:
    return pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("log", LOGS, ids=IDS)
@pytest.mark.parametrize(
    ("estimator", "by_hand"),
    [
        (ImportanceSampling(), reference.importance_sampling),
        (WeightedImportanceSampling(), reference.weighted),
        (PerDecision(), reference.per_decision),
        (WeightedPerDecision(), reference.weighted_per_decision),
        (Direct(GIVEN), reference.direct),
        (DoublyRobust(GIVEN), reference.doubly_robust),
        (WeightedDoublyRobust(GIVEN), reference.weighted_doubly_robust),
        (Switch(GIVEN, 0.7), lambda students, g: reference.switch(students, g, 0.7)),
        (Switch(GIVEN, 2.0), lambda students, g: reference.switch(students, g, 2.0)),
        *((Magic(GIVEN, (j,)), lambda students, g, j=j: reference.j_step(students, g, j)) for j in range(-1, HORIZON)),
    ],
    ids=lambda x: type(x).__name__,
)
def test_agrees_with_its_definition(log: Episodes, estimator: Estimator, by_hand):
    for discount in (1.0, 0.8):
        assert value(estimator, log, discount) == exactly(by_hand(reference.students_of(log, TABLE), discount))


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_marginalised_weights_carry_the_counted_shares_forward(log: Episodes):
    for discount in (1.0, 0.8):
        assert value(MarginalisedImportanceSampling(), log, discount) == exactly(reference.marginalised(log, discount))


@pytest.mark.parametrize("name", PROCESSES)
def test_marginalised_weights_over_features_that_tell_the_situations_are_the_counted_ones(name: str):
    log = PROCESSES[name].simulate(np.random.default_rng(2), 150, 4)
    counted = MarginalisedImportanceSampling().estimate(log, 0.9)
    plane = MarginalisedImportanceSampling(ridges=(1e-9,)).estimate(replace(log, state=None), 0.9)
    assert plane.terms == pytest.approx(counted.terms, rel=1e-6)
    assert plane.weights == pytest.approx(counted.weights, rel=1e-6)


@pytest.mark.parametrize("name", PROCESSES)
def test_tabular_fitted_q_is_dynamic_programming_on_the_counted_process(name: str):
    log = by_cell(PROCESSES[name].simulate(np.random.default_rng(2), 150, 4))
    tabular = Direct(FittedQ(Tabular(), folds=0))
    assert value(tabular, log) == exactly(reference.counted_process(log, 0.9))


def by_cell(log: Episodes) -> Episodes:
    """With a target that depends on decision and situation, and chooses only what was logged there."""
    rng = np.random.default_rng(0)
    wish = rng.random((int(log.lengths.max()), STATES, log.choice.shape[1]))
    seen = np.zeros_like(wish)
    seen[log.step, log.state, log.action] = 1.0
    choice = (wish * seen)[log.step, log.state]
    choice = np.pad(choice / choice.sum(axis=1, keepdims=True), ((0, 0), (0, ACTIVITIES - choice.shape[1])))
    return replace(log, choice=choice, eligible=choice > 0)


@pytest.mark.parametrize("variable", [False, True])
def test_the_same_policy_earns_the_mean_return(variable: bool):
    log = random_log(5, variable=variable, same=True)
    mean = log.returns(0.9).mean()
    assert value(ImportanceSampling(), log) == exactly(mean)
    assert value(WeightedImportanceSampling(), log) == exactly(mean)
    assert value(PerDecision(), log) == exactly(mean)
    assert value(WeightedPerDecision(), log) == exactly(mean)
    for counted_or_not in (log, replace(log, state=None)):
        marginalised = MarginalisedImportanceSampling().estimate(counted_or_not, 0.9)
        assert marginalised.value == exactly(mean)
        assert marginalised.weights == pytest.approx(np.ones(len(log)), abs=1e-12)


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_wis_stays_within_the_returns_that_were_seen(log: Episodes):
    returns = log.returns(0.9)
    assert returns.min() < value(WeightedImportanceSampling(), log) < returns.max()


def test_a_constant_more_of_reward_shifts_wis_by_what_it_sums_to():
    log, more = LOGS[0], 3.0
    shifted = value(WeightedImportanceSampling(), replace(log, reward=log.reward + more))
    discounts = sum(0.9**t for t in range(HORIZON))
    assert shifted == exactly(value(WeightedImportanceSampling(), log) + more * discounts)


@pytest.mark.parametrize("log", ONE)
def test_one_decision_makes_per_decision_weights_those_of_the_whole(log: Episodes):
    assert value(PerDecision(), log) == exactly(value(ImportanceSampling(), log))
    assert value(WeightedPerDecision(), log) == exactly(value(WeightedImportanceSampling(), log))
    assert value(MarginalisedImportanceSampling(), log) == exactly(value(ImportanceSampling(), log))


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_no_model_leaves_the_weights_alone(log: Episodes):
    assert value(DoublyRobust(NOTHING), log) == exactly(value(PerDecision(), log))
    assert value(WeightedDoublyRobust(NOTHING), log) == exactly(value(WeightedPerDecision(), log))


@pytest.mark.parametrize("leaving", [False, True])
def test_true_values_without_chance_make_every_term_of_dr_the_value_at_the_start(leaving: bool):
    leave = np.zeros((3, 2))
    leave[2, 0] = leaving
    process = replace(PROCESSES["deterministic"], first=np.array([0.5, 0.3, 0.2]), leave=leave)
    log = process.simulate(np.random.default_rng(3), 200, 6)
    assert (log.lengths.min() < 6) == leaving
    truth = process.values(6, 0.9)
    estimate = DoublyRobust(Given(truth)).estimate(log, 0.9)
    at_start = (process.target * truth[0]).sum(axis=1)[log.state[log.first]]
    assert estimate.terms == pytest.approx(at_start, abs=1e-12)


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_magic_of_one_return_is_wdr_or_the_model(log: Episodes):
    assert value(Magic(GIVEN, (1000,)), log) == exactly(value(WeightedDoublyRobust(GIVEN), log))
    assert value(Magic(GIVEN, (-1,)), log) == exactly(value(Direct(GIVEN), log))


@pytest.mark.parametrize("log", LOGS, ids=IDS)
@pytest.mark.parametrize("coverage", [1e-9, 0.5, 0.9, 1.0 - 1e-9])
def test_magic_of_two_returns_is_the_lowest_point_of_a_parabola(log: Episodes, coverage: float):
    magic = Magic(GIVEN, (-1, 1000), coverage)
    low, high = magic._interval(log, GIVEN.fit(log, 0.9), 0.9)
    returns = [Direct(GIVEN).estimate(log, 0.9), WeightedDoublyRobust(GIVEN).estimate(log, 0.9)]
    bias = [r.value - min(max(r.value, low), high) for r in returns]
    m = np.cov([r.terms for r in returns], bias=True) / len(log) + np.outer(bias, bias)
    share = np.clip((m[1, 1] - m[0, 1]) / (m[0, 0] + m[1, 1] - 2 * m[0, 1]), 0.0, 1.0)
    expected = share * returns[0].value + (1 - share) * returns[1].value
    assert value(magic, log) == pytest.approx(expected, rel=1e-7)


def test_magic_measures_bias_from_where_wdr_is_by_chance():
    log = random_log(9, students=2000)
    wdr = WeightedDoublyRobust(GIVEN).estimate(log, 0.9)
    low, high = Magic(GIVEN, coverage=0.9, draws=1000)._interval(log, GIVEN.fit(log, 0.9), 0.9)
    error = wdr.terms.std() / np.sqrt(len(log))
    assert (low + high) / 2 == pytest.approx(wdr.value, abs=0.3 * error)
    assert (high - low) / 2 == pytest.approx(1.645 * error, rel=0.1)


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_the_mixture_is_the_least_on_the_simplex(rank: int):
    """The conditions of Karush, Kuhn and Tucker: the slope is least, and equal, wherever the mixture puts anything."""
    rng = np.random.default_rng(rank)
    for _ in range(20):
        root = rng.normal(size=(6, rank)) + rng.normal(size=rank)
        m = root @ root.T * 10.0 ** rng.uniform(-6, 6)
        x = least_on_simplex(m)
        slope = m @ x
        assert x.sum() == pytest.approx(1.0)
        assert (x >= 0).all()
        assert x @ slope <= slope.min() + 1e-7 * m.diagonal().min()


def test_a_return_of_no_error_takes_all():
    assert least_on_simplex(np.diag([1.0, 0.0, 2.0])) == pytest.approx([0.0, 1.0, 0.0], abs=1e-7)
    assert least_on_simplex(np.zeros((2, 2))).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_switch_goes_from_dr_to_the_model(log: Episodes):
    assert value(Switch(GIVEN, 1e300), log) == exactly(value(DoublyRobust(GIVEN), log))
    assert value(Switch(GIVEN, log.weights.min() * 0.999), log) == exactly(value(Direct(GIVEN), log))


def test_switch_by_itself_takes_the_tau_of_least_error():
    log = LOGS[1]
    true = value(Switch(GIVEN), log)
    assert true in {value(Switch(GIVEN, float(t)), log) for t in np.quantile(log.weights, np.linspace(0.05, 1, 20))}
    # A model without error needs no weights: any tau does, the smallest has the least variance.
    process = PROCESSES["deterministic"]
    exact = process.simulate(np.random.default_rng(3), 200, 4)
    model = Given(process.values(4))
    assert value(Switch(model), exact, 1.0) == exactly(process.value(4))


def test_one_decision_with_counted_propensities_makes_weighting_the_same_as_modelling():
    log = PROCESSES["stochastic"].simulate(np.random.default_rng(6), 300, 1)
    cells = np.zeros((3, 2))
    np.add.at(cells, (log.state, log.action), 1.0)
    assert cells.min() > 0
    counted = cells / cells.sum(axis=1, keepdims=True)
    log = replace(log, behaviour=counted[log.state, log.action], estimated=True)
    assert value(ImportanceSampling(), log) == exactly(value(Direct(FittedQ(Tabular(), folds=0)), log))


def test_no_weight_at_all_leaves_ratios_undefined_and_means_zero():
    log = replace(LOGS[0], choice=np.roll(np.eye(ACTIVITIES), 1, axis=1)[LOGS[0].action])
    assert ImportanceSampling().estimate(log).value == 0.0
    for estimator in (WeightedImportanceSampling(), WeightedPerDecision(), WeightedDoublyRobust(GIVEN), Magic(GIVEN)):
        assert np.isnan(estimator.estimate(log).value)
