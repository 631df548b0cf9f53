"""Places in flat tables that hold a block for each student: place student * width + column is entry [student, column].

Trackers read and write the practised concepts at such places of raveled tables. A place remembers its column, so that
the table is read at a column of each student, and written where the column is: which needs no place of a student's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from curriculum_rl.export.graph import STUDENTS

if TYPE_CHECKING:
    from curriculum_rl.export.traced import Traced


@dataclass(frozen=True)
class Lane:
    """student * width + column, students along the last axis."""

    width: int
    column: Any  # whole numbers, or a traced array of them


def lane_of(x: Any) -> Lane | None:
    """What is known of places."""
    found: Lane | None = getattr(x, "lane", None)
    return found


def added(a: Any, b: Any) -> Lane | None:
    """Of a sum."""
    one, two = lane_of(a), lane_of(b)
    if one is None and two is None:
        return None
    one, two = one or Lane(0, a), two or Lane(0, b)
    return Lane(one.width + two.width, one.column + two.column)


def multiplied(a: Any, b: Any) -> Lane | None:
    """Of a product with a whole number that is known."""
    for x, times in ((lane_of(a), b), (lane_of(b), a)):
        if x is not None and isinstance(times, (int, np.integer)):
            return Lane(x.width * int(times), x.column * int(times))
    return None


def column(x: Traced, index: Traced) -> Traced | None:
    """The column of one place of each student in a table (students * width, ...), as (students, 1); else None."""
    if index.lane is None or index.size != STUDENTS or x.shape[0] != STUDENTS * index.lane.width:
        return None
    from curriculum_rl.export.traced import lift

    places: Traced = lift(x.graph, index.lane.column).as_type(np.int64)
    return places.expanded(index.shape).reshape((STUDENTS, 1))


def read(x: Traced, index: Traced) -> Any:
    """`x[index]`, or None where it has to be read as the flat table that it is."""
    if index.ndim == 3 and index.shape[1] == 1:
        return _read_rows(x, index)
    at = column(x, index)
    if at is None:
        return None
    wide = x.reshape((STUDENTS, -1, *x.shape[1:]))
    rest = int(np.prod(x.shape[1:], dtype=np.int64))
    if rest == 1:
        found = wide.reshape((STUDENTS, -1)).made("GatherElements", at, shape=(STUDENTS, 1), axis=1)
    else:
        found = wide.made("GatherND", at, shape=(STUDENTS, *x.shape[1:]), batch_dims=1)
    return found.reshape((*index.shape, *x.shape[1:])).copy()


def _read_rows(x: Traced, index: Traced) -> Any:
    """Several places of each student, (P, 1, students), of numbers."""
    from curriculum_rl.export.traced import lift

    wide = x.shape[0] // STUDENTS
    if index.lane is None or index.lane.width != wide or x.size != STUDENTS * wide:
        return None
    places: Traced = lift(x.graph, index.lane.column).as_type(np.int64)
    at = places.expanded(index.shape).reshape((index.shape[0], STUDENTS)).T
    found = x.reshape((STUDENTS, wide)).made("GatherElements", at, shape=at.shape, axis=1)
    return found.T.reshape((*index.shape, *x.shape[1:])).copy()


def written(x: Traced, index: Traced, value: Any) -> Any:
    """`x` with `x[index] = value`, or None where it has to be written as the flat table that it is."""
    from curriculum_rl.export.traced import lift

    at = column(x, index)
    if at is None:
        return None
    rest = [1] * (x.ndim - 1)
    there: Any = at == np.arange(x.shape[0] // STUDENTS)
    if index.picked is not None:
        there = there & index.picked.reshape((STUDENTS, 1))
    new = lift(x.graph, value).expanded((*index.shape, *x.shape[1:])).reshape((STUDENTS, 1, *x.shape[1:]))
    old = x.reshape((STUDENTS, -1, *x.shape[1:])).copy()
    return np.where(there.reshape((*there.shape, *rest)), new, old).reshape(x.shape)
