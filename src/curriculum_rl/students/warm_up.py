"""The warm-up of EduSim's knowledge-structure world: a student who reviews, repeats, and goes on in order.

    just passed, and the last three activities were not all the same: the same twice more
    just failed: the same again with chance `repeat`; else, and in all other cases,
    with chance `ordered` the first activity of `order` with P(right) < `below`, the warm-up ending where there is none;
    else any activity at all

Liu et al. (2019), doi:10.1145/3292500.3330922, as their published code has it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.config import nearest
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.knowledge.knowledge import At
from curriculum_rl.students.population import Population, Students
from curriculum_rl.students.student import Dynamics
from curriculum_rl.violations import Violations


@runtime_checkable
class Responding(Protocol):
    """A model of knowledge that says how a question would be answered now."""

    def response(self, state: Any, at: At) -> Float:
        """P(right) of a medium question, without a lesson, of the shape of `at`."""


@dataclass
class Recent:
    """Of n students."""

    activities: Int  # (n, 3) the last ones, the newest first; -1: none yet
    passed: Bool  # (n,) the newest
    review: Bool  # (n,) the newest is to be done once more, whatever came of it


@dataclass(frozen=True)
class WarmUp:
    """Attributes:
    order: activities by id.
    steps: at most so many.
    repeat, ordered, below: chances, as above.
    """

    order: tuple[str, ...]
    steps: int = 20
    repeat: float = 0.7
    ordered: float = 0.9
    below: float = 0.6

    def __post_init__(self) -> None:
        check = Violations("warm_up")
        check.that(self.order, "order = []: must hold at least one activity")
        check.number("steps", self.steps, at_least=1, at_most=10_000, whole=True)
        for name in ("repeat", "ordered", "below"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=1.0)
        check.raise_all()

    def check(self, curriculum: Curriculum, population: Population, check: Violations) -> None:
        """Notes activities that are none, and a model of knowledge that has no `response`."""
        known = [a.id for a in curriculum.activities]
        for i, name in enumerate(self.order):
            if name not in known:
                check.add(f"prelude.order[{i}]", name, "must be an activity", nearest(name, known))
        model = population.knowledge
        remedy = "Take a model such as kss, or leave out the prelude."
        told = f"prelude: {type(model).__name__} cannot say how a question would be answered now. {remedy}"
        check.that(isinstance(model, Responding), told)

    def kept(self, curriculum: Curriculum) -> WarmUp:
        """Without the activities that are not there."""
        there = {a.id for a in curriculum.activities}
        return replace(self, order=tuple(name for name in self.order if name in there))

    def start(self, n: int) -> Recent:
        """Nothing was done yet."""
        no = np.zeros(n, dtype=np.bool_)
        return Recent(np.full((n, 3), -1, dtype=np.int64), no, no.copy())

    def choose(self, state: Recent, students: Students, dynamics: Dynamics, u: Float) -> Int:
        """The next activity of each student, (n,), -1 where the warm-up is over; u are uniform draws, (3, n)."""
        newest = state.activities[:, 0]
        several = ((state.activities != newest[:, None]) & (state.activities >= 0)).any(axis=1)
        failed = (newest >= 0) & ~state.passed
        review = state.passed & several & ~state.review
        same = state.review | review | (failed & (u[0] < self.repeat))
        count = len(dynamics.curriculum.activities)
        other = np.where(u[1] < self.ordered, self._in_order(students, dynamics), (u[2] * count).astype(np.int64))
        state.review = review
        activity: Int = np.where(same, newest, other)
        return activity

    def note(self, state: Recent, activity: Int, correct: Bool) -> None:
        """Takes in what came of it, in place."""
        state.activities = np.column_stack([activity, state.activities[:, :2]])
        state.passed = correct

    def _in_order(self, students: Students, dynamics: Dynamics) -> Int:
        """The first activity of the order that is not likely enough to be right, (n,); -1 where there is none."""
        knowledge = dynamics.population.knowledge
        assert isinstance(knowledge, Responding)  # as `check` has seen
        position = {a.id: i for i, a in enumerate(dynamics.curriculum.activities)}
        order = np.array([position[name] for name in self.order])
        concepts = np.repeat(dynamics.curriculum.loads[0][0, order][:, None], len(students), axis=1)
        short = knowledge.response(students.knowledge, At(concepts, concepts + students.rows)) < self.below
        first: Int = np.where(short.any(axis=0), order[short.argmax(axis=0)], -1)
        return first
