"""Curricula: what is validated, and the arrays that the rest stands on."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curriculum_rl.curriculum import Activity, Concept, Curriculum, Prerequisite
from curriculum_rl.violations import InvalidInput
from tests.worlds import curriculum

DIAMOND = (("a", "b", 0.9), ("a", "c", 0.5), ("b", "d", 0.8), ("c", "d", 1.0))


def made(links: tuple[tuple[str, str, float], ...] = DIAMOND, ids: str = "abcd") -> Curriculum:
    return Curriculum(
        tuple(Concept(i) for i in ids),
        tuple(Activity(f"{i}!", "problem", {i: 1.0}) for i in ids),
        tuple(Prerequisite(*link) for link in links),
    )


def violations(**changes: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        replace(made(), **changes)
    return caught.value.violations


def test_arrays_of_a_diamond():
    diamond = made()
    np.testing.assert_array_equal(diamond.requires, [[0, 0.9, 0.5, 0], [0, 0, 0, 0.8], [0, 0, 0, 1.0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(diamond.ancestors, [[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]])
    assert diamond.order.tolist() == [0, 1, 2, 3]
    assert listed(*diamond.parents) == [[], [(0, 0.9)], [(0, 0.5)], [(1, 0.8), (2, 1.0)]]
    assert listed(*diamond.children) == [[(1, 0.9), (2, 0.5)], [(3, 0.8)], [(3, 1.0)], []]


def listed(index: np.ndarray, strength: np.ndarray) -> list[list[tuple[int, float]]]:
    """Neighbours of each concept and their strengths, without what pads."""
    columns = zip(index.T, strength.T, strict=True)
    return [sorted((int(j), float(s)) for j, s in zip(js, ss, strict=True) if s) for js, ss in columns]


def test_order_puts_what_is_needed_first_and_else_keeps_the_list():
    assert made((("d", "a", 1.0),)).order.tolist() == [1, 2, 3, 0]
    assert made(()).order.tolist() == [0, 1, 2, 3]


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_a_curriculum_is_made_exactly_where_there_is_no_cycle(links: set[tuple[int, int]]):
    ids = "abcdefgh"
    chosen = tuple((ids[i], ids[j], 0.5) for i, j in sorted(links))
    reach = np.zeros((8, 8), dtype=int)
    for i, j in links:
        reach[i, j] = 1
    cyclic = any(np.trace(np.linalg.matrix_power(reach, n)) > 0 for n in range(1, 9))
    if cyclic:
        with pytest.raises(InvalidInput) as caught:
            made(chosen, ids)
        (line,) = caught.value.violations
        path = line.split("'")[1].split(" -> ")
        assert path[0] == path[-1]
        assert all((ids.index(a), ids.index(b)) in links for a, b in itertools.pairwise(path))
        return
    course = made(chosen, ids)
    position = {int(k): n for n, k in enumerate(course.order)}
    assert all(position[i] < position[j] for i, j in links)
    closure = sum(np.linalg.matrix_power(reach, n) for n in range(9)) > 0
    np.testing.assert_array_equal(course.ancestors, closure.T)


def test_padding_never_names_a_concept_that_is_practised():
    course = curriculum()
    concepts, shares = course.loads
    assert concepts.shape == shares.shape == (4, len(course.activities))
    for i, activity in enumerate(course.activities):
        real = shares[:, i] > 0
        assert [course.concepts[k].id for k in concepts[real, i]] == list(activity.loads)
        assert shares[real, i].tolist() == list(activity.loads.values())
        assert not set(concepts[~real, i]) & set(concepts[real, i])
    index, share = course.practised(np.array([0, len(course.activities) - 1]))
    np.testing.assert_array_equal(index, concepts[:, [0, -1]])
    np.testing.assert_array_equal(share, shares[:, [0, -1]])


def test_a_part_keeps_what_led_through_dropped_concepts():
    part = made().keep(["d", "a"])
    assert [c.id for c in part.concepts] == ["a", "d"]
    assert [a.id for a in part.activities] == ["a!", "d!"]
    (link,) = part.prerequisites
    assert (link.prerequisite, link.concept, link.strength) == ("a", "d", pytest.approx(max(0.9 * 0.8, 0.5 * 1.0)))


def test_a_part_leaves_out_activities_that_need_other_concepts():
    part = curriculum().keep(["c0", "c2", "c5"])
    assert "pair" in [a.id for a in part.activities]
    assert "four" not in [a.id for a in part.activities]


def test_forms_and_numbers_of_activities():
    course = curriculum()
    assert course.forms == ("easy problem", "problem", "hard problem", "worked example", "project")
    assert course.form[:5].tolist() == [0, 1, 2, 3, 0]
    assert course.answered[:4].tolist() == [True, True, True, False]
    assert course.difficulty[:4].tolist() == [-1.0, 0.0, 1.0, 0.0]
    assert course.minutes[2] == 2.4
    assert course.learning[3] == 1.7


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -11.0, "much", None])
@pytest.mark.parametrize("field", ["difficulty", "minutes", "learning"])
def test_numbers_of_an_activity_out_of_range(field: str, bad: Any):
    activities = (*made().activities[:3], replace(made().activities[3], **{field: bad}))
    (line,) = violations(activities=activities)
    assert line.startswith(f"activities[3].{field} = ")


@pytest.mark.parametrize("bad", [0.0, -0.5, 1.1, float("nan"), float("inf"), "strong", None])
def test_strengths_out_of_range(bad: Any):
    (line,) = violations(prerequisites=(Prerequisite("a", "b", bad),))
    assert line.startswith("prerequisites[0].strength = ")


@pytest.mark.parametrize(
    ("loads", "expected"),
    [
        ({}, "must name 1 to 4 concepts"),
        ({"a": 0.4, "b": 0.4}, "must sum to 1"),
        ({"a": 1.5, "b": -0.5}, "above 0 and at most 1"),
        ({"z": 1.0}, "is no concept"),
        ({"a": float("nan")}, "finite number"),
    ],
)
def test_loads_that_do_not_fit(loads: dict[str, float], expected: str):
    assert any(expected in line for line in violations(activities=(Activity("x", "problem", loads),)))


def test_everything_that_is_wrong_is_said_at_once():
    found = violations(
        concepts=(Concept("a"), Concept("a"), Concept("")),
        activities=(Activity("x", "", {"q": 1.0}), Activity("x", "problem", {"a": 1.0}, minutes=0.0)),
        prerequisites=(Prerequisite("a", "q"), Prerequisite("a", "a")),
    )
    assert len(found) == 8, found
