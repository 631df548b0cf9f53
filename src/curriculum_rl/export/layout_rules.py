"""Rules of the operators that lay values out: see `layouts.py` and `rows.py`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from curriculum_rl.export.graph import STUDENTS
from curriculum_rl.export.layouts import (
    by_student,
    concatenated,
    expanded,
    picked,
    reshaped,
    size,
    transposed,
)
from curriculum_rl.export.rewriting import Attributes, Kind, Rewriter, Rule
from curriculum_rl.export.rows import by_rows, from_rows, lookup, to_rows


def _gather(g: Rewriter, inputs: tuple[str, ...], kind: Kind, attributes: Attributes) -> str | None:
    table, index = inputs
    axis, shape, wanted = attributes.get("axis", 0), g.shape(table), kind.shape
    assert wanted is not None
    if shape is None:
        return None
    if index in g.arrays:
        positions = g.arrays[index]
        found = picked(g, table, np.where(positions < 0, positions + shape[axis], positions).ravel(), axis)
        return reshaped(g, found, wanted)
    if table in g.arrays and by_student(g.shape(index)) and by_rows(wanted) * STUDENTS == size(wanted):
        rows = np.moveaxis(g.arrays[table], axis, 0).reshape(shape[axis], -1)
        return from_rows(g, lookup(g, rows, reshaped(g, index, (STUDENTS, 1))), wanted)
    return None


def _reduced(g: Rewriter, operator: str, inputs: tuple[str, ...], kind: Kind, attributes: Attributes) -> str | None:
    """One number for each student, out of a row, stays a column."""
    before, wanted = g.shape(inputs[0]), kind.shape
    axes = g.arrays.get(inputs[1]) if len(inputs) == 2 else None
    if before is None or wanted is None:
        return None
    if axes is not None and all(before[axis] == 1 for axis in axes):
        return reshaped(g, inputs[0], wanted)
    if not by_student(wanted):
        return None
    rows = inputs[0] if before[0] == STUDENTS and len(before) == 2 else to_rows(g, inputs[0])
    if rows is None or (rows == inputs[0] and attributes.get("keepdims", 1)):
        return None
    along = attributes | {"keepdims": 1} | ({"axis": 1} if "axis" in attributes else {})
    operands = (rows,) if axes is None else (rows, g.constant([1], np.int64))
    return reshaped(g, g.build(operator, operands, Kind(kind.dtype, (STUDENTS, 1)), **along), wanted)


def _reduction(operator: str) -> Rule:
    return lambda g, inputs, kind, attributes: _reduced(g, operator, inputs, kind, attributes)


def _told(make: Any) -> Rule:
    def rule(g: Rewriter, inputs: tuple[str, ...], kind: Kind, attributes: Attributes) -> str | None:
        assert kind.shape is not None
        found: str | None = make(g, inputs[0], kind.shape) if g.shape(inputs[0]) is not None else None
        return found

    return rule


def _transpose(g: Rewriter, inputs: tuple[str, ...], kind: Kind, attributes: Attributes) -> str | None:
    return transposed(g, inputs[0], tuple(attributes["perm"])) if g.shape(inputs[0]) is not None else None


def _concat(g: Rewriter, inputs: tuple[str, ...], kind: Kind, attributes: Attributes) -> str | None:
    if any(g.shape(part) is None for part in inputs):
        return None
    assert kind.shape is not None
    return concatenated(g, inputs, attributes["axis"] % len(kind.shape))


RULES: Final[dict[str, Rule]] = {
    "Reshape": _told(reshaped),
    "Squeeze": _told(reshaped),
    "Unsqueeze": _told(reshaped),
    "Flatten": _told(reshaped),
    "Expand": _told(expanded),
    "Identity": lambda g, inputs, kind, attributes: inputs[0],
    "Gather": _gather,
    **{operator: _reduction(operator) for operator in ("ReduceSum", "ReduceMax", "ReduceMin", "ArgMax")},
    "Transpose": _transpose,
    "Concat": _concat,
}
