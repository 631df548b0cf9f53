"""Small worlds in which the course of learning has a closed form, and students practising in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from curriculum_rl.course import Course
from curriculum_rl.curriculum import Activity, Concept, Curriculum, Prerequisite
from curriculum_rl.students.memory.none import NoForgetting
from curriculum_rl.students.pace import Pace
from curriculum_rl.students.population import Population, Students
from curriculum_rl.students.student import Happened
from curriculum_rl.students.traits import Group
from curriculum_rl.world import World

STUDENTS = 200_000
Z = 4.5
"""Standard errors that a share or mean may be off: a false alarm in 150,000 checks, and all seeds are fixed."""

LONG = Course(days=(0.0, 100.0), minutes=100_000.0, test_days=7.0, mastered=1.0)


def small_world(
    knowledge: Any,
    *,
    memory: Any = None,
    difficulty: float = 0.0,
    learning: float = 1.0,
    minutes: float = 2.0,
    strength: float | None = None,
    leak: float = 0.1,
    group: Group | None = None,
    residual_sd: float = 0.5,
) -> World:
    """One activity a concept; with `strength`, the second concept needs the first so strongly."""
    concepts = range(len(getattr(knowledge, knowledge.concept_fields()[0])))
    curriculum = Curriculum(
        tuple(Concept(f"c{k}") for k in concepts),
        tuple(Activity(f"a{k}", "problem", {f"c{k}": 1.0}, "", difficulty, minutes, learning) for k in concepts),
        () if strength is None else (Prerequisite("c0", "c1", strength),),
    )
    population = Population(
        knowledge=knowledge,
        memory=memory or NoForgetting(),
        pace=Pace(residual_sd),
        groups=(group or Group("all"),),
        leak=leak,
    )
    return World("law", curriculum, population, LONG)


def practise(world: World, tries: int, activity: int = 0, n: int = STUDENTS) -> Iterator[tuple[Students, Happened]]:
    """The students and what happened, after each of so many tries of one activity."""
    students = world.students(1, np.arange(n))
    for _ in range(tries):
        yield students, world.dynamics.step(students, np.full(n, activity))


def standard_error(share: float, n: int = STUDENTS) -> float:
    """Of a share of n students."""
    return float(np.sqrt(share * (1.0 - share) / n))
