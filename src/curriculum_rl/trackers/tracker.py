"""What every tracker offers. A tracker is a frozen dataclass of settings; a belief is its state about n students.

A belief is a dataclass of arrays with students as the leading axis, started from what the platform knows and changed
by events alone. The same fold drives environments, heuristics, replays of logs and exported policies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from curriculum_rl.batch import Bool, Float, Int, hand_back, lend_rows, put_rows, take_rows
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.world import Platform

Float32 = npt.NDArray[np.float32]


@dataclass
class Outlook:
    """What a belief says about every concept, (n, K) each: all that planning needs, and only what can be seen.

    `shown` is None where practice without an answer leaves as much as practice answered wrongly.
    """

    recall: Float  # P(known and recalled now)
    stored: Float  # P(known)
    at_test: Float  # P(known and recalled at the test) if nothing more is done
    readiness: Float  # believed readiness, in [leak, 1]
    learn: Float  # P(becomes known) at a medium problem when ready, if not known
    fresh: Float  # P(recalled at the test), if newly learned now
    refreshed: Float  # P(recalled at the test), if known and answered rightly now
    kept: Float  # P(recalled at the test), if known and practised now without a right answer
    shown: Float | None = None  # P(recalled at the test), if known and practised now without any answer


@dataclass
class Belief:
    """What is believed of n students. Subclasses add their arrays, and say what they make of an event.

    The record of what each student did is kept by all of them.
    """

    concept_features: ClassVar[tuple[str, ...]]
    student_features: ClassVar[tuple[str, ...]] = ()
    by_entry: ClassVar[bool] = False
    """Whether an update finds all that is kept of concepts by `flat` and `rows`: then it costs a part of the students
    no more than their part."""

    platform: Platform
    goals: Bool  # (n, K) what each student is here for
    now: Float  # (n,) days since the course began
    steps: Int  # (n,) events so far
    seen: Float  # (n, K) activities practised, answered or not
    tries: Float  # (n, K) answered
    right: Float  # (n, K) answered rightly
    last: Float  # (n, K) day of the last practice; the first day where there was none
    previous: Int  # (n,) the last activity that could follow the one before it; -1: none yet

    @cached_property
    def rows(self) -> Int:
        """Offsets of the students in a raveled (n, K) array, (n,)."""
        rows: Int = np.arange(len(self.now)) * self.goals.shape[1]
        return rows

    def update(self, activity: Int, correct: Bool, elapsed: Float) -> None:
        """Takes in one event of every student, in place.

        Args:
            activity: what was done, (n,).
            correct: whether it was answered rightly, (n,); ignored where the activity asks for no answer.
            elapsed: days from this decision to the next, (n,).
        """
        curriculum = self.platform.curriculum
        concepts, shares = curriculum.practised(activity)
        flat = concepts + self.rows
        answered = curriculum.answered.take(activity)
        correct = correct & answered
        self.learn_from(activity, concepts, shares, flat, answered, correct)
        seen, tries, right = self.seen.take(flat), self.tries.take(flat), self.right.take(flat)
        last = self.now
        if len(flat) == 1:
            seen += 1.0
            tries += answered
            right += correct
        else:  # an activity on fewer concepts than others is padded
            real = shares > 0
            seen += real
            tries += real & answered
            right += real & correct
            last = np.where(real, last, self.last.take(flat))
        self.seen.ravel()[flat], self.tries.ravel()[flat], self.right.ravel()[flat] = seen, tries, right
        self.last.ravel()[flat] = last
        self.note(flat, seen, tries, right, last)
        self.previous[:] = np.where(self.can_follow(activity), activity, self.previous)
        self.steps += 1
        self.now += elapsed

    def update_but(self, idle: Int, activity: Int, correct: Bool, elapsed: Float) -> None:
        """`update` of all students but those in these rows, (i,), rising, in place."""
        if not len(idle):
            self.update(activity, correct, elapsed)
        elif self.by_entry:
            going = np.ones(len(self.rows), dtype=np.bool_)  # which also makes `rows`, to be lent with the rest
            going[idle] = False
            rows = np.flatnonzero(going)
            part = lend_rows(self, rows)
            part.update(activity.take(rows), correct.take(rows), elapsed.take(rows))
            hand_back(self, rows, part)
        else:
            still = take_rows(self, idle)
            self.update(activity, correct, elapsed)
            put_rows(self, idle, still, slice(None))

    def rest(self, rows: Int, days: Float) -> None:
        """Days, (r,), go by for these students without an event, in place: the platform has ended their session."""
        self.now[rows] += days

    def can_follow(self, activity: Int) -> Bool:
        """Whether each student's next activity, (n,), can follow `previous`; any can where the platform says so."""
        follows, first = self.platform.follows, self.platform.curriculum.loads[0][0]
        if follows is None:
            return np.ones(len(activity), dtype=np.bool_)
        can: Bool = follows[first[self.previous], first[activity]] | (self.previous < 0)
        return can

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """What the subclass makes of the event, before the record and the time move on."""
        raise NotImplementedError

    def note(self, flat: Int, seen: Float, tries: Float, right: Float, last: Float) -> None:
        """What the subclass keeps of the new record of the practised concepts, (L, n) each; usually nothing."""

    def outlook(self) -> Outlook:
        """What it says about every concept."""
        raise NotImplementedError

    def write_features(self, concept: Float32, student: Float32) -> None:
        """Writes its features in place: (n, features, K) about concepts and (n, features) about the student."""
        raise NotImplementedError

    def readiness(self, recall: Float) -> Float:
        """leak + (1 - leak) * prod over parents of 1 - strength * (1 - recall), (n, K)."""
        return readiness(self.platform.curriculum, self.platform.leak, recall)

    def success(self, recall: Float | None = None) -> Float:
        """Believed P(right) on every activity, (n, A)."""
        recall = self.outlook().recall if recall is None else recall
        lucky, span = self.platform.answers
        concepts, shares = self.platform.curriculum.loads
        if self.platform.filter.conjunctive:
            whole = math.prod(
                np.where(w > 0, recall.take(c, axis=1), 1.0) for c, w in zip(concepts, shares, strict=True)
            )
        else:
            whole = sum(recall.take(c, axis=1) * w for c, w in zip(concepts, shares, strict=True))
        chance: Float = lucky + span * whole
        return chance


