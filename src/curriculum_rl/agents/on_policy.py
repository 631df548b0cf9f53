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

from curriculum_rl.agents.agent import Agent, Trained, Watch, refuse
from curriculum_rl.agents.checkpoints import exists
from curriculum_rl.agents.lanes import TRAINING_STUDENTS, Lanes
from curriculum_rl.agents.learned import LearnedPolicy, from_weights
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.resume import fingerprint, rules, settled
from curriculum_rl.agents.watcher import Watcher, run
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import World


@dataclass(frozen=True)
class OnPolicy:
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
        """See `Agent.train`. Killed and started again with the same checkpoint, it ends with the same weights."""
        refuse(self.refusals(tracker, gate))
        agent = self if frames is None else replace(self, frames=frames)
        settings = fingerprint(agent, network, tracker, objective, gate, students, seed, *rules(world))
        with settled(self.threads):
            lanes = Lanes(
                world,
                tracker=tracker,
                objective=objective,
                gate=gate,
                lanes=self.lanes,
                seed=seed,
                students=students,
                reward_scale=self.reward_scale,
                out_of_step=self.out_of_step,
                sight=self.sight,
                luckless=self.luckless,
            )
            parts = {"network": network, "layout": lanes.layout, "sight": self.sight}
            model = agent.algorithm(lanes, parts, seed)
            before = 0.0
            if self.start is not None and not (watch.checkpoint and exists(watch.checkpoint)):
                first = self.start.train(
                    world,
                    tracker=tracker,
                    objective=objective,
                    network=network,
                    seed=seed,
                    gate=gate,
                    students=students,
                    watch=Watch(show=watch.show, name=f"{watch.name}, start"),
                )
                put_actor(model, first.policy.weights())
                before = first.seconds

            def policy() -> LearnedPolicy:
                state = model.policy.state_dict()
                return from_weights(world.platform, network, tracker, actor_weights(state))

            watcher = Watcher(lanes, agent.frames, watch, settings, policy, _entropy, agent.anneal)
            took = run(model, lanes, watcher, partial(agent.learn, model, watcher))
            return Trained(policy(), watcher.curve, model.num_timesteps, before + took)

    def refusals(self, tracker: Tracker, gate: Gate | None) -> list[str]:
        """Those of its start."""
        return self.start.refusals(tracker, gate) if self.start else []

    def algorithm(self, lanes: Lanes, policy: dict[str, Any], seed: int) -> OnPolicyAlgorithm:
        """The stable-baselines3 algorithm; `policy` holds the network and its layout."""
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


def actor_weights(state: dict[str, Any]) -> dict[str, Any]:
    """The weights of `Sequential(inputs, actor)` among those of a whole policy."""
    places = {"inputs": "0", "actor": "1"}
    parts = ((name.split(".", 1), value) for name, value in state.items())
    return {f"{places[part]}.{rest}": value.detach().numpy() for (part, rest), value in parts if part in places}


def put_actor(model: BaseAlgorithm, weights: dict[str, Any]) -> None:
    """The other way round: gives the algorithm's policy these weights of `Sequential(inputs, actor)`."""
    own = {name.removeprefix("1."): torch.from_numpy(value) for name, value in weights.items() if name[0] == "1"}
    actor = model.policy.actor
    assert isinstance(actor, torch.nn.Module)
    actor.load_state_dict(own)


def seed_of(seed: int) -> int:
    """A seed that numpy's old generator takes, from any."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0])


def _entropy(model: BaseAlgorithm) -> float:
    """Of the choices of the last rollout: the mean of minus their log-probabilities is an unbiased estimate."""
    assert isinstance(model, OnPolicyAlgorithm)
    return float(-model.rollout_buffer.log_probs.mean())
