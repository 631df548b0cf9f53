"""The review worlds are those of Reddy, Levine & Dragan (2017), step by step, and in the figures known of them.

Written from the published equations, in seconds, deck by deck; it shares the decks' random numbers alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.mean_recall import MeanRecall
from curriculum_rl.policies.policy import Policy
from curriculum_rl.policies.random import Random
from curriculum_rl.policies.round_robin import RoundRobin
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.world import World, load_world
from tests.worlds import random_actions

ITEMS, REVIEWS, SECONDS, DAY = 30, 200, 5, 86_400.0
Recall = Callable[[int, float], float]
"""P(recall) of an item so many seconds after its last review, or after the start."""


class Deck:
    """What has happened to 30 items."""

    def __init__(self) -> None:
        self.tries, self.right, self.last = [0] * ITEMS, [0] * ITEMS, [0.0] * ITEMS
        self.log: list[tuple[int, int, bool]] = []


def efc(deck: Deck, state: Any, row: int) -> Recall:
    rate = (state.rate[row] / DAY).tolist()
    return lambda k, now: math.exp(-rate[k] * (now - deck.last[k]) / (1 + deck.tries[k]))


def hlr(deck: Deck, state: Any, row: int) -> Recall:
    b = (state.item[row] * math.log(2.0)).tolist()
    return lambda k, now: math.exp(-(now - deck.last[k]) / math.exp(deck.tries[k] + deck.right[k] + b[k]))


def dash(deck: Deck, state: Any, row: int) -> Recall:
    """Blocks of 40 reviews; `deck.log` has the number of each review, from 1, and whether it was right."""
    delta, f, r = state.difficulty[row].tolist(), state.decay[row].tolist(), float(state.rate[row]) / DAY

    def recall(k: int, now: float) -> float:
        block, h = (round(now / SECONDS) + 1) // 40, 0.0
        for w in range(min(block, 4)):
            inside = [right for number, item, right in deck.log if item == k and number // 40 == w]
            h += (math.log(1 + len(inside)) + math.log(1 + sum(inside))) / (5 - w) ** 2
        return 1 / (1 + math.exp(delta[k] - h)) / (1 + r * (now - deck.last[k])) ** f[k]

    return recall


WORLDS: dict[str, Callable[[Deck, Any, int], Recall]] = {"review-efc": efc, "review-hlr": hlr, "review-dash": dash}


@pytest.mark.parametrize("name", WORLDS)
def test_every_reward_is_that_of_the_published_equations(name: str):
    """Both rewards after each of the 200 reviews of 2 decks, and the chance of each answer."""
    world, decks = load_world(name), 2
    simulation = Simulation(world, Counts(), np.arange(decks), 3)
    records = [Deck() for _ in range(decks)]
    recalls = [WORLDS[name](deck, simulation.students.memory, i) for i, deck in enumerate(records)]
    plain, log = MeanRecall(), MeanRecall(log=True)
    surprise = 0.0
    for step, items in enumerate(random_actions(world, REVIEWS, decks)):
        now = float(step * SECONDS)
        chance = [recall(k, now) for recall, k in zip(recalls, items.tolist(), strict=True)]
        happened = simulation.step(items)
        assert bool(happened.truncated.all()) == bool(happened.truncated.any()) == (step == REVIEWS - 1)
        for deck, k, right in zip(records, items.tolist(), happened.correct.tolist(), strict=True):
            deck.tries[k] += 1
            deck.right[k] += right
            deck.last[k] = now
            deck.log.append((step + 1, k, right))
        surprise += float((happened.correct - np.array(chance)).sum())
        of_all = np.array([[recall(k, now) for k in range(ITEMS)] for recall in recalls])
        rewards = [o.reward(happened, simulation.students, world) for o in (plain, log)]
        np.testing.assert_allclose(rewards[0], 100.0 * of_all.mean(axis=1), atol=1e-6)
        np.testing.assert_allclose(rewards[1], np.log(1e-9 + of_all).mean(axis=1), atol=1e-6)
    assert abs(surprise) < 4.5 * math.sqrt(0.25 * REVIEWS * decks), "answers are right as often as they should be"


PUBLISHED = {"random": 31.9, "round robin": 37.9}
"""Points of mean recall in the exponential world, over 100 decks (what others found)."""
DECKS = 300


def played(policy: Policy, world: World | None = None) -> np.ndarray:
    """The mean recall of each deck, points."""
    outcomes = rollout(world or load_world("review-efc"), policy, DECKS, seed=0, objective=MeanRecall())
    assert set(outcomes.decisions) == {REVIEWS}
    score: np.ndarray = outcomes.mean_reward
    return score


@pytest.mark.parametrize(("name", "policy"), [("random", Random()), ("round robin", RoundRobin())])
def test_the_known_figures_of_the_exponential_world(name: str, policy: Policy):
    """Within 4 standard errors of the difference between 100 decks of theirs and ours."""
    score = played(policy)
    error = score.std() * math.sqrt(1 / 100 + 1 / DECKS)
    assert abs(score.mean() - PUBLISHED[name]) < 4.0 * error
