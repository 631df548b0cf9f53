"""How values are laid out: what reshapes, picks and joins come to, one after the other.

What is read out of what was put together is read from its parts, so that a table that was written column by column is
joined once, and no column of it is ever looked up there again.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from curriculum_rl.export.graph import STUDENTS
from curriculum_rl.export.rewriting import Kind, Rewriter, Shape

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
    if node.operator == "Expand" and (g.shape(inside) is not None and size(g.shape(inside) or ()) == 1):
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
