"""Laws of ending a session or a course: time goes by, and nothing else happens to anybody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.batch import Bool, Int, arrays, take_rows
from curriculum_rl.controls import CONTROLS
from curriculum_rl.curriculum import Activity
from curriculum_rl.students.population import Students
from curriculum_rl.world import World
from tests.worlds import component, knowledge_model, random_actions, whole, world_named, world_of_faculties

N = 200
NAMES = ["may be stopped", "classes that may be stopped"]
MOVES = ("step", "clock.", "inner.conditions.", "inner.seats.")
"""What a control may change of who is given it: the rest of a student's state stays to the last bit."""


def begun(world: World, steps: int = 12, seed: int = 5) -> Students:
    """Students in the middle of a course of activities."""
    students = world.students(seed, np.arange(whole(world, N)))
    for offered in random_actions(replace(world, controls=()), steps, len(students)):
        world.dynamics.step(students, offered)
    return students


def control(world: World, name: str, n: int) -> Int:
    return np.full(n, world.actions.ids.index(name))


def going(world: World, students: Students) -> Bool:
    """Whose course is not over."""
    seats, ended = students.inner.seats, world.course.over(students.clock)
    return ~ended if seats is None else seats.present & (students.clock.session == seats.session)


@pytest.mark.parametrize("world", NAMES)
@pytest.mark.parametrize("name", CONTROLS)
def test_time_goes_by_and_nothing_else_happens(world: str, name: str):
    made = world_named(world)
    students, course = begun(made), made.course
    before, there = take_rows(students, slice(None)), going(made, students)
    score = made.population.expected_score(students)
    happened = made.dynamics.step(students, control(made, name, len(students)))
    assert there.sum() > 20
    np.testing.assert_array_equal(happened.ended, there)
    np.testing.assert_array_equal(happened.stopped, there & (name == "stop"))
    np.testing.assert_array_equal(made.population.expected_score(students), score)
    for seen in (happened.minutes, happened.taught, happened.correct, happened.answered, happened.terminated):
        assert not seen[there].any()
    for was, now in (happened.at_test, happened.mastery):
        np.testing.assert_array_equal(was[:, there], now[:, there])
    for (field, was), (_, now) in zip(arrays(before), arrays(students), strict=True):
        if not field.startswith(MOVES):
            np.testing.assert_array_equal(was[there], now[there], err_msg=field)
    starts = [*course.days, course.days[-1] + course.minutes / 1440.0]
    session = np.minimum(before.clock.session + 1, len(course.days)) if name == "advance" else len(course.days)
    np.testing.assert_array_equal(students.clock.session[there], np.broadcast_to(session, len(students))[there])
    np.testing.assert_array_equal(students.clock.now[there], np.take(starts, students.clock.session[there]))
    np.testing.assert_array_equal(happened.elapsed[there], (students.clock.now - before.clock.now)[there])
    np.testing.assert_array_equal(students.step[there], before.step[there] + 1)
    assert not students.clock.used[there].any()
    last = there & (before.clock.session == len(course.days) - 1)
    np.testing.assert_array_equal(happened.truncated, last & (name == "advance"))


def waiting_room() -> World:
    """Nothing is forgotten or lost, and one can spend an evening learning nothing."""
    world = world_of_faculties("dropout", "access")
    curriculum = world.curriculum
    idle = Activity("idle", "idling", {"c0": 1.0}, minutes=1440.0, learning=0.0, answered=False)
    population = replace(
        world.population, knowledge=knowledge_model("bkt", spread=0.2), memory=component("memory", "none")
    )
    return replace(
        world,
        curriculum=replace(curriculum, activities=(*curriculum.activities, idle)),
        population=population,
        controls=CONTROLS,
    )


def test_to_advance_is_to_wait_for_the_end_of_the_session():
    """Whoever idles until the session has ended by time stands, to the last bit, where the advanced one stands.

    But for the day of the last practice, on which nothing depends where nothing is forgotten.
    """
    world = waiting_room()
    some = np.flatnonzero(begun(world).test_recall < world.course.mastered)
    waited, advanced = (take_rows(begun(world), some) for _ in range(2))
    idle, left = world.actions.ids.index("idle"), 0
    for _ in world.course.days:
        one = world.dynamics.step(waited, np.full(len(some), idle))
        other = world.dynamics.step(advanced, control(world, "advance", len(some)))
        np.testing.assert_array_equal(one.left, other.left)
        np.testing.assert_array_equal(one.truncated, other.truncated)
        np.testing.assert_array_equal(one.elapsed, other.elapsed)
        left += int(one.left.sum())
        for (field, here), (_, there) in zip(arrays(waited), arrays(advanced), strict=True):
            if field != "memory.last":
                np.testing.assert_array_equal(here, there, err_msg=field)
    assert left > 10, "some drop out at the end of a session, however it ended"


def test_to_stop_is_to_advance_for_good():
    world = world_named("may be stopped")
    stopped, advanced = begun(world, 4), begun(world, 4)
    assert not world.course.over(stopped.clock).any()
    world.dynamics.step(stopped, control(world, "stop", N))
    for _ in world.course.days:
        world.dynamics.step(advanced, control(world, "advance", N))
    for (field, here), (_, there) in zip(arrays(stopped), arrays(advanced), strict=True):
        if field not in ("step", "clock.session", "inner.conditions.session", "inner.conditions.today"):
            np.testing.assert_array_equal(here, there, err_msg=field)
    assert world.course.over(stopped.clock).all()
    assert (world.course.minutes_left(stopped.clock) == 0.0).all()


def test_who_is_given_none_is_as_in_a_world_without():
    world = world_named("may be stopped")
    plain = replace(world, controls=())
    students, others = begun(world), begun(plain)
    given = np.arange(N) % 3 == 0
    for step, offered in enumerate(random_actions(plain, 10, N)):
        one = world.dynamics.step(students, np.where(given, control(world, CONTROLS[step % 2], N), offered))
        other = plain.dynamics.step(others, offered)
        for name in ("activity", "correct", "minutes", "elapsed", "left", "terminated", "truncated"):
            np.testing.assert_array_equal(getattr(one, name)[~given], getattr(other, name)[~given], err_msg=name)
    for (field, here), (_, there) in zip(arrays(students), arrays(others), strict=True):
        np.testing.assert_array_equal(here[~given], there[~given], err_msg=field)


def test_of_a_slate_the_first_offer_says():
    """First, a control is what happens, whatever stands beside it; later, the first offer stands there again."""
    world = world_named("may be stopped")
    offered, advance = random_actions(replace(world, controls=()), 1, N)[0], control(world, "advance", N)
    for slate, same in (
        (np.stack([advance, offered, offered]), advance),
        (np.stack([offered, advance, offered]), np.stack([offered, offered, offered])),
    ):
        students, others = begun(world), begun(world)
        world.dynamics.step(students, slate)
        world.dynamics.step(others, same)
        for (field, here), (_, there) in zip(arrays(students), arrays(others), strict=True):
            np.testing.assert_array_equal(here, there, err_msg=field)


def test_the_offers_are_left_as_they_were():
    world = world_named("may be stopped")
    offered = random_actions(world, 1, N)[0]
    kept = offered.copy()
    world.dynamics.step(begun(world), offered)
    np.testing.assert_array_equal(offered, kept)
