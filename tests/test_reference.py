"""Many students at once do exactly what one student at a time does, by independent code, in every world."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from curriculum_rl.batch import Int, arrays
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.world import World
from tests.reference.classroom import Room
from tests.reference.knowledge import MINDS
from tests.reference.scalar import Reference, Student
from tests.worlds import ALONE, FACULTIES, WORLDS, random_actions, world_named, world_of_classes

CLOSE = 1e-9
REAL = ("minutes", "elapsed", "score")
TOLD = ("activity", "correct", "minutes", "elapsed", "terminated", "truncated", "left", "stopped")
SEED = 20_240
TESTED = [
    name
    for name in WORLDS
    if type(world_named(name).population.knowledge).__name__ in MINDS and world_named(name).class_size == 1
]
TOGETHER = [name for name in WORLDS if world_named(name).class_size > 1]


def played(world: World, lanes: int, steps: int, first: int) -> tuple[dict[str, Any], Simulation, Int]:
    """What the package says happened: (steps, lanes) arrays; the simulation at its end; the offers, (steps, 3, lanes).

    One, two or three are offered at a time, whether they can be done or not.
    """
    simulation = Simulation(world, Counts(), np.arange(first, first + lanes), SEED)
    offers, following = random_actions(world, 3 * steps, lanes, first).reshape(steps, 3, lanes), first + lanes
    record: dict[str, list[Any]] = {name: [] for name in ("id", "mask", *TOLD, "score")}
    for t in range(steps):
        record["id"].append(simulation.students.id.copy())
        if world.population.faculties.access is not None:
            record["mask"].append(simulation.mask())
        count = offered(t)
        happened = simulation.step(offers[t, 0] if count == 1 else offers[t, :count])
        for name in TOLD:
            record[name].append(getattr(happened, name))
        record["score"].append(world.population.expected_score(simulation.students))
        over = np.flatnonzero(happened.over)
        simulation.replace(over, np.arange(following, following + len(over)))
        following += len(over)
    return {name: np.array(rows) for name, rows in record.items()}, simulation, offers


def offered(step: int) -> int:
    """How many activities are offered at a step of every lane."""
    return 1 + step % 3


def compare(world: World, lanes: int, steps: int, first: int = 0, *, scores: bool = True) -> None:
    """Zero mismatches in answers and endings; all real numbers within 1e-9, the state of every lane at the end too."""
    record, simulation, offers = played(world, lanes, steps, first)
    reference = Reference(world)
    for lane in range(lanes):
        ids, each = record["id"][:, lane].tolist(), offers[:, :, lane].tolist()
        rows, here = [], None
        for t, (student, offer) in enumerate(zip(ids, each, strict=True)):
            here = here or reference.student(SEED, student)
            if len(record["mask"]):
                assert record["mask"][t][lane].tolist() == reference.faculties.possible(here.inner)
            event = reference.step(here, *offer[: offered(t)])
            rows.append((*vars(event).values(), *([reference.expected_score(here)] if scores else [])))
            here = None if event.over else here
        for name, values in zip((*vars(event), "score"), zip(*rows, strict=True), strict=False):
            wrong = np.abs(np.array(values, dtype=float) - record[name][:, lane]) >= (CLOSE if name in REAL else 0.5)
            assert not wrong.any(), f"{name} of {world.name}, student {ids[wrong.argmax()]}, lane step {wrong.argmax()}"
        same_state(reference, here or reference.student(SEED, int(simulation.students.id[lane])), simulation, lane)


def same_state(
    reference: Reference,
    scalar: Student,
    simulation: Simulation,
    lane: int,
    seat: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Every array of the vectorised state, against the scalar student in that seat."""
    expected: dict[str, Any] = {
        "id": simulation.students.id[lane],
        "seed": SEED,
        "step": scalar.step,
        "life.a": scalar.life.a,
        "life.b": scalar.life.b,
        "traits.group": scalar.group,
        "traits.ability": scalar.ability,
        "traits.rate": scalar.rate,
        "traits.pace": scalar.pace,
        "traits.memory": scalar.memory,
        "goals": scalar.goals,
        "goal_weight": 1.0 / sum(scalar.goals),
        **{f"knowledge.{name}": value for name, value in scalar.mind.state().items()},
        **{f"memory.{name}": value for name, value in scalar.memo.state().items()},
        **reference.faculties.state(scalar.inner, scalar.goals, scalar.person),
        **seat,
        "at_test": reference.at_test(scalar),
        "mastery": [scalar.mind.recall(k, 1.0) for k in range(len(scalar.goals))],
        "test_recall": reference.test_recall(scalar),
        "begun": scalar.begun,
        "clock.session": scalar.session,
        "clock.used": scalar.used,
        "clock.now": scalar.now,
    }
    for name, array in arrays(simulation.students):
        seen = array[lane].astype(np.float64) if array.dtype == np.bool_ else array[lane]
        np.testing.assert_allclose(seen, expected[name], rtol=0, atol=CLOSE, err_msg=name)


