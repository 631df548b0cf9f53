"""Names of subgroups: what is read from their parts."""

from __future__ import annotations

from curriculum_rl.students.traits import PART, axes
from tests.worlds import world_named


def test_axes_are_the_parts_of_names_in_their_order():
    assert axes(["b / x", "a / x", "b / y"]) == (("b", "a"), ("x", "y"))
    assert axes([]) == axes(["a", "b"]) == axes(["a / x", "b"]) == axes(["a / x", "b / x / 1"]) == ()


def test_every_subgroup_of_the_classroom_is_one_crossing_of_its_axes():
    names = [g.name for g in world_named("pack classroom").population.groups]
    found = axes(names)
    assert [len(axis) for axis in found] == [3, 2, 3]
    assert sorted(names) == sorted(PART.join((a, b, c)) for a in found[0] for b in found[1] for c in found[2])
