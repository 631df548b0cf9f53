"""What a class does together when its turn comes, in the order of events of `student.py`: see `classroom.py`.

Rows of students are whole classes side by side, so that (classes, size) is a reshape. A student who is not there, or is
done with the session before others are, takes part in nothing: `Dynamics.step` leaves all of such a row as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.course import MINUTES_PER_DAY, Course
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.classroom import Classroom, Seats
from curriculum_rl.students.knowledge.knowledge import At
from curriculum_rl.students.population import Population, Students

OVERRIDE: Final = 15
"""Slot of this draw in the stream of a step. Frozen; the others' are in `turns.py` and `student.py`."""
MASTERED: Final = 0.95
"""Mastery at which a teacher goes on to the next goal, as tutoring systems do (Corbett & Anderson 1995)."""


@dataclass(frozen=True)
class Peers:
    """Who is in a peer session in a step, with anybody there."""

    rows: Int  # (r,) rising
    others: Int  # (r,) how many classmates are there


@dataclass(frozen=True)
class ClassTurns:
    """The classes of a world, and what they need to know of its catalogue."""

    curriculum: Curriculum
    population: Population
    course: Course
    classroom: Classroom

    def _of_form(self, labels: tuple[str, ...]) -> Bool:
        return np.array([a.form in labels for a in self.curriculum.activities], dtype=np.bool_)

    @cached_property
    def peers(self) -> Bool:
        """Which activities are done with classmates, (A,)."""
        return self._of_form(self.classroom.peers)

    @cached_property
    def tutored(self) -> Bool:
        """Which activities are done with a teacher, (A,)."""
        return self._of_form(self.classroom.tutored)

    @cached_property
    def medium(self) -> Int:
        """What a teacher sets on each concept: of the answered activities on it alone, without peers or a teacher, the
        one nearest to difficulty 0, the first of them on a tie; -1 where there is none, (K,)."""
        found = np.full(len(self.curriculum.concepts), -1, dtype=np.int64)
        distance = np.full(len(found), np.inf)
        for i, a in enumerate(self.curriculum.activities):
            k = self.curriculum.concept_index[next(iter(a.loads))]
            plain = a.answered and len(a.loads) == 1 and not (self.peers[i] or self.tutored[i])
            if plain and abs(a.difficulty) < distance[k]:
                found[k], distance[k] = i, abs(a.difficulty)
        return found

    @cached_property
    def _ends(self) -> Float:
        """The day on which each session ends, (sessions,)."""
        return np.array(self.course.days) + self.course.minutes / MINUTES_PER_DAY

    def waiting(self, students: Students) -> Bool:
        """Who takes part in nothing now, (n,): finished or left, or done with the session before classmates are."""
        seats = _seats(students)
        waiting: Bool = ~seats.present | (students.clock.session > seats.session)
        return waiting

    def shut(self, students: Students) -> Bool:
        """For whom the teacher has no time, (n,)."""
        return self.classroom.spent(_seats(students))

    def overruled(self, students: Students) -> Float:
        """Chance that the teacher decides, (n,)."""
        return _seats(students).overruled

    def picked(self, students: Students, rows: Int) -> Int:
        """What the teacher sets these students, (r,): a medium problem on the first goal below mastery; -1 if none."""
        order = self.curriculum.order
        weak = students.goals[rows][:, order] & (students.mastery[rows][:, order] < MASTERED)
        weak &= self.medium[order] >= 0
        concept = order[weak.argmax(axis=1)]
        picked: Int = np.where(weak.any(axis=1), self.medium[concept], -1)
        return picked

    def in_session(self, students: Students, activity: Int) -> Peers:
        """Who is in a peer session; with nobody there, it is work alone."""
        rows = np.flatnonzero(self.peers.take(activity))
        others = _seats(students).present.reshape(-1, self.classroom.size).sum(axis=1)[rows // self.classroom.size] - 1
        some = others > 0
        return Peers(rows[some], others[some])

    def teach(self, students: Students, strength: Float, at: At, activity: Int, minutes: Float, peers: Peers) -> Float:
        """Multiplies the strength of learning, (L, n), in place, by what peers and teachers add to it.

        Returns the teacher minutes that each has, (n,).
        """
        working = ~self.waiting(students)
        self._help(students, strength, at, peers, working)
        asked = np.where(self.tutored.take(activity) & working, minutes, 0.0)
        if not asked.any():
            return asked
        share = self.classroom.shared(_seats(students), asked)
        strength *= np.where(asked > 0.0, 1.0 + self.classroom.tutoring * share, 1.0)
        taught: Float = asked * share
        return taught

    def belong(self, students: Students, activity: Int, peers: Peers) -> Float:
        """Moves belonging, in place, and returns it, (n,)."""
        together = np.zeros(len(activity), dtype=np.bool_)
        together[peers.rows] = True
        self.classroom.belong(_seats(students), together, ~(together | self.tutored.take(activity)))
        return _seats(students).belonging

    def gather(self, students: Students, over: Bool, taught: Float) -> None:
        """Ends a step: whose course is over, (n,), goes, and the class moves on to the session of its last student.

        `taught` are the teacher minutes that each had in the step, (n,).
        """
        self.classroom.gather(_seats(students), over, taught, students.clock.session)

    def _help(self, students: Students, strength: Float, at: At, peers: Peers, working: Bool) -> None:
        """Multiplies the strength of those in a peer session who are working, in place.

        Each asks all of the class what they know of the concept: O(r size).
        """
        here = working[peers.rows]
        rows, others = peers.rows[here], peers.others[here]
        if not len(rows):
            return
        size = self.classroom.size
        place = rows % size
        everyone = ((rows - place)[:, None] + np.arange(size)).ravel()  # the class of the first, of the second, ...
        evening = self._ends.take(_seats(students).session.take(everyone), mode="clip")
        known = self.population.recall_of(students, everyone, at.concepts[:, rows].repeat(size, axis=1), evening)
        own = known[:, np.arange(len(rows)) * size + place]
        there = (known * _seats(students).present.take(everyone)).reshape(-1, len(rows), size)
        strength[:, rows] *= self.classroom.helped(own, (there.sum(axis=2) - own) / others)


def _seats(students: Students) -> Seats:
    seats = students.inner.seats
    assert seats is not None
    return seats
