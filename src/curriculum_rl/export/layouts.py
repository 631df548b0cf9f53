"""Rules of how values are laid out: what reshapes, picks and joins come to, one after the other.

What is read out of what was put together is read from its parts, so that a table that was written column by column is
joined once, and no column of it is ever looked up there again.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from curriculum_rl.export.graph import STUDENTS
from curriculum_rl.export.rewriting import Attributes, Kind, Rewriter, Rule, Shape

Positions = npt.NDArray[np.int64]


def size(shape: Shape) -> int:
    """How many numbers it has."""
    return math.prod(shape)


def side_by_side(positions: Positions) -> bool:
    """Whether it is one place after the other: such a part is cut out, not looked up."""
    return bool((np.diff(positions) == 1).all())


def by_student(shape: Shape | None) -> bool:
    """Whether it is one number for each student, whatever the axes."""
    return shape is not None and size(shape) == STUDENTS


def reshaped(g: Rewriter, x: str, shape: Shape) -> str:
    """`x` in another shape."""
    old = g.shape(x)
    if old == shape or old is None:
        return x if old == shape else _reshape(g, x, shape)
    if x in g.arrays:
        return g.constant(g.arrays[x].reshape(shape))
    node = g.nodes.get(x)
    if node is None:
        return _reshape(g, x, shape)
    inside = node.inputs[0]
    if node.operator == "Reshape" and g.shape(inside) is not None:
        return reshaped(g, inside, shape)
    if node.operator == "Expand" and size(g.shape(inside) or (0,)) == 1:
        return expanded(g, inside, shape)
    joined = node.operator == "Concat" and node.attribute("axis") == 1 and len(shape) == 2 and old[0] == shape[0]
    if joined and old[0] == STUDENTS:
        parts = [reshaped(g, part, (STUDENTS, size(g.shape(part) or ()) // STUDENTS)) for part in node.inputs]
        return concatenated(g, tuple(parts), 1)
    return _reshape(g, x, shape)


def _reshape(g: Rewriter, x: str, shape: Shape) -> str:
    many = [bool(s) and s % STUDENTS == 0 for s in shape]
    if sum(many) == 1 and 0 not in shape:
        target = g.constant([-1 if m else s for m, s in zip(many, shape, strict=True)], np.int64)
    else:
        target = g.sizes(shape)
    return g.emit("Reshape", (x, target), Kind(g.dtype(x), shape))


def expanded(g: Rewriter, x: str, shape: Shape) -> str:
    """`x`, repeated to a shape."""
    old = g.shape(x)
    if old is None:
        return g.emit("Expand", (x, g.sizes(shape)), Kind(g.dtype(x), shape))
    if size(old) == size(shape):
        return reshaped(g, x, shape)
    if x in g.nodes and g.operator(x) == "Expand" and g.shape(g.nodes[x].inputs[0]) is not None:
        return expanded(g, g.nodes[x].inputs[0], shape)
    padded = (1,) * (len(shape) - len(old)) + old
    wanted = tuple(1 if a == b else b for a, b in zip(padded, shape, strict=True))
    return g.emit("Expand", (x, g.sizes(wanted)), Kind(g.dtype(x), shape))


def transposed(g: Rewriter, x: str, perm: tuple[int, ...]) -> str:
    """`x` with its axes in another order."""
    old = g.shape(x)
    assert old is not None
    shape = tuple(old[p] for p in perm)
    if [p for p in perm if old[p] != 1] == [i for i, s in enumerate(old) if s != 1]:
        return reshaped(g, x, shape)
    if g.operator(x) == "Transpose":
        inner = g.nodes[x].attribute("perm")
        return transposed(g, g.nodes[x].inputs[0], tuple(inner[p] for p in perm))
    if g.operator(x) == "Concat" and all(g.shape(part) is not None for part in g.nodes[x].inputs):
        parts = tuple(transposed(g, part, perm) for part in g.nodes[x].inputs)
        return concatenated(g, parts, perm.index(g.nodes[x].attribute("axis")))
    return g.emit("Transpose", (x,), Kind(g.dtype(x), shape), perm=perm)


def picked(g: Rewriter, x: str, positions: Positions, axis: int) -> str:
    """Known positions of an axis."""
    old = g.shape(x)
    assert old is not None
    if np.array_equal(positions, np.arange(old[axis])):
        return x
    shape = (*old[:axis], len(positions), *old[axis + 1 :])
    if x in g.arrays:
        return g.constant(g.arrays[x].take(positions, axis=axis))
    found = _picked_inside(g, x, positions, axis, shape) if x in g.nodes else None
    at = g.constant(positions, np.int64)
    return g.emit("Gather", (x, at), Kind(g.dtype(x), shape), axis=axis) if found is None else found


def _picked_inside(g: Rewriter, x: str, positions: Positions, axis: int, shape: Shape) -> str | None:
    node, old = g.nodes[x], g.shape(x)
    inside = node.inputs[0]
    before = g.shape(inside)
    assert old is not None
    if before is None:
        return None
    if node.operator == "Gather" and node.attribute("axis") == axis and _known_row(g, node.inputs[1]):
        both = g.arrays[node.inputs[1]][positions]
        return None if side_by_side(positions) and not side_by_side(both) else picked(g, inside, both, axis)
    if node.operator == "Concat" and node.attribute("axis") == axis:
        return _picked_of_parts(g, node.inputs, positions, axis)
    if node.operator == "Transpose":
        perm = node.attribute("perm")
        return transposed(g, picked(g, inside, positions, perm[axis]), perm)
    if node.operator == "Expand":
        own = axis - (len(old) - len(before))
        one = own < 0 or before[own] == 1
        return expanded(g, inside if one else picked(g, inside, positions, own), shape)
    if node.operator == "Reshape":
        return _picked_reshaped(g, inside, before, positions, axis, (old, shape))
    return None


def _picked_of_parts(g: Rewriter, parts: tuple[str, ...], positions: Positions, axis: int) -> str | None:
    """Read from the parts, where they are not interleaved."""
    widths = [(g.shape(part) or ())[axis] for part in parts]
    ends = np.cumsum(widths)
    owner = np.searchsorted(ends, positions, side="right")
    starts = [0, *(np.flatnonzero(np.diff(owner)) + 1).tolist(), len(positions)]
    if len(starts) - 1 > 2 * len(parts) + 1:
        return None
    pieces = []
    for a, b in pairwise(starts):
        if b > a:
            part = int(owner[a])
            pieces.append(picked(g, parts[part], positions[a:b] - (ends[part] - widths[part]), axis))
    return concatenated(g, tuple(pieces), axis) if pieces else None


def _picked_reshaped(
    g: Rewriter, inside: str, before: Shape, positions: Positions, axis: int, shapes: tuple[Shape, Shape]
) -> str | None:
    """Read before the reshape: the same axis there, or the columns that it was split from."""
    old, shape = shapes
    left = size(old[:axis])
    for i, width in enumerate(before):
        if size(before[:i]) != left:
            continue
        if width == old[axis]:
            return reshaped(g, picked(g, inside, positions, i), shape)
        block = size(old[axis + 1 :])
        if width == old[axis] * block and i == len(before) - 1:
            columns = (positions[:, None] * block + np.arange(block)).ravel()
            return reshaped(g, picked(g, inside, columns, i), shape)
    return None


def concatenated(g: Rewriter, parts: tuple[str, ...], axis: int) -> str:
    """Parts one after the other; neighbours in one value are picked there together."""
    flat: list[str] = []
    for part in parts:
        node = g.nodes.get(part)
        inner = node.inputs if node and node.operator == "Concat" and node.attribute("axis") == axis else (part,)
        flat += [one for one in inner if (g.shape(one) or (1,) * (axis + 1))[axis]]
    merged: list[str] = []
    for part in flat:
        both = _neighbours(g, merged[-1], part, axis) if merged else None
        if both is None:
            merged.append(part)
        else:
            merged[-1] = both
    if len(merged) == 1:
        return merged[0]
    shapes = [g.shape(part) for part in merged]
    first = shapes[0]
    assert first is not None
    total = sum(s[axis] for s in shapes if s is not None)
    kind = Kind(g.dtype(merged[0]), (*first[:axis], total, *first[axis + 1 :]))
    return g.emit("Concat", tuple(merged), kind, axis=axis)


def _neighbours(g: Rewriter, a: str, b: str, axis: int) -> str | None:
    first, second = (g.nodes.get(x) for x in (a, b))
    if first is None or second is None or not first.operator == second.operator == "Gather":
        return None
    same = first.inputs[0] == second.inputs[0] and first.attribute("axis") == second.attribute("axis") == axis
    if not same or not _known_row(g, first.inputs[1]) or not _known_row(g, second.inputs[1]):
        return None
    before, after = (g.arrays[node.inputs[1]] for node in (first, second))
    return picked(g, first.inputs[0], np.concatenate([before, after]), axis) if after[0] == before[-1] + 1 else None


def _known_row(g: Rewriter, name: str) -> bool:
    return name in g.arrays and g.arrays[name].ndim == 1


# the rules


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
    if table in g.arrays and size(shape) == shape[axis] and by_student(g.shape(index)):
        column = reshaped(g, index, (STUDENTS, 1))
        return reshaped(g, lookup(g, g.arrays[table].ravel(), column), wanted)
    return None


def lookup(g: Rewriter, table: npt.NDArray[Any], column: str) -> str:
    """The entry of a known table for each student; of a table looked up in another one, the two become one."""
    known = looked_up(g, column)
    if known is not None:
        inner, at = known
        if inner.min() >= 0 and inner.max() < len(table):
            return lookup(g, table[inner], at)
    return g.emit("Gather", (g.constant(table), column), Kind(table.dtype, (STUDENTS, 1)), axis=0)


def looked_up(g: Rewriter, name: str) -> tuple[npt.NDArray[Any], str] | None:
    """The known table and the places of it that a column is; a count of m conditions is one of 0 to m."""
    node = g.nodes.get(name)
    if node is None or g.shape(name) != (STUDENTS, 1):
        return None
    if node.operator == "Gather" and node.inputs[0] in g.arrays and g.arrays[node.inputs[0]].ndim == 1:
        return g.arrays[node.inputs[0]], node.inputs[1]
    return None


def _reduced(g: Rewriter, operator: str, inputs: tuple[str, ...], kind: Kind, attributes: Attributes) -> str | None:
    """One number for each student, out of a row, stays a column."""
    assert kind.shape is not None
    before = g.shape(inputs[0])
    if attributes.get("keepdims", 1) or not by_student(kind.shape) or before is None or len(before) != 2:
        return None
    kept = attributes | {"keepdims": 1}
    return reshaped(g, g.build(operator, inputs, Kind(kind.dtype, (STUDENTS, 1)), **kept), kind.shape)


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


RULES: dict[str, Rule] = {
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
