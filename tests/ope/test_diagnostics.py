"""On whom an estimate rests and what the log cannot speak of: closed forms, invariances and planted faults."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import genpareto

from curriculum_rl.ope.behaviour.behaviour import probabilities, with_behaviour
from curriculum_rl.ope.behaviour.logistic import Logistic
from curriculum_rl.ope.diagnostics import diagnose
from curriculum_rl.ope.estimators.importance_sampling import ImportanceSampling
from curriculum_rl.ope.leaving import leaving
from curriculum_rl.ope.overlap import effective_number, largest_share, overlap
from curriculum_rl.ope.processes import DETERMINISTIC, DROPOUT, STOCHASTIC, Process
from curriculum_rl.ope.sensitivity import bounds, reversing
from curriculum_rl.ope.support import support
from curriculum_rl.ope.tails import tail_index, unreliable_from


def test_effective_number_and_largest_share():
    assert effective_number(np.full(7, 0.3)) == pytest.approx(7.0, abs=1e-12)
    assert effective_number(np.array([0.0, 5.0, 0.0])) == 1.0
    assert effective_number(np.array([3.0, 1.0])) == pytest.approx(16 / 10, abs=1e-12)
    assert effective_number(np.array([3e-300, 1e-300])) == pytest.approx(16 / 10, abs=1e-12)
    assert effective_number(np.zeros(4)) == 0.0
    assert largest_share(np.array([3.0, 1.0])) == 0.75
    assert math.isnan(largest_share(np.zeros(4)))


@pytest.mark.parametrize("k", [-0.2, 0.3, 0.7, 1.0])
def test_the_tail_index_is_found_again(k: float):
    rng = np.random.default_rng(0)
    found = [tail_index(genpareto.rvs(k, size=8_000, random_state=rng)) for _ in range(12)]
    assert np.mean(found) == pytest.approx(k, abs=0.1)


def test_the_tail_index_does_not_depend_on_the_scale_and_needs_a_tail():
    weights = np.random.default_rng(1).lognormal(sigma=1.5, size=500)
    assert tail_index(weights * 1e-30) == pytest.approx(tail_index(weights), abs=1e-9)
    assert tail_index(np.ones(500)) == tail_index(np.zeros(500)) == tail_index(np.array([1.0])) == 0.0
    assert unreliable_from(1_000) == pytest.approx(2 / 3, abs=1e-12)
    assert unreliable_from(10**6) == 0.7


def test_the_same_policy_overlaps_with_itself():
    """Every weight 1: n students are effectively n, w_t is 1 at every decision, nothing is off support."""
    episodes = DROPOUT.simulate(np.random.default_rng(2), 200, 6, policy=DROPOUT.target)
    seen = diagnose(episodes, ImportanceSampling().estimate(episodes))
    assert seen.overlap.effective == pytest.approx(200, abs=1e-9)
    assert seen.overlap.largest_share == pytest.approx(1 / 200, abs=1e-12)
    assert [(s.mean, s.error, s.off_support) for s in seen.steps] == [(1.0, 0.0, 0.0)] * 6
    assert [s.going for s in seen.steps] == [int((episodes.lengths > t).sum()) for t in range(6)]
    assert (seen.support.share, seen.support.ratio, seen.support.ratio_error) == (0.0, 1.0, 0.0)
    assert seen.leaving.target == pytest.approx(seen.leaving.logged, abs=1e-12)


def test_a_class_weighs_what_its_students_do_together():
    episodes = STOCHASTIC.simulate(np.random.default_rng(3), 120, 3)
    classes = replace(episodes, cluster=np.arange(120) // 6)
    weights = episodes.weights[:, -1]
    seen = overlap(classes)
    together = weights.reshape(20, 6).sum(axis=1)
    assert (seen.students, seen.clusters) == (120, 20)
    assert seen.effective == pytest.approx(effective_number(weights), abs=1e-9)
    assert seen.effective_clusters == pytest.approx(effective_number(together), abs=1e-9)
    assert seen.largest_share == pytest.approx(together.max() / weights.sum(), abs=1e-12)


def test_the_mean_weight_is_one_within_its_error():
    episodes = STOCHASTIC.simulate(np.random.default_rng(4), 4_000, 5)
    steps = diagnose(episodes, ImportanceSampling().estimate(episodes)).steps
    assert all(abs(s.mean - 1.0) < 4 * s.error for s in steps)
    wrong = replace(episodes, behaviour=0.8 * episodes.behaviour)
    steps = diagnose(wrong, ImportanceSampling().estimate(wrong)).steps
    assert all(abs(s.mean - 1.0) > 4 * s.error for s in steps)


def never(situation: int) -> Process:
    """The stochastic process, logged by one who never gives the second activity in a situation (3: nowhere)."""
    behaviour = STOCHASTIC.behaviour.copy()
    behaviour[slice(0, 3) if situation == 3 else situation] = [1.0, 0.0]
    return replace(STOCHASTIC, behaviour=behaviour)


@pytest.mark.parametrize("situation", [0, 1, 3])
def test_mass_off_support_is_what_the_target_puts_where_the_log_never_goes(situation: int):
    process = never(situation)
    episodes = process.simulate(np.random.default_rng(5), 2_000, 4)
    assert episodes.state is not None
    here = np.ones(len(episodes.state), np.bool_) if situation == 3 else episodes.state == situation
    expected = np.where(here, process.target[episodes.state, 1], 0.0)
    seen = support(episodes)
    assert np.array_equal(seen.mass, expected)
    assert seen.share == pytest.approx(expected.mean(), abs=1e-12)
    assert seen.by_activity.sum() == pytest.approx(seen.share, abs=1e-12)
    assert seen.activities.tolist() == [1]
    # The mean ratio tells the same, with no notion of a situation.
    assert abs(1.0 - seen.ratio - seen.share) < 4 * seen.ratio_error < 0.2
    blind = support(replace(episodes, state=None))
    assert blind.share == (pytest.approx(seen.share, abs=1e-12) if situation == 3 else 0.0)
    assert blind.ratio == seen.ratio


def test_what_was_not_eligible_is_off_support_and_a_decision_of_the_course_is_a_situation():
    episodes = STOCHASTIC.simulate(np.random.default_rng(6), 500, 3)
    shut = replace(episodes, state=None, eligible=np.eye(2, dtype=np.bool_)[episodes.action])
    assert support(shut).mass == pytest.approx(1.0 - episodes.target, abs=1e-12)
    second = replace(episodes, state=None, action=np.where(episodes.step == 1, 0, episodes.action))
    expected = np.where(episodes.step == 1, episodes.choice[:, 1], 0.0)
    assert support(second).mass == pytest.approx(expected, abs=1e-12)


def test_a_situation_that_was_hardly_seen_says_nothing():
    """13 decisions with two activities to choose from: all alike by chance, for all one knows; 14 are told apart."""
    episodes = STOCHASTIC.simulate(np.random.default_rng(7), 400, 1)
    for count, share in ((13, 0.0), (14, 14 / 400)):
        state = np.where(np.arange(400) < count, 1, 0)
        same = replace(episodes, state=state, action=np.where(state == 1, 0, episodes.action))
        same = replace(same, choice=np.where(state[:, None] == 1, np.array([0.0, 1.0]), same.choice))
        assert support(same).share == pytest.approx(share, abs=1e-12)


def test_an_estimated_chance_next_to_none_is_off_support():
    """Without countable situations, a model of the logged policy sees where an activity is never given."""
    process = never(1)
    episodes = process.simulate(np.random.default_rng(8), 4_000, 3)
    blind = replace(episodes, state=None)
    chances = probabilities(Logistic(ridge=1e-3), blind)
    expected = support(episodes).share
    assert expected > 0.05
    assert support(with_behaviour(blind, chances), chances).share == pytest.approx(expected, abs=0.01)


def test_sensitivity_bounds_are_the_optimum():
    """Against a linear program (Charnes & Cooper's form of the ratio), written without sorting."""
    rng = np.random.default_rng(9)
    g, w, gamma = rng.normal(size=12), rng.exponential(size=12), 1.7
    ends = []
    for sign in (1.0, -1.0):
        # v_i = s l_i: sum w v = 1, s / gamma <= v_i <= s gamma, s >= 0.
        above = np.column_stack([np.eye(12), np.full(12, -gamma)])
        below = np.column_stack([-np.eye(12), np.full(12, 1 / gamma)])
        found = linprog(
            sign * np.append(w * g, 0.0),
            A_ub=np.vstack([above, below]),
            b_ub=np.zeros(24),
            A_eq=[np.append(w, 0.0)],
            b_eq=[1.0],
        )
        ends.append(sign * found.fun)
    assert bounds(g, w, gamma) == pytest.approx(tuple(ends), abs=1e-9)


def test_sensitivity_grows_from_the_estimate_to_the_range():
    rng = np.random.default_rng(10)
    g, w = rng.normal(size=50), rng.exponential(size=50)
    value = (w * g).sum() / w.sum()
    assert bounds(g, w, 1.0) == pytest.approx((value, value), abs=1e-12)
    narrow, wide = bounds(g, w, 1.2), bounds(g, w, 2.0)
    assert wide[0] < narrow[0] < value < narrow[1] < wide[1]
    assert bounds(g, w, 1e9) == pytest.approx((g.min(), g.max()), abs=1e-6)
    gamma = reversing(g, w, narrow[1])
    assert gamma == pytest.approx(1.2, abs=1e-9)
    assert reversing(g, w, value) == pytest.approx(1.0, abs=1e-9)
    assert reversing(g, w, g.max() + 1.0) == math.inf
    assert np.isnan(bounds(g, np.zeros(50), 2.0)).all()


def test_the_value_if_nobody_had_left_is_found():
    """Who stayed stands for who left: the exact value of the same course that nobody leaves."""
    stays = replace(DROPOUT, leave=np.zeros((3, 2)))
    found, raw = [], []
    for seed in range(40):
        episodes = DROPOUT.simulate(np.random.default_rng([11, seed]), 400, 5)
        seen = leaving(episodes)
        found.append(seen.stayed)
        raw.append(ImportanceSampling().estimate(episodes).value)
        assert seen.low < seen.stayed < seen.high
    error = np.std(found) / math.sqrt(40)
    assert abs(np.mean(found) - stays.value(5)) < 4 * error < 0.08
    assert np.mean(raw) < stays.value(5) - 8 * error


def test_shares_who_leave_are_those_of_each_policy():
    process = replace(DROPOUT, leave=np.array([[0.2, 0.0]] * 3))
    episodes = process.simulate(np.random.default_rng(12), 5_000, 3)
    under_target = process.simulate(np.random.default_rng(13), 5_000, 3, policy=process.target)
    seen = leaving(episodes)
    assert seen.logged == episodes.censored.mean()
    assert abs(seen.target - under_target.censored.mean()) < 4 * math.hypot(seen.error, 0.007)
    assert (seen.logged_done, seen.target_done) == (0.0, pytest.approx(0.0, abs=1e-12))


def test_with_nobody_leaving_there_is_nothing_to_bound():
    episodes = DETERMINISTIC.simulate(np.random.default_rng(14), 100, 4)
    seen = leaving(episodes, 0.9)
    weights, rewards = episodes.weights, episodes.rewards
    wis = (weights[:, -1] * episodes.returns(0.9)).sum() / weights[:, -1].sum()
    assert (seen.low, seen.high) == pytest.approx((wis, wis), abs=1e-12)
    pdwis = ((weights * rewards).sum(axis=0) / weights.sum(axis=0)) @ 0.9 ** np.arange(4)
    assert seen.stayed == pytest.approx(pdwis, abs=1e-12)
