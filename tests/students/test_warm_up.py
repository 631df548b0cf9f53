"""The warm-up before the course of the knowledge-structure world, told by what the platform saw of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curriculum_rl import streams
from curriculum_rl.batch import arrays
from curriculum_rl.envs import newcomers
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.students.knowledge.knowledge import At
from curriculum_rl.students.student import Dynamics
from curriculum_rl.students.warm_up import Recent, WarmUp
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World, WorldConfig, load_world
from tests.worlds import made_world

N = 20_000
Z = 4.5
"""Standard errors: one false alarm in 150,000 comparisons; the seed is fixed."""


def world(knowledge: dict[str, Any] | None = None, **changes: Any) -> World:
    """The pack, with another warm-up."""
    pack = WorldConfig("kss", knowledge=knowledge or {}).load()
    assert isinstance(pack.prelude, WarmUp)
    return replace(pack, prelude=replace(pack.prelude, **changes))


def chosen(script: WarmUp, state: Recent, level: float = -3.0) -> np.ndarray:
    """What comes next, for N students who all stand there and all have these levels."""
    made = load_world("kss")
    students = made.students(3, np.arange(N))
    students.knowledge.level[:] = level
    u = streams.at_step(students.life, students.step, np.array([28, 29, 30], dtype=np.uint64))
    return script.choose(state, students, Dynamics(made.curriculum, made.population, made.course), u)


def recent(*newest_first: int, passed: bool = False, review: bool = False) -> Recent:
    last = (*newest_first, -1, -1, -1)[:3]
    return Recent(np.tile(np.array(last), (N, 1)), np.full(N, passed), np.full(N, review))


SCRIPT = load_world("kss").prelude
assert isinstance(SCRIPT, WarmUp)


def share(hits: np.ndarray, expected: float) -> bool:
    return bool(abs(hits.mean() - expected) < Z * np.sqrt(expected * (1.0 - expected) / N))


def test_at_first_it_goes_in_order_or_anywhere():
    """The first of the order is chosen with .9, and with a tenth of the rest; .855 would be noticed."""
    first = chosen(SCRIPT, recent()) == 0
    assert share(first, 0.9 + 0.1 * 0.1)
    assert not share(first, 0.855 + 0.145 * 0.1)


def test_after_a_fail_it_repeats():
    again = chosen(SCRIPT, recent(7, 7, 7)) == 7
    assert share(again, 0.7 + 0.3 * 0.1 * 0.1)
    assert not share(again, 0.665 + 0.335 * 0.1 * 0.1)


def test_after_a_pass_on_something_new_it_reviews_twice():
    state = recent(7, 0, 0, passed=True)
    assert (chosen(SCRIPT, state) == 7).all()
    assert state.review.all()
    SCRIPT.note(state, np.full(N, 7), np.zeros(N, dtype=bool))
    assert (chosen(SCRIPT, state) == 7).all(), "whatever came of the first time"
    assert not state.review.any()
    SCRIPT.note(state, np.full(N, 7), np.ones(N, dtype=bool))
    assert (state.activities == 7).all()
    assert share(chosen(SCRIPT, state) == 7, 0.1 * 0.1), "now the last three are the same"


def test_it_ends_where_all_would_be_right():
    """With .9; else it goes on anywhere."""
    assert share(chosen(SCRIPT, recent(7, 7, 7, passed=True), level=5.0) == -1, 0.9)


@pytest.mark.parametrize("steps", [1, 7, 20])
def test_it_is_seen_as_history_and_costs_nothing(steps: int):
    made = world(steps=steps)
    simulation = Simulation(made, Counts(), np.arange(500), 4)
    students, belief = simulation.students, simulation.belief
    assert (belief.steps <= steps).all()
    assert belief.steps.max() == steps
    np.testing.assert_array_equal(belief.seen.sum(axis=1), belief.steps)
    assert (students.step == 0).all()
    assert (made.course.minutes_left(students.clock) == made.course.total_minutes).all()
    assert (belief.now == 0.0).all()
    np.testing.assert_allclose(students.begun, made.population.mean_mastery(students))
    untouched = made.students(4, np.arange(500))
    for name in ("a", "b"):
        same = getattr(students.life, name) == getattr(untouched.life, name)
        assert same.mean() > 0.9, "the luck of the course is that of the student, but for those drawn again"


def test_whoever_passes_everything_is_drawn_again():
    """After a longer warm-up without a gate many would have nothing left to learn; nobody starts the course so."""
    made = world({"gated": False}, steps=40)
    simulation = Simulation(made, Counts(), np.arange(300), 4)
    assert (simulation.students.test_recall < made.course.mastered - 1e-9).all()
    first = made.students(4, np.arange(300))
    again = np.flatnonzero(simulation.students.life.a != first.life.a)
    assert len(again) > 10
    alone = Simulation(made, Counts(), again[:1], 4)
    for (name, one), (_, many) in zip(arrays(alone.students), arrays(simulation.students), strict=True):
        np.testing.assert_array_equal(one[0], many[int(alone.students.id[0])], err_msg=name)


def test_a_warm_up_that_teaches_everybody_everything_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(newcomers, "TRIES", 3)
    made = world({"gated": False, "gain": 1.0}, ordered=0.0, repeat=0.0, steps=300)
    with pytest.raises(InvalidInput, match="nothing to learn in 3 draws"):
        Simulation(made, Counts(), np.arange(2), 4)


def test_it_needs_activities_that_are_there_and_students_who_can_answer():
    with pytest.raises(InvalidInput, match=r"prelude.order\[0\] = 'x': must be an activity"):
        world(order=("x",))
    with pytest.raises(InvalidInput, match="BKT cannot say how a question would be answered"):
        replace(made_world(), prelude=WarmUp(("c0-0",)))


@pytest.mark.parametrize(
    ("field", "bad"),
    [("order", ()), ("steps", 0), ("steps", 1.5), ("repeat", -0.1), ("ordered", 1.1), ("below", float("nan"))],
)
def test_refuses_chances_that_are_none(field: str, bad: Any):
    with pytest.raises(InvalidInput, match=field):
        WarmUp(**{"order": ("0",), field: bad})


def test_the_response_is_asked_of_the_concept_of_each_activity():
    """In a curriculum in another order the script is the same, by name."""
    made = load_world("kss")
    turned = replace(
        made,
        curriculum=replace(made.curriculum, activities=made.curriculum.activities[::-1]),
    )
    here, there = (Simulation(w, Counts(), np.arange(50), 4) for w in (made, turned))
    ordered = replace(SCRIPT, ordered=1.0)
    here, there = (Simulation(replace(w, prelude=ordered), Counts(), np.arange(50), 4) for w in (made, turned))
    np.testing.assert_array_equal(here.belief.seen, there.belief.seen)
    every = At.every(50, 10)
    knowledge: Any = made.population.knowledge
    np.testing.assert_array_equal(
        knowledge.response(here.students.knowledge, every), knowledge.response(there.students.knowledge, every)
    )
