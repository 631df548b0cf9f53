"""PPO with a memory that it learns, through sb3-contrib's RecurrentPPO: for trackers that tell of the moment alone.

The loss is that of `on_policy.py`; gradients go back through the memory to the start of the rollout or of the course,
whichever came last (Hausknecht & Stone 2015, arXiv:1507.06527). What is learned is a policy whose tracker is that of
the study with the memory behind it (`recurrent_tracker.py`), so that it plays from beliefs as any other; and the lanes
that it learns on have that tracker from the start.

A network that is portable has a memory of each concept, and stays portable; others have one memory of everything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from sb3_contrib import RecurrentPPO as Algorithm
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.on_policy import OnPolicy, seed_of
from curriculum_rl.agents.recurrent_lanes import RecurrentLanes
from curriculum_rl.agents.recurrent_policy import RecurrentPolicy
from curriculum_rl.agents.recurrent_tracker import Recurrent
from curriculum_rl.agents.training import Training
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class RecurrentPPO(OnPolicy):
    """Settings as in `OnPolicy`, and

    Attributes:
        units: of memory; of each concept, where the network is portable.
    """

    units: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        check = Violations("recurrent ppo")
        check.number("units", self.units, at_least=1, at_most=4096)
        check.number("steps", self.steps, at_least=2)
        check.that(self.start is None, "start: must be null, as no other agent's network has a memory to go on from")
        check.raise_all()

    def made_of(self, network: Network, tracker: Tracker) -> tuple[Network, Recurrent]:
        """The network, and the tracker with a memory behind it."""
        return network, Recurrent(tracker, self.units, network.portable)

    def lanes_in(self, training: Training, kind: type[Lanes] = RecurrentLanes) -> Lanes:
        """Lanes that remember."""
        torch.manual_seed(seed_of(training.seed, 1))
        _, tracker = self.made_of(training.network, training.tracker)
        remembering = tracker.with_memory(training.world.platform)
        return super().lanes_in(replace(training, tracker=remembering), kind)

    def parts(self, training: Training, lanes: Lanes) -> dict[str, Any]:
        """With the memory of the lanes."""
        layout = Layout.of(training.world.platform, training.tracker)
        assert isinstance(lanes.env.tracker, Recurrent)
        return {**super().parts(training, lanes), "layout": layout, "memory": lanes.env.tracker.memory}

    def algorithm(self, lanes: Lanes, policy: dict[str, Any], seed: int) -> OnPolicyAlgorithm:
        """sb3-contrib's, with the policy of `recurrent_policy.py`."""
        return Algorithm(RecurrentPolicy, lanes, policy_kwargs=policy, seed=seed_of(seed), **self.settings())

    def anneal(self, model: BaseAlgorithm, done: float) -> None:
        """The memory learns when the actor does, and who comes next is remembered by it as it is now."""
        super().anneal(model, done)
        assert isinstance(model.policy, RecurrentPolicy)
        assert isinstance(model.env, Lanes)
        model.policy.memory.requires_grad_(done >= self.settle)
        model.env.env.running().forget_drawn()
