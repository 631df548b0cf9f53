"""One try of every student, in the one order of events.

    1. choose     what the student really does of what is offered    (choice, a teacher; what can be done today: access)
    2. rest       what was forgotten since, read off the time
    3. attempt    minutes, and right or wrong                        (rapid guessing)
    4. learn      the practised concepts alone                       (forms, engagement, rapid guessing, classes)
    5. remember   half-lives and the day of practice
    6. feel       engagement                                         (engagement, forms, choice, classes)
    7. the clock  moves on, over rests between sessions              (access)
    8. leave      at the end of a session, for good                  (dropout)
    9. gather     the class goes on to the next session together     (classes)

In brackets are the faculties that have their turn there, where a pack switches them on; each has draws of its own.
Whose session or course the platform ends (`endings.py`) goes from before the first of these to the eighth.
A step costs O(students): it reads and writes the practised concepts and their prerequisites alone. Choice costs
O(activities) for those who go their own way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int, arrays, put_aside, put_back, total
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.class_turns import ClassTurns
from curriculum_rl.students.endings import Ended, Endings
from curriculum_rl.students.knowledge.knowledge import At, Tried
from curriculum_rl.students.population import Population, Students
from curriculum_rl.students.turns import Luck, Turns

TIE: Final = 1e-9
"""Means of recall that differ by less are the same: sums kept up to date differ in their last bits."""


class Slot:
    """Which draw of a step is for what. Frozen; those of the faculties are in `turns.py`."""

    ANSWER: Final = 0
    PACE: Final = 1
    LEARN: Final = 4  # one for each concept of the activity
    LOSE: Final = 8  # likewise


@dataclass(frozen=True)
class Happened:
    """What one step did to n students. `correct` and `elapsed` can be seen; the rest is for objectives alone.

    To who waits for classmates it did nothing: no answer, no minutes, no end. Nor did it to whose session or course the
    platform ended, but for the days that go by, and the end.
    """

    activity: Int  # (n,) what was done, from A on a control
    correct: Bool  # (n,) False where there was no answer
    answered: Bool  # (n,)
    minutes: Float  # (n,)
    taught: Float  # (n,) of them with a teacher
    elapsed: Float  # (n,) days from this decision to the next, rests included
    concepts: Int  # (L, n) practised; all of them, (K, n), where a try can change any
    goal_share: Float  # (L, n) weight of each in the student's goals
    at_test: tuple[Float, Float]  # (L, n) recall at the test, before and after
    mastery: tuple[Float, Float]  # (L, n) recall without forgetting, before and after
    terminated: Bool  # (n,) nothing left to learn
    truncated: Bool  # (n,) the calendar has ended
    left: Bool  # (n,) the student has dropped out, with something left to learn and time to do it
    waited: Bool  # (n,) took no part
    ended: Bool  # (n,) did no activity: the platform ended the session, or the course
    stopped: Bool  # (n,) of those: the course

    @property
    def over(self) -> Bool:
        """Whose course has ended, for whatever reason, (n,)."""
        return self.terminated | self.truncated | self.left | self.stopped

    def spare(self, rows: Int) -> None:
        """Nothing happened to the students in these rows, who waited, in place."""
        for seen in (self.correct, self.answered, self.minutes, self.taught, self.elapsed):
            seen[rows] = 0
        for ended in (self.terminated, self.truncated, self.left):
            ended[rows] = False
        for before, after in (self.at_test, self.mastery):
            after[:, rows] = before[:, rows]
        self.waited[rows] = True


def _moving(s: Students) -> Iterator[npt.NDArray[Any]]:
    """What a step changes of n students, before the class goes on. The rest says who they are."""
    yield from (s.step, s.at_test, s.mastery, s.test_recall, s.clock.session, s.clock.used, s.clock.now)
    for state in (s.knowledge, s.memory):
        yield from (array for _, array in arrays(state))
    yield from s.inner.moving()


@dataclass(frozen=True)
class Dynamics:
    """The rules of a world, ready to be applied to its students."""

    curriculum: Curriculum
    population: Population
    course: Course
    controls: tuple[str, ...] = ()

    @cached_property
    def endings(self) -> Endings:
        """What controls do."""
        return Endings(self.controls, len(self.curriculum.activities), self.course)

    @cached_property
    def _tasks(self) -> Float:
        """What the knowledge model needs to know of every activity."""
        concepts, _ = self.curriculum.loads
        return self.population.knowledge.tasks(concepts, self.curriculum.difficulty)

    @cached_property
    def turns(self) -> Turns:
        """What the faculties do when their turn comes."""
        population, room = self.population, self.population.faculties.classroom
        classes = None if room is None else ClassTurns(self.curriculum, population, self.course, room)
        return Turns(self.curriculum, population.knowledge, population.faculties, classes)

    def step(self, students: Students, offered: Int) -> Happened:
        """Every student does one activity: the one offered, (n,), or what comes of a slate, (m, n), the first offer
        first; `students` is changed in place. Who waits for classmates takes no part, and is as before."""
        turns, luck = self.turns, self._luck(students)
        classes = turns.together(students)
        waiting = classes.waiting(students) if classes is not None else None
        offered, ended = self.endings.of(students, offered, waiting)
        if ended is not None:
            waiting = ended.among(waiting, len(students))
        activity, offers = turns.chosen(students, offered, luck), 1 if offered.ndim == 1 else len(offered)
        concepts, shares = self.curriculum.practised(activity)
        at = self._at(students, concepts)
        if waiting is None:
            return self._step(students, activity, at, shares, luck, offers)
        rows = np.flatnonzero(waiting)
        touched = None if self.population.knowledge.wide else at.flat.take(rows, axis=1)
        still = put_aside(_moving(students), rows, touched)
        happened = self._step(students, activity, at, shares, luck, offers)
        put_back(still)
        happened.spare(rows)
        if ended is not None:
            self._end(students, ended, happened, luck)
        if classes is not None:
            classes.gather(students, happened.over, happened.taught)
        return happened

    def _end(self, students: Students, ended: Ended, happened: Happened, luck: Luck) -> None:
        """The days go by for whose session or course the platform has ended, in place; at a session's end one may
        leave."""
        rows, over = ended.rows, self.course.over(students.clock)
        happened.activity[rows], happened.elapsed[rows] = ended.action, ended.days
        happened.waited[rows], happened.ended[rows], happened.stopped[rows] = False, True, ended.stops
        happened.truncated[rows] = over[rows] & ~ended.stops
        happened.left[rows] = self.turns.leaves(students, happened.ended, luck)[rows] & ~over[rows]
        students.step[rows] += 1

    def _step(self, students: Students, activity: Int, at: At, shares: Float, luck: Luck, offers: int) -> Happened:
        curriculum, population, turns = self.curriculum, self.population, self.turns
        now = students.clock.now.copy()

        retention = population.memory.recalled(students.memory, at.flat, now)

        answered = curriculum.answered.take(activity)
        task = self._tasks.take(activity, axis=2)
        chance = population.knowledge.success(students.knowledge, at, shares, retention, task)
        z = streams.normal(luck[Slot.PACE])
        minutes = population.pace.take(curriculum.minutes.take(activity), students.traits.pace, z)
        rapid, chance, minutes = turns.guessed(students, chance, minutes, luck)
        correct = (luck[Slot.ANSWER] < chance) & answered

        strength = self._readiness(students, at.concepts, now)
        strength *= curriculum.learning.take(activity)
        strength *= shares
        turns.teach(students, strength, at, retention, activity, answered & ~correct, rapid)
        peers = turns.peers(students, activity)
        taught = turns.taught(students, strength, at, activity, minutes, peers)
        tried = Tried(activity, correct, answered)
        lose = luck[Slot.LOSE]
        if len(lose) > 1:
            lose = np.where(shares > 0, lose, 1.0)  # what pads an activity is not lost
        held, new = population.knowledge.learn_from(students.knowledge, at, strength, luck[Slot.LEARN], lose, tried)
        if len(shares) > 1:
            held &= shares > 0  # an activity on fewer concepts than others is padded
        if rapid is not None:
            held &= new | ~rapid  # who did not look did not remember either
        population.memory.practise(students.memory, at.flat, now, retention, held, held & correct, answered, new)
        if population.knowledge.wide:
            at = At.every(*students.goals.shape)
        goal_share, at_test, mastery = self._progress(students, at)
        turns.feel(students, tried, chance, offers, peers)

        students.step += 1
        session = students.clock.session.copy()
        elapsed = self.course.spend(students.clock, minutes)
        truncated = self.course.over(students.clock)
        terminated = students.test_recall >= self.course.mastered - TIE
        left = turns.leaves(students, students.clock.session > session, luck) & ~(terminated | truncated)
        return Happened(
            activity=activity,
            correct=correct,
            answered=answered,
            minutes=minutes,
            taught=taught,
            elapsed=elapsed,
            concepts=at.concepts,
            goal_share=goal_share,
            at_test=at_test,
            mastery=mastery,
            terminated=terminated,
            truncated=truncated,
            left=left,
            **{name: np.zeros(len(students), dtype=np.bool_) for name in ("waited", "ended", "stopped")},
        )

    def _at(self, students: Students, concepts: Int) -> At:
        return At(concepts, concepts + students.rows)

    @cached_property
    def _slots(self) -> streams.U64:
        """The slots that a step uses: answer, pace, so many chances a concept, and those of the faculties."""
        loads, chances = len(self.curriculum.loads[0]), (Slot.LEARN, Slot.LOSE)[: self.population.knowledge.chances]
        slots = [Slot.ANSWER, Slot.PACE, *(first + i for first in chances for i in range(loads)), *self.turns.slots]
        return np.array(slots, dtype=np.uint64)

    def _luck(self, students: Students) -> Luck:
        """The draws of this step, all at once; those of learning and losing, (L, n), as far as they are used."""
        u = streams.at_step(students.life, students.step, self._slots)
        loads, faculties = len(self.curriculum.loads[0]), len(self._slots) - len(self.turns.slots)
        own = {
            Slot.ANSWER: u[0],
            Slot.PACE: u[1],
            Slot.LEARN: u[2 : min(2 + loads, faculties)],
            Slot.LOSE: u[2 + loads : faculties],
        }
        return own | dict(zip(self.turns.slots, u[faculties:], strict=True))

    def _readiness(self, students: Students, concepts: Int, now: Float) -> Float:
        """leak + (1 - leak) * prod over parents of 1 - strength * (1 - recall), (L, n)."""
        parents, strengths = self.curriculum.parents
        if len(parents) == 0:
            return np.ones(concepts.shape)
        at = self._at(students, parents.take(concepts, axis=1))  # (P, L, n)
        missing = 1.0 - self.population.recall_on(students, at, now)
        missing *= strengths.take(concepts, axis=1)
        factors = np.subtract(1.0, missing, out=missing)
        ready: Float = factors[0]
        for factor in factors[1:]:  # one by one, much faster than a product over so short an axis
            ready *= factor
        ready *= 1.0 - self.population.leak
        ready += self.population.leak
        return ready

    def _progress(self, students: Students, at: At) -> tuple[Float, tuple[Float, Float], tuple[Float, Float]]:
        """Brings the recall of these concepts up to date; their goal shares, and both before and after."""
        knowledge, memory = self.population.knowledge, self.population.memory
        before = students.at_test.take(at.flat), students.mastery.take(at.flat)
        at_test = knowledge.recall(
            students.knowledge, at, memory.recalled(students.memory, at.flat, self.course.test_day)
        )
        mastery = knowledge.recall(students.knowledge, at, _all_kept(at.flat.shape))
        students.at_test.ravel()[at.flat], students.mastery.ravel()[at.flat] = at_test, mastery
        goal_share = students.goals.take(at.flat) * students.goal_weight
        students.test_recall += total(goal_share * (at_test - before[0]))
        return goal_share, (before[0], at_test), (before[1], mastery)


@lru_cache(maxsize=8)
def _all_kept(shape: tuple[int, ...]) -> Float:
    """Retention of 1, read-only."""
    ones = np.ones(shape)
    ones.flags.writeable = False
    return ones
