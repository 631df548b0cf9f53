"""What may become of students, as the platform takes them to learn: plans played on a belief, not on the true state.

Minutes are the catalogue's. What overruns a session is taken off the next one, and the activity that ends the course
counts by the share of it that fits: true minutes vary, so which activity comes to overrun is luck, and a plan that
counted on it would be chosen for a rounding. The activity that is done now costs no more than is left of its session.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float, Int, take_rows
from curriculum_rl.course import MINUTES_PER_DAY, Clock
from curriculum_rl.envs.simulation import View
from curriculum_rl.trackers.bkt import FilterBelief
from curriculum_rl.trackers.expected import expect
from curriculum_rl.trackers.planning import goal_value


@dataclass
class Futures:
    """m futures; how each goes on is said by subclasses."""

    student: Int  # (m,) ids
    weight: Float  # (m,) its chance among those of the same plan, which are together
    belief: FilterBelief  # what would be believed
    clock: Clock

    def __len__(self) -> int:
        return len(self.student)

    def step(self, activity: Int, carry: bool = True) -> None:
        """One activity in every future, (m,); `carry`: what overruns a session is taken off the next one."""
        raise NotImplementedError

    def fitting(self, activity: Int) -> Float:
        """The share of an activity, (m,), that counts before the course is over, (m,)."""
        course, minutes = self.belief.platform.course, self.belief.platform.curriculum.minutes.take(activity)
        return np.minimum(course.minutes_left(self.clock) / minutes, 1.0)

    def view(self) -> View:
        """What a policy may look at; nothing is masked."""
        belief, clock = self.belief, self.clock
        course, activities = belief.platform.course, len(belief.platform.curriculum.activities)
        return View(
            student=self.student,
            belief=belief,
            mask=np.ones((len(self), activities), dtype=np.bool_),
            minutes_left=course.minutes_left(clock),
            session_left=course.minutes - clock.used,
            sessions_left=np.maximum(len(course.days) - 1 - clock.session, 0),
        )

    def points(self) -> Float:
        """Believed points of the delayed test that recall adds if nothing more is done, (m,)."""
        belief, platform = self.belief, self.belief.platform
        recall = belief.stored()
        recall *= platform.memory.retention(platform.course.test_day - belief.last, belief.half_life)
        recall *= goal_value(platform, belief.goals)
        points: Float = recall.sum(axis=1)
        return points

    def spend(self, activity: Int, carry: bool) -> Float:
        """Moves the clocks on; returns the days gone by, (m,)."""
        platform, clock = self.belief.platform, self.clock
        course, before = platform.course, clock.now.copy()
        minutes = np.minimum(platform.curriculum.minutes.take(activity), course.minutes)
        extra = np.maximum(clock.used + minutes - course.minutes, 0.0)
        course.spend(clock, minutes)
        if carry:
            clock.used += extra
            clock.now += extra / MINUTES_PER_DAY
        gone: Float = clock.now - before
        return gone


def clock_of(view: View, rows: Int) -> Clock:
    """The clocks of these rows of a view."""
    course = view.platform.course
    return Clock(
        session=len(course.days) - 1 - view.sessions_left[rows],
        used=course.minutes - view.session_left[rows],
        now=view.belief.now[rows],
    )


@dataclass
class Expected(Futures):
    """The belief moves on by its mean (`trackers/expected.py`), but for the answer to what is done now.

    That goes either way, each with its chance, so what it tells is worth what it lets one do. Nothing is drawn.
    """

    @classmethod
    def after(cls, view: View, candidate: Int) -> Expected:
        """Both futures of each candidate of each student, (n, plans): answered rightly, and not."""
        (n, plans), belief = candidate.shape, view.belief
        assert isinstance(belief, FilterBelief)
        rows = np.repeat(np.arange(n), 2 * plans)
        return cls.begun(take_rows(belief, rows), clock_of(view, rows), view.student[rows], candidate)

    @classmethod
    def begun(cls, belief: FilterBelief, clock: Clock, student: Int, candidate: Int) -> Expected:
        """The same of students who stand there twice for each of their candidates, one after the other, (m,)."""
        curriculum, activity = belief.platform.curriculum, np.repeat(candidate.ravel(), 2)
        concepts, shares = curriculum.practised(activity)
        recall = belief.outlook().recall.take(concepts + belief.rows)
        lucky, span = (x.take(activity) for x in belief.platform.answers)
        right = lucky + span * belief.platform.together(recall, shares)
        right = np.where(curriculum.answered.take(activity), right, 0.0)  # what is not answered has the second alone
        correct = np.arange(len(student)) % 2 == 0
        futures = cls(student, np.where(correct, right, 1.0 - right), belief, clock)
        belief.update(activity, correct, futures.spend(activity, carry=False))
        return futures

    def step(self, activity: Int, carry: bool = True) -> None:
        """One activity in every future, (m,)."""
        expect(self.belief, activity, self.spend(activity, carry))
