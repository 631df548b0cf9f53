"""Joint states: students move as the matrices say, and what is no matrix is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from curriculum_rl.config import build
from curriculum_rl.students.knowledge.bkt import BKT
from curriculum_rl.students.knowledge.tabular import Tabular
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.traits import Group
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.students.laws import STUDENTS, Z, practise, small_world, standard_error

STATES = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))
MODEL = Tabular(
    states=STATES,
    start=(0.4, 0.3, 0.2, 0.1),
    transitions={
        "a0": ((0.3, 0.4, 0.2, 0.1), (0.0, 0.8, 0.15, 0.05), (0.1, 0.2, 0.4, 0.3), (0.05, 0.0, 0.0, 0.95)),
        "a1": ((0.6, 0.0, 0.4, 0.0), (0.0, 0.5, 0.0, 0.5), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.25, 0.75)),
    },
    guess=(0.2, 0.3),
    slip=(0.1, 0.3),
)
ORDER = (0, 1, 1, 0)


def shares(students: Any) -> np.ndarray:
    return np.bincount(students.knowledge.state, minlength=4) / STUDENTS


def law(model: Tabular) -> None:
    """P(state) is multiplied by the matrix at each try, P(right) = G + (1 - S - G) P(held): numbers of `MODEL`."""
    expected = np.array(MODEL.start)
    matrices = [np.array(m) for m in MODEL.transitions.values()]
    world = small_world(model)
    students = world.students(1, np.arange(STUDENTS))
    for activity in ORDER:
        held = expected @ np.array(STATES)[:, activity]
        happened = world.dynamics.step(students, np.full(STUDENTS, activity))
        right = MODEL.guess[activity] + (1.0 - MODEL.slip[activity] - MODEL.guess[activity]) * held
        assert abs(happened.correct.mean() - right) < Z * standard_error(right)
        expected = expected @ matrices[activity]
        assert np.all(np.abs(shares(students) - expected) < Z * standard_error(0.5))


def test_states_follow_the_matrices():
    law(MODEL)


def more(row: tuple[float, ...], entry: int) -> tuple[float, ...]:
    """The row with one entry 5% larger, at the cost of the largest other."""
    changed = list(row)
    changed[entry] *= 1.05
    changed[max((e for e in range(4) if e != entry), key=lambda e: row[e])] -= 0.05 * row[entry]
    return tuple(changed)


def planted() -> list[Tabular]:
    first, second = MODEL.transitions["a0"], MODEL.transitions["a1"]
    return [
        replace(MODEL, start=more(MODEL.start, 0)),
        replace(MODEL, transitions={"a0": (more(first[0], 1), *first[1:]), "a1": second}),
        replace(MODEL, transitions={"a0": first, "a1": (second[0], more(second[1], 3), *second[2:])}),
        replace(MODEL, guess=(0.21, 0.3)),
        replace(MODEL, slip=(0.1, 0.315)),
    ]


@pytest.mark.parametrize("wrong", planted(), ids=["start", "first matrix", "second matrix", "guess", "slip"])
def test_an_error_of_five_percent_is_noticed(wrong: Tabular):
    with pytest.raises(AssertionError):
        law(wrong)


def two_states(**settings: Any) -> tuple[World, World]:
    """The same students twice: as two joint states of one concept, and as Bayesian knowledge tracing."""
    tracing = BKT(initial=(0.3,), learn=(0.2,), forget=(0.0,), guess=(0.2,), slip=(0.1,))
    joint = Tabular(((1.0,), (0.0,)), (0.3, 0.7), {"a0": ((1.0, 0.0), (0.2, 0.8))}, tracing.guess, tracing.slip)
    return small_world(joint, **settings), small_world(tracing, **settings)


@pytest.mark.parametrize("difficulty", [0.0, 1.5])
def test_two_states_of_one_concept_are_knowledge_tracing(difficulty: float):
    """Student by student, with traits, forgetting and difficulty."""
    group = Group("one", ability_mean=0.3, ability_sd=1.2, rate_sd=0.8, memory_sd=0.3)
    worlds = two_states(group=group, memory=Exponential(), difficulty=difficulty, learning=1.6)
    for (joint, here), (tracing, there) in zip(*(practise(w, 6, n=3000) for w in worlds), strict=True):
        np.testing.assert_array_equal(joint.knowledge.state == 0, tracing.knowledge.known[:, 0])
        np.testing.assert_array_equal(here.correct, there.correct)
        np.testing.assert_allclose(joint.at_test, tracing.at_test, rtol=1e-12)
        np.testing.assert_allclose(joint.memory.half_life, tracing.memory.half_life, rtol=1e-12)


def test_offsets_of_the_student_enter_as_is_said():
    """Ability tilts the start by concepts held; rate moves the chance to leave, and where it leads stays."""
    world = small_world(MODEL, group=Group("one", ability_mean=0.7, rate_mean=-0.8))
    first = np.array(MODEL.start) * np.exp(0.7 * np.array(STATES).sum(axis=1))
    first /= first.sum()
    assert np.all(np.abs(shares(world.students(1, np.arange(STUDENTS))) - first) < Z * standard_error(0.5))
    matrix = np.array(MODEL.transitions["a0"])
    leaves = 1.0 - np.diag(matrix)
    slower = matrix * (expit(logit(leaves) - 0.8) / leaves)[:, None]
    np.fill_diagonal(slower, 1.0 - expit(logit(leaves) - 0.8))
    ((students, _),) = practise(world, 1)
    assert np.all(np.abs(shares(students) - first @ slower) < Z * standard_error(0.5))


def test_states_that_hold_the_same_can_differ_in_what_comes_next():
    """An Erlang wait: two hidden steps of .5 before the concept is held, which no tracing of one step makes."""
    steps = ((0.5, 0.5, 0.0), (0.0, 0.5, 0.5), (0.0, 0.0, 1.0))
    model = Tabular(((0.0,), (0.0,), (1.0,)), (1.0, 0.0, 0.0), {"a0": steps}, (0.2,), (0.1,))
    for m, (students, _) in enumerate(practise(small_world(model), 5), start=1):
        expected = 1.0 - 0.5**m * (1 + m)
        assert abs(students.mastery.mean() - expected) <= Z * standard_error(expected)


def refused(**changes: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        replace(MODEL, **changes)
    return caught.value.violations


def matrix(row: tuple[Any, ...]) -> dict[str, Any]:
    """`MODEL`'s matrices with one row changed."""
    return {**MODEL.transitions, "a1": (*MODEL.transitions["a1"][:2], row, MODEL.transitions["a1"][3])}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"transitions": matrix((0.0, 0.5, 0.4, 0.0))}, "transitions.a1[2] = [0.0, 0.5, 0.4, 0.0]: must sum to 1"),
        ({"transitions": matrix((0.0, 0.5, float("nan"), 0.5))}, "transitions.a1[2][2] = nan: must be a finite number"),
        ({"transitions": matrix((0.0, 1.5, -0.5, 0.0))}, "transitions.a1[2][1] = 1.5: must be a finite number"),
        (
            {"transitions": matrix((0.5, 0.5))},
            "transitions.a1[2] = [0.5, 0.5]: must have 4 entries, one for each state",
        ),
        (
            {"transitions": {**MODEL.transitions, "a1": ()}},
            "transitions.a1 = '0 rows': must have 4, one for each state",
        ),
        ({"start": (0.4, 0.3, 0.2, 0.2)}, "start = [0.4, 0.3, 0.2, 0.2]: must sum to 1, and sums to 1.1."),
        ({"start": (0.4, 0.6)}, "start = [0.4, 0.6]: must have 4 entries, one for each state"),
        ({"start": (0.4, 0.3, 0.3, float("inf"))}, "start[3] = inf: must be a finite number"),
        ({"states": (*STATES[:3], (1.0, 0.5))}, "states[3] = [1.0, 0.5]: must say 1"),
        ({"states": (*STATES[:3], (1.0,))}, "states[3] = [1.0]: must have 2 entries, one for each concept"),
        ({"states": ()}, "states = []: must hold at least one state"),
        ({"guess": (0.2, 0.9)}, "guess[1] + slip[1] = 1.2: must stay under 1"),
    ],
)
def test_what_is_no_table_of_chances_is_refused(changes: dict[str, Any], said: str):
    assert any(line.startswith(said) for line in refused(**changes)), refused(**changes)


