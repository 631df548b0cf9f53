"""Planning quantities against plain arithmetic: every case of one try, and slopes by finite differences."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.policies.greedy import Greedy
from curriculum_rl.trackers.bkt import FilterBelief
from curriculum_rl.trackers.planning import goal_value, telling, unlocking, with_reviews, worth
from curriculum_rl.world import World
from tests.policies.views import watched
from tests.worlds import world_named

IDS = np.arange(12)


def scalar_worth(world: World, belief: FilterBelief, i: int, activity: int) -> float:
    """Expected rise of the delayed score of student i, in points: a sum over known or not, right or wrong."""
    platform, test = world.platform, world.course.test_day
    known, memory = platform.filter, world.population.memory
    a = world.curriculum.activities[activity]
    index = world.curriculum.concept_index

    def recalled(days: float, half_life: float) -> float:
        return 2.0 ** (-days / half_life)

    def state(k: int) -> tuple[float, float, float, float]:
        stored = float(belief.known[i, k, 0])
        half_life = float(belief.half_life[i, k])
        since = float(belief.now[i] - belief.last[i, k])
        return stored, half_life, since, recalled(since, half_life)

    def odds(p: float, logits: float) -> float:
        return 1 / (1 + math.exp(-(math.log(p / (1 - p)) - logits)))

    right = sum(w * odds(1 - known.slip[index[c]], a.difficulty) for c, w in a.loads.items())
    lucky = sum(w * odds(known.guess[index[c]], a.difficulty) for c, w in a.loads.items())
    total = 0.0
    for concept, w in a.loads.items():
        k = index[concept]
        stored, half_life, _, retention = state(k)
        ready = 1.0
        for j in range(len(index)):
            mastery = state(j)[0] * state(j)[3]
            ready *= 1 - world.curriculum.requires[j, k] * (1 - mastery)
        ready = platform.leak + (1 - platform.leak) * ready
        learns = min(1.0, ready * float(known.learn[k]) * a.learning * w)
        others = [(v, state(index[c])[0] * state(index[c])[3]) for c, v in a.loads.items() if c != concept]
        if known.conjunctive:
            whole = retention * math.prod(recall for _, recall in others)
        else:
            whole = w * retention + sum(v * recall for v, recall in others)
        p_right = lucky + (right - lucky) * whole if a.answered else 0.0
        left = test - float(belief.now[i])
        longer = min(half_life * (1 + memory.gain + memory.spacing * (1 - retention)), memory.cap_days)
        longer = max(longer, half_life)
        after_known = p_right * recalled(left, longer) + (1 - p_right) * recalled(left, half_life)
        after = (1 - stored) * learns * recalled(left, memory.new_days)
        after += stored * (1 - float(known.forget[k])) * after_known
        before = stored * recalled(test - float(belief.last[i, k]), half_life)
        span = 1 - float(known.slip[k]) - float(known.guess[k])
        total += 100 * span * (after - before) / belief.goals[i].sum() * belief.goals[i, k]
    return total


@pytest.mark.parametrize("name", ["bkt exponential", "bkt_conjunctive exponential", "pack fractions"])
def test_worth_is_the_expected_rise_case_by_case(name: str):
    world = world_named(name)
    belief = watched(world, Greedy(), IDS, 8).belief
    found = worth(belief.outlook(), world.platform, goal_value(world.platform, belief.goals))
    for i in range(0, len(IDS), 3):
        expected = [scalar_worth(world, belief, i, a) for a in range(len(world.curriculum.activities))]
        np.testing.assert_allclose(found[i], expected, rtol=1e-9, atol=1e-10)


def test_recall_of_now_is_credited_by_its_rise():
    world = world_named("bkt exponential")
    belief = watched(world, Greedy(), IDS, 8).belief
    outlook, value = belief.outlook(), goal_value(world.platform, belief.goals)
    ahead = np.random.default_rng(0).random(value.shape)
    extra = worth(outlook, world.platform, value, ahead) - worth(outlook, world.platform, value)
    concepts, shares = world.curriculum.loads
    learning, forget = world.curriculum.learning, world.platform.filter.forget
    for a in range(len(world.curriculum.activities)):
        lift = 0.0
        for k, w in zip(concepts[:, a], shares[:, a], strict=True):
            if w > 0:
                chance = np.minimum(1, outlook.readiness[:, k] * outlook.learn[:, k] * learning[a] * w)
                after = (1 - outlook.stored[:, k]) * chance + (1 - forget[k]) * outlook.stored[:, k]
                lift = lift + ahead[:, k] * (after - outlook.recall[:, k])
        np.testing.assert_allclose(extra[:, a], lift, atol=1e-10)


def test_what_a_concept_unlocks_is_the_slope_of_what_its_children_could_bring():
    world = world_named("bkt exponential")
    belief = watched(world, Greedy(), IDS, 8).belief
    outlook, value = belief.outlook(), goal_value(world.platform, belief.goals)
    left = value * outlook.fresh * (1 - outlook.at_test)
    found = unlocking(outlook, world.platform, value, discount=0.0)
    for k in range(value.shape[1]):
        step = np.zeros(value.shape)
        step[:, k] = 1e-6
        up, down = (belief.readiness(outlook.recall + sign * step) for sign in (1, -1))
        slope = ((up - down) / 2e-6 * left).sum(axis=1)
        np.testing.assert_allclose(found[:, k], slope, atol=1e-6)


def test_what_lies_further_is_discounted_link_by_link():
    world = world_named("bkt exponential")
    belief = watched(world, Greedy(), IDS, 8).belief
    outlook, value = belief.outlook(), goal_value(world.platform, belief.goals)
    near, far, half = (unlocking(outlook, world.platform, value, d) for d in (0.0, 1.0, 0.5))
    requires, leak = world.curriculum.requires, world.platform.leak
    for i in range(len(IDS)):
        slope = np.zeros_like(requires)  # of the readiness of k in the recall of j
        for j, k in zip(*np.nonzero(requires), strict=True):
            others = [p for p in np.flatnonzero(requires[:, k]) if p != j]
            terms = [1 - requires[p, k] * (1 - outlook.recall[i, p]) for p in others]
            slope[j, k] = (1 - leak) * requires[j, k] * np.prod(terms)
        # ahead = slope (left + d ahead), solved at once
        for d, found in ((1.0, far), (0.5, half)):
            expected = np.linalg.solve(np.eye(len(slope)) - d * slope, near[i])
            np.testing.assert_allclose(found[i], expected, atol=1e-9)
    assert np.all(far >= near)


@pytest.mark.parametrize("name", ["bkt exponential", "bkt_conjunctive exponential"])
def test_what_an_answer_settles_is_the_variance_it_takes_away(name: str):
    """By Bayes' rule, right and wrong, for every activity on one concept."""
    world = world_named(name)
    belief = watched(world, Greedy(), IDS, 8).belief
    outlook = belief.outlook()
    found = telling(outlook, world.platform, np.ones(outlook.stored.shape))
    lucky, span = world.platform.answers
    for a, activity in enumerate(world.curriculum.activities[:32]):
        k = a // 4
        for i in range(len(IDS)):
            known, recall = outlook.stored[i, k], outlook.recall[i, k]
            right = lucky[a] + span[a] * recall
            both = known * lucky[a] + span[a] * recall
            if_right, if_wrong = both / right, (known - both) / (1 - right)
            after = right * if_right * (1 - if_right) + (1 - right) * if_wrong * (1 - if_wrong)
            expected = known * (1 - known) - after if activity.answered else 0.0
            assert abs(found[i, a] - expected) < 1e-12


