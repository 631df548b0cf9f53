"""Rows of a batch: state is a dataclass of arrays whose leading axis is the student; these move whole students.

A dataclass inside a state is part of the state if it can change; a frozen one is a constant, and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
S = TypeVar("S")


def arrays(state: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Every array of a state with its dotted name, nested dataclasses included, in the order of the fields."""
    for name in _names(state):
        value = getattr(state, name)
        if isinstance(value, np.ndarray):
            yield name, value
        elif _is_state(value):
            yield from ((f"{name}.{inner}", array) for inner, array in arrays(value))


def take_rows(state: S, rows: Int | slice) -> S:
    """A new state that holds only these students."""
    taken: S = object.__new__(type(state))  # `dataclasses.replace` takes as long as a dozen arrays
    held, values = vars(taken), vars(state)
    for name in _names(state):
        value = values.get(name)
        if isinstance(value, np.ndarray):
            held[name] = value[rows].copy() if isinstance(rows, slice) else value.take(rows, axis=0)
        elif _is_state(value):
            held[name] = take_rows(value, rows)
        elif name in values:
            held[name] = value
    return taken


def lend_rows(state: S, rows: Int) -> S:
    """The state as these students, (m,), have it, at the cost of what there is once for each, (n,): that is copied.

    The rest is shared, and positions in a raveled (n, K) array stay what they are.
    """
    lent: S = object.__new__(type(state))
    for name, value in vars(state).items():
        once = isinstance(value, np.ndarray) and value.ndim == 1
        vars(lent)[name] = value.take(rows) if once else value
    return lent


def hand_back(state: Any, rows: Int, lent: Any) -> None:
    """Writes what was lent of these students, and may have changed since, back into the state, in place."""
    for name, value in vars(lent).items():
        if isinstance(value, np.ndarray) and value.ndim == 1:
            getattr(state, name)[rows] = value


def put_rows(state: Any, rows: Int, source: Any, source_rows: Int | slice) -> None:
    """Overwrites these students of `state`, in place, with students of `source`."""
    for name in _names(state):
        value = getattr(state, name)
        if isinstance(value, np.ndarray):
            value[rows] = getattr(source, name)[source_rows]
        elif _is_state(value):
            put_rows(value, rows, getattr(source, name), source_rows)


Aside = list[tuple[npt.NDArray[Any], Int, npt.NDArray[Any]]]
"""Arrays, positions on their first axis, and what stood there."""


def put_aside(moving: Iterable[npt.NDArray[Any]], rows: Int, touched: Int | None) -> Aside:
    """What stands in these students' rows, (r,), of all these arrays, for `put_back`.

    Of arrays about every concept, (n, K, ...), `touched` entries alone, (L, r), as positions in a raveled (n, K) array:
    far less than whole rows where the others cannot change. None: they can.
    """
    held: Aside = []
    for array in moving:
        if touched is None or array.ndim == 1:
            held.append((array, rows, array.take(rows, axis=0)))
        else:
            entries = array.reshape(-1, *array.shape[2:])
            held.append((entries, touched, entries.take(touched, axis=0)))
    return held


def put_back(held: Aside) -> None:
    """Puts everything back where it stood, in place."""
    for array, where, values in held:
        array[where] = values


def total(parts: Float) -> Float:
    """Sum over the first axis, (L, n) -> (n,), one after the other.

    `parts.sum(axis=0)` adds eight or more in another order where n is 1, and a student's path must not depend on n.
    """
    out: Float = parts[0].copy()
    for part in parts[1:]:
        out += part
    return out


def _names(state: Any) -> Iterable[str]:
    """Names of the fields, without the cost of `dataclasses.fields`; class variables among them hold no arrays."""
    names: Iterable[str] = state.__dataclass_fields__
    return names


def _is_state(value: Any) -> bool:
    kind = type(value)
    if kind not in _STATES:
        _STATES[kind] = is_dataclass(kind) and not getattr(kind, "__dataclass_params__").frozen  # noqa: B009
    return _STATES[kind]


_STATES: dict[type, bool] = {}
"""Whether a class is that of a state: asked of every field at every step."""
