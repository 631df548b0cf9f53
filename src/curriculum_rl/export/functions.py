"""NumPy's other functions as operators of a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import numpy as np

from curriculum_rl.export.graph import STUDENTS, Graph, broadcast
from curriculum_rl.export.lanes import read
from curriculum_rl.export.traced import Traced, lift

FACTORS: Final = 8
"""Up to so many are multiplied one by one, as NumPy does."""


def call(graph: Graph, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a function is on traced arrays.

    Raises:
        TypeError: it is one that has no operator yet.
    """
    if function not in FUNCTIONS:
        raise TypeError(f"numpy.{function.__name__} has no operator yet: add it to export/functions.py")
    return FUNCTIONS[function](graph, *args, **kwargs)


def reduced(ufunc: Any, a: Traced, axis: Any, keepdims: bool) -> Any:
    """A reduction over one axis, or some; `any` and `all` of everything are taken to be true and false."""
    axes = list(range(a.ndim)) if axis is None else [x % a.ndim for x in (axis if isinstance(axis, tuple) else (axis,))]
    shape = tuple(1 if i in axes else s for i, s in enumerate(a.shape) if keepdims or i not in axes)
    if ufunc is np.multiply and len(axes) == 1 and a.shape[axes[0]] != STUDENTS:
        return _product(a, axes[0], keepdims)
    if ufunc in (np.logical_or, np.logical_and):
        if axis is None:
            return ufunc is np.logical_or
        counted = reduced(np.minimum if ufunc is np.logical_and else np.maximum, a.as_type(np.int64), axis, keepdims)
        return counted > 0
    if a.dtype.kind == "b":
        a = a.as_type(np.int64)
    names = {np.add: "ReduceSum", np.maximum: "ReduceMax", np.minimum: "ReduceMin"}
    return a.made(names[ufunc], a.graph.constant(axes, np.int64), shape=shape, keepdims=int(keepdims))


