"""Agents in worlds where students leave, choose for themselves, and cannot do everything every day."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.agents.all_action_ppo import AllActionPPO
from curriculum_rl.agents.distil import Distil
from curriculum_rl.agents.dqn import DQN
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.maskable_ppo import MaskablePPO
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.ppo import PPO
from curriculum_rl.agents.slate_ppo import SlatePPO
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.violations import InvalidInput
from tests.worlds import component, world_named

AGENTS = [
    MaskablePPO(frames=512, lanes=16, steps=16, batch=128),
    AllActionPPO(frames=512, lanes=16, steps=16, batch=128),
    DQN(frames=512, lanes=16, batch=64, learning_starts=128, target_every=256),
    SlatePPO(frames=512, lanes=16, steps=16, batch=128, slate=2),
    Distil(frames=512, lanes=16, steps=16, batch=128, memory=512),
]


def trained(agent: object, world: str) -> object:
    tracker = agent.teacher.tracker if isinstance(agent, Distil) else component("tracker", "bkt_grid")
    return agent.train(  # type: ignore[attr-defined]
        world_named(world), tracker=tracker, objective=DelayedTest(), network=ConceptScorer(8), seed=0
    )


@pytest.mark.parametrize("world", ["all faculties", "may be stopped"])
@pytest.mark.parametrize("agent", AGENTS, ids=lambda a: type(a).__name__)
def test_agents_learn_within_what_can_be_done_today(agent: object, world: str):
    """An environment refuses what is masked, in training as in a rollout of what was learned, with slates or not."""
    made = trained(agent, world)
    for slate in (1, 3):
        outcomes = rollout(world_named(world), made.policy, 20, slate=slate)  # type: ignore[attr-defined]
        assert np.isfinite(outcomes.gain).all()
        assert (outcomes.left | outcomes.stopped).any()


def test_an_agent_that_knows_of_no_masks_is_refused_where_there_are_any():
    agent = PPO(frames=512, lanes=16, steps=16, batch=128)
    with pytest.raises(InvalidInput, match=r"faculties.access.* = on: PPO cannot learn where activities are masked"):
        trained(agent, "faculty access")
    assert trained(agent, "faculty dropout")


def test_lanes_go_on_with_the_next_student_when_one_drops_out():
    lanes = Lanes(
        world_named("faculty dropout"),
        tracker=component("tracker", "counts"),
        objective=DelayedTest(),
        gate=None,
        lanes=32,
        seed=3,
        out_of_step=False,
    )
    lanes.reset()
    ended = 0
    for step in range(60):
        lanes.step_async(np.full(32, step % 34))
        _, _, done, _ = lanes.step_wait()
        ended += int(done.sum())
    simulation = lanes.env.running()
    assert ended > 64
    assert len(lanes.played.returns) == ended
    assert lanes.env.next_student == 32 + ended
    assert (simulation.students.id < 32 + ended).all()
    assert (simulation.students.inner.wavering.recent[simulation.students.step == 0] == 0.0).all()


def test_lanes_with_faculties_stop_and_go_on_as_if_they_had_not_stopped():
    """What a checkpoint keeps holds the state of every faculty."""

    def made() -> Lanes:
        return Lanes(
            world_named("all faculties"),
            tracker=component("tracker", "counts"),
            objective=DelayedTest(),
            gate=None,
            lanes=8,
            seed=3,
        )

    def played(lanes: Lanes, steps: int) -> list[bytes]:
        seen = []
        for step in range(steps):
            lanes.step_async(lanes.action_masks().argmax(axis=1) if step % 2 else np.zeros(8, dtype=np.int64))
            observation, reward, done, _ = lanes.step_wait()
            seen.append(np.asarray(observation).tobytes() + reward.tobytes() + done.tobytes())
        return seen

    whole, first, second = made(), made(), made()
    whole.reset()
    first.reset()
    played(whole, 25)
    played(first, 25)
    second.restore({name: array.copy() for name, array in first.state().items()})
    assert played(whole, 30) == played(second, 30)
