"""A population of simulated students: how each is drawn, from (seed, student id) alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int, lend_rows
from curriculum_rl.course import Clock, Course
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.faculties import Faculties, Inner
from curriculum_rl.students.knowledge.knowledge import At, Knowledge
from curriculum_rl.students.memory.memory import Memory
from curriculum_rl.students.pace import Pace
from curriculum_rl.students.traits import Group, Traits, check_groups, draw_traits
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Goals:
    """Which concepts each student is here for: a random set, with all that it needs.

    Attributes:
        share: the chance of each concept to be drawn, in (0, 1]; at least one is. 1: everything is everyone's goal.
    """

    share: float = 1.0

    def __post_init__(self) -> None:
        check = Violations("goals")
        check.number("share", self.share, above=0.0, at_most=1.0)
        check.raise_all()

    def draw(self, u: Float, ancestors: Bool) -> Bool:
        """The goals of n students, (n, K), from one uniform a concept; `ancestors` as in `Curriculum`."""
        chosen = (u < self.share) | (u == u.min(axis=1, keepdims=True))
        needed: Bool = (chosen.astype(np.float32) @ ancestors.astype(np.float32)) > 0
        return needed


@dataclass(frozen=True)
class Targets:
    """Which concepts each student is here for: so many at random, and nothing that they need.

    Attributes:
        fewest, most: the number of them is any whole number between these, each equally likely; every concept where
            there are no more.
    """

    fewest: int
    most: int

    def __post_init__(self) -> None:
        check = Violations("goals")
        fewest = check.number("fewest", self.fewest, at_least=1, whole=True)
        check.number("most", self.most, at_least=self.fewest if fewest else 1, whole=True)
        check.raise_all()

    def draw(self, u: Float, ancestors: Bool) -> Bool:
        """The goals of n students, (n, K), from one uniform a concept: the concepts with the smallest.

        How many, the fraction of their sum says: it is uniform, whatever their order.
        """
        count = self.fewest + np.floor((u.sum(axis=1) % 1.0) * (self.most - self.fewest + 1))
        chosen: Bool = u.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable") < count[:, None]
        return chosen


@dataclass
class Students:
    """All that is true of n students. Hidden: only the dynamics, objectives and oracles read it."""

    id: Int  # (n,)
    seed: Int  # (n,) of the stream
    step: Int  # (n,) activities done
    life: streams.Keys  # keys of the LIFE stream
    traits: Traits
    goals: Bool  # (n, K)
    goal_weight: Float  # (n,) of each goal: 1 / number of goals
    knowledge: Any  # the knowledge model's own state
    memory: Any  # the memory model's own state
    at_test: Float  # (n, K) recall on the day of the test if nothing more is done
    mastery: Float  # (n, K) recall without forgetting
    test_recall: Float  # (n,) mean of `at_test` over the goals
    begun: Float  # (n,) mean of `mastery` over the goals when the course began
    clock: Clock
    inner: Inner  # of the faculties that are on

    def __len__(self) -> int:
        return len(self.id)

    @property
    def goal_share(self) -> Float:
        """Weight of each concept, (n, K): 1 / number of goals where a goal, else 0."""
        share: Float = self.goals * self.goal_weight[:, None]
        return share

    @cached_property
    def rows(self) -> Int:
        """Offsets of the students in a raveled (n, K) array, (n,)."""
        offsets: Int = np.arange(len(self.id)) * self.goals.shape[1]
        return offsets


GOALS_FROM, KNOWN_FROM = 1 << 20, 1 << 21
"""First counters of the draws of goals and of first knowledge, one a concept, in the PERSON stream. Frozen."""
MEMORY_FROM = 1 << 22
"""Likewise for what a memory model draws, one a concept: kind i from MEMORY_FROM + i * 2^20, four kinds. Frozen."""

AGAIN = 1 << 48
"""Counters between two draws of one student, in the PERSON and the LIFE stream. Frozen."""

EVERYONE: Final = slice(None)


@dataclass(frozen=True)
class Population:
    """The students of a world.

    Attributes:
        knowledge: what they know and how practice changes it.
        memory: how it is forgotten.
        pace: how long activities take.
        groups: named subgroups, whose shares sum to 1.
        goals: which concepts each is here for.
        leak: chance to learn, relative to a ready student's, when nothing that is needed is there, in [0, 1]:
            readiness = leak + (1 - leak) * prod_parents (1 - strength * (1 - recall of the parent)).
        faculties: engagement, dropout and the others; all off unless told.
    """

    knowledge: Knowledge[Any]
    memory: Memory[Any]
    pace: Pace = field(default_factory=Pace)
    groups: tuple[Group, ...] = (Group("all"),)
    goals: Goals | Targets = field(default_factory=Goals)
    leak: float = 0.1
    faculties: Faculties = field(default_factory=Faculties)

    def __post_init__(self) -> None:
        check = Violations("population")
        self.faculties.check(self.groups, check)
        check.number("leak", self.leak, at_least=0.0, at_most=1.0)
        check_groups(self.groups, check)
        check.raise_all()

    def sample(self, seed: int, ids: Int, curriculum: Curriculum, course: Course, again: Int | None = None) -> Students:
        """Draws the students with these ids, (n,): the same id is the same student in any batch.

        Args:
            again: how often each was drawn before and would not do, (n,): then it is another student with that id.
        """
        n, concepts = len(ids), len(curriculum.concepts)
        person, life = (streams.keys(seed, purpose, ids) for purpose in (streams.Purpose.PERSON, streams.Purpose.LIFE))
        if again is not None:
            person, life = (streams.ahead(key, again * AGAIN) for key in (person, life))
        traits = draw_traits(self.groups, person)
        columns, each = np.arange(concepts, dtype=np.uint64), streams.Keys(person.a[:, None], person.b[:, None])
        goals = self.goals.draw(streams.uniform(each, columns + np.uint64(GOALS_FROM)), curriculum.ancestors)
        knowledge = self.knowledge.sample(traits, streams.uniform(each, columns + np.uint64(KNOWN_FROM)))
        first = float(course.days[0])

        def own(kind: int) -> Float:
            return streams.uniform(each, columns + np.uint64(MEMORY_FROM + (kind << 20)))

        memory = self.memory.start(np.exp(traits.memory), self.knowledge.held(knowledge), first, own)
        students = Students(
            id=np.array(ids, dtype=np.int64),
            seed=np.full(n, seed, dtype=np.int64),
            step=np.zeros(n, dtype=np.int64),
            life=life,
            traits=traits,
            goals=goals,
            goal_weight=1.0 / goals.sum(axis=1),
            knowledge=knowledge,
            memory=memory,
            at_test=np.empty((n, concepts)),
            mastery=np.empty((n, concepts)),
            test_recall=np.empty(n),
            begun=np.empty(n),
            clock=course.start(n),
            inner=self.faculties.start(self.groups, traits, goals, len(curriculum.forms), person),
        )
        every = At.every(n, concepts)
        students.at_test[:] = self.recall_on(students, every, course.test_day).T
        students.mastery[:] = self.knowledge.recall(knowledge, every, np.ones(every.flat.shape)).T
        students.test_recall[:] = (students.at_test * students.goal_share).sum(axis=1)
        students.begun[:] = self.mean_mastery(students)
        return students

    def recall_on(self, students: Students, at: At, day: float | Float) -> Float:
        """How far these concepts could be used on a day if nothing more were done, of the shape of `at`."""
        return self.knowledge.recall(students.knowledge, at, self.memory.recalled(students.memory, at.flat, day))

    def recall_of(self, students: Students, rows: Int, concepts: Int, day: Float) -> Float:
        """How far the students in these rows, (m,), any of them as often as one likes, could use these concepts,
        (L, m), on a day, (m,), if nothing more were done."""
        at = At(concepts, concepts + students.rows.take(rows))
        retention = self.memory.recalled(students.memory, at.flat, day)
        return self.knowledge.recall(lend_rows(students.knowledge, rows), at, retention)

    def recall_now(self, students: Students) -> Float:
        """How far every concept can be used now, (n, K): O(n K), for oracles and reports."""
        return self.recall_on(students, At.every(*students.goals.shape), students.clock.now).T

    def expected_score(self, students: Students, rows: Int | slice = EVERYONE) -> Float:
        """Expected share of right answers on the delayed test, one medium problem a goal concept, (n,)."""
        concepts = np.arange(students.goals.shape[1])
        return self._mean(students, rows, self.knowledge.score(concepts, students.at_test[rows]))

    def mean_mastery(self, students: Students, rows: Int | slice = EVERYONE) -> Float:
        """Mean recall without forgetting over the goals, (n,)."""
        return self._mean(students, rows, students.mastery[rows])

    def _mean(self, students: Students, rows: Int | slice, of: Float) -> Float:
        """Mean over the goals of what is `of` these students and every concept, (n,)."""
        share = students.goals[rows] * students.goal_weight[rows][:, None]
        total: Float = (of * share).sum(axis=1)
        return total
