"""Laws of the heuristics that walk along the curriculum: round-robin, fixed order, mastery, mastery with review."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from curriculum_rl.batch import Float, Int
from curriculum_rl.envs.simulation import Simulation, View
from curriculum_rl.policies.fixed_order import FixedOrder
from curriculum_rl.policies.mastery import Mastery
from curriculum_rl.policies.mastery_review import MasteryReview
from curriculum_rl.policies.policy import Policy
from curriculum_rl.policies.round_robin import RoundRobin
from curriculum_rl.world import World
from tests.worlds import world_named

IDS = np.arange(60)


@dataclass
class Moment:
    """What was seen and chosen, before it was done: the concept of each student, and what was believed."""

    view: View
    goals: np.ndarray
    concept: Int
    stored: Float
    recall: Float
    seen: Float
    spent: Float


def course(policy: Policy, name: str = "bkt exponential") -> list[Moment]:
    """Everything that the policy chose until the first student was done."""
    world: World = world_named(name)
    simulation, moments = Simulation(world, policy.tracker, IDS, 2), []
    concepts, shares = world.curriculum.loads
    main = concepts[shares.argmax(axis=0), np.arange(concepts.shape[1])]
    while True:
        view = simulation.view()
        activity = policy.probabilities(view).argmax(axis=1)
        outlook = view.belief.outlook()
        spent = 1 - view.minutes_left / world.course.total_minutes
        belief = view.belief
        moments.append(
            Moment(view, belief.goals, main[activity], outlook.stored, outlook.recall, belief.seen.copy(), spent)
        )
        happened = simulation.step(activity)
        if (happened.terminated | happened.truncated).any():
            return moments


def test_round_robin_never_lets_two_goals_drift_apart():
    for moment in course(RoundRobin()):
        counts = np.where(moment.goals, moment.seen, np.nan)
        assert np.nanmax(np.nanmax(counts, axis=1) - np.nanmin(counts, axis=1)) <= 1


@pytest.mark.parametrize("passes", [1, 3])
def test_fixed_order_gives_every_goal_its_part_of_the_minutes(passes: int):
    order = world_named("bkt exponential").curriculum.order
    for moment in course(FixedOrder(passes=passes)):
        for i in range(len(IDS)):
            goals = [k for k in order if moment.goals[i, k]]
            turn = int((moment.spent[i] * passes % 1.0) * len(goals))
            assert moment.concept[i] == goals[turn]


@pytest.mark.parametrize("believed", [0.6, 0.95])
def test_mastery_never_leaves_a_concept_before_it_is_believed(believed: float):
    order = world_named("bkt exponential").curriculum.order
    left = 0
    for moment in course(Mastery(believed=believed)):
        for i in range(len(IDS)):
            missing = [k for k in order if moment.goals[i, k] and moment.stored[i, k] < believed]
            if missing:
                assert moment.concept[i] == missing[0]
            else:
                left += 1
                recall = np.where(moment.goals[i], moment.recall[i], np.inf)
                assert moment.concept[i] == recall.argmin()
    assert believed > 0.9 or left > 0


def test_mastery_goes_on_when_its_patience_is_at_an_end_and_comes_back():
    moments = course(Mastery(believed=1.0, patience=3))
    for moment in moments:
        counts = np.where(moment.goals, moment.seen, np.nan)
        assert np.nanmax(np.nanmax(counts, axis=1) - np.nanmin(counts, axis=1)) <= 3


def test_reviews_come_before_anything_new_and_only_when_they_are_due():
    policy = MasteryReview(Mastery(believed=0.7), review_below=0.9)
    reviews = 0
    for moment in course(policy):
        for i in range(len(IDS)):
            kept = moment.recall[i] / moment.stored[i]
            due = moment.goals[i] & (moment.stored[i] >= 0.7) & (kept < 0.9)
            if due.any():
                assert moment.concept[i] == np.where(due, kept, np.inf).argmin()
                reviews += 1
            elif (moment.stored[i] < 0.7)[moment.goals[i]].any():
                assert moment.stored[i, moment.concept[i]] < 0.7
    assert reviews > 20
