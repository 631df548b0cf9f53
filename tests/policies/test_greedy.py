"""Laws of the greedy heuristics: they take what is worth most a minute, and credit adds what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.evaluation.cohorts import TUNE, first
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.mastery_gain import MasteryGain
from curriculum_rl.objectives.retention import Retention
from curriculum_rl.policies.greedy import Greedy, per_minute
from curriculum_rl.policies.greedy_credit import Credit, GreedyCredit
from curriculum_rl.policies.random import Random
from curriculum_rl.trackers.planning import goal_value, worth
from curriculum_rl.violations import InvalidInput
from tests.policies.views import masked, watched
from tests.worlds import component, names, world_named

WORLD = world_named("bkt exponential")


def test_nothing_allowed_is_worth_more_a_minute():
    policy = Greedy()
    view = masked(watched(WORLD, policy, np.arange(50), 10).view(), "some")
    points = worth(view.belief.outlook(), view.platform, goal_value(view.platform, view.belief.goals))
    minutes = WORLD.curriculum.minutes
    for i, choice in enumerate(policy.probabilities(view).argmax(axis=1)):
        rate = {a: points[i, a] / min(minutes[a], view.session_left[i]) for a in np.flatnonzero(view.mask[i])}
        assert rate[choice] == max(rate.values())


def told_ahead(objective: str) -> bool:
    """Whether it can be told what it will pay."""
    view = watched(WORLD, Greedy(), np.arange(1), 1).view()
    value = goal_value(view.platform, view.belief.goals)
    return component("objective", objective).expected(view.belief.outlook(), view.platform, value) is not None


@pytest.mark.parametrize("objective", list(filter(told_ahead, names("objective"))))
def test_it_takes_what_the_objective_expects_most_of_a_minute_or_at_a_decision(objective: str):
    aim = component("objective", objective)
    policy = Greedy(objective=aim)
    view = watched(WORLD, policy, np.arange(50), 10).view()
    expected = aim.expected(view.belief.outlook(), view.platform, goal_value(view.platform, view.belief.goals))
    rises = hasattr(aim, "potential")
    np.testing.assert_array_equal(policy.scores(view), per_minute(expected, view) if rises else expected)


def test_what_cannot_be_told_ahead_is_refused():
    view = watched(WORLD, Greedy(), np.arange(5), 3).view()
    with pytest.raises(InvalidInput, match="objective = Retention: what it will pay cannot be told ahead"):
        Greedy(Retention()).probabilities(view)


def test_each_greedy_gains_most_of_what_it_aims_at():
    """Paired over 300 students, each by more than three standard errors."""
    ids = first(TUNE, 300)
    test, mastery = (rollout(WORLD, Greedy(aim), ids) for aim in (DelayedTest(), MasteryGain()))
    for gap in (test.gain - mastery.gain, mastery.mastery_gain - test.mastery_gain):
        assert gap.mean() > 3 * gap.std() / np.sqrt(300)


def test_what_overruns_a_session_costs_what_was_left_of_it():
    view = watched(WORLD, Greedy(), np.arange(5), 3).view()
    view = replace(view, session_left=np.array([0.5, 1.9, 2.0, 5.0, 30.0]))
    cost = 1.0 / per_minute(np.ones(view.mask.shape), view)
    np.testing.assert_allclose(cost, np.minimum(WORLD.curriculum.minutes, view.session_left[:, None]))


def test_without_credit_it_is_plain_greedy():
    view = watched(WORLD, Greedy(), np.arange(50), 10).view()
    plain = GreedyCredit(Credit(credit=0.0, inform=0.0, upkeep=0.0))
    np.testing.assert_array_equal(plain.probabilities(view), Greedy().probabilities(view))


def test_credit_moves_early_practice_to_prerequisites_and_fades():
    view = watched(WORLD, Greedy(), np.arange(200), 4).view()
    concepts = WORLD.curriculum.loads[0][0]
    descendants = WORLD.curriculum.ancestors.sum(axis=0)[concepts]

    def opened(credit: Credit, minutes_left: float) -> float:
        now = replace(view, minutes_left=np.full(200, minutes_left))
        return float((GreedyCredit(credit).probabilities(now) @ descendants).mean())

    none = Credit(credit=0.0, inform=0.0, upkeep=0.0, fade=1.0)
    much = replace(none, credit=8.0)
    total = WORLD.course.total_minutes
    assert opened(much, total) > opened(none, total)
    assert abs(opened(much, 1e-9) - opened(none, 1e-9)) < 1e-12


def test_greedy_beats_chance_where_there_is_something_to_weigh():
    """Paired over 400 students, by more than five standard errors."""
    ids = first(TUNE, 400)
    greedy, chance = (rollout(WORLD, policy, ids).gain for policy in (Greedy(), Random()))
    gap = greedy - chance
    assert gap.mean() > 5 * gap.std() / 20
