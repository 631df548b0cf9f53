"""A network that learns to choose as a teacher would: any policy, however slow, made fast and differentiable.

    minimise  E over what was seen of  - sum_a target(a) log pi(a)
    target(a)  ~  exp(score_a / (temperature * sd)),   sd that of the scores of what is allowed to the student

where the teacher has scores (`policy.Ranked`); at temperature 0, and from other teachers, the target is what the
teacher plays. The network plays by its own probabilities, and the teacher says at every step what it would have done,
so the network learns in the situations that its own mistakes lead to (DAgger: Ross, Gordon & Bagnell 2011,
arXiv:1011.0686). In the first part of the training the teacher plays a share of the steps, which falls to 0. With a
lookahead as teacher, and its network as the next lookahead's base, this is expert iteration (Anthony, Tian & Barber
2017, arXiv:1705.08439).

Seen once, by a script that was not kept, in the world of configs/world/new_material.yaml, on nine nodes and 1,500
students of the VALIDATE cohort, one seed each: 400,000 words of `greedy_credit_grid` (.1 ms each, learning included)
bring the concept scorer to within -.07 +/- .28 points of it; 40,000 to -.55 +/- .30. 40,000 words of `lookahead` (1.1
ms each) bring it to +.05 +/- .31 of the same. How much of that is the teacher's, and how much the seed's or the
target's shape, was not settled. What such a teacher is worth to an agent: experiments/what-makes-it-learn.

`Trained.policy.weights()` are the actor's: names and shapes are those of any agent's with the same network.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import Tensor, nn

from curriculum_rl.agents.agent import Trained
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.masked import ADAM_EPS, categorical, draw, entropy_of
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.on_policy import seed_of
from curriculum_rl.agents.training import Learning, Training
from curriculum_rl.agents.watcher import Watcher
from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import Gate, View
from curriculum_rl.policies.greedy_credit import GreedyCredit
from curriculum_rl.policies.policy import Policy, Ranked
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import World


@dataclass(frozen=True)
class Distil(Learning):
    """Attributes:
    teacher: says what it would do. Its tracker is the one that the network sees through.
    temperature: of the targets, in standard deviations of the teacher's scores; 0: its choice alone.
    frames: student-steps of a training, each with the teacher's word.
    lanes: students at a time.
    steps: of each lane between two rounds of learning.
    memory: student-steps that are kept to learn from, the latest.
    passes: how often each is learned from, on average.
    batch: student-steps of one gradient step.
    guided: share of the training in which the teacher's share of the steps falls from 1 to 0.
    learning_rate, final_learning_rate: of Adam, at the start and at the end.
    gradient_norm: longer gradients are shortened to this.
    out_of_step: whether lanes start at random points of the course.
    threads: of torch; 1 gives the same weights on every machine of a kind.
    """

    teacher: Policy = field(default_factory=GreedyCredit)
    temperature: float = 0.1
    frames: int = 600_000
    lanes: int = 512
    steps: int = 16
    memory: int = 65_536
    passes: float = 2.0
    batch: int = 1024
    guided: float = 0.2
    learning_rate: float = 3e-3
    final_learning_rate: float = 1e-4
    gradient_norm: float = 1.0
    out_of_step: bool = True
    threads: int = 1

    def __post_init__(self) -> None:
        check = Violations("distil")
        check.number("temperature", self.temperature, at_least=0.0, at_most=100.0)
        for name in ("frames", "lanes", "steps", "batch", "threads"):
            check.number(name, getattr(self, name), at_least=1)
        check.number("memory", self.memory, at_least=self.lanes * self.steps)
        check.number("passes", self.passes, above=0.0, at_most=1000.0)
        check.number("guided", self.guided, at_least=0.0, at_most=1.0)
        check.number("learning_rate", self.learning_rate, above=0.0, at_most=1.0)
        check.number("final_learning_rate", self.final_learning_rate, at_least=0.0, at_most=1.0)
        check.number("gradient_norm", self.gradient_norm, above=0.0)
        check.raise_all()

    def refusals(self, tracker: Tracker, gate: Gate | None) -> list[str]:
        """Another tracker than the teacher's."""
        if tracker == self.teacher.tracker:
            return []
        remedy = "Give both the same, such as tracker=bkt_grid with the default teacher."
        return [f"tracker = {tracker}: the teacher sees {self.teacher.tracker}. {remedy}"]

    def learn_in(self, training: Training) -> Trained:
        """The objective is what the curve tells of, and nothing is learned from it.

        Killed and started again with the same checkpoint, it ends with the same weights.
        """
        torch.manual_seed(seed_of(training.seed))
        training = replace(training, world=replace(training.world, controls=()))  # its teacher would use none
        about = {**training.about_lanes, "lanes": self.lanes, "out_of_step": self.out_of_step}
        lanes = _Lessons(memory=self.memory, **about)
        pupil = _Pupil(self, lanes, training.network)

        def learn(watcher: Watcher, left: int, fresh: bool) -> None:
            pupil.learn(watcher, fresh)

        return training.run(cast(BaseAlgorithm, pupil), lanes, learn, pupil.policy, lambda _: pupil.entropy)


