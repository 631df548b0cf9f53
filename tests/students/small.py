"""Small worlds in which what a faculty does has a closed form, and how a wrong parameter shows in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import logit

from curriculum_rl.batch import Float, Int
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Activity, Concept, Curriculum
from curriculum_rl.students.faculties import Faculties
from curriculum_rl.students.knowledge.afm import AFM
from curriculum_rl.students.knowledge.bkt import BKT
from curriculum_rl.students.memory.none import NoForgetting
from curriculum_rl.students.pace import Pace
from curriculum_rl.students.population import Goals, Population, Students
from curriculum_rl.students.student import Happened
from curriculum_rl.students.traits import Group
from curriculum_rl.world import World
from tests.students.laws import LONG, STUDENTS, Z

CITY = (Group("city / early", 0.5), Group("city / late", 0.3), Group("village / late", 0.2))
TWO_MINUTES = (Activity("a0", "problem", {"c0": 1.0}),)
GUESS, SLIP, LEARN = 0.3, 0.1, 0.5


def bkt(concepts: int = 1, known: float = 0.0) -> BKT:
    """Nobody knows a concept before, or everybody, but for one in 10^12."""
    initial = min(max(known, 1e-12), 1.0 - 1e-12)
    each = {"initial": initial, "learn": LEARN, "forget": 0.0, "guess": GUESS, "slip": SLIP}
    return BKT(**{name: (x,) * concepts for name, x in each.items()})


def steady(right: float, concepts: int = 1) -> AFM:
    """Everybody is right so often, learns nothing, and is never done."""
    return AFM(intercept=(float(logit(right)),) * concepts, slope=(0.0,) * concepts)


def small_world(
    activities: tuple[Activity, ...] = TWO_MINUTES,
    *,
    knowledge: Any = None,
    memory: Any = None,
    groups: tuple[Group, ...] = (Group("all"),),
    goals: float = 1.0,
    course: Course = LONG,
    **faculties: Any,
) -> World:
    """Students without a spread of traits, whose activities take the minutes that they say."""
    concepts = sorted({c for a in activities for c in a.loads}, key=lambda c: int(c[1:]))
    population = Population(
        knowledge=knowledge or bkt(len(concepts)),
        memory=memory or NoForgetting(),
        pace=Pace(0.0),
        groups=groups,
        goals=Goals(goals),
        faculties=Faculties(**faculties),
    )
    return World("small", Curriculum(tuple(map(Concept, concepts)), activities), population, course)


def one_try(world: World, *offered: int, n: int = STUDENTS) -> tuple[Students, Happened]:
    """So many students after one try of what is offered."""
    students = world.students(1, np.arange(n))
    return students, tried(world, students, *offered)


def tried(world: World, students: Students, *offered: int) -> Happened:
    """One more try of what is offered, the same for everyone."""
    slate: Int = np.repeat(np.array(offered)[:, None], len(students), axis=1)
    return world.dynamics.step(students, slate[0] if len(offered) == 1 else slate)


def share_is(hits: Any, chance: Any) -> None:
    """The share of hits, (n,), is the mean of these chances, (n,) or one for all: 4.5 standard errors."""
    each: Float = np.broadcast_to(chance, np.shape(hits))
    error = np.sqrt((each * (1.0 - each)).sum()) / len(each)
    assert abs(np.mean(hits) - each.mean()) <= Z * error, f"{np.mean(hits)} is not {each.mean()}"


def mean_is(values: Float, mean: float, sd: float) -> None:
    """The mean of values, (n,), with this standard deviation each: 4.5 standard errors."""
    assert abs(values.mean() - mean) <= Z * sd / np.sqrt(len(values)), f"{values.mean()} is not {mean}"


def noticed(law: Callable[[Any], None], faculty: Any, field: str) -> None:
    """The law fails where one number of the faculty is 5% off."""
    of = getattr(faculty, field)
    wrong = {name: 1.05 * x for name, x in of.items()} if isinstance(of, dict) else 1.05 * of
    with pytest.raises(AssertionError):
        law(replace(faculty, **{field: wrong}))
