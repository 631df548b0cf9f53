"""Reading and writing parts of traced arrays.

x[2], x[:, 1:3], x[..., None], x[:, [4, 1]]     places that are known: views, written through
x[mask], mask by students                       every row; a write chooses row by row
x[i], i of students                             a table looked up
x[np.arange(n), i]                              one entry of each student's row
"""

from __future__ import annotations

from typing import Any

import numpy as np

from curriculum_rl.export.graph import STUDENTS
from curriculum_rl.export.lanes import Lane, written
from curriculum_rl.export.traced import Traced, lift


def get(x: Traced, index: Any) -> Any:
    """`x[index]`.

    Raises:
        TypeError: it is a way of indexing that has no operator yet.
    """
    if isinstance(index, Traced):
        if index.dtype == np.bool_:
            whole = x.copy()
            whole.picked, whole.lane = index, x.lane
            return whole
        return np.take(x, index, axis=0)
    parts = _parts(x, index)
    if _by_row(parts):
        return _entries(x, parts[1])
    if len(parts) == 2 and all(isinstance(part, Traced) for part in parts):
        return np.take(x.copy().ravel(), parts[0] * x.shape[1] + parts[1])
    view: Any = x
    axis = 0
    for part in parts:
        if part is None:
            view, axis = view.inserted(axis), axis + 1
        elif isinstance(part, (int, np.integer)):
            view = view.along(axis, np.array([int(part) % view.shape[axis]]), keep=False)
        elif isinstance(part, slice):
            if part != slice(None) and view.shape[axis] != STUDENTS:  # a block of students is all of them
                view = view.along(axis, np.arange(view.shape[axis])[part])
            axis += 1
        elif isinstance(part, Traced):
            view, axis = np.take(view, part, axis=axis), axis + part.ndim
        else:
            view, axis = (
                view.along(axis, np.arange(view.shape[axis])[np.asarray(part, dtype=None if len(part) else np.int64)]),
                axis + 1,
            )
    return view


def put(x: Traced, index: Any, value: Any) -> None:
    """`x[index] = value`."""
    graph = x.graph
    if isinstance(index, Traced) and index.dtype == np.bool_:
        mask = index.reshape((*index.shape, *[1] * (x.ndim - index.ndim)))
        chosen: Any = np.where(mask, value, x.copy())
        x.set(chosen)
        return
    if isinstance(index, Traced):
        if (whole := written(x, index, value)) is not None:
            x.set(whole)
            return
        at = index.inserted(index.ndim)
        if index.picked is not None:
            value = np.where(index.picked, value, np.take(x, index, axis=0))
        updates = lift(graph, value).as_type(x.dtype).expanded((*index.shape, *x.shape[1:]))
        x.set(x.copy().made("ScatterND", at, updates, shape=x.shape))
        return
    parts = _parts(x, index)
    if _by_row(parts):
        there: Any = lift(graph, parts[1]).inserted(1) == np.arange(x.shape[1])
        chosen = np.where(there, lift(graph, value).as_type(x.dtype).expanded((STUDENTS,)).inserted(1), x.copy())
        x.set(chosen)
        return
    if any(isinstance(part, Traced) for part in parts):
        raise TypeError(f"writing at {index!r} cannot be traced")
    view = get(x, index)
    if isinstance(value, Traced) and value is view:
        return
    if view is x:
        x.set(lift(graph, value))
        return
    view.set(lift(graph, value))


def _parts(x: Traced, index: Any) -> tuple[Any, ...]:
    """One entry for each axis, and for each new one."""
    given = index if isinstance(index, tuple) else (index,)
    given = tuple(g for g in given)
    if any(g is Ellipsis for g in given):
        at = next(i for i, g in enumerate(given) if g is Ellipsis)
        missing = x.ndim - sum(g is not None and g is not Ellipsis for g in given)
        given = (*given[:at], *[slice(None)] * missing, *given[at + 1 :])
    missing = x.ndim - sum(g is not None for g in given)
    return (*given, *[slice(None)] * missing)


def _by_row(parts: tuple[Any, ...]) -> bool:
    """Whether it is one column of each student."""
    if len(parts) != 2 or not isinstance(parts[1], Traced) or parts[1].shape != (STUDENTS,):
        return False
    rows = parts[0]
    if isinstance(rows, Traced):
        return rows.lane == Lane(1, 0) and rows.ndim == 1
    return isinstance(rows, np.ndarray) and len(rows) == STUDENTS and bool((np.diff(rows) == 1).all()) and rows[0] == 0


def _entries(x: Traced, column: Any) -> Any:
    at = lift(x.graph, column).inserted(1)
    picked = x.made("GatherElements", at, shape=(STUDENTS, 1), axis=1)
    return picked.reshape((STUDENTS,)).copy()
