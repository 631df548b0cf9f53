"""Rules of arithmetic, number by number: what changes nothing is left out, and how values lie is settled afterwards.

Numbers of which there is one for each student are worked out as a column, (students, 1), whatever shape they are asked
for in: so that they lie as the rows of tables do, and no reshape stands between two of them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from curriculum_rl.export.graph import STUDENTS, TYPES, broadcast
from curriculum_rl.export.layouts import by_student, expanded, reshaped, size
from curriculum_rl.export.rewriting import Attributes, Kind, Rewriter, Rule, Shape
from curriculum_rl.export.rows import from_rows, in_rows, looked_up, lookup
from curriculum_rl.export.scatter_rules import added_at

COLUMN: Final = (STUDENTS, 1)
UNCHANGED: Final = {"Add": 0.0, "Sub": 0.0, "Mul": 1.0, "Div": 1.0, "Pow": 1.0}
"""The second operand that leaves the first as it is."""
OPERATORS: Final = (
    "Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual",
    "And", "Or", "Xor", "Not", "Neg", "Abs", "Exp", "Log", "Sqrt", "Floor", "Ceil", "Sigmoid", "Sign", "Tanh", "Erf",
    "Relu", "Cast", "Where", "IsNaN", "BitwiseAnd", "BitwiseOr", "BitwiseXor",
)  # fmt: skip


def rule_of(operator: str) -> Rule:
    """What becomes of one of these."""

    def rule(g: Rewriter, inputs: tuple[str, ...], kind: Kind, attributes: Attributes) -> str | None:
        shape = kind.shape
        if shape is None or any(g.shape(name) is None for name in inputs):
            return None
        inputs = _narrow(g, inputs, shape)
        found = _identity(g, operator, inputs, kind, attributes)
        if found is not None:
            return expanded(g, found, shape)
        moved = _as_column(g, inputs, shape) or _before_reshape(g, inputs, shape)
        if moved is not None:
            operands, inner = moved
            made = g.build(operator, operands, Kind(kind.dtype, inner), **attributes)
            return reshaped(g, made, shape)
        rows = in_rows(g, inputs, shape)
        if rows is not None:
            inner = (STUDENTS, size(shape) // STUDENTS)
            return from_rows(g, g.build(operator, rows, Kind(kind.dtype, inner), **attributes), shape)
        return _of_tables(g, operator, inputs, kind, attributes) or g.emit(operator, inputs, kind, **attributes)

    return rule


def _of_tables(g: Rewriter, operator: str, inputs: tuple[str, ...], kind: Kind, attributes: Attributes) -> str | None:
    """What is worked out of entries of known tables at the same places alone is an entry of a table itself."""
    if kind.shape != COLUMN:
        return None
    tables, places = [], set()
    for name in inputs:
        if name in g.arrays:
            tables.append(g.constant(g.arrays[name].ravel()))
            continue
        found = looked_up(g, name) or _counted(g, name)
        if found is None:
            return None
        tables.append(g.constant(found[0]))
        places.add(found[1])
    if len(places) != 1:
        return None
    length = max(len(g.arrays[name]) for name in tables)
    table = g.emit(operator, tuple(tables), Kind(kind.dtype, (length,)), **attributes)
    return lookup(g, g.arrays[table][:, None], places.pop()) if table in g.arrays else None


def _counted(g: Rewriter, name: str) -> tuple[npt.NDArray[Any], str] | None:
    """How many of m conditions hold, as an entry of the table of 0 to m."""
    if g.operator(name) != "ReduceSum" or g.shape(name) != COLUMN or g.dtype(name) != np.int64:
        return None
    added = g.nodes[name].inputs[0]
    shape = g.shape(added)
    if g.operator(added) != "Cast" or g.dtype(g.nodes[added].inputs[0]) != np.bool_ or shape is None:
        return None
    return np.arange(shape[-1] + 1), name


def _narrow(g: Rewriter, inputs: tuple[str, ...], shape: Shape) -> tuple[str, ...]:
    """Operands as they were before they were repeated, where the operator repeats them by itself."""
    found = list(inputs)
    for i, name in enumerate(inputs):
        if g.operator(name) != "Expand":
            continue
        source = g.nodes[name].inputs[0]
        old = g.shape(source)
        others = [g.shape(x) or () for j, x in enumerate(found) if j != i]
        if old is not None and broadcast(old, *others) == shape:
            found[i] = source
    return tuple(found)


def _as_column(g: Rewriter, inputs: tuple[str, ...], shape: Shape) -> tuple[tuple[str, ...], Shape] | None:
    """Operands as columns beside single numbers, where the result is one number for each student."""
    if not by_student(shape) or shape == COLUMN:
        return None
    return tuple(reshaped(g, name, COLUMN if by_student(g.shape(name)) else ()) for name in inputs), COLUMN


def _before_reshape(g: Rewriter, inputs: tuple[str, ...], shape: Shape) -> tuple[tuple[str, ...], Shape] | None:
    """Operands before a reshape that all of them went through, beside single numbers."""
    single = [name for name in inputs if by_student(g.shape(name))]
    wide = [name for name in inputs if size(g.shape(name) or ()) != 1 and name not in single]
    if shape == COLUMN or not wide or any(g.operator(name) != "Reshape" or g.shape(name) != shape for name in wide):
        return None
    before = {g.shape(g.nodes[name].inputs[0]) for name in wide}
    if len(before) != 1 or (inner := before.pop()) is None:
        return None
    column = (STUDENTS, *[1] * (len(inner) - 1))
    if single and (inner[0] != STUDENTS or shape[0] != STUDENTS):
        return None
    return tuple(
        g.nodes[name].inputs[0] if name in wide else reshaped(g, name, column if name in single else ())
        for name in inputs
    ), inner


def _identity(g: Rewriter, operator: str, inputs: tuple[str, ...], kind: Kind, attributes: Attributes) -> str | None:
    """A value that the node leaves as it is."""
    a = inputs[0]
    if operator == "Cast":
        return _cast(g, a, kind)
    if operator == "Where":
        return _where(g, inputs, kind)
    if operator == "Not" and g.operator(a) == "Not":
        return g.nodes[a].inputs[0]
    if len(inputs) != 2:
        return None
    b = inputs[1]
    if operator in UNCHANGED and g.everywhere(b, UNCHANGED[operator]):
        return a
    if operator in ("Add", "Mul") and g.everywhere(a, UNCHANGED[operator]):
        return b
    if operator in ("And", "Or"):
        neutral = operator == "And"
        for x, other in ((a, b), (b, a)):
            if g.everywhere(x, neutral) or x == other:
                return other
    if operator in ("Min", "Max") and a == b:
        return a
    if operator == "Add" and g.operator(a) == "MatMul" and g.shape(b) == kind.shape:
        return _product_and(g, a, b, kind)
    return _of_chain(g, operator, a, b, kind)


def _product_and(g: Rewriter, product: str, b: str, kind: Kind) -> str | None:
    """A product with a known matrix, and what is added to it."""
    x, matrix = g.nodes[product].inputs
    if matrix not in g.arrays or len(g.shape(x) or ()) != 2 or len(g.shape(matrix) or ()) != 2:
        return None
    return g.emit("Gemm", (x, matrix, b), kind)


def _of_chain(g: Rewriter, operator: str, a: str, b: str, kind: Kind) -> str | None:
    """What two operators in a row with known numbers come to."""
    if operator == "Mul" and b in g.arrays and g.operator(a) == "Neg":
        return g.build("Mul", (g.nodes[a].inputs[0], g.constant(-g.arrays[b])), kind)
    if b not in g.arrays or g.operator(a) not in ("Add", "Max"):
        return None
    x, c = g.nodes[a].inputs
    if c not in g.arrays or g.shape(x) is None:
        return None
    if operator == "Min" and g.operator(a) == "Max":
        low, high = g.arrays[c], g.arrays[b]
        if low.size == high.size == 1 and low.item() <= high.item() and g.shape(x) == kind.shape:
            limits = tuple(g.constant(limit.reshape(())) for limit in (low, high))
            return g.emit("Clip", (x, *limits), kind)
    if operator in ("Add", "Equal") and g.operator(a) == "Add" and g.dtype(x) == np.int64:
        rest = g.arrays[b] + g.arrays[c] if operator == "Add" else g.arrays[b] - g.arrays[c]
        return g.build(operator, (x, g.constant(rest)), kind)
    return None


def _cast(g: Rewriter, a: str, kind: Kind) -> str | None:
    if g.dtype(a) == kind.dtype:
        return a
    if g.operator(a) != "Cast":
        return None
    inside = g.nodes[a].inputs[0]
    exact = np.can_cast(g.dtype(inside) or np.object_, g.dtype(a) or np.object_, "safe")
    if not exact or g.dtype(a) == np.bool_:
        return None
    return g.build("Cast", (inside,), Kind(kind.dtype, g.shape(inside)), to=TYPES[str(kind.dtype)])


def _where(g: Rewriter, inputs: tuple[str, ...], kind: Kind) -> str | None:
    condition, a, b = inputs
    if a == b or g.everywhere(condition, True):
        return a
    if g.everywhere(condition, False):
        return b
    if (found := added_at(g, condition, a, b, kind)) is not None:
        return found
    # where(c, where(d, x, b), b) is where(c and d, x, b)
    if g.operator(a) == "Where" and g.nodes[a].inputs[2] == b and g.shape(a) == kind.shape:
        inner, x, _ = g.nodes[a].inputs
        both = Kind(np.dtype(np.bool_), broadcast(g.shape(condition) or (), g.shape(inner) or ()))
        if broadcast(both.shape or (), g.shape(x) or (), g.shape(b) or ()) == kind.shape:
            return g.build("Where", (g.build("And", (condition, inner), both), x, b), kind)
    return None


RULES: Final[dict[str, Rule]] = {operator: rule_of(operator) for operator in OPERATORS}
