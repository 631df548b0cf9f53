"""Learning values from a memory of what was played: what DQN and its kin share.

The mask travels with the observation (`masked_lanes.py`), so that both the choice and the target leave masked
activities out. Activities are explored lane by lane: random among the allowed with probability epsilon, which falls in
a straight line over the first part of the training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from torch import Tensor, nn

from curriculum_rl.agents.agent import Trained
from curriculum_rl.agents.masked_lanes import MaskedLanes
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.on_policy import seed_of
from curriculum_rl.agents.training import Learning, Training
from curriculum_rl.agents.watcher import Watcher
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class OffPolicy(Learning):
    """Settings of deep Q-learning. It resumes with an empty memory, so not to the same weights as an unbroken run.

    Attributes:
        frames: student-steps of a training.
        lanes: students at a time.
        memory: student-steps that are kept to learn from.
        learning_starts: student-steps before the first update.
        batch: student-steps of one gradient step.
        updates: gradient steps for each step of all lanes.
        target_every: student-steps between two copies of the network to the target.
        learning_rate: of Adam.
        gamma: discount a step; below 1, or the estimates drift.
        explore_from, explore_to: share of random activities, at first and at last.
        explore_for: share of the training in which it falls from the one to the other.
        gradient_norm: longer gradients are shortened to this.
        reward_scale: what rewards in points are multiplied by.
        luckless: whether rewards are what an activity brings on average in that state, where that is known.
        out_of_step: whether lanes start at random points of the course.
        threads: of torch.
    """

    frames: int = 1_000_000
    lanes: int = 128
    memory: int = 100_000
    learning_starts: int = 10_000
    batch: int = 512
    updates: int = 1
    target_every: int = 10_000
    learning_rate: float = 5e-4
    gamma: float = 0.98
    explore_from: float = 1.0
    explore_to: float = 0.05
    explore_for: float = 0.3
    gradient_norm: float = 10.0
    reward_scale: float = 0.2
    luckless: bool = False
    out_of_step: bool = True
    threads: int = 1

    def __post_init__(self) -> None:
        check = Violations("dqn")
        for name in ("frames", "lanes", "memory", "batch", "updates", "target_every", "threads"):
            check.number(name, getattr(self, name), at_least=1)
        check.number("learning_starts", self.learning_starts, at_least=0)
        check.number("learning_rate", self.learning_rate, above=0.0, at_most=1.0)
        check.number("gamma", self.gamma, above=0.0, at_most=1.0)
        for name in ("explore_from", "explore_to", "explore_for"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=1.0)
        check.number("gradient_norm", self.gradient_norm, above=0.0)
        check.number("reward_scale", self.reward_scale, above=0.0)
        check.raise_all()

    def learn_in(self, training: Training) -> Trained:
        """Plays and learns in turn."""
        lanes = MaskedLanes(
            **training.about_lanes,
            lanes=self.lanes,
            reward_scale=self.reward_scale,
            out_of_step=self.out_of_step,
            luckless=self.luckless,
        )
        network, _ = training.made_of
        model = self.algorithm(lanes, {"network": network, "layout": lanes.layout}, training.seed)

        def learn(watcher: Watcher, left: int, fresh: bool) -> None:
            model.learn(left, callback=watcher, log_interval=10**9, reset_num_timesteps=fresh)

        return training.run(model, lanes, learn, model.values(), _entropy, apart=50_000)

    def algorithm(self, lanes: MaskedLanes, policy: dict[str, Any], seed: int) -> Exploring:
        """The stable-baselines3 algorithm; `policy` holds the network and its layout."""
        raise NotImplementedError

    def settings(self, seed: int) -> dict[str, Any]:
        """As the algorithms call them."""
        return {
            "learning_rate": self.learning_rate,
            "buffer_size": self.memory,
            "learning_starts": self.learning_starts,
            "batch_size": self.batch,
            "gamma": self.gamma,
            "train_freq": 1,
            "gradient_steps": self.updates,
            "target_update_interval": self.target_every,
            "exploration_fraction": self.explore_for,
            "exploration_initial_eps": self.explore_from,
            "exploration_final_eps": self.explore_to,
            "max_grad_norm": self.gradient_norm,
            "seed": seed_of(seed),
            "device": "cpu",
        }


class Values(nn.Module):
    """What an actor says of each activity, taken as values."""

    def __init__(self, network: Network, layout: Layout) -> None:
        super().__init__()
        self.features = layout.features
        self.inputs, self.actor = network.inputs(layout), network.actor(layout)

    def read(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """What the actor reads of an observation, and the mask, (n, A)."""
        return self.inputs(observation[:, : self.features]), observation[:, self.features :]


class Exploring(OffPolicyAlgorithm):
    """Explores each lane by itself, among what is allowed."""

    exploration_rate: float

    def values(self) -> nn.Module:
        """What has the weights that are trained."""
        raise NotImplementedError

    def valued(self, observation: Tensor) -> Tensor:
        """Of each activity, (n, A), those of masked ones out of reach."""
        raise NotImplementedError

    def predict(
        self,
        observation: np.ndarray | dict[str, np.ndarray],
        state: tuple[np.ndarray, ...] | None = None,
        episode_start: np.ndarray | None = None,
        deterministic: bool = False,
    ) -> tuple[np.ndarray, tuple[np.ndarray, ...] | None]:
        assert isinstance(observation, np.ndarray)
        with torch.no_grad():
            choice = self.valued(torch.from_numpy(observation)).argmax(dim=1).numpy()
        if not deterministic:
            explores = np.random.random(len(choice)) < self.exploration_rate  # noqa: NPY002  (the generator SB3 seeds)
            choice = np.where(explores, self._random(observation), choice)
        return choice, state

    def _sample_action(
        self, learning_starts: int, action_noise: Any = None, n_envs: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        assert isinstance(self._last_obs, np.ndarray)
        first = self.num_timesteps < learning_starts
        choice = self._random(self._last_obs) if first else self.predict(self._last_obs)[0]
        return choice, choice

    def _random(self, observation: np.ndarray) -> np.ndarray:
        activities = int(self.action_space.n)  # type: ignore[attr-defined]
        mask = observation[:, len(observation[0]) - activities :] > 0
        chosen: np.ndarray = np.where(mask, np.random.random(mask.shape), -1.0).argmax(axis=1)  # noqa: NPY002
        return chosen


def _entropy(model: BaseAlgorithm) -> float:
    """Of an epsilon-greedy choice among A activities, nats."""
    assert isinstance(model, Exploring)
    activities = int(model.action_space.n)  # type: ignore[attr-defined]
    other = model.exploration_rate / activities
    likeliest = 1.0 - other * (activities - 1)
    parts = np.array([likeliest, *[other] * (activities - 1)])
    return float(-(parts * np.log(np.maximum(parts, 1e-300))).sum())
