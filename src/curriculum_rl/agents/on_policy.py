"""Proximal policy optimisation: what masked and plain PPO share.

    maximise  E[min(r A, clip(r, 1 - c, 1 + c) A)] + b H - v (V - R)^2,   r = pi(a|s) / pi_old(a|s)

with advantages A and returns R by generalised advantage estimation. Schulman et al. (2017), arXiv:1707.06347, and
(2016), arXiv:1506.02438. Learning rate and entropy bonus b fall in a straight line over the training.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from curriculum_rl.agents.agent import Agent, Trained, Watch
from curriculum_rl.agents.checkpoints import exists
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.training import Learning, Training
from curriculum_rl.agents.watcher import Watcher
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class OnPolicy(Learning):
    """Settings of PPO. Defaults by measurement; see `benchmarks/training.py`.

    Attributes:
        frames: student-steps of a training.
        lanes: students at a time.
        steps: of each lane between two updates.
        batch: student-steps of one gradient step; it divides lanes * steps.
        epochs: passes over each rollout.
        learning_rate, final_learning_rate: of Adam, at the start and at the end.
        entropy, final_entropy: weight b of the entropy bonus, at the start and at the end.
        clip: c, how far one update may move a choice's odds.
        gamma: discount a step; 1, since a course ends and its rewards add up to what it changed.
        gae_lambda: of the advantages; towards 0 they trust the critic more.
        value: weight v of the critic's error.
        gradient_norm: longer gradients are shortened to this.
        reward_scale: what rewards in points are multiplied by, to be of the order of .1.
        out_of_step: whether lanes start at random points of the course.
        sight: whether the critic sees the students' true state while it trains (`sight.py`); the actor never does.
        luckless: whether rewards are what an activity brings on average in that state, where that is known.
        start: an agent whose network is gone on from, such as `distil.py`; none starts from chance.
        settle: share of the training in which only the critic learns, before the actor moves away from its start.
        threads: of torch; 1 gives the same weights on every machine of a kind.
    """

    frames: int = 1_200_000
    lanes: int = 512
    steps: int = 32
    batch: int = 1024
    epochs: int = 2
    learning_rate: float = 2e-3
    final_learning_rate: float = 4e-5
    entropy: float = 2e-3
    final_entropy: float = 1e-4
    clip: float = 0.2
    gamma: float = 1.0
    gae_lambda: float = 0.95
    value: float = 0.5
    gradient_norm: float = 0.5
    reward_scale: float = 0.2
    out_of_step: bool = True
    sight: bool = True
    luckless: bool = True
    start: Agent | None = None
    settle: float = 0.0
    threads: int = 1

    def __post_init__(self) -> None:
        check = Violations("ppo")
        for name in ("frames", "lanes", "steps", "epochs", "threads"):
            check.number(name, getattr(self, name), at_least=1)
        if check.number("batch", self.batch, at_least=2) and self.lanes * self.steps % self.batch:
            rollout = self.lanes * self.steps
            check.add("batch", self.batch, f"must divide lanes * steps = {rollout}", "A power of two usually does.")
        check.number("learning_rate", self.learning_rate, above=0.0, at_most=1.0)
        check.number("final_learning_rate", self.final_learning_rate, at_least=0.0, at_most=1.0)
        for name in ("entropy", "final_entropy", "value"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=10.0)
        check.number("clip", self.clip, above=0.0, below=1.0)
        check.number("gamma", self.gamma, above=0.0, at_most=1.0)
        check.number("gae_lambda", self.gae_lambda, at_least=0.0, at_most=1.0)
        check.number("gradient_norm", self.gradient_norm, above=0.0)
        check.number("reward_scale", self.reward_scale, above=0.0)
        check.number("settle", self.settle, at_least=0.0, below=1.0)
        check.raise_all()

    def learn_in(self, training: Training) -> Trained:
        """Killed and started again with the same checkpoint, it ends with the same weights."""
        lanes = self.lanes_in(training)
        model = self.algorithm(lanes, self.parts(training, lanes), training.seed)
        before, place = 0.0, training.watch.checkpoint
        if self.start is not None and not (place and exists(place)):
            first = self.start.train(
                training.world,
                tracker=training.tracker,
                objective=training.objective,
                network=training.network,
                seed=training.seed,
                gate=training.gate,
                students=training.students,
                watch=Watch(show=training.watch.show, name=f"{training.watch.name}, start"),
            )
            put_actor(model, first.policy.weights())
            before = first.seconds
        trained = training.run(model, lanes, partial(self.learn, model), model.policy, _entropy, self.anneal)
        return replace(trained, seconds=before + trained.seconds)

    def lanes_in(self, training: Training, kind: type[Lanes] = Lanes) -> Lanes:
        """The lanes that it plays on."""
        return kind(
            **training.about_lanes,
            lanes=self.lanes,
            reward_scale=self.reward_scale,
            out_of_step=self.out_of_step,
            sight=self.sight,
            luckless=self.luckless,
            slate=training.slate,
        )

    def parts(self, training: Training, lanes: Lanes) -> dict[str, Any]:
        """What the algorithm's policy is made of."""
        return {"network": training.network, "layout": lanes.layout, "sight": self.sight}

    def refusals(self, tracker: Tracker, gate: Gate | None) -> list[str]:
        """Those of its start."""
        return self.start.refusals(tracker, gate) if self.start else []

    def algorithm(self, lanes: Lanes, policy: dict[str, Any], seed: int) -> OnPolicyAlgorithm:
        """The stable-baselines3 algorithm; `policy` holds what `parts` says."""
        raise NotImplementedError

    def learn(self, model: Any, watcher: Watcher, left: int, fresh: bool) -> None:
        """Runs the algorithm for so many more frames."""
        model.learn(left, callback=watcher, log_interval=None, reset_num_timesteps=fresh)

    def settings(self) -> dict[str, Any]:
        """As both algorithms call them."""
        first, last = self.learning_rate, self.final_learning_rate
        return {
            "learning_rate": lambda left: last + (first - last) * left,
            "n_steps": self.steps,
            "batch_size": self.batch,
            "n_epochs": self.epochs,
            "gamma": self.gamma,
            "gae_lambda": self.gae_lambda,
            "clip_range": self.clip,
            "ent_coef": self.entropy,
            "vf_coef": self.value,
            "max_grad_norm": self.gradient_norm,
            "device": "cpu",
        }

    def anneal(self, model: BaseAlgorithm, done: float) -> None:
        """Sets the entropy bonus for the share of training done, and whether the actor learns yet."""
        assert isinstance(model, OnPolicyAlgorithm)
        model.policy.actor.requires_grad_(done >= self.settle)
        model.ent_coef = self.entropy + (self.final_entropy - self.entropy) * done


def put_actor(model: BaseAlgorithm, weights: dict[str, Any]) -> None:
    """The other way round: gives the algorithm's policy these weights of `Sequential(inputs, actor)`.

    Those of controls stay as they are where whoever is gone on from learned without: they come last.
    """
    own = {name.removeprefix("1."): torch.from_numpy(value) for name, value in weights.items() if name[0] == "1"}
    actor = model.policy.actor
    assert isinstance(actor, torch.nn.Module)
    state = actor.state_dict()
    for name, value in own.items():
        state[name][: len(value)] = value


def seed_of(seed: int, place: int = 0) -> int:
    """A seed that numpy's old generator takes, from any; another one for each place."""
    return int(np.random.SeedSequence(seed).generate_state(place + 1)[place])


def _entropy(model: BaseAlgorithm) -> float:
    """Of the choices of the last rollout: the mean of minus their log-probabilities is an unbiased estimate."""
    assert isinstance(model, OnPolicyAlgorithm)
    return float(-model.rollout_buffer.log_probs.mean())