def test_everything_wrong_is_said_at_once():
    found = refused(start=(0.4, 0.3, 0.2, 0.2), transitions=matrix((0.0, 0.5, 0.4, 0.0)), slip=(0.1, 2.0))
    assert len(found) == 3


def test_it_is_given_as_nested_lists():
    node = {
        "_target_": "curriculum_rl.students.knowledge.tabular.Tabular",
        "states": [[0], [1]],
        "start": [1, 0],
        "transitions": {"read": [[0.5, 0.5], [0, 1]]},
        "guess": [0.2],
        "slip": [0.1],
    }
    assert build(node, "test").transitions == {"read": ((0.5, 0.5), (0.0, 1.0))}
    with pytest.raises(InvalidInput) as caught:
        build({**node, "start": 1, "transitions": {"read": [[0.5, "half"], 0]}}, "test")
    assert [line.partition(" = ")[0] for line in caught.value.violations] == [
        "start",
        "transitions.read[0][1]",
        "transitions.read[1]",
    ]


def test_a_world_must_have_its_activities_in_its_order():
    small_world(MODEL)
    first, second = MODEL.transitions.items()
    for wrong, said in (
        ({"a0": first[1]}, "knowledge.transitions.a1: is missing"),
        ({**MODEL.transitions, "a2": first[1]}, "knowledge.transitions.a2: is no activity"),
        (dict([second, first]), "must stand in the order of the activities"),
    ):
        with pytest.raises(InvalidInput, match=said):
            small_world(replace(MODEL, transitions=wrong))
