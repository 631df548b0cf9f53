"""Bounds that see the true state of students: how much better teaching could be if nothing had to be inferred.

Privileged wherever they are printed. They weigh activities as the heuristics do, with the truth in the place of a
belief; for knowledge that grows by degrees the truth is taken to first order (see `envs/truth.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int, take_rows
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.envs.truth import Truth
from curriculum_rl.policies.greedy_credit import Credit
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.order import goals_alone
from curriculum_rl.policies.policy import best, surely
from curriculum_rl.students.population import Students
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import World

NO_CREDIT: Final = Credit(credit=0.0, discount=0.0, inform=0.0, upkeep=0.0, fade=0.0)
TUNED: Final = Credit(credit=0.5, discount=0.6, inform=0.0, upkeep=0.8, fade=0.35)
"""Tuned on the true state as the heuristics are on a belief, in the world of configs/world/new_material.yaml."""
BLOCK: Final = 128
"""Students whose copies are played at a time, so that they stay in the cache."""


def prospects(world: World, students: Students, ahead: Credit) -> tuple[Float, Float]:
    """Points of each activity, with credit for what comes later, and the student's own minutes for it, (n, A) each.

    What overruns a session costs what was left of it.
    """
    course, clock = world.course, students.clock
    truth, left = Truth.of(world, students), course.minutes_left(clock)
    points = ahead.points(truth.outlook, world.platform, truth.value, left)
    minutes = world.curriculum.minutes * np.exp(-students.traits.pace)[:, None]
    return points, np.minimum(minutes, np.maximum(course.minutes - clock.used, 1e-6)[:, None])


def _greedy(simulation: Simulation, ahead: Credit) -> Float:
    points, minutes = prospects(simulation.world, simulation.students, ahead)
    return best(points / minutes, simulation.mask())


@dataclass(frozen=True)
class TrueGreedyCredit:
    """The greedy with credit of `policies/greedy_credit.py` on the true state.

    Attributes:
        ahead: how what comes later is credited.
        tracker: what masks are made from, where activities are gated.
    """

    ahead: Credit = TUNED
    tracker: Tracker = field(default_factory=BKTFilter)

    def variants(self) -> Iterable[Self]:
        """Other ways of giving credit."""
        return [replace(self, ahead=ahead) for ahead in self.ahead.variants()]

    def probabilities_knowing(self, simulation: Simulation) -> Float:
        """All on the best, (n, A)."""
        return _greedy(simulation, self.ahead)


@dataclass(frozen=True)
class TrueGreedy:
    """The greedy of `policies/greedy.py` on the true state.

    Attributes:
        tracker: what masks are made from, where activities are gated.
    """

    tracker: Tracker = field(default_factory=BKTFilter)

    def probabilities_knowing(self, simulation: Simulation) -> Float:
        """All on the best, (n, A)."""
        return _greedy(simulation, NO_CREDIT)


@dataclass(frozen=True)
class TrueLookahead:
    """Two steps ahead on the true state: the best rate over an activity and the best one after it.

        a = argmax (points_a + E[points_b]) / (minutes_a + E[minutes_b]),   b the best of `TrueGreedyCredit` after a

    for the most promising activities, the expectation over copies of the student with luck of their own (the future
    is not peeked at), the same for every candidate.

    Attributes:
        candidates: activities tried.
        copies: of each student for each candidate.
        ahead: how what comes later still is credited.
        tracker: what masks are made from, where activities are gated; the second activity is not gated.
    """

    candidates: int = 3
    copies: int = 4
    ahead: Credit = TUNED
    tracker: Tracker = field(default_factory=BKTFilter)

    def probabilities_knowing(self, simulation: Simulation) -> Float:
        """All on the first of the best two, (n, A)."""
        mask = simulation.mask()
        activity = np.empty(len(mask), dtype=np.int64)
        for start in range(0, len(mask), BLOCK):
            part = np.arange(start, min(start + BLOCK, len(mask)))
            activity[part] = self._choose(simulation.world, take_rows(simulation.students, part), mask[part])
        return surely(activity, mask.shape[1])

    def _choose(self, world: World, students: Students, mask: Bool) -> Int:
        points, minutes = prospects(world, students, self.ahead)
        rate = np.where(mask, points / minutes, -np.inf)
        candidate = np.argsort(-rate, axis=1, kind="stable")[:, : self.candidates]
        shape = (*candidate.shape, self.copies)
        copies = take_rows(students, np.repeat(np.arange(len(students)), candidate.shape[1] * self.copies))
        copies.life = self._luck(students, candidate.shape[1])
        copies.inner.seats = None  # without classmates, whose plans are not known
        world.dynamics.step(copies, np.repeat(candidate.ravel(), self.copies))
        after, longer = prospects(world, copies, self.ahead)
        then, lanes = (after / longer).argmax(axis=1), np.arange(len(copies))
        gained = np.take_along_axis(points, candidate, axis=1) + after[lanes, then].reshape(shape).mean(axis=2)
        spent = np.take_along_axis(minutes, candidate, axis=1) + longer[lanes, then].reshape(shape).mean(axis=2)
        both = np.where(np.take_along_axis(mask, candidate, axis=1), gained / spent, -np.inf)
        chosen: Int = candidate[np.arange(len(students)), both.argmax(axis=1)]
        return chosen

    def _luck(self, students: Students, tried: int) -> streams.Keys:
        """Keys of the copies: as many lucks as copies, the same for every candidate, (n * candidates * copies,)."""
        spare = [streams.keys(i, streams.Purpose.SPARE, students.id) for i in range(self.copies)]
        each = (np.stack([getattr(k, name) for k in spare], axis=1) for name in ("a", "b"))
        return streams.Keys(*(np.repeat(x[:, None], tried, axis=1).ravel() for x in each))


@dataclass(frozen=True)
class TrueRecallThreshold:
    """The goal whose true recall is nearest to a threshold, above or below it.

    The threshold policy of Reddy, Levine & Dragan (2017), "Accelerating human learning with deep reinforcement
    learning", which is told the recall of every item; on a belief, `policies/recall_threshold.py`.

    Attributes:
        threshold: of recall, in [0, 1]; this and the lesson tuned as the credit above.
        lesson: how a concept is taught; for it, a concept counts as known as far as it is recalled.
        tracker: what masks are made from, where activities are gated.
    """

    threshold: float = 0.4
    lesson: Lesson = field(default_factory=lambda: Lesson(difficulty=-1.0, example_below=0.15))
    tracker: Tracker = field(default_factory=BKTFilter)

    def __post_init__(self) -> None:
        check = Violations("true_recall_threshold")
        check.number("threshold", self.threshold, at_least=0.0, at_most=1.0)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """Thresholds, and other ways of teaching."""
        yield from (replace(self, threshold=round(t, 2)) for t in np.arange(0.1, 0.96, 0.1).tolist())
        yield from (replace(self, lesson=lesson) for lesson in self.lesson.variants())

    def probabilities_knowing(self, simulation: Simulation) -> Float:
        """All on the nearest, (n, A)."""
        students = simulation.students
        recall = simulation.world.population.recall_now(students)
        near = goals_alone(-np.abs(recall - self.threshold), students.goals)
        return self.lesson.probabilities(simulation.view(), near, recall)