def test_what_an_answer_settles_of_several_concepts_that_are_all_needed():
    """Of each concept, as if it were alone: Cov(known, right)^2 / Var(right), from P(known and right)."""
    world = world_named("bkt_conjunctive exponential")
    belief = watched(world, Greedy(), IDS, 8).belief
    outlook, (lucky, span) = belief.outlook(), world.platform.answers
    found = telling(outlook, world.platform, np.ones(outlook.stored.shape))
    for a in (32, 33):
        loads = [world.curriculum.concept_index[c] for c in world.curriculum.activities[a].loads]
        right = lucky[a] + span[a] * outlook.recall[:, loads].prod(axis=1)
        settled = 0.0
        for k in loads:
            other = outlook.recall[:, [j for j in loads if j != k]].prod(axis=1)
            both = outlook.stored[:, k] * lucky[a] + span[a] * outlook.recall[:, k] * other
            settled += (both - outlook.stored[:, k] * right) ** 2 / (right * (1 - right))
        np.testing.assert_allclose(found[:, a], settled, rtol=1e-9)


def test_reviews_make_good_the_share_asked_for():
    world = world_named("bkt exponential")
    outlook = watched(world, Greedy(), IDS, 8).belief.outlook()
    none, all_ = (with_reviews(outlook, np.full(len(IDS), share)) for share in (0.0, 1.0))
    for name in ("at_test", "fresh", "refreshed", "kept"):
        np.testing.assert_allclose(getattr(none, name), getattr(outlook, name))
    np.testing.assert_allclose(all_.at_test, outlook.stored)
    np.testing.assert_allclose(all_.fresh, 1.0)
    # Nothing is left to refresh, and all that is learned lasts.
    value = np.ones(outlook.stored.shape)
    points = worth(replace(all_, learn=0.0 * all_.learn), world.platform, value)
    np.testing.assert_allclose(points, 0.0, atol=1e-12)


@pytest.mark.parametrize("name", ["bkt exponential", "pack fractions", "pack assistments09"])
def test_slots_hold_every_pair_once_and_nothing_twice_in_one(name: str):
    curriculum = world_named(name).curriculum
    concepts, activities = np.arange(len(curriculum.concepts)), np.arange(len(curriculum.activities))
    found = []
    for slot in curriculum.slots:
        practised, doing = concepts[slot.concepts], activities[slot.activities]
        assert len(set(practised.tolist())) == len(set(doing.tolist())) == len(practised) == len(slot.shares)
        found += list(zip(doing.tolist(), practised.tolist(), slot.shares.tolist(), strict=True))
    expected = [
        (a, curriculum.concept_index[c], w)
        for a, activity in enumerate(curriculum.activities)
        for c, w in activity.loads.items()
    ]
    assert sorted(found) == sorted(expected)