class Tracker(Protocol):
    """How beliefs about new students start: a frozen dataclass of settings.

    Attributes:
        belief: the class of its beliefs, which names the features.
    """

    @property
    def belief(self) -> type[Belief]: ...

    def start(self, platform: Platform, goals: Bool) -> Belief:
        """The belief about n students whose goals are (n, K) and of whom nothing else is known."""


def readiness(curriculum: Curriculum, leak: float, recall: Float) -> Float:
    """leak + (1 - leak) * prod over parents of 1 - strength * (1 - recall), (n, K)."""
    ready = np.ones_like(recall)
    for parent, strength in zip(*curriculum.parents, strict=True):
        ready *= 1.0 - strength * (1.0 - recall.take(parent, axis=1))
    return leak + (1.0 - leak) * ready


def blank_record(platform: Platform, goals: Bool) -> dict[str, Any]:
    """The fields of `Belief` for n students of whom nothing was seen."""
    n, _ = goals.shape
    first = float(platform.course.days[0])
    zeros = [np.zeros(goals.shape) for _ in range(3)]
    return {
        "platform": platform,
        "goals": goals.copy(),
        "now": np.full(n, first),
        "steps": np.zeros(n, dtype=np.int64),
        "seen": zeros[0],
        "tries": zeros[1],
        "right": zeros[2],
        "last": np.full(goals.shape, first),
        "previous": np.full(n, -1, dtype=np.int64),
    }


def held(belief: Belief) -> dict[str, Any]:
    """The fields of a belief by name, for one that holds more."""
    return {f.name: getattr(belief, f.name) for f in fields(belief)}
