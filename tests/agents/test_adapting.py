"""Multipliers in training: what is measured is what happened, and they are told, kept and gone on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curriculum_rl.agents.adapting import Adapting
from curriculum_rl.agents.agent import Curve, Trained, Watch
from curriculum_rl.agents.dqn import DQN
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.envs.vector import CurriculumVectorEnv
from curriculum_rl.objectives.constrained import Constrained
from curriculum_rl.objectives.cost import Cost
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.gap import Gap
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.objectives.worst_group import WorstGroup
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.agents.playground import SMALL, bandit
from tests.agents.test_training import Stop, equal
from tests.worlds import GROUPS, component, made_world

BLIND = replace(SMALL, luckless=False, frames=2048)
LONGER = replace(BLIND, frames=4096)
LIMITED = Constrained(limited=Cost(activity=1.0), at_least=-3.0, courses=20)


def of_groups() -> World:
    """The bandit's world, with two subgroups."""
    world = bandit()
    return replace(world, population=replace(world.population, groups=GROUPS))


def trained(objective: Objective, agent: object = BLIND, watch: Watch | None = None) -> Trained:
    return agent.train(  # type: ignore[attr-defined,no-any-return]
        of_groups(),
        tracker=component("tracker", "bkt"),
        objective=objective,
        network=Flat((16,)),
        seed=0,
        watch=watch or Watch(),
    )


def test_what_is_measured_is_what_whole_courses_came_to():
    """Paid one point an activity, a course costs as many as it has decisions; the environment says how many."""
    world, lanes = made_world(), 60
    objective = Adapting(LIMITED, world, lanes)
    env = CurriculumVectorEnv(world, lanes, objective=objective, seed=4)
    env.reset(seed=4)
    generator, whole = np.random.default_rng(0), np.ones(lanes, dtype=bool)
    whole[:20] = False
    seen = whole.copy()
    owed, count = np.zeros(len(GROUPS)), np.zeros(len(GROUPS))
    for _ in range(90):
        _, _, terminated, truncated, info = env.step(generator.integers(0, env.single_action_space.n, lanes))
        done = terminated | truncated
        objective.record(done, whole)
        whole |= done
        ended = np.flatnonzero(done & seen)
        seen |= done
        if len(ended):
            groups = world.students(4, info["final_info"]["student"][ended]).traits.group
            owed += np.bincount(groups, info["final_info"]["decisions"][ended], len(GROUPS))
            count += np.bincount(groups, minlength=len(GROUPS))
    assert count.min() > 20
    np.testing.assert_allclose(objective.totals, -owed)
    np.testing.assert_array_equal(objective.courses, count)
    objective.move()
    assert objective.multipliers.told()["measured"] == pytest.approx(-owed.sum() / count.sum())
    assert objective.courses.sum() == 0
    before = objective.multipliers.value.copy()
    objective.move()
    np.testing.assert_array_equal(objective.multipliers.value, before, "none ended since")


@pytest.mark.slow
def test_weights_of_one_change_nothing_that_is_learned():
    plain = trained(DelayedTest())
    for objective in (WorstGroup(step=0.0), Gap(bound=1e5), Constrained(step=0.0)):
        assert equal(trained(objective).policy, plain.policy)
    assert not equal(trained(WorstGroup(step=1.0, courses=5)).policy, plain.policy)
    assert not equal(trained(LIMITED).policy, plain.policy)


def test_the_curve_tells_of_the_multipliers():
    told: dict[str, float] = {}
    curve = trained(LIMITED, watch=Watch(tell=lambda numbers, frames: told.update(numbers))).curve
    assert Curve(**curve.plain()) == curve
    assert set(curve.multipliers) == {"multiplier", "measured"}
    assert curve.multipliers["multiplier"][-1] == told["multiplier"] > 0.0, "a course costs more than 3"
    assert told["measured"] < -3.0
    assert trained(DelayedTest()).curve.multipliers == {}
    by_group = trained(Gap(courses=20)).curve.multipliers
    assert set(by_group) == {f"{kind}/{g.name}" for kind in ("multiplier", "measured") for g in GROUPS}


@pytest.mark.parametrize("objective", [LIMITED, WorstGroup(step=1.0, courses=20)], ids=["constrained", "worst group"])
def test_a_run_that_was_stopped_goes_on_with_its_multipliers(tmp_path: Path, objective: Objective):
    whole = trained(objective, LONGER)
    with pytest.raises(KeyboardInterrupt):
        trained(objective, LONGER, watch=Watch(checkpoint=tmp_path / "run", tell=Stop(4)))
    resumed = trained(objective, LONGER, watch=Watch(checkpoint=tmp_path / "run"))
    assert resumed.curve == whole.curve
    assert equal(whole.policy, resumed.policy)


@pytest.mark.slow
def test_a_constraint_that_binds_is_met_better():
    """Chats teach nothing and cost nothing here: with drills at a price the learner does fewer of them."""
    dear = Cost(activity=0.0, by_form={"drill": 1.0})
    agent = replace(BLIND, frames=16_384, lanes=64, learning_rate=1e-2)
    limited = Constrained(limited=dear, at_least=-2.0, step=0.3, courses=40)
    share = {
        name: trained(o, agent).curve.forms["drill"][-1] for name, o in (("plain", DelayedTest()), ("limited", limited))
    }
    assert share["limited"] < share["plain"] - 0.2


def test_another_agent_moves_them_too():
    agent = DQN(frames=3000, lanes=32, batch=64, learning_starts=500)
    assert trained(LIMITED, agent).curve.multipliers["multiplier"][-1] > 0.0


def test_what_makes_no_sense_in_a_world_is_refused_before_training():
    with pytest.raises(InvalidInput, match="axis = 'north': is no part of a subgroup's name"):
        Lanes(of_groups(), tracker=component("tracker", "bkt"), objective=Gap(axis="north"), gate=None, lanes=4, seed=0)