def compare_classes(world: World, classes: int, first: int = 0, most: float = math.inf) -> int:
    """Classes from the first step to the last, with one to three offers at a time, or about as many activities.

    Returns the activities done.
    """
    size, rows = world.class_size, np.arange(classes * world.class_size)
    simulation = Simulation(world, Counts(), first * size + rows, SEED)
    rooms, step, done = [Room(world, SEED, first + c) for c in range(classes)], 0, 0
    while simulation.students.inner.seats.present.any() and done < most:
        offers = random_actions(world, 1 + step % 3, len(rows), first + step)
        waiting, mask = simulation.waiting(), simulation.mask()
        happened = simulation.step(offers if len(offers) > 1 else offers[0])
        for lane in rows:
            room, seat = rooms[lane // size], lane % size
            assert waiting[lane] == (seat not in room.working())
            can = room.possible(room.pupils[seat])
            assert mask[lane].tolist() == (can if not waiting[lane] else [True] + [False] * (len(can) - 1))
        for c, room in enumerate(rooms):
            events = room.step(offers[:, c * size : (c + 1) * size].T.tolist())
            for lane, event in enumerate(events, c * size):
                assert happened.waited[lane] == waiting[lane] == (event is None)
                done += event is not None
                for name in TOLD:
                    expected = float(getattr(event, name)) if event else 0.0
                    seen = float(getattr(happened, name)[lane]) if event or name != "activity" else 0.0
                    assert abs(seen - expected) < CLOSE, f"{name} of {world.name}, lane {lane}, step {step}"
        step += 1
        if step % 10 == 0 or not simulation.students.inner.seats.present.any():
            for lane in rows:
                room, seat = rooms[lane // size], lane % size
                same_state(room.reference, room.pupils[seat].student, simulation, lane, room.state(seat))
    return done


@pytest.mark.parametrize("name", TESTED)
def test_equal_to_the_scalar_reference(name: str):
    compare(world_named(name), lanes=20, steps=300)


@pytest.mark.parametrize("name", ALONE)
def test_each_faculty_alone_is_equal_to_the_scalar_reference(name: str):
    compare(world_named(name), lanes=20, steps=200)


@pytest.mark.parametrize("name", TOGETHER)
def test_a_class_is_equal_to_a_class_of_scalar_students(name: str):
    world = world_named(name)
    classes = max(12 // world.class_size, 1)
    done, first = 0, 0
    while done <= 200:  # courses that may be stopped at any moment are short
        done += compare_classes(world, classes, first, most=500)
        first += classes


@pytest.mark.parametrize("knowledge", ["afm", "irt", "pfa"])
@pytest.mark.parametrize("memory", ["exponential", "fsrs"])
def test_so_it_is_where_knowledge_grows_by_degrees(knowledge: str, memory: str):
    """What classmates and teachers add shows at every step, rather than when something is learned."""
    assert compare_classes(world_of_classes(*FACULTIES.on, knowledge=knowledge, memory=memory), classes=1) > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", TOGETHER)
def test_classes_are_equal_to_classes_of_scalar_students_over_many_steps(name: str):
    done, first = 0, 1000
    while done < 100_000:  # each classmate is looked at for each: far slower than a student alone
        done += compare_classes(world_named(name), classes=25, first=first)
        first += 25


@functools.cache
def models(name: str) -> set[str]:
    """What a world is made of, and how each is switched."""
    world = world_named(name)
    population = world.population
    parts = (population.knowledge, population.memory, population.goals, world.prelude)
    named = {type(part).__name__: part for part in (*parts, *population.faculties.on.values()) if part is not None}
    values = {(n, f.name): getattr(part, f.name) for n, part in named.items() for f in fields(part)}
    return {*named, *(f"{n}.{field}={v}" for (n, field), v in values.items() if isinstance(v, (bool, str)))}


def many_steps(name: str) -> int:
    """A million over the number of worlds that have the rarest of a world's models, and a hundred thousand at least."""
    worlds = min(sum(model in models(other) for other in TESTED) for model in models(name))
    return max(1_000_000 // worlds, 100_000)


@pytest.mark.slow
@pytest.mark.parametrize("name", TESTED)
def test_equal_to_the_scalar_reference_over_many_steps(name: str):
    """Every model, whatever it is of, over a million steps in all worlds together that have it."""
    for part in range(-(-many_steps(name) // 100_000)):
        compare(world_named(name), lanes=250, steps=400, first=1000 + 100_000 * part, scores=False)


def test_no_model_of_knowledge_is_without_a_reference():
    """A new model is in every contract test at once; this asks for its scalar version too."""
    missing = {type(world_named(name).population.knowledge).__name__ for name in WORLDS} - set(MINDS)
    assert not missing, f"write {sorted(missing)} into tests/reference/knowledge.py"


def test_the_comparison_notices_a_slip_of_five_percent():
    world = world_named("bkt exponential")
    memory = replace(world.population.memory, new_days=world.population.memory.new_days * 1.05)
    wrong = replace(world, population=replace(world.population, memory=memory))
    record, _, offers = played(wrong, 20, 100, 0)
    reference, mismatch = Reference(world), False
    for lane in range(20):
        student = reference.student(SEED, lane)
        for t in range(int((record["id"][:, lane] == lane).sum())):
            reference.step(student, *offers[t, : offered(t), lane].tolist())
            mismatch |= abs(reference.expected_score(student) - record["score"][t, lane]) > CLOSE
    assert mismatch
