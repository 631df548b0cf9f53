"""A course is a calendar: sessions of so many minutes on given days, then a test some days after the last."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.violations import Violations

MINUTES_PER_DAY = 1440.0
SECONDS_PER_DAY = 86_400.0


@dataclass
class Clock:
    """Where n students stand in the calendar."""

    session: Int  # (n,) sessions finished
    used: Float  # (n,) minutes used of the current session
    now: Float  # (n,) days since the course began


@dataclass(frozen=True)
class Course:
    """The calendar. A student finishes the activity that overruns a session; the next session starts afresh.

    Attributes:
        days: the day of each session, rising from 0 or more.
        minutes: minutes of each session.
        test_days: days from the last session to the delayed test.
        mastered: the mean recall at the test, over the student's goals, at which nothing is left to learn.
    """

    days: tuple[float, ...] = (0.0, 4.0, 7.0, 11.0, 14.0, 18.0, 21.0, 25.0)
    minutes: float = 30.0
    test_days: float = 7.0
    mastered: float = 0.95

    def __post_init__(self) -> None:
        check = Violations("course")
        if not self.days:
            check.add("days", self.days, "must name at least one session", "For example [0, 7, 14].")
        numeric = check.each("days", self.days, at_least=0.0)
        if numeric and np.any(np.diff(np.asarray(self.days, float)) <= 0):
            check.add("days", self.days, "must rise from session to session", "Sort them and drop repeats.")
        minutes = check.number("minutes", self.minutes, above=0.0)
        if numeric and minutes and len(self.days) > 1:
            gap = float(np.min(np.diff(np.asarray(self.days, float))))
            if 0 < gap < self.minutes / MINUTES_PER_DAY:
                check.add("minutes", self.minutes, f"must fit between two sessions ({gap:g} days apart)")
        check.number("test_days", self.test_days, at_least=0.0)
        check.number("mastered", self.mastered, above=0.0, at_most=1.0)
        check.raise_all()

    @cached_property
    def test_day(self) -> float:
        """The day of the delayed test."""
        return float(self.days[-1] + self.test_days)

    @cached_property
    def total_minutes(self) -> float:
        """Minutes of all sessions together."""
        return len(self.days) * self.minutes

    @cached_property
    def _starts(self) -> Float:
        # One entry more, for a student whose course is over: the end of the last session.
        end = self.days[-1] + self.minutes / MINUTES_PER_DAY
        return np.array([*self.days, end], dtype=np.float64)

    def start(self, n: int) -> Clock:
        """The clock of n students at the start of the first session."""
        return Clock(session=np.zeros(n, dtype=np.int64), used=np.zeros(n), now=np.full(n, float(self.days[0])))

    def spend(self, clock: Clock, minutes: Float) -> Float:
        """Moves the clocks on by an activity, (n,) minutes, in place; returns the days gone by, rests included."""
        clock.used += minutes
        over = clock.used >= self.minutes
        clock.session += over
        clock.used *= ~over
        now = self._starts.take(clock.session, mode="clip")
        now += clock.used * (1.0 / MINUTES_PER_DAY)
        elapsed: Float = now - clock.now
        clock.now[:] = now
        return elapsed

    def skip(self, clock: Clock, rows: Int, session: Int) -> Float:
        """Moves these clocks, (r,), on to the start of these sessions, past the last one to the end, in place; returns
        the days gone by, (r,)."""
        now = self._starts.take(session, mode="clip")
        elapsed: Float = now - clock.now[rows]
        clock.session[rows], clock.used[rows], clock.now[rows] = session, 0.0, now
        return elapsed

    def over(self, clock: Clock) -> Bool:
        """Whose calendar has ended, (n,)."""
        ended: Bool = clock.session >= len(self.days)
        return ended

    def minutes_left(self, clock: Clock) -> Float:
        """Minutes left to each student in all sessions, (n,)."""
        left: Float = (len(self.days) - clock.session) * self.minutes - clock.used
        return np.maximum(left, 0.0)
