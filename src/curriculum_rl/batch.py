"""Rows of a batch: state is a dataclass of arrays whose leading axis is the student; these move whole students.

A dataclass inside a state is part of the state if it can change; a frozen one is a constant, and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
S = TypeVar("S")


def arrays(state: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Every array of a state with its dotted name, nested dataclasses included, in the order of the fields."""
    for field in fields(state):
        value = getattr(state, field.name)
        if isinstance(value, np.ndarray):
            yield field.name, value
        elif _is_state(value):
            yield from ((f"{field.name}.{name}", array) for name, array in arrays(value))


def take_rows(state: S, rows: Int | slice) -> S:
    """A new state that holds only these students."""
    changes: dict[str, Any] = {}
    for field in fields(state):  # type: ignore[arg-type]
        value = getattr(state, field.name)
        if isinstance(value, np.ndarray):
            changes[field.name] = value[rows].copy()
        elif _is_state(value):
            changes[field.name] = take_rows(value, rows)
    return replace(state, **changes)  # type: ignore[type-var]


def put_rows(state: Any, rows: Int, source: Any, source_rows: Int | slice) -> None:
    """Overwrites these students of `state`, in place, with students of `source`."""
    for field in fields(state):
        value = getattr(state, field.name)
        if isinstance(value, np.ndarray):
            value[rows] = getattr(source, field.name)[source_rows]
        elif _is_state(value):
            put_rows(value, rows, getattr(source, field.name), source_rows)


def _is_state(value: Any) -> bool:
    return is_dataclass(value) and not getattr(type(value), "__dataclass_params__").frozen  # noqa: B009
