"""Whose session or course the platform ends (`controls.py`): their clock moves on before anybody does anything.

From then on they are like students who have finished the session before their classmates have: nothing that the others
do touches them, and they take nothing of the others' teacher. It is no offer: no choice of theirs, and no teacher, puts
anything in its place. Of a slate, the first offer says; a control that stands later in one offers nothing, and the
first offer stands there again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.controls import STOP
from curriculum_rl.course import Course
from curriculum_rl.students.population import Students


@dataclass(frozen=True)
class Ended:
    """c students whose session or course the platform has just ended."""

    rows: Int  # (c,)
    action: Int  # (c,) from A on
    stops: Bool  # (c,) the course, not the session alone
    days: Float  # (c,) from then to the next session, or to the end of the calendar

    def among(self, waiting: Bool | None, n: int) -> Bool:
        """These and who waits, (n,)."""
        out = np.zeros(n, dtype=np.bool_) if waiting is None else waiting.copy()
        out[self.rows] = True
        return out


@dataclass(frozen=True)
class Endings:
    """What a world's controls do; `activities` is A."""

    controls: tuple[str, ...]
    activities: int
    course: Course

    def of(self, students: Students, offered: Int, waiting: Bool | None) -> tuple[Int, Ended | None]:
        """Offers of activities alone, of the same shape, (n,) or (m, n); and who is given a control, their clocks moved
        on in place. None where nobody is."""
        if not self.controls:
            return offered, None
        control = offered >= self.activities
        first = offered if offered.ndim == 1 else offered[0]
        given = first >= self.activities
        offered = np.where(control, np.where(given, 0, first), offered)
        rows = np.flatnonzero(given if waiting is None else given & ~waiting)
        if not len(rows):
            return offered, None
        stops = np.array([name == STOP for name in self.controls])[first[rows] - self.activities]
        session = np.where(stops, len(self.course.days), students.clock.session[rows] + 1)
        return offered, Ended(rows, first[rows], stops, self.course.skip(students.clock, rows, session))
