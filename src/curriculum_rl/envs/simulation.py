"""Students and the platform that watches them, moved together: the only loop of the dynamics there is.

The vector environment, its view of one student, and the rollouts of an evaluation all stand on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from curriculum_rl.batch import Bool, Float, Int, put_rows, take_rows
from curriculum_rl.envs.newcomers import newcomers
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.tracker import Belief, Float32, Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform, World

TIME_FEATURES = ("course_left", "session_left", "sessions_left", "test_in")
BLOCK = 256
"""Students drawn ahead at a time, so that a finished lane costs a copy of a row: at least so many, and at most four
times as many, where there are as many lanes. To draw a few takes nearly as long as to draw many."""


class Gate(Protocol):
    """Masks activities by what the platform believes: a frozen dataclass of settings."""

    def mask(self, belief: Belief) -> Bool:
        """Which activities are open to each student, (n, A): at least one."""

    def check(self, platform: Platform) -> None:
        """Refuses a platform on which it makes no sense, or might leave a new student nothing."""


@dataclass(frozen=True)
class View:
    """All that a policy may look at, of n students."""

    student: Int  # (n,) ids
    belief: Belief
    mask: Bool  # (n, A) what may be chosen; (n, A + C) for who may use the world's controls
    minutes_left: Float  # (n,) of the course
    session_left: Float  # (n,) minutes of the session
    sessions_left: Int  # (n,) after this one

    @property
    def platform(self) -> Platform:
        """What the platform knows beside its students."""
        return self.belief.platform

    def features(self) -> Float32:
        """What a network sees, (n, F): planes of features by concept, then of the student, then of time."""
        belief, platform = self.belief, self.platform
        n, concepts = belief.goals.shape
        planes, student = len(belief.concept_features), len(belief.student_features)
        split = planes * concepts
        out = np.empty((n, split + student + len(TIME_FEATURES)), dtype=np.float32)
        belief.write_features(out[:, :split].reshape(n, planes, concepts), out[:, split : split + student])
        course = platform.course
        time = np.empty((len(TIME_FEATURES), n), dtype=np.float32)  # written to `out` at once, as its rows lie apart
        time[0] = self.minutes_left / course.total_minutes
        time[1] = self.session_left / course.minutes
        time[2] = self.sessions_left / len(course.days)
        time[3] = np.maximum(course.test_day - belief.now, 0.0) / course.test_day
        out[:, split + student :] = time.T
        return out


def check_slate(slate: int, world: World, check: Violations) -> None:
    """Notes a slate of so many activities that nobody could be offered in a world."""
    count = len(world.curriculum.activities)
    if check.number("slate", slate, at_least=1, whole=True) and slate > count:
        check.add("slate", slate, f"must be at most {count}, the activities of the catalogue")


def feature_names(tracker: Tracker, platform: Platform) -> tuple[str, ...]:
    """Names of the entries of `View.features`, in order."""
    kind = tracker.belief
    by_concept = [f"{f}[{c.id}]" for f in kind.concept_features for c in platform.curriculum.concepts]
    return (*by_concept, *kind.student_features, *TIME_FEATURES)


@dataclass
class Drawn:
    """Students who are in no lane yet, what is believed of them, and, once asked for, their first features."""

    students: Students
    belief: Belief
    features: Float32 | None = None


class Simulation:
    """n lanes, each with a student of `world` and what `tracker` believes of that student.

    Args:
        world: what is simulated.
        tracker: what the platform keeps.
        ids: the students to begin with, (n,); whole classes where the world has them.
        seed: of all draws.
        gate: masks activities; None masks nothing.
    """

    def __init__(self, world: World, tracker: Tracker, ids: Int, seed: int = 0, gate: Gate | None = None) -> None:
        if gate is not None:
            gate.check(world.platform)
        world.check_students(ids)
        self.world, self.tracker, self.seed, self.gate = world, tracker, seed, gate
        self.students, self.belief = newcomers(world, tracker, seed, ids)
        self._block: Drawn | None = None
        self._free: Bool = np.ones((len(ids), len(world.curriculum.activities)), dtype=np.bool_)
        self._free.flags.writeable = False
        self._none: Bool = np.arange(len(world.curriculum.activities)) == 0

    def __len__(self) -> int:
        return len(self.students)

    def step(self, offered: Int) -> Happened:
        """Every student does one activity, of one offer, (n,), or a slate, (m, n); the tracker sees what came of it.

        Who waits for classmates does nothing, whatever is offered, and nothing is seen of that. Where the platform ends
        a session or a course, nothing is seen but the days that go by.
        """
        happened = self.world.dynamics.step(self.students, offered)
        ended, idle = np.flatnonzero(happened.ended), np.flatnonzero(happened.waited | happened.ended)
        activity = np.where(happened.ended, 0, happened.activity) if len(ended) else happened.activity
        self.belief.update_but(idle, activity, happened.correct, happened.elapsed)
        if len(ended):
            self.belief.rest(ended, happened.elapsed[ended])
        return happened

    def waiting(self) -> Bool | None:
        """Who does nothing at the next step, (n,), whatever is offered; None where there are no classes to wait for."""
        classes = self.world.dynamics.turns.together(self.students)
        return None if classes is None else classes.waiting(self.students)

    def mask(self) -> Bool:
        """Which activities may be chosen, (n, A): what the gate opens of what can be done today.

        Where it opens nothing of that, whatever can be done today. Who waits has the first activity for a choice, so
        that there is nothing to choose. Read-only where nothing is masked.
        """
        mask, waiting = self._mask(), self.waiting()
        if waiting is not None:
            mask[waiting] = self._none
        return mask

    def mask_of(self, rows: Int) -> Bool:
        """`mask` of these students alone, (r, A)."""
        if self.gate is not None:
            return self.mask()[rows]
        each = np.arange(len(self._none))[:, None].repeat(len(rows), axis=1)
        mask = self.world.dynamics.turns.possible(self.students, each, rows).T
        waiting = self.waiting()
        if waiting is not None:
            mask[waiting[rows]] = self._none
        return mask

    def action_mask(self, rows: Int | None = None) -> Bool:
        """`mask`, of these students alone where rows are given, and the controls after it, (n, A + C).

        No gate shuts a control; who waits has none.
        """
        mask = self.mask() if rows is None else self.mask_of(rows)
        if not self.world.controls:
            return mask
        waiting = self.waiting()
        open_ = np.ones((len(mask), len(self.world.controls)), dtype=np.bool_)
        if waiting is not None:
            open_ &= ~(waiting if rows is None else waiting[rows])[:, None]
        return np.concatenate([mask, open_], axis=1)

    def _mask(self) -> Bool:
        today = self.world.dynamics.turns.allowed(self.students)
        if self.gate is None:
            return self._free if today is None else today
        mask = self.gate.mask(self.belief)
        if today is None:
            return mask
        both = mask & today
        nothing = ~both.any(axis=1)
        both[nothing] = today[nothing]
        return both

    def allows(self, offered: Int) -> Bool:
        """Whether each student may be offered an action, (n,), or all of a slate, (m, n), (n,): as in `action_mask`."""
        slate = offered if offered.ndim == 2 else offered[None]
        if self.gate is None and not self.world.controls:
            each = self.world.dynamics.turns.possible(self.students, slate)
        else:
            each = np.take_along_axis(self.action_mask(), slate.T, axis=1).T
        allowed: Bool = np.logical_and.reduce(each, axis=0)
        waiting = self.waiting()
        return allowed if waiting is None else allowed | waiting

    def view(self, controls: bool = False) -> View:
        """What a policy may look at; `controls`: one that may end sessions and courses, where the world lets it."""
        return self._view(self.students, self.belief, self.action_mask() if controls else self.mask())

    def features(self) -> Float32:
        """What a network sees, (n, F), without making a mask."""
        return self._view(self.students, self.belief, self._free).features()

    def _view(self, students: Students, belief: Belief, mask: Bool) -> View:
        course, clock = self.world.course, students.clock
        return View(
            student=students.id,
            belief=belief,
            mask=mask,
            minutes_left=course.minutes_left(clock),
            session_left=np.where(course.over(clock), 0.0, course.minutes - clock.used),
            sessions_left=np.maximum(len(course.days) - 1 - clock.session, 0),
        )

    def replace(self, rows: Int, ids: Int, features: Float32 | None = None) -> None:
        """Puts new students (ids) into these lanes, and into `features`, (n, F), what a network first sees of them."""
        self.draw(rows, ids, Drawn(self.students, self.belief, features))

    def draw(self, rows: Int, ids: Int, into: Drawn) -> None:
        """Puts new students (ids) into these rows of `into`, of n lanes, with features where it has any."""
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            drawn, positions = self._drawn(ids[part])
            put_rows(into.students, rows[part], drawn.students, positions)
            put_rows(into.belief, rows[part], drawn.belief, positions)
            if into.features is not None:
                if drawn.features is None:
                    drawn.features = self._view(drawn.students, drawn.belief, self._free).features()
                into.features[rows[part]] = drawn.features[positions]

    def going(self, over: Bool) -> Int:
        """The lanes, in order, that are still needed when these students, (n,), have finished just now."""
        seats, size = self.students.inner.seats, self.world.class_size
        if seats is None:
            return np.flatnonzero(~over)
        return np.flatnonzero(np.repeat(seats.present.reshape(-1, size).any(axis=1), size))

    def keep(self, rows: Int) -> None:
        """Drops all lanes but these, whole classes where there are any."""
        self.students = take_rows(self.students, rows)
        self.belief = take_rows(self.belief, rows)
        self._free = self._free[: len(rows)]

    def forget_drawn(self) -> None:
        """Draws anew who was drawn ahead, for a tracker that believes otherwise by now: one that learns."""
        self._block = None

    def _drawn(self, ids: Int) -> tuple[Drawn, Int | slice]:
        """Students with these ids, and where: drawn ahead in a block where ids go on one after the other."""
        first, last = int(ids.min()), int(ids.max())
        ahead = min(max(len(self), BLOCK), 4 * BLOCK)
        if last - first >= BLOCK:
            return self._draw(ids), np.arange(len(ids))
        block = self._block
        if block is None or first < block.students.id[0] or last > block.students.id[-1]:
            block = self._block = self._draw(np.arange(first, first + ahead))
        start = int(block.students.id[0])
        if last - first == len(ids) - 1 and (ids[1:] > ids[:-1]).all():
            return block, slice(first - start, last - start + 1)
        return block, ids - start

    def _draw(self, ids: Int) -> Drawn:
        return Drawn(*newcomers(self.world, self.tracker, self.seed, ids))
