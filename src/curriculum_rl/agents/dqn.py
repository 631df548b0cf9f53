"""Deep Q-learning that never takes a masked activity, through stable-baselines3's DQN.

    Q(s, a) <- r + gamma max over a' allowed in s' of Q_target(s', a')

Mnih et al. (2015), doi:10.1038/nature14236. The mask travels with the observation, as A entries more, so that both the
choice and the target leave masked activities out. Activities are explored lane by lane.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import DQN as Algorithm
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn
from stable_baselines3.dqn.policies import DQNPolicy, QNetwork
from torch import Tensor, nn

from curriculum_rl.agents.agent import Trained, Watch
from curriculum_rl.agents.lanes import TRAINING_STUDENTS, Lanes
from curriculum_rl.agents.learned import LearnedPolicy, from_weights
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network, mask_logits
from curriculum_rl.agents.on_policy import actor_weights, seed_of
from curriculum_rl.agents.resume import fingerprint, rules, settled
from curriculum_rl.agents.watcher import Watcher, run
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import World


@dataclass(frozen=True)
class DQN:
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

    def refusals(self, tracker: Tracker, gate: Gate | None) -> list[str]:
        """None."""
        return []

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
        agent = self if frames is None else replace(self, frames=frames)
        settings = fingerprint(agent, network, tracker, objective, gate, students, seed, *rules(world))
        with settled(self.threads):
            lanes = _MaskedLanes(
                world,
                tracker=tracker,
                objective=objective,
                gate=gate,
                lanes=self.lanes,
                seed=seed,
                students=students,
                reward_scale=self.reward_scale,
                out_of_step=self.out_of_step,
            )
            model = agent._algorithm(lanes, network, lanes.layout, seed)

            def policy() -> LearnedPolicy:
                weights = actor_weights(model.policy.q_net.q_net.state_dict())
                return from_weights(world.platform, network, tracker, weights)

            def learn(left: int, fresh: bool) -> None:
                model.learn(left, callback=watcher, log_interval=10**9, reset_num_timesteps=fresh)

            watcher = Watcher(lanes, agent.frames, watch, settings, policy, _entropy, _nothing, apart=50_000)
            took = run(model, lanes, watcher, learn)
            return Trained(policy(), watcher.curve, model.num_timesteps, took)

    def _algorithm(self, lanes: Lanes, network: Network, layout: Layout, seed: int) -> Algorithm:
        return _MaskedDQN(
            _Policy,
            lanes,
            learning_rate=self.learning_rate,
            buffer_size=self.memory,
            learning_starts=self.learning_starts,
            batch_size=self.batch,
            gamma=self.gamma,
            train_freq=1,
            gradient_steps=self.updates,
            target_update_interval=self.target_every,
            exploration_fraction=self.explore_for,
            exploration_initial_eps=self.explore_from,
            exploration_final_eps=self.explore_to,
            max_grad_norm=self.gradient_norm,
            policy_kwargs={"network": network, "layout": layout},
            seed=seed_of(seed),
            device="cpu",
        )


class _MaskedLanes(Lanes):
    """Lanes whose observations end with the mask, (n, F + A)."""

    def __init__(self, world: World, **settings: Any) -> None:
        super().__init__(world, **settings)
        features, activities = len(self.env.feature_names), len(world.curriculum.activities)
        self.observation_space = spaces.Box(-1.0, 1.0, (features + activities,), np.float32)

    def reset(self) -> VecEnvObs:
        """As the lanes', with the mask."""
        return self._with_mask(super().reset())

    def step_wait(self) -> VecEnvStepReturn:
        observation, reward, done, infos = super().step_wait()
        return self._with_mask(observation), reward, done, infos

    def _with_mask(self, observation: VecEnvObs) -> VecEnvObs:
        assert isinstance(observation, np.ndarray)
        return np.concatenate([observation, self.action_masks().astype(np.float32)], axis=1)


class _Values(nn.Module):
    """The actor's outputs taken as values; those of masked activities are out of reach."""

    def __init__(self, network: Network, layout: Layout) -> None:
        super().__init__()
        self.features = layout.features
        self.inputs, self.actor = network.inputs(layout), network.actor(layout)

    def forward(self, observation: Tensor) -> Tensor:
        values = self.actor(self.inputs(observation[:, : self.features]))
        return mask_logits(values, observation[:, self.features :])


class _Policy(DQNPolicy):
    def __init__(
        self, observation_space: Any, action_space: Any, lr_schedule: Any, network: Network, layout: Layout
    ) -> None:
        self._parts = (network, layout)
        super().__init__(observation_space, action_space, lr_schedule, net_arch=[])

    def make_q_net(self) -> QNetwork:
        made = super().make_q_net()
        made.q_net = _Values(*self._parts)  # type: ignore[assignment]  # SB3 says Sequential; any module does
        return made


class _MaskedDQN(Algorithm):
    """Explores each lane by itself, among what is allowed."""

    def predict(
        self,
        observation: np.ndarray | dict[str, np.ndarray],
        state: tuple[np.ndarray, ...] | None = None,
        episode_start: np.ndarray | None = None,
        deterministic: bool = False,
    ) -> tuple[np.ndarray, tuple[np.ndarray, ...] | None]:
        assert isinstance(observation, np.ndarray)
        with torch.no_grad():
            choice = self.q_net(torch.from_numpy(observation)).argmax(dim=1).numpy()
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
    assert isinstance(model, Algorithm)
    activities = int(model.action_space.n)  # type: ignore[attr-defined]
    other = model.exploration_rate / activities
    likeliest = 1.0 - other * (activities - 1)
    parts = np.array([likeliest, *[other] * (activities - 1)])
    return float(-(parts * np.log(np.maximum(parts, 1e-300))).sum())


def _nothing(model: BaseAlgorithm, done: float) -> None:
    """stable-baselines3 lowers the exploration by itself."""
