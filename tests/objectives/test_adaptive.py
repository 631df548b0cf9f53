"""Multipliers: what they do to rewards, and that they come to rest where the problem that they stand for is solved.

The problems are small enough to be solved by hand: whoever is taught takes the best answer to the present multipliers,
as an agent would that had learned enough.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from curriculum_rl.batch import Float
from curriculum_rl.objectives.by_group import along
from curriculum_rl.objectives.constrained import Constrained
from curriculum_rl.objectives.cost import Cost
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.gap import Gap
from curriculum_rl.objectives.objective import Adaptive, Multipliers
from curriculum_rl.objectives.weighted import Weighted
from curriculum_rl.objectives.worst_group import WorstGroup
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.worlds import GROUPS, made_world, world_named

SHARE = np.array([g.share for g in GROUPS])


def settle(objective: Adaptive, answer: Callable[[Multipliers], Float], moves: int) -> Multipliers:
    """The multipliers after so many moves, where groups gain on average what `answer` says, (groups,)."""
    multipliers = objective.start(made_world())
    for _ in range(moves):
        courses = np.array([35, 65])
        objective.move(multipliers, answer(multipliers) * courses, courses)
    return multipliers


def test_rewards_go_from_the_main_objective_to_the_limited_one():
    objective, rewards = Constrained(), (np.array([3.0, 1.0]), np.array([-1.0, 2.0]))
    multipliers, group = objective.start(made_world()), np.zeros(2, dtype=np.int64)
    np.testing.assert_array_equal(objective.combined(rewards, group, multipliers), rewards[0])
    multipliers.value[:] = 3.0
    np.testing.assert_allclose(objective.combined(rewards, group, multipliers), 0.25 * rewards[0] + 0.75 * rewards[1])
    multipliers.value[:] = 1e12
    np.testing.assert_allclose(objective.combined(rewards, group, multipliers), rewards[1])


def test_a_constraint_settles_at_its_price():
    """Gain 4 x - x^2 at the cost x, of which 1 is allowed. Left alone x = 2; at x = 1 a unit of cost is worth 2."""
    objective = Constrained(at_least=-1.0, step=0.1, memory=0.5)

    def cost(multipliers: Multipliers) -> Float:
        return np.full(2, -(2.0 - multipliers.value[0] / 2.0))

    assert settle(objective, cost, 300).value[0] == pytest.approx(2.0, abs=1e-6)
    assert cost(settle(objective, cost, 300))[0] == pytest.approx(-1.0, abs=1e-6)
    assert settle(Constrained(at_least=-3.0, first=1.0), cost, 300).value[0] == 0.0, "it holds without a price"
    assert settle(Constrained(at_least=5.0, greatest=0.7), cost, 300).value[0] == 0.7, "it cannot hold"


def test_a_move_is_the_step_times_what_is_missing_by_the_running_mean():
    objective = Constrained(at_least=2.0, step=0.1, memory=0.25)
    multipliers = objective.start(made_world())
    objective.move(multipliers, np.array([-30.0, -10.0]), np.array([10, 30]))
    assert multipliers.told() == {"multiplier": pytest.approx(0.1 * 3.0), "measured": pytest.approx(-1.0)}
    objective.move(multipliers, np.array([0.0, 20.0]), np.array([0, 10]))
    mean = (0.25 * -40.0 + 20.0) / (0.25 * 40.0 + 10.0)
    assert multipliers.told() == {"multiplier": pytest.approx(0.3 + 0.1 * (2.0 - mean)), "measured": mean}


def test_the_worst_group_is_raised_until_it_is_worst_no_more():
    """With effort x shared among groups and J_g = a_g + sqrt(x_g): the best answer to weights q is x_g ~ q_g^2."""
    start = np.array([1.0, 0.6])
    objective = WorstGroup(step=0.2, memory=0.0)

    def answer(multipliers: Multipliers) -> Float:
        effort = multipliers.value**2 / (multipliers.value**2).sum()
        return start + np.sqrt(effort)

    levels = answer(settle(objective, answer, 400))
    assert levels[0] == pytest.approx(levels[1], abs=1e-3)
    high, low = (1.0 + np.sqrt(0.0), 0.6 + np.sqrt(1.0))
    assert high < levels[0] < low, "neither serves one group alone"


def test_group_weights_start_at_one_move_by_the_formula_and_average_one():
    objective = WorstGroup(step=0.1, memory=0.0)
    multipliers = objective.start(made_world())
    reward, group = np.array([2.0, 2.0, 5.0]), np.array([0, 1, 1])
    np.testing.assert_array_equal(objective.combined((reward,), group, multipliers), reward)
    objective.move(multipliers, np.array([100.0, 100.0]), np.array([10, 20]))
    q = SHARE * np.exp(-0.1 * np.array([10.0, 5.0]))
    np.testing.assert_allclose(multipliers.value, q / q.sum())
    weight = objective.combined((np.ones(2),), np.array([0, 1]), multipliers)
    np.testing.assert_allclose(weight, q / q.sum() / SHARE)
    assert SHARE @ weight == pytest.approx(1.0)


def test_a_gap_is_closed_to_its_bound_and_no_further():
    """J = (4 + 2 x - x^2, 2 + 2 y - y^2) with x + y = 1: left alone the gap is 1.7, and at least 1 whatever is done."""

    def answer(multipliers: Multipliers) -> Float:
        w = objective.weights(multipliers) * SHARE
        x = w[0] / w.sum()  # where w0 (2 - 2 x) = w1 (2 - 2 y)
        return np.array([4.0 + 2.0 * x - x**2, 2.0 + 2.0 * (1.0 - x) - (1.0 - x) ** 2])

    for bound in (1.2, 1.5):
        objective = Gap(bound=bound, step=0.02, memory=0.0)
        levels = answer(settle(objective, answer, 1000))
        assert levels[0] - levels[1] == pytest.approx(bound, abs=1e-2)
    objective = Gap(bound=1.75)
    assert np.all(settle(objective, answer, 50).value == 0.0)


def test_weights_of_a_gap_follow_the_formula_and_never_fall_below_nothing():
    objective = Gap(memory=0.0, bound=1.0, step=0.01)
    multipliers = objective.start(made_world())
    np.testing.assert_array_equal(objective.weights(multipliers), [1.0, 1.0])
    objective.move(multipliers, np.array([80.0, 100.0]), np.array([10, 20]))
    np.testing.assert_allclose(multipliers.value, [0.0, 0.01 * (8.0 - 5.0 - 1.0)])
    rise = multipliers.value[1]
    np.testing.assert_allclose(objective.weights(multipliers), [1.0 - rise / SHARE[0], 1.0 + rise / SHARE[1]])
    multipliers.value[:] = [0.0, 1.0]
    weights = objective.weights(multipliers)
    assert weights[0] == 0.0
    assert SHARE @ weights == pytest.approx(1.0)


def test_without_steps_the_gaps_are_weighed_as_they_were_told():
    objective = Gap(first={"behind": 0.1}, step=0.0)
    multipliers = settle(objective, lambda m: np.array([9.0, 1.0]), 5)
    np.testing.assert_array_equal(multipliers.value, [0.0, 0.1])
    np.testing.assert_allclose(objective.weights(multipliers), [1.0 - 0.1 / SHARE[0], 1.0 + 0.1 / SHARE[1]])


def test_axes_join_the_subgroups_of_a_part():
    groups = world_named("pack classroom").population.groups
    names, place = along(groups, "disabled")
    assert names == ("disabled", "not disabled")
    for group, i in zip(groups, place, strict=True):
        assert names[i] in group.name.split(" / ")
    multipliers = Gap(axis="most deprived").start(world_named("pack classroom"))
    assert multipliers.names == ("most deprived", "middle", "least deprived")
    assert multipliers.share.sum() == pytest.approx(1.0)
    for name, share in zip(multipliers.names, multipliers.share, strict=True):
        assert share == pytest.approx(sum(g.share for g in groups if name in g.name.split(" / ")), abs=1e-6)
    assert len(along(groups, None)[0]) == 18


@pytest.mark.parametrize("kind", [WorstGroup, Gap])
def test_what_cannot_be_told_apart_is_refused(kind: type):
    classroom, plain = world_named("pack classroom"), made_world()
    assert kind(axis="disabled").refusals(classroom) == []
    (line,) = kind(axis="disbled").refusals(classroom)
    assert "Did you mean disabled or not disabled?" in line
    (line,) = kind(axis="ahead").refusals(plain)
    assert "names of its subgroups have but one part" in line
    one = World("one", plain.curriculum, type(plain.population)(plain.population.knowledge, plain.population.memory),
                plain.course)  # fmt: skip
    (line,) = kind().refusals(one)
    assert "has one subgroup alone" in line
    assert kind().refusals(plain) == []


def test_bad_settings_are_named():
    with pytest.raises(InvalidInput) as caught:
        Gap(bound=-1.0, first={"a": 2.0}, step=-1.0, courses=0, memory=1.0)
    assert [line.split(" = ")[0] for line in caught.value.violations] == [
        "bound",
        "first[a]",
        "step",
        "courses",
        "memory",
    ]
    (line,) = Gap(first={"behnid": 0.1}).refusals(made_world())
    assert "Did you mean behind?" in line
    with pytest.raises(InvalidInput, match=r"first = 11.0: must be .* at most 10"):
        Constrained(first=11.0)
    with pytest.raises(InvalidInput, match=r"main = 'WorstGroup': moves while it trains"):
        Constrained(main=WorstGroup())
    assert Constrained(main=Weighted(), limited=Cost()).outcome == "total_reward"
    assert WorstGroup(main=DelayedTest()).outcome == "gain"
