"""What a critic may see while it trains, and nothing else may: the true state of the students.

A value read off the truth knows that a lucky moment is partly paid for by what is left to learn, so advantages are
far less noisy (asymmetric actor-critic: Pinto et al. 2018, doi:10.15607/RSS.2018.XIV.008). Observations become a
mapping: `seen` is what a platform sees, and all that the actor is ever given; `truth` goes to critics, which are
thrown away when training ends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs
from torch import Tensor

from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.batch import Float, Int
from curriculum_rl.envs.truth import Truth
from curriculum_rl.objectives.objective import Objective, Scaled
from curriculum_rl.students.population import Students
from curriculum_rl.trackers.prospects import prospects
from curriculum_rl.trackers.tracker import Float32
from curriculum_rl.world import World

PLANES: Final = ("recall", "stored", "at_test", "readiness", "learn", "refreshed", "gain", "unlocks", "lasting")
"""Of each concept, as in `Outlook` and `prospects`."""

TRAITS: Final = ("ability", "rate", "memory")
"""Of the student, in three sds."""

Observation = Tensor | dict[str, Tensor]
"""What is seen, (n, F); or that and the truth."""


def with_sight(layout: Layout) -> Layout:
    """The layout of what a critic reads: `joined` of what is seen and of the truth."""
    return replace(layout, planes=layout.planes + len(PLANES), student=layout.student + len(TRAITS))


def written(truth: Truth, world: World, now: np.ndarray) -> Float32:
    """The truth as numbers of the order of 1, (n, planes K + traits)."""
    n, concepts = truth.value.shape
    outlook, split = truth.outlook, len(PLANES) * concepts
    out = np.empty((n, split + len(TRAITS)), dtype=np.float32)
    gain, unlocks, lasting, _ = prospects(outlook, world.platform, truth.value, now)
    planes = [getattr(outlook, name) for name in PLANES[:6]]
    for i, plane in enumerate([*planes, gain, unlocks, lasting]):
        out[:, i * concepts : (i + 1) * concepts] = plane
    for i, name in enumerate(TRAITS):
        out[:, split + i] = np.tanh(getattr(truth.traits, name) / 3.0)
    return out


def seen_of(observation: Observation) -> Tensor:
    """What a platform sees, (n, F)."""
    return observation["seen"] if isinstance(observation, dict) else observation


def joined(observation: Observation, layout: Layout) -> Tensor:
    """What a critic reads, as `with_sight(layout)` says: planes of concepts before what is of the student."""
    if not isinstance(observation, dict):
        return observation
    seen, truth = observation["seen"], observation["truth"]
    split, planes = layout.planes * layout.concepts, len(PLANES) * layout.concepts
    return torch.cat([seen[:, :split], truth[:, :planes], seen[:, split:], truth[:, planes:]], dim=1)


class Sight:
    """What lanes tell a learner of the truth.

    Args:
        world, objective: of the lanes.
        layout: of what is seen.
        shown: whether observations hold what is true beside what is seen.
        luckless: whether rewards are what an activity brings on average to a student in this state, rather than what
            it happened to bring: as much in the long run, and steadier. It is known where concepts are known or not
            (`all_or_nothing`) and no faculty meddles with teaching; elsewhere rewards stay as they are.
    """

    def __init__(self, world: World, objective: Objective, layout: Layout, shown: bool, luckless: bool) -> None:
        self.world, self.objective, self.layout, self.shown = world, objective, layout, shown
        population = world.population
        self.luckless = luckless and population.knowledge.all_or_nothing and population.faculties.plain
        self.expected: Float | None = None  # reward of each activity in the present state, (n, A)

    def space(self, seen: spaces.Space[Any]) -> spaces.Space[Any]:
        """Of observations, from that of what is seen."""
        if not self.shown:
            return seen
        wide = len(PLANES) * self.layout.concepts + len(TRAITS)
        return spaces.Dict({"seen": seen, "truth": spaces.Box(-1.0, 1.0, (wide,), np.float32)})

    def observed(self, features: Float32, students: Students) -> VecEnvObs:
        """What is given for these features, of students as they now stand."""
        if not (self.shown or self.luckless):
            return features
        truth = Truth.of(self.world, students)
        if self.luckless:
            self.expected = self.objective.expected(truth.outlook, self.world.platform, truth.value)
            if isinstance(self.objective, Scaled) and self.expected is not None:
                self.expected *= self.objective.scale(students)[:, None]
            if self.expected is not None and self.world.controls:  # they are no practice, and cost nothing
                none = np.zeros((len(self.expected), len(self.world.controls)))
                self.expected = np.concatenate([self.expected, none], axis=1)
        return {"seen": features, "truth": written(truth, self.world, students.clock.now)} if self.shown else features

    def rewarded(self, reward: Float, actions: Int) -> Float:
        """What is given for these activities, (n,), of students as they stood when last observed."""
        return reward if self.expected is None else self.expected[np.arange(len(reward)), actions]
