"""Laws of Thompson sampling undrawn: chances are what sampling gives, rates follow Bayes, and rewards are unbiased."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from curriculum_rl.batch import Bool, Float
from curriculum_rl.policies.best_arm import NARROWEST, chance_of_best
from curriculum_rl.policies.thompson import Thompson
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.rates import Rates, RatesBelief
from tests.policies.views import watched
from tests.worlds import world_named

WITHIN = 0.002
"""What the rule of `best_arm.py` is said to be off by at most."""


def drawn(mean: Float, sd: Float, arms: Bool, count: int = 40_000) -> Float:
    """Shares of draws in which each arm was the greatest, for one student."""
    draws = np.where(arms, np.random.default_rng(1).normal(mean, sd, (count, len(mean))), -np.inf)
    return np.bincount(draws.argmax(axis=1), minlength=len(mean)) / count


@pytest.mark.parametrize("narrow", [1.0, 0.3, NARROWEST])
@pytest.mark.parametrize("apart", [0.2, 1.0])
def test_chances_are_those_of_sampling(narrow: float, apart: float):
    """Within 4 standard errors of 40,000 draws, twelve students with ten arms of which some are missing."""
    rng = np.random.default_rng(0)
    mean, sd = rng.normal(0.0, apart, (12, 10)), narrow ** rng.random((12, 10))
    sd[:, 0], arms = 1.0, rng.random((12, 10)) < 0.8
    arms[:, 0] = True
    chance = chance_of_best(mean, sd, arms)
    np.testing.assert_allclose(chance.sum(axis=1), 1.0)
    assert np.all(chance[~arms] == 0)
    for i in range(12):
        share = drawn(mean[i], sd[i], arms[i])
        error = np.sqrt(np.maximum(chance[i] * (1 - chance[i]), 1e-4) / 40_000)
        assert np.all(np.abs(chance[i] - share) <= 4 * error + WITHIN / 4)


def test_the_chance_of_the_better_of_two_is_the_closed_form():
    """Phi((m1 - m2) / sqrt(s1^2 + s2^2))."""
    gap, narrow = (x.ravel() for x in np.meshgrid(np.linspace(-3, 3, 25), [1.0, 0.5, 0.2, 0.1]))
    mean, sd = np.stack([gap, 0 * gap], axis=1), np.stack([narrow, 1 + 0 * gap], axis=1)
    chance = chance_of_best(mean, sd, np.ones(mean.shape, dtype=np.bool_))
    np.testing.assert_allclose(chance[:, 0], ndtr(gap / np.hypot(*sd.T)), atol=WITHIN)


def test_equal_arms_are_equal_and_shifts_and_scales_change_nothing():
    rng = np.random.default_rng(2)
    mean, sd, arms = rng.normal(size=(30, 8)), rng.uniform(0.2, 1.0, (30, 8)), rng.random((30, 8)) < 0.7
    arms[0] = False
    chance = chance_of_best(mean, sd, arms)
    np.testing.assert_allclose(chance_of_best(5.0 * mean + 3.0, 5.0 * sd, arms), chance, atol=1e-12)
    turned = chance_of_best(mean[:, ::-1], sd[:, ::-1], arms[:, ::-1])
    np.testing.assert_allclose(turned[:, ::-1], chance, atol=1e-12)
    assert np.all(chance[0] == 0)
    for width in (0.0, 0.4):
        even = chance_of_best(np.full((30, 8), 0.3), np.full((30, 8), width), arms)
        np.testing.assert_allclose(even, arms / np.maximum(arms.sum(axis=1, keepdims=True), 1), atol=1e-12)


def test_rates_are_the_posterior_of_a_linear_regression():
    """All answers at once, by precisions, against the tracker's one by one; rewards from the plain filter beside it."""
    world = world_named("bkt exponential")
    tracker = Rates(spread=0.7, noise=0.15, filter=BKTFilter(nodes=3))
    goals, rng, curriculum = np.ones((6, 8), dtype=np.bool_), np.random.default_rng(0), world.curriculum
    belief, plain = tracker.start(world.platform, goals), tracker.filter.start(world.platform, goals)
    learn = np.broadcast_to(world.platform.filter.learn, goals.shape)
    precision, total = 1 / (0.7 * learn) ** 2, learn / (0.7 * learn) ** 2
    for _ in range(60):
        activity, correct = rng.integers(0, len(curriculum.activities), 6), rng.random(6) < 0.6
        before = plain.outlook()
        plain.update(activity, correct, np.full(6, 0.3))
        after = plain.stored()
        for i, a in enumerate(curriculum.activities[j] for j in activity):
            for concept, share in a.loads.items() if a.answered else ():
                k = curriculum.concept_index[concept]
                x = before.readiness[i, k] * a.learning * share * (1 - before.recall[i, k])
                precision[i, k] += (x / 0.15) ** 2
                total[i, k] += x * (after[i, k] - before.recall[i, k]) / 0.15**2
        belief.update(activity, correct, np.full(6, 0.3))
        np.testing.assert_allclose(belief.variance, 1 / precision)
        np.testing.assert_allclose(belief.rate, total / precision)
    np.testing.assert_array_equal(belief.known, plain.known)


def test_rewards_are_unbiased_where_the_filter_is_right():
    """Over both answers, the reward of a first practice is theta x on average, so no rate moves on average."""
    world = world_named("bkt none")
    goals = np.ones((1, 8), dtype=np.bool_)
    right = Rates().start(world.platform, goals).success()[0]
    rates: list[list[Float]] = [[], []]
    for seen, correct in zip(rates, (True, False), strict=True):
        for activity in range(24):
            belief = Rates().start(world.platform, goals)
            belief.update(np.array([activity]), np.array([correct]), np.zeros(1))
            seen.append(belief.rate[0])
    weights = right[:24, None]
    mean = weights * np.array(rates[0]) + (1 - weights) * np.array(rates[1])
    np.testing.assert_allclose(mean, np.broadcast_to(world.platform.filter.learn, mean.shape), rtol=1e-9)
    assert np.abs(np.array(rates[0]) - np.array(rates[1])).max() > 0.01


def test_each_goal_has_the_chance_that_it_is_the_best_on_the_activity_that_teaches_it():
    policy, world = Thompson(), world_named("bkt exponential")
    view = watched(world, policy, np.arange(12), 20).view()
    belief, chance = view.belief, policy.probabilities(view)
    assert isinstance(belief, RatesBelief)
    outlook = belief.outlook()
    x = outlook.readiness * (1 - outlook.recall)
    for i in range(12):
        share = drawn(belief.rate[i] * x[i], np.sqrt(belief.variance[i]) * x[i], belief.goals[i])
        medium = chance[i, 1:32:4]  # four forms a concept, the problem second
        error = np.sqrt(np.maximum(medium * (1 - medium), 1e-4) / 40_000)
        assert np.all(np.abs(medium - share) <= 4 * error + 2 * WITHIN)
    np.testing.assert_allclose(chance[:, 1:32:4].sum(axis=1), 1.0)
