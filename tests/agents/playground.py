"""A small world that trains in seconds, and what its tests ask for again and again."""

from __future__ import annotations

import functools

import numpy as np

from curriculum_rl.agents.agent import Trained, Watch
from curriculum_rl.agents.maskable_ppo import MaskablePPO
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Activity, Concept, Curriculum
from curriculum_rl.envs.simulation import Simulation, View
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.students.population import Goals, Population
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.world import World
from tests.worlds import component, knowledge_model

SMALL = MaskablePPO(frames=4096, lanes=32, steps=16, batch=256)


@functools.cache
def bandit() -> World:
    """Four concepts without prerequisites, one of them each student's goal; a drill teaches much, a chat nothing."""
    concepts = tuple(Concept(f"c{k}") for k in range(4))
    activities = tuple(
        Activity(f"c{k}-{form}", form, {f"c{k}": 1.0}, learning=learning)
        for k in range(4)
        for form, learning in (("drill", 1.5), ("chat", 0.0))
    )
    population = Population(
        knowledge=knowledge_model("bkt", concepts=4), memory=component("memory", "exponential"), goals=Goals(0.05)
    )
    return World("bandit", Curriculum(concepts, activities), population, Course(days=(0.0,), minutes=16.0))


def trained(
    network: Network | None = None,
    tracker: str = "bkt",
    seed: int = 0,
    watch: Watch | None = None,
    agent: object = SMALL,
) -> Trained:
    """A short training in the bandit's world."""
    return agent.train(  # type: ignore[attr-defined,no-any-return]
        bandit(),
        tracker=component("tracker", tracker),
        objective=DelayedTest(),
        network=network or Flat((16,)),
        seed=seed,
        watch=watch or Watch(),
    )


def some_view(world: World, tracker: Tracker, students: int = 64, steps: int = 20) -> View:
    """Students in the middle of a course of random activities."""
    simulation = Simulation(world, tracker, np.arange(students))
    generator = np.random.default_rng(5)
    for _ in range(steps):
        simulation.step(generator.integers(0, len(world.curriculum.activities), students))
    return simulation.view()


def layout_of(world: World, tracker: str) -> Layout:
    """The layout of a world watched by the tracker of this YAML."""
    return Layout.of(world.platform, component("tracker", tracker))
