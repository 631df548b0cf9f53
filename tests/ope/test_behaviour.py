"""Estimated propensities: exact on counts, found again where the model is right, and never from a student's own row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from curriculum_rl.ope.behaviour.behaviour import BehaviourModel, Fitted, probabilities, with_behaviour
from curriculum_rl.ope.behaviour.calibration import fit_of
from curriculum_rl.ope.behaviour.counts import Counts
from curriculum_rl.ope.behaviour.load import behaviour_names, load_behaviour
from curriculum_rl.ope.behaviour.logistic import Logistic
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.direct import Direct
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.estimators.importance_sampling import ImportanceSampling
from curriculum_rl.ope.intervals.bootstrap import Bootstrap
from curriculum_rl.ope.processes import DROPOUT, STOCHASTIC, drawn
from curriculum_rl.ope.values.fitted_q import FittedQ
from curriculum_rl.ope.values.tabular import Tabular
from curriculum_rl.violations import InvalidInput

MODELS = [Counts(), Logistic()]


def choices(n: int, seed: int = 0) -> tuple[Episodes, np.ndarray]:
    """One decision each of four activities, some not eligible, by a conditional logit on two features; with its P."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    eligible = rng.random((n, 4)) < 0.7
    eligible[np.arange(n), rng.integers(0, 4, n)] = True
    scores = x @ np.array([[0.8, -0.5, 0.0, 0.3], [0.0, 0.6, -0.7, 0.0]]) + np.array([0.5, 0.0, -0.5, 0.0])
    odds = np.exp(scores) * eligible
    truth = odds / odds.sum(axis=1, keepdims=True)
    action = drawn(rng, truth)
    episodes = Episodes(
        student=np.arange(n),
        action=action,
        reward=np.zeros(n),
        behaviour=truth[np.arange(n), action],
        choice=eligible / eligible.sum(axis=1, keepdims=True),
        eligible=eligible,
        features=x,
        state=None,
        cluster=np.arange(n),
        censored=np.zeros(n, np.bool_),
    )
    return episodes, truth


def test_counted_weights_of_one_decision_are_the_direct_method():
    """One step, discrete situations, full support: IPS = direct, exactly."""
    episodes = STOCHASTIC.simulate(np.random.default_rng(0), 200, 1)
    weighted = Fitted(ImportanceSampling(), Counts(prior=0.0, folds=0)).estimate(episodes)
    direct = Direct(FittedQ(Tabular(), folds=0)).estimate(episodes)
    assert weighted.value == pytest.approx(direct.value, abs=1e-12)
    known = ImportanceSampling().estimate(episodes)
    assert abs(known.value - direct.value) > 1e-4  # with the true propensities it is another number


@pytest.mark.parametrize("model", MODELS)
def test_rows_sum_to_one_over_what_was_eligible(model: BehaviourModel):
    episodes, _ = choices(300)
    found = probabilities(model, episodes)
    assert found.sum(axis=1) == pytest.approx(np.ones(300), abs=1e-12)
    assert (found[~episodes.eligible] == 0).all()
    assert (found[episodes.eligible] > 0).all()


@pytest.mark.parametrize("model", MODELS)
def test_a_student_has_no_say_in_the_own_probabilities(model: BehaviourModel):
    episodes = DROPOUT.simulate(np.random.default_rng(1), 60, 4)
    other = replace(episodes, action=np.where(episodes.student == 7, 1 - episodes.action, episodes.action))
    before, after = probabilities(model, episodes), probabilities(model, other)
    own_fold = episodes.cluster[episodes.student] % 5 == 7 % 5
    assert np.array_equal(before[own_fold], after[own_fold])
    assert not np.allclose(before[~own_fold], after[~own_fold])


@pytest.mark.parametrize("model", MODELS)
def test_copies_of_a_student_stand_on_one_side(model: BehaviourModel):
    """Everyone twice: as everyone once with half the penalty, not as everyone known beforehand."""
    episodes = STOCHASTIC.simulate(np.random.default_rng(2), 40, 3)
    twice = probabilities(model, episodes.take(np.concatenate([np.arange(40), np.arange(40)])))
    halved = replace(model, **{"prior": 0.5} if isinstance(model, Counts) else {"ridge": 0.5})
    assert twice[: len(episodes.action)] == pytest.approx(probabilities(halved, episodes), abs=1e-3)


def test_counts_are_shares_by_situation():
    episodes = STOCHASTIC.simulate(np.random.default_rng(3), 100, 3)
    found = probabilities(Counts(prior=0.0, folds=0), episodes)
    assert episodes.state is not None
    for s in range(3):
        here = episodes.state == s
        assert found[here, 0] == pytest.approx(np.full(here.sum(), (episodes.action[here] == 0).mean()), abs=1e-12)


def test_activities_that_were_seldom_eligible_are_not_taken_for_seldom_chosen():
    """Three activities, the third eligible in one decision of ten, all chosen evenly where they are eligible."""
    rng = np.random.default_rng(4)
    eligible = np.ones((10_000, 3), np.bool_)
    eligible[:, 2] = rng.random(10_000) < 0.1
    episodes, _ = choices(10_000)
    even = eligible / eligible.sum(axis=1, keepdims=True)
    episodes = replace(episodes, eligible=eligible, choice=even, action=drawn(rng, even))
    assert np.abs(probabilities(Counts(), episodes) - even).max() < 0.05


