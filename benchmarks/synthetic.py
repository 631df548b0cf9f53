"""Worlds of any size, made in memory: concepts that need one or two of those before, forms of practice for each."""

from __future__ import annotations

import numpy as np

from curriculum_rl.course import Course
from curriculum_rl.curriculum import Activity, Concept, Curriculum, Prerequisite
from curriculum_rl.students.knowledge.bkt import BKT
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.population import Goals, Population
from curriculum_rl.students.traits import Group
from curriculum_rl.world import World

FORMS = (
    ("easy problem", -1.0, 1.8, 0.7, True),
    ("problem", 0.0, 2.0, 1.0, True),
    ("hard problem", 1.0, 2.4, 1.25, True),
    ("worked example", 0.0, 2.0, 1.7, False),
)


def synthetic_world(concepts: int = 50, activities: int = 200, seed: int = 0) -> World:
    """A world of this size; parameters are within the quartiles that were fitted on ASSISTments 2009."""
    rng = np.random.default_rng(seed)
    listed = tuple(Concept(f"c{k}") for k in range(concepts))
    made = []
    for i in range(activities):
        form, difficulty, minutes, learning, answered = FORMS[i // concepts % len(FORMS)]
        made.append(Activity(f"a{i}", form, {f"c{i % concepts}": 1.0}, "", difficulty, minutes, learning, answered))
    links = [
        Prerequisite(f"c{j}", f"c{k}")
        for k in range(1, concepts)
        for j in rng.choice(np.arange(max(0, k - 10), k), min(k, int(rng.integers(1, 3))), replace=False)
    ]

    def each(low: float, high: float) -> tuple[float, ...]:
        return tuple(rng.uniform(low, high, concepts).tolist())

    people = Group("all", ability_sd=1.5, rate_sd=1.0, correlation=0.5, pace_sd=0.25, memory_sd=0.3)
    population = Population(
        knowledge=BKT(each(0.2, 0.5), each(0.07, 0.26), (0.0,) * concepts, each(0.11, 0.37), each(0.12, 0.27)),
        memory=Exponential(),
        groups=(people,),
        goals=Goals(0.4),
        leak=0.1,
    )
    return World(
        f"{concepts} concepts, {activities} activities",
        Curriculum(listed, tuple(made), tuple(links)),
        population,
        Course(),
    )
