"""Students as the platform first meets them: drawn, and after what the world has them do before the course.

Nothing of a prelude counts against the course: it costs no time, the calendar and the count of decisions start
afresh after it, and it has a stretch of the students' luck of its own. Whoever has nothing left to learn after it is
drawn again, as another student with the same id.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from curriculum_rl import streams
from curriculum_rl.batch import Int, put_rows, take_rows
from curriculum_rl.students.population import Students
from curriculum_rl.students.prelude import APART, SLOTS, Prelude
from curriculum_rl.students.student import TIE
from curriculum_rl.trackers.tracker import Belief, Tracker
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World

TRIES: Final = 100
"""Draws of one student, after which a world is refused."""


def newcomers(world: World, tracker: Tracker, seed: int, ids: Int) -> tuple[Students, Belief]:
    """The students with these ids, (n,), at the start of the course, and what the tracker believes of them.

    Raises:
        InvalidInput: the prelude leaves somebody nothing to learn, however often drawn.
    """
    students = world.students(seed, ids)
    belief = tracker.start(world.platform, students.goals)
    if world.prelude is None:
        return students, belief
    _play(world, world.prelude, students, belief)
    again, rows = 0, _finished(world, students)
    while len(rows):
        again += 1
        if again == TRIES:
            reason = f"prelude: leaves student {int(ids[rows[0]])} nothing to learn in {TRIES} draws. Make it shorter."
            raise InvalidInput(f"world {world.name!r}", [reason])
        others = world.students(seed, ids[rows], np.full(len(rows), again))
        seen = tracker.start(world.platform, others.goals)
        _play(world, world.prelude, others, seen)
        put_rows(students, rows, others, slice(None))
        put_rows(belief, rows, seen, slice(None))
        rows = rows[_finished(world, others)]
    return students, belief


def _finished(world: World, students: Students) -> Int:
    return np.flatnonzero(students.test_recall >= world.course.mastered - TIE)


def _play(world: World, prelude: Prelude[Any], students: Students, belief: Belief) -> None:
    """Everybody's prelude, in place: alone, wherever they sit later."""
    life, seats, students.inner.seats = students.life, students.inner.seats, None
    students.life = streams.ahead(life, APART)
    state, place = prelude.start(len(students)), np.arange(len(students))
    here, seen = students, belief
    for _ in range(prelude.steps):
        u = streams.at_step(here.life, here.step, SLOTS)
        activity = prelude.choose(state, here, world.dynamics, u)
        if (activity < 0).any():
            put_rows(students, place, here, slice(None))
            put_rows(belief, place, seen, slice(None))
            going = np.flatnonzero(activity >= 0)
            here, seen, state = take_rows(here, going), take_rows(seen, going), take_rows(state, going)
            activity, place = activity[going], place[going]
            if not len(going):
                break
        happened = world.dynamics.step(here, activity)
        here.clock = world.course.start(len(here))
        prelude.note(state, happened.activity, happened.correct)
        seen.update(happened.activity, happened.correct, np.zeros(len(here)))
    put_rows(students, place, here, slice(None))
    put_rows(belief, place, seen, slice(None))
    students.life, students.inner.seats = life, seats
    students.step[:] = 0
    students.begun[:] = world.population.mean_mastery(students)