def _product(a: Traced, axis: int, keepdims: bool) -> Any:
    if not a.shape[axis]:
        rest = tuple(1 if i == axis else s for i, s in enumerate(a.shape) if keepdims or i != axis)
        return lift(a.graph, 1.0).as_type(a.dtype).expanded(rest)
    size = a.shape[axis]
    if size > FACTORS:  # one half times the other
        one, other = (a.along(axis, np.arange(start, start + size // 2)) for start in (0, size // 2))
        left_over = [a.along(axis, np.array([size - 1]))] if size % 2 else []
        return _product(_joined(a.graph, [one * other, *left_over], axis), axis, keepdims)
    parts = [a.along(axis, np.array([i]), keep=keepdims) for i in range(size)]
    found: Any = parts[0].copy()
    for part in parts[1:]:
        found = found * part
    return found


def _where(graph: Graph, condition: Any, *options: Any) -> Any:
    if not options:
        raise TypeError("np.where with one argument asks which rows there are: that cannot be traced")
    kind = np.result_type(*(x if isinstance(x, (int, float)) else _dtype(x) for x in options))
    c = lift(graph, condition).as_type(np.bool_)
    a, b = (lift(graph, x).as_type(kind) for x in options)
    shape = broadcast(c.shape, a.shape, b.shape)
    if kind.kind == "b" and a.name == b.name:
        return a.expanded(shape)
    if kind.kind == "b":  # runtimes choose between numbers alone
        return ((c & a) | (~c & b)).expanded(shape)
    return c.made("Where", a, b, shape=shape, dtype=kind)


def _dtype(x: Any) -> np.dtype[Any]:
    return x.dtype if isinstance(x, Traced) else np.asarray(x).dtype


def _take(graph: Graph, a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Traced:
    table = lift(graph, a)
    if axis is None:
        table, axis = table.ravel(), 0
    axis %= table.ndim
    index = lift(graph, indices).as_type(np.int64)
    if axis == 0 and (entries := read(table, index)) is not None:
        return cast(Traced, entries)
    shape = (*table.shape[:axis], *index.shape, *table.shape[axis + 1 :])
    return table.made("Gather", index, shape=shape, axis=axis)


def _take_along(graph: Graph, a: Any, indices: Any, axis: int) -> Traced:
    table, index = lift(graph, a), lift(graph, indices).as_type(np.int64)
    return table.made("GatherElements", index, shape=index.shape, axis=axis % table.ndim)


def _argmax(graph: Graph, a: Any, axis: int | None = None, out: Any = None) -> Traced:
    table = lift(graph, a)
    assert axis is not None, "argmax of everything is no choice of a student's"
    axis %= table.ndim
    if table.dtype.kind == "b":
        table = table.as_type(np.int64)
    shape = (*table.shape[:axis], *table.shape[axis + 1 :])
    return table.made("ArgMax", shape=shape, dtype=np.int64, axis=axis, keepdims=0)


def _argmin(graph: Graph, a: Any, axis: int | None = None, out: Any = None) -> Any:
    return _argmax(graph, -lift(graph, a).as_type(np.float64), axis)


def _cumsum(graph: Graph, a: Any, axis: int | None = None, out: Any = None) -> Traced:
    table = lift(graph, a)
    assert axis is not None, "sums over everything run over students"
    if table.dtype.kind == "b":
        table = table.as_type(np.int64)
    return table.made("CumSum", graph.constant(axis % table.ndim, np.int64), shape=table.shape)


def _clip(graph: Graph, a: Any, low: Any = None, high: Any = None, out: Any = None, **how: Any) -> Any:
    found: Any = lift(graph, a)
    found = found if low is None else np.maximum(found, low)
    found = found if high is None else np.minimum(found, high)
    if out is not None:
        out.set(found)
        return out
    return found


def _joined(graph: Graph, arrays: Sequence[Any], axis: int = 0, **how: Any) -> Any:
    parts = [lift(graph, a) for a in arrays]
    kind = np.result_type(*(p.dtype for p in parts))
    parts = [p.as_type(kind) for p in parts]
    axis %= parts[0].ndim
    size = sum(p.shape[axis] for p in parts)
    shape = (*parts[0].shape[:axis], size, *parts[0].shape[axis + 1 :])
    return parts[0].made("Concat", *parts[1:], shape=shape, axis=axis)


def _stack(graph: Graph, arrays: Sequence[Any], axis: int = 0, **how: Any) -> Any:
    parts = [lift(graph, a) for a in arrays]
    axis %= parts[0].ndim + 1
    return _joined(graph, [p.inserted(axis) for p in parts], axis)


def _like(value: float) -> Callable[..., Traced]:
    def made(graph: Graph, a: Any, dtype: Any = None, **how: Any) -> Traced:
        table = lift(graph, a)
        return lift(graph, np.asarray(value, dtype=dtype or table.dtype)).expanded(table.shape)

    return made


def _full_like(graph: Graph, a: Any, fill: Any, dtype: Any = None, **how: Any) -> Traced:
    table = lift(graph, a)
    return lift(graph, fill).as_type(dtype or table.dtype).expanded(table.shape)


def _repeat(graph: Graph, a: Any, repeats: int, axis: int | None = None) -> Any:
    table = lift(graph, a)
    if axis is None:
        table, axis = table.ravel(), 0
    shape = [*table.shape[: axis + 1], repeats, *table.shape[axis + 1 :]]
    wide = table.inserted(axis + 1).expanded(tuple(shape))
    return wide.reshape((*table.shape[:axis], table.shape[axis] * repeats, *table.shape[axis + 1 :])).copy()


def _copyto(graph: Graph, target: Any, source: Any, casting: str = "same_kind", where: Any = True) -> None:
    if not isinstance(target, Traced):
        raise TypeError("np.copyto cannot write to an array that is known: make it with np.full or np.zeros")
    target.set(lift(graph, source) if where is True else _where(graph, where, source, target.copy()))


def _searchsorted(graph: Graph, a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    value, steps = lift(graph, v), np.asarray(a)
    wide = value.inserted(value.ndim)
    before = (steps <= wide) if side == "right" else (steps < wide)
    return np.sum(before, axis=-1)


def _mean(graph: Graph, a: Any, axis: Any = None, keepdims: bool = False, **how: Any) -> Any:
    table = lift(graph, a)
    axes = [x % table.ndim for x in (axis if isinstance(axis, tuple) else (axis,))]
    total = reduced(np.add, table.as_type(np.float64), axis, keepdims)
    return total / float(np.prod([table.shape[x] for x in axes]))


def _reducer(ufunc: Any) -> Callable[..., Any]:
    def made(graph: Graph, a: Any, axis: Any = None, keepdims: Any = False, **how: Any) -> Any:
        return reduced(ufunc, lift(graph, a), axis, bool(keepdims) and keepdims is not np._NoValue)

    return made


def _broadcast(graph: Graph, a: Any, shape: Any, **how: Any) -> Traced:
    return lift(graph, a).expanded(tuple(shape))


FUNCTIONS: Final[dict[Any, Callable[..., Any]]] = {
    np.where: _where,
    np.take: _take,
    np.take_along_axis: _take_along,
    np.argmax: _argmax,
    np.argmin: _argmin,
    np.cumsum: _cumsum,
    np.clip: _clip,
    np.concatenate: _joined,
    np.stack: _stack,
    np.zeros_like: _like(0.0),
    np.ones_like: _like(1.0),
    np.empty_like: _like(0.0),
    np.full_like: _full_like,
    np.repeat: _repeat,
    np.copyto: _copyto,
    np.searchsorted: _searchsorted,
    np.mean: _mean,
    np.sum: _reducer(np.add),
    np.prod: _reducer(np.multiply),
    np.max: _reducer(np.maximum),
    np.min: _reducer(np.minimum),
    np.any: _reducer(np.logical_or),
    np.all: _reducer(np.logical_and),
    np.broadcast_to: _broadcast,
    np.ascontiguousarray: lambda graph, a, **how: lift(graph, a).copy(),
    np.flatnonzero: lambda graph, a: lift(graph, a).as_type(np.bool_),  # rows by mask: see `indexing.py`
}
