"""NumPy's universal functions as operators of a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from scipy import special

from curriculum_rl.export.graph import Graph, broadcast
from curriculum_rl.export.lanes import added, multiplied
from curriculum_rl.export.traced import Traced, lift

BINARY: Final[dict[Any, str]] = {
    np.add: "Add", np.subtract: "Sub", np.multiply: "Mul", np.true_divide: "Div", np.power: "Pow",
    np.minimum: "Min", np.maximum: "Max",
}  # fmt: skip
LANES: Final[dict[Any, Callable[[Any, Any], Any]]] = {np.add: added, np.multiply: multiplied}
COMPARE: Final[dict[Any, str]] = {
    np.greater: "Greater", np.greater_equal: "GreaterOrEqual", np.less: "Less", np.less_equal: "LessOrEqual",
    np.equal: "Equal",
}  # fmt: skip
LOGIC: Final[dict[Any, str]] = {
    np.bitwise_and: "And", np.logical_and: "And", np.bitwise_or: "Or", np.logical_or: "Or",
    np.bitwise_xor: "Xor", np.logical_xor: "Xor",
}  # fmt: skip
BITS: Final[dict[Any, str]] = {
    np.bitwise_and: "BitwiseAnd", np.bitwise_or: "BitwiseOr", np.bitwise_xor: "BitwiseXor",
}  # fmt: skip
UNARY: Final[dict[Any, str]] = {
    np.negative: "Neg", np.absolute: "Abs", np.exp: "Exp", np.log: "Log", np.sqrt: "Sqrt", np.floor: "Floor",
    np.ceil: "Ceil", special.expit: "Sigmoid", np.sign: "Sign", np.tanh: "Tanh",
}  # fmt: skip


def apply(graph: Graph, ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a universal function is on traced arrays; with `out`, written there.

    Raises:
        TypeError: it is one that has no operator yet.
    """
    out = kwargs.pop("out", None)
    where = kwargs.pop("where", True)
    if method == "reduce":
        from curriculum_rl.export.functions import reduced

        return reduced(ufunc, lift(graph, inputs[0]), kwargs.get("axis", 0), bool(kwargs.get("keepdims", False)))
    if method == "__call__" and ufunc is np.matmul:
        found: Any = _matmul(*(lift(graph, x) for x in inputs))
    elif method == "__call__":
        found = _called(graph, ufunc, inputs)
    else:
        raise TypeError(f"{ufunc.__name__}.{method} cannot be traced")
    if out is None:
        return found
    target = out[0]
    if not isinstance(target, Traced):
        raise TypeError(f"{ufunc.__name__} cannot write to an array that is known: make it with np.zeros_like")
    if where is not True:
        found = np.where(where, found, target.copy())
    target.set(found)
    return target


def _called(graph: Graph, ufunc: Any, inputs: tuple[Any, ...]) -> Any:
    if ufunc in OWN:
        return OWN[ufunc](*(lift(graph, x) for x in inputs))
    if ufunc in BINARY:
        kind = np.result_type(*(x if isinstance(x, (int, float)) else _dtype(x) for x in inputs))
        if ufunc is np.true_divide and kind.kind != "f":
            kind = np.dtype(np.float64)
        if kind.kind == "b":
            kind = np.dtype(np.int64)
        a, b = (lift(graph, x).as_type(kind) for x in inputs)
        found = a.made(BINARY[ufunc], b, shape=broadcast(a.shape, b.shape))
        if kind.kind == "i" and ufunc in LANES:
            found.lane = LANES[ufunc](*inputs)
        return found
    if ufunc in COMPARE or ufunc is np.not_equal:
        kind = np.result_type(*(x if isinstance(x, (int, float)) else _dtype(x) for x in inputs))
        if kind.kind == "b":
            kind = np.dtype(np.int64)
        a, b = (lift(graph, x).as_type(kind) for x in inputs)
        shape = broadcast(a.shape, b.shape)
        found = a.made(COMPARE.get(ufunc, "Equal"), b, shape=shape, dtype=np.bool_)
        return found.made("Not", shape=shape) if ufunc is np.not_equal else found
    if ufunc in LOGIC:
        a, b = (lift(graph, x) for x in inputs)
        if ufunc in BITS and not a.dtype.kind == b.dtype.kind == "b":
            a, b = a.as_type(np.int64), b.as_type(np.int64)
            return a.made(BITS[ufunc], b, shape=broadcast(a.shape, b.shape))
        a, b = a.as_type(np.bool_), b.as_type(np.bool_)
        return a.made(LOGIC[ufunc], b, shape=broadcast(a.shape, b.shape))
    if ufunc in (np.invert, np.logical_not):
        a = lift(graph, inputs[0]).as_type(np.bool_)
        return a.made("Not", shape=a.shape)
    if ufunc in UNARY:
        a = lift(graph, inputs[0])
        if a.dtype.kind != "f" and ufunc not in (np.negative, np.absolute, np.sign):
            a = a.as_type(np.float64)
        return a.made(UNARY[ufunc], shape=a.shape)
    raise TypeError(f"{ufunc.__name__} has no operator yet: add it to export/operators.py")


