"""What every estimator that can be named keeps to: it is a function of the log, and of nothing that may not count."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimator
from curriculum_rl.ope.estimators.load import estimator_names, load_estimator
from curriculum_rl.ope.estimators.magic import Magic
from curriculum_rl.ope.estimators.switch import Switch
from curriculum_rl.ope.processes import PROCESSES
from curriculum_rl.ope.values.fitted_q import FittedQ
from curriculum_rl.ope.values.tabular import Tabular
from curriculum_rl.violations import InvalidInput

NAMES = estimator_names()
LOG = PROCESSES["dropout"].simulate(np.random.default_rng(1), 120, 4)


def counted(estimator: Any, **others: Any) -> Estimator:
    """The same estimator, over values that are counted if it has a model of them."""
    if not any(field.name == "values" for field in dataclasses.fields(estimator)):
        return estimator
    return replace(estimator, values=FittedQ(Tabular(), estimator.values.folds), **others)


def test_there_is_one_of_each():
    expected = "direct direct_neural direct_tree dr is magic mis pdis pdwis switch wdr wis"
    assert expected.split() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_same_log_gives_the_same_estimate_and_stays_as_it_was(name: str):
    before = [np.copy(column) for column in vars(LOG).values() if isinstance(column, np.ndarray)]
    drawn = np.random.get_state()[1].copy()  # noqa: NPY002  # nothing may draw from it
    first, second = load_estimator(name).estimate(LOG, 0.9), load_estimator(name).estimate(LOG, 0.9)
    assert first.value == second.value
    assert np.array_equal(first.terms, second.terms)
    after = [column for column in vars(LOG).values() if isinstance(column, np.ndarray)]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert np.array_equal(drawn, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("name", NAMES)
def test_each_student_has_a_part_and_a_weight(name: str):
    estimate = load_estimator(name).estimate(LOG, 0.9)
    assert estimate.terms.mean() == pytest.approx(estimate.value, rel=1e-12)
    assert estimate.terms.shape == (len(LOG),)
    assert (estimate.weights is None) == name.startswith("direct")
    if estimate.weights is not None and name != "mis":
        assert np.array_equal(estimate.weights, LOG.weights[:, -1])


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_students_does_not_matter(name: str):
    order = np.random.default_rng(2).permutation(len(LOG))
    there, here = load_estimator(name).estimate(LOG.take(order), 0.9), load_estimator(name).estimate(LOG, 0.9)
    assert there.value == pytest.approx(here.value, rel=1e-6)
    assert there.terms == pytest.approx(here.terms[order], rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_more_students_of_the_same_kind_change_nothing(name: str):
    """Of fitted models only the counted one knows no sample size; mixtures are told by it how far to trust weights."""
    estimator = counted(load_estimator(name))
    if isinstance(estimator, Magic):
        estimator = replace(estimator, steps=(2,))
    if isinstance(estimator, Switch):
        estimator = replace(estimator, tau=3.0)
    twice = estimator.estimate(LOG.take(np.repeat(np.arange(len(LOG)), 2)), 0.9)
    assert twice.value == pytest.approx(estimator.estimate(LOG, 0.9).value, rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_of_reward_is_the_unit_of_the_estimate(name: str):
    estimator = load_estimator(name)
    scaled = estimator.estimate(replace(LOG, reward=4.0 * LOG.reward), 0.9)
    assert scaled.value == pytest.approx(4.0 * estimator.estimate(LOG, 0.9).value, rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_of_a_feature_does_not_matter(name: str):
    estimator = load_estimator(name)
    scaled = estimator.estimate(replace(LOG, features=LOG.features * [1024.0, 0.5, 4.0]), 0.9)
    assert scaled.value == pytest.approx(estimator.estimate(LOG, 0.9).value, rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_single_precision_will_do(name: str):
    """As a replay of millions of rows holds them."""
    features = LOG.features + np.random.default_rng(3).normal(size=LOG.features.shape)
    log = replace(LOG, features=features.astype(np.float32).astype(np.float64), state=None)
    single = replace(log, features=log.features.astype(np.float32))
    assert load_estimator(name).estimate(single, 0.9).value == load_estimator(name).estimate(log, 0.9).value


@pytest.mark.parametrize("name", NAMES)
def test_what_everyone_earns_is_what_the_target_earns(name: str):
    """1 at each of two decisions: models learn it, and ratios keep it; plain means know it only on average."""
    log = PROCESSES["stochastic"].simulate(np.random.default_rng(1), 120, 2)
    log = replace(log, reward=np.ones(len(log.reward)))
    value = load_estimator(name).estimate(log, 0.5).value
    if name in ("is", "pdis", "mis"):
        assert value == pytest.approx(1.5, abs=4 * load_estimator(name).estimate(log, 0.5).terms.std() / np.sqrt(120))
    else:
        assert value == pytest.approx(1.5, rel=1e-9)


@pytest.mark.parametrize("name", ["is", "wis", "pdis", "pdwis", "mis"])
def test_the_logged_policy_itself_earns_the_mean_return(name: str):
    process = PROCESSES["dropout"]
    log = process.simulate(np.random.default_rng(1), 120, 4, policy=process.target)
    assert load_estimator(name).estimate(log, 0.9).value == pytest.approx(log.returns(0.9).mean(), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_one_student_is_enough_unless_others_must_teach_the_model(name: str):
    alone, estimator = LOG.take(np.array([0])), load_estimator(name)
    if name in ("dr", "wdr", "magic", "switch"):
        with pytest.raises(InvalidInput, match="cross-fitting needs two"):
            estimator.estimate(alone)
        estimator = replace(estimator, values=replace(estimator.values, folds=0))
    assert np.isfinite(estimator.estimate(alone).value)


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(InvalidInput, match="Did you mean pdwis"):
        load_estimator("pdwiss")


def test_counting_needs_situations():
    with pytest.raises(InvalidInput, match="too many situations to count"):
        counted(load_estimator("direct")).estimate(replace(LOG, state=None))


@pytest.mark.parametrize("bad", [{"tau": 0.0}, {"tau": float("nan")}])
def test_a_switch_out_of_range_is_refused(bad: dict[str, Any]):
    with pytest.raises(InvalidInput, match="tau"):
        replace(load_estimator("switch"), **bad)


@pytest.mark.parametrize("bad", [{"steps": ()}, {"steps": (-2,)}, {"coverage": 1.0}, {"draws": 1}, {"seed": -1}])
def test_a_mixture_out_of_range_is_refused(bad: dict[str, Any]):
    with pytest.raises(InvalidInput, match=next(iter(bad))):
        replace(load_estimator("magic"), **bad)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("countable", [True, False])
def test_a_propensity_of_next_to_nothing_gives_a_number(name: str, countable: bool):
    behaviour = LOG.behaviour.copy()
    behaviour[7] = 1e-300
    log = replace(LOG, behaviour=behaviour, state=LOG.state if countable else None)
    assert np.isfinite(load_estimator(name).estimate(log).value)


def test_weights_beyond_all_numbers_are_refused():
    log: Episodes = replace(LOG, behaviour=np.full(len(LOG.behaviour), 1e-300))
    with pytest.raises(InvalidInput, match="beyond all numbers; the smallest is 1e-300"):
        load_estimator("wis").estimate(log)