def test_the_logistic_model_finds_what_was_logged():
    episodes, truth = choices(8_000)
    found = probabilities(Logistic(folds=2), episodes)
    assert np.abs(found - truth).mean() < 0.015
    fit = fit_of(episodes, found)
    assert fit.informative
    assert fit.log_loss < fit.counts < fit.uniform
    best = -np.log(truth[np.arange(8_000), episodes.action]).mean()
    assert best < fit.log_loss < best + 0.005
    assert fit.calibration_error < 0.015


def test_the_logistic_minimum_is_one():
    """At the minimum, held to the data alone, expected and observed sums of each feature agree: a score equation."""
    episodes, _ = choices(500)
    found = probabilities(Logistic(ridge=1e-8, folds=0, iterations=2_000), episodes)
    chosen = np.eye(4)[episodes.action]
    assert np.abs((found - chosen).T @ np.column_stack([np.ones(500), episodes.features])).max() < 0.05


def test_wrong_probabilities_are_told_by_their_calibration():
    episodes, truth = choices(4_000)
    wrong = truth**3 / (truth**3).sum(axis=1, keepdims=True)
    right, planted = fit_of(episodes, truth), fit_of(episodes, wrong)
    assert right.calibration_error < 0.02 < 0.08 < planted.calibration_error
    assert right.log_loss < planted.log_loss


def test_the_bootstrap_fits_the_logged_policy_again():
    """On every draw: a model that is asked how often it was fitted."""
    asked: list[int] = []

    @dataclass(frozen=True)
    class Counting(Counts):
        def fit(self, episodes: Episodes, known: np.ndarray, rows: np.ndarray) -> np.ndarray:
            asked.append(len(episodes))
            return super().fit(episodes, known, rows)

    episodes = STOCHASTIC.simulate(np.random.default_rng(5), 80, 2)
    estimator = Fitted(ImportanceSampling(), Counting(folds=2))
    estimate: Estimate = estimator.estimate(episodes)
    low, high = Bootstrap(replicates=100).of(estimator, episodes, estimate)
    assert len(asked) == 2 * 101
    assert low < estimate.value < high


def test_what_cannot_be_is_refused():
    episodes = STOCHASTIC.simulate(np.random.default_rng(6), 30, 1)
    shut = replace(episodes, eligible=np.arange(2) != episodes.action[:, None])
    with pytest.raises(InvalidInput, match="30 of 30 decisions logged an activity that was not eligible"):
        probabilities(Counts(), shut)
    with pytest.raises(InvalidInput, match="folds to 0"):
        probabilities(Counts(), replace(episodes, cluster=np.zeros(30, np.int64)))
    with pytest.raises(InvalidInput, match="probability of 0"):
        with_behaviour(episodes, np.eye(2)[1 - episodes.action])
    for make in (lambda: Counts(folds=1), lambda: Counts(prior=0.0), lambda: Logistic(ridge=0.0, folds=1)):
        with pytest.raises(InvalidInput):
            make()
    with pytest.raises(InvalidInput, match="Did you mean logistic"):
        load_behaviour("logistics")
    assert [type(load_behaviour(name)) for name in behaviour_names()] == [Counts, Logistic]


@pytest.mark.parametrize("model", MODELS)
def test_what_was_logged_stays_and_the_others_are_learnt_from_each_other(model: BehaviourModel):
    """A platform that chooses by other odds than the teachers who took every tenth decision, and logged none."""
    platform, truth = choices(4_000)
    known = np.arange(4_000) % 10 != 0
    taught = np.argmax(platform.eligible, axis=1)  # teachers give the first that is eligible
    action = np.where(known, platform.action, taught)
    mixed = replace(platform, action=action, behaviour=np.where(known, platform.behaviour, 0.25), estimated=True)
    mixed = replace(mixed, known=known)
    found = probabilities(model, mixed)
    assert np.isnan(found[known]).all()
    assert np.allclose(found[~known].sum(axis=1), 1.0)
    filled = with_behaviour(mixed, found)
    assert (filled.behaviour[known] == truth[np.arange(4_000), action][known]).all()
    likely = filled.behaviour[~known].mean()
    alone = probabilities(model, mixed.take(np.flatnonzero(~known)))
    assert likely > 0.8  # of the mixture of both it would be about .45
    assert fit_of(mixed, found).decisions == 400
    assert fit_of(mixed, found).log_loss == pytest.approx(
        fit_of(mixed.take(np.flatnonzero(~known)), alone).log_loss, rel=0.2
    )


@pytest.mark.parametrize("model", MODELS)
def test_a_few_decisions_without_a_probability_do_not_touch_the_rest(model: BehaviourModel):
    """One alone has nobody to be learnt from: an even choice. Every estimate is known but for that."""
    platform, _ = choices(300)
    known = np.arange(300) != 7
    mixed = replace(platform, behaviour=np.where(known, platform.behaviour, 1.0), estimated=True, known=known)
    filled = with_behaviour(mixed, probabilities(model, mixed))
    assert (filled.behaviour[known] == platform.behaviour[known]).all()
    assert filled.behaviour[7] == pytest.approx(1.0 / platform.eligible[7].sum())
    without = mixed.take(np.arange(8, 300))
    assert Fitted(ImportanceSampling(), model).estimate(without).value == ImportanceSampling().estimate(without).value