def _dtype(x: Any) -> np.dtype[Any]:
    return x.dtype if isinstance(x, Traced) else np.asarray(x).dtype


def _matmul(a: Traced, b: Traced) -> Traced:
    rows = broadcast(a.shape[:-2], b.shape[:-2])
    return a.made("MatMul", b, shape=(*rows, a.shape[-2], b.shape[-1]))


def _floor_divide(a: Traced, b: Traced) -> Any:
    if a.dtype.kind != "f" and b.dtype.kind != "f":
        return np.floor(a / b).astype(np.int64)
    return np.floor(a / b)


def _mod(a: Traced, b: Traced) -> Any:
    return a - b * _floor_divide(a, b)


def _ndtr(x: Traced) -> Any:
    scaled = (x * np.sqrt(0.5)).astype(np.float32)  # runtimes know erf in single precision alone
    return 0.5 + 0.5 * scaled.made("Erf", shape=x.shape).astype(np.float64)


def _bits_set(x: Traced) -> Any:
    """How many bits of whole numbers of at least 0 are set, by adding up ever wider groups of them."""
    found: Any = x.as_type(np.int64)
    for width, mask in ((1, 0x5555555555555555), (2, 0x3333333333333333), (4, 0x0F0F0F0F0F0F0F0F)):
        found = (found & mask) + (_shifted_right(found, width) & mask)
    for width in (8, 16, 32):
        found = found + _shifted_right(found, width)
    return found & 0x7F


def _shifted_right(x: Traced, by: Any) -> Traced:
    """Whole numbers of at least 0, halved so many times."""
    whole = x.as_type(np.int64)
    divisor: Any = np.power(lift(x.graph, 2, np.int64), lift(x.graph, by, np.int64))
    return whole.made("Div", divisor, shape=broadcast(whole.shape, divisor.shape))


OWN: Final[dict[Any, Callable[..., Any]]] = {
    np.floor_divide: _floor_divide,
    np.remainder: _mod,
    np.left_shift: lambda x, by: x.as_type(np.int64) * np.power(lift(x.graph, 2, np.int64), by.as_type(np.int64)),
    np.right_shift: _shifted_right,
    np.bitwise_count: _bits_set,
    np.divmod: lambda a, b: (_floor_divide(a, b), _mod(a, b)),
    np.modf: lambda x: (x - np.sign(x) * np.floor(np.abs(x)), np.sign(x) * np.floor(np.abs(x))),
    np.isinf: lambda x: np.abs(x) == np.inf,
    np.square: lambda x: x * x,
    np.reciprocal: lambda x: 1.0 / x,
    np.log1p: lambda x: np.log(1.0 + x),
    np.expm1: lambda x: np.exp(x) - 1.0,
    np.exp2: lambda x: np.exp(x * np.log(2.0)),
    np.log2: lambda x: np.log(x) / np.log(2.0),
    np.isnan: lambda x: x.made("IsNaN", shape=x.shape, dtype=np.bool_),
    np.isfinite: lambda x: np.abs(x) < np.inf,
    special.logit: lambda x: np.log(x / (1.0 - x)),
    special.ndtr: _ndtr,
}