def targets(teacher: Policy, view: View, temperature: float) -> Float:
    """What is learned towards, (n, A): rows sum to 1, exactly 0 where masked."""
    if temperature == 0.0 or not isinstance(teacher, Ranked):
        return teacher.probabilities(view)
    scores = np.where(view.mask, teacher.scores(view), -np.inf)
    tried = np.isfinite(scores)
    finite = np.where(tried, scores, 0.0)
    count = tried.sum(axis=1, keepdims=True)
    mean = finite.sum(axis=1, keepdims=True) / count
    spread = np.sqrt((np.where(tried, scores - mean, 0.0) ** 2).sum(axis=1, keepdims=True) / count)
    scores -= scores.max(axis=1, keepdims=True)
    share: Float = np.exp(scores / np.maximum(temperature * spread, 1e-12))
    share /= share.sum(axis=1, keepdims=True)
    return share


class _Lessons(Lanes):
    """Lanes that keep the latest of what was seen, allowed and said, in rings of so many student-steps."""

    def __init__(self, world: World, memory: int, **settings: Any) -> None:
        super().__init__(world, **settings)
        activities = len(world.curriculum.activities)
        self.seen = np.zeros((memory, self.layout.features), dtype=np.float32)
        self.target = np.zeros((memory, activities), dtype=np.float32)
        self.allowed = np.zeros((memory, activities), dtype=np.bool_)
        self.kept = np.zeros(1, dtype=np.int64)  # in all, those overwritten too

    def keep(self, seen: Any, target: Float, allowed: Any) -> None:
        """Takes in one step of all lanes."""
        rows = (int(self.kept[0]) + np.arange(len(target))) % len(self.seen)
        self.seen[rows], self.target[rows], self.allowed[rows] = seen, target, allowed
        self.kept += len(target)

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """With the rings."""
        rings = {"seen": self.seen, "target": self.target, "allowed": self.allowed, "kept": self.kept}
        return {**super().state(), **{f"lessons.{name}": ring for name, ring in rings.items()}}


class _Actor(nn.Module):
    """What is trained, under the names that all agents' actors have, and its optimiser."""

    def __init__(self, network: Network, layout: Layout, learning_rate: float) -> None:
        super().__init__()
        self.inputs, self.actor = network.inputs(layout), network.actor(layout)
        self.optimizer = torch.optim.Adam(self.actor.parameters(), lr=learning_rate, eps=ADAM_EPS, foreach=True)

    def forward(self, seen: Tensor, allowed: Tensor) -> Tensor:
        """Log-probabilities, (n, A)."""
        return categorical(self.actor(self.inputs(seen)), allowed)


class _Pupil:
    """The training, with the attributes by which `Watcher` and checkpoints know an algorithm."""

    def __init__(self, agent: Distil, lanes: _Lessons, network: Network) -> None:
        self.agent, self.lanes = agent, lanes
        self.policy = _Actor(network, lanes.layout, agent.learning_rate)
        self.num_timesteps = self._n_updates = 0
        self._last_obs: Any = np.zeros((agent.lanes, lanes.layout.features), dtype=np.float32)
        self._last_episode_starts = np.zeros(agent.lanes, dtype=np.bool_)
        self.entropy = 0.0

    def learn(self, watcher: Watcher, fresh: bool) -> None:
        """Plays and learns in turn, to the end."""
        watcher.init_callback(cast(BaseAlgorithm, self))
        if fresh:
            self._last_obs = self.lanes.reset()
        watcher.on_training_start({}, {})
        while self.num_timesteps < self.agent.frames:
            watcher.on_rollout_start()
            self._play()
            watcher.on_rollout_end()
            self._update()
        watcher.on_training_end()

    def _play(self) -> None:
        """So many steps of all lanes, the teacher's word kept with each."""
        agent, lanes, entropy = self.agent, self.lanes, 0.0
        led = 1.0 - self._done() / agent.guided if agent.guided > 0 else 0.0
        for _ in range(agent.steps):
            view = lanes.env.running().view()
            target = targets(agent.teacher, view, agent.temperature)
            lanes.keep(self._last_obs, target, view.mask)
            with torch.inference_mode():
                log = self.policy(torch.from_numpy(self._last_obs), torch.from_numpy(view.mask.copy()))
                own, taught = draw(log), torch.from_numpy(target.argmax(axis=1))
                activity = torch.where(torch.rand(len(own)) < led, taught, own)
                entropy += float(entropy_of(log).mean()) / agent.steps
            lanes.step_async(activity.numpy())
            self._last_obs = lanes.step_wait()[0]
            self.num_timesteps += agent.lanes
        self.entropy = entropy

    def _update(self) -> None:
        """Gradient steps on what is kept, as many as `passes` asks for."""
        agent, lanes, optimizer = self.agent, self.lanes, self.policy.optimizer
        first, last = agent.learning_rate, agent.final_learning_rate
        for group in optimizer.param_groups:
            group["lr"] = first + (last - first) * self._done()
        kept = min(int(lanes.kept[0]), agent.memory)
        for _ in range(max(1, round(agent.passes * agent.lanes * agent.steps / agent.batch))):
            rows = torch.randint(kept, (min(agent.batch, kept),)).numpy()
            seen, target, allowed = (torch.from_numpy(x[rows]) for x in (lanes.seen, lanes.target, lanes.allowed))
            loss = -(target * self.policy(seen, allowed)).sum(dim=1).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.policy.actor.parameters(), agent.gradient_norm)
            optimizer.step()
            self._n_updates += 1

    def _done(self) -> float:
        """Share of the training."""
        return min(1.0, self.num_timesteps / self.agent.frames)
