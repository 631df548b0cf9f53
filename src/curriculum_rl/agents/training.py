"""One training from its first line to its record: what all agents do alike.

An agent says what is its own in `learn_in`: the lanes that it plays on, the algorithm, and whose weights are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self, cast

from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

from curriculum_rl.agents.agent import Trained, Watch, refuse
from curriculum_rl.agents.lanes import TRAINING_STUDENTS, Lanes
from curriculum_rl.agents.learned import LearnedPolicy, from_weights
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.resume import fingerprint, rules, settled
from curriculum_rl.agents.watcher import Watcher, run
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.world import World


def actor_weights(module: nn.Module) -> dict[str, Any]:
    """The weights of a `LearnedPolicy` among those of what is trained."""
    places = {"inputs": "0", "actor": "1", "memory": "memory"}
    parts = ((name.split(".", 1), value) for name, value in module.state_dict().items())
    return {f"{places[part]}.{rest}": value.detach().numpy() for (part, rest), value in parts if part in places}


def nothing(model: BaseAlgorithm, done: float) -> None:
    """What is set before a rollout by algorithms that set their own rates."""


@dataclass(frozen=True)
class Training:
    """What an agent is asked to learn: the arguments of `Agent.train`.

    Attributes:
        frames: student-steps.
        settings: the fingerprint of all of it, which checkpoints carry.
        made_of: network and tracker of the policy.
        slate: activities that it offers at a time.
    """

    world: World
    tracker: Tracker
    objective: Objective
    network: Network
    seed: int
    frames: int
    gate: Gate | None
    students: range
    watch: Watch
    settings: str
    made_of: tuple[Network, Tracker]
    slate: int = 1

    @property
    def about_lanes(self) -> dict[str, Any]:
        """What any lanes are given."""
        names = ("world", "tracker", "objective", "gate", "seed", "students")
        return {name: getattr(self, name) for name in names}

    def run(
        self,
        model: BaseAlgorithm,
        lanes: Lanes,
        learn: Callable[[Watcher, int, bool], None],
        actor: nn.Module,
        entropy: Callable[[BaseAlgorithm], float],
        before: Callable[[BaseAlgorithm, float], None] = nothing,
        apart: int = 0,
    ) -> Trained:
        """Trains a fresh model on its lanes, from the checkpoint if there is one.

        Args:
            learn: runs the algorithm, watched, for so many more frames, from the start or not.
            actor: what holds the parts of the policy, under the names in `actor_weights`.
            entropy, before, apart: as in `Watcher`.
        """

        def policy() -> LearnedPolicy:
            return replace(from_weights(self.world.platform, *self.made_of, actor_weights(actor)), slate=self.slate)

        watcher = Watcher(lanes, self.frames, self.watch, self.settings, policy, entropy, before, apart)
        took = run(model, lanes, watcher, partial(learn, watcher))
        return Trained(policy(), watcher.curve, model.num_timesteps, took)


class Learning:
    """The base of the agents: frozen dataclasses with these settings among their own.

    Attributes:
        frames: student-steps of a training.
        threads: of torch.
        slate: activities that a policy offers at a time; 1 where no setting says otherwise.
    """

    frames: int
    threads: int
    slate: int = 1

    def refusals(self, tracker: Tracker, gate: Gate | None) -> list[str]:
        """None."""
        return []

    def made_of(self, network: Network, tracker: Tracker) -> tuple[Network, Tracker]:
        """Network and tracker of the policies that it learns, from those that it is given: the same."""
        return network, tracker

    def train(
        self,
        world: World,
        *,
        tracker: Tracker,
        objective: Objective,
        network: Network,
        seed: int,
        frames: int | None = None,
        gate: Gate | None = None,
        students: range = TRAINING_STUDENTS,
        watch: Watch = Watch(),  # noqa: B008  (frozen)
    ) -> Trained:
        """See `Agent.train`."""
        refuse(self.refusals(tracker, gate))
        agent = self if frames is None else cast(Self, replace(cast(Any, self), frames=frames))
        settings = fingerprint(agent, network, tracker, objective, gate, students, seed, *rules(world))
        made_of = self.made_of(network, tracker)
        training = Training(
            world, tracker, objective, network, seed, agent.frames, gate, students, watch, settings, made_of, self.slate
        )
        with settled(self.threads):
            return agent.learn_in(training)

    def learn_in(self, training: Training) -> Trained:
        """Learns what is asked, the generators being its own."""
        raise NotImplementedError
