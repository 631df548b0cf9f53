"""Rows by student: what trackers keep as (places, students) is worked out as (students, places), as the state lies.

Tables that are looked up at a number of each student's give such rows, and what is worked out of rows is one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from curriculum_rl.export import layouts
from curriculum_rl.export.graph import STUDENTS
from curriculum_rl.export.rewriting import Kind, Rewriter, Shape


def by_rows(shape: Shape) -> int:
    """How many numbers of each student there are where students are the last axis that is not 1; 0 elsewhere."""
    if shape.count(STUDENTS) != 1:
        return 0
    at = shape.index(STUDENTS)
    return layouts.size(shape[:at]) if layouts.size(shape[at + 1 :]) == 1 else 0


def from_rows(g: Rewriter, rows: str, shape: Shape) -> str:
    """Rows (students, m) as this shape, in which students come last."""
    return layouts.reshaped(g, layouts.transposed(g, rows, (1, 0)), shape)


def to_rows(g: Rewriter, name: str) -> str | None:
    """The rows that a value was made from; None where it was made otherwise."""
    if g.operator(name) == "Reshape":
        name = g.nodes[name].inputs[0]
    turned = g.operator(name) == "Transpose" and g.nodes[name].attribute("perm") == (1, 0)
    return g.nodes[name].inputs[0] if turned else None


def lookup(g: Rewriter, table: npt.NDArray[Any], column: str) -> str:
    """The row of a known table (places, m) for each student; of a table looked up in another, the two become one."""
    known = looked_up(g, column)
    if known is not None:
        inner, at = known
        if inner.min() >= 0 and inner.max() < len(table):
            return lookup(g, table[inner], at)
    kind = Kind(table.dtype, (STUDENTS, table.shape[1]))
    if table.shape[1] == 1:
        return g.emit("Gather", (g.constant(table.ravel()), column), kind, axis=0)
    return g.emit("GatherND", (g.constant(table), column), kind)


def looked_up(g: Rewriter, name: str) -> tuple[npt.NDArray[Any], str] | None:
    """The known table (places,) and the column of places in it that a column is."""
    node = g.nodes.get(name)
    if node is None or node.operator != "Gather" or g.shape(name) != (STUDENTS, 1):
        return None
    table = g.arrays.get(node.inputs[0])
    return None if table is None or table.ndim != 1 else (table, node.inputs[1])


def in_rows(g: Rewriter, inputs: tuple[str, ...], shape: Shape) -> tuple[str, ...] | None:
    """Operands as rows, where one of them was made from rows and none has to be turned for it."""
    wide = by_rows(shape)
    if wide < 2:
        return None
    last = shape.index(STUDENTS)
    operands: list[str] = []
    for name in inputs:
        own = g.shape(name) or ()
        rows = to_rows(g, name) if layouts.size(own) == wide * STUDENTS else None
        if rows is not None:
            operands.append(rows)
        elif layouts.by_student(own):
            operands.append(layouts.reshaped(g, name, (STUDENTS, 1)))
        elif layouts.size(own) == 1:
            operands.append(layouts.reshaped(g, name, ()))
        elif name in g.arrays and layouts.size((1, *own)[last - len(shape) :]) == 1:
            spread = np.broadcast_to(g.arrays[name], (*shape[:last], *[1] * (len(shape) - last)))
            operands.append(g.constant(spread.reshape(1, wide)))
        else:
            return None
    return tuple(operands) if any(g.shape(x) == (STUDENTS, wide) for x in operands) else None
