"""Where code is traced: new arrays that are as long as there are students are traced ones, known tables can be looked
up by traced numbers."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import cached_property
from typing import Any
from unittest import mock

import numpy as np

from curriculum_rl.export import functions, operators
from curriculum_rl.export.graph import STUDENTS, Graph
from curriculum_rl.export.traced import Traced, lift
from curriculum_rl.export.unlocking import by_heights

_READY = functions.FUNCTIONS, operators.OWN  # which hold NumPy's own functions: imported before any is replaced


class Known(np.ndarray[Any, Any]):
    """A table of numbers that can be looked up by traced ones."""

    def take(  # type: ignore[override]
        self, indices: Any, axis: int | None = None, out: Any = None, mode: Any = "raise"
    ) -> Any:
        """`numpy.take`."""
        if isinstance(indices, Traced):
            if mode == "clip":
                indices = np.clip(indices, 0, self.shape[axis or 0] - 1)
            return np.take(lift(indices.graph, np.asarray(self)), indices, axis=axis)
        return super().take(indices, axis=axis, out=out, mode=mode)

    def __getitem__(self, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        found = next((part for part in parts if isinstance(part, Traced)), None)
        if found is None:
            return super().__getitem__(index)
        return lift(found.graph, np.asarray(self))[index]


def known(value: Any, seen: dict[int, Any] | None = None) -> Any:
    """The same thing, in which every array is `Known`: copied, with what it works out of itself."""
    seen = {} if seen is None else seen
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind not in "fib" else value.view(Known)
    if isinstance(value, tuple):
        return tuple(known(one, seen) for one in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    twin = copy.copy(value)
    seen[id(value)] = twin
    for name in _worked_out(type(value)):
        getattr(value, name)
    names = [f.name for f in fields(value)]
    for name in {*names, *vars(value)}:
        if hasattr(value, name):
            object.__setattr__(twin, name, known(getattr(value, name), seen))
    return twin


def _worked_out(kind: type) -> list[str]:
    return [name for c in kind.__mro__ for name, own in vars(c).items() if isinstance(own, cached_property)]


@contextmanager
def traced(graph: Graph) -> Iterator[None]:
    """Inside, `np.zeros(n)` and its kin make traced arrays where n is the number of students."""

    def made(name: str, fill: float | None) -> Any:
        usual = getattr(np, name)

        def make(shape: Any, *args: Any, **kwargs: Any) -> Any:
            sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
            if STUDENTS not in sizes:
                return usual(shape, *args, **kwargs)
            values = list(args)
            value = fill if fill is not None else values.pop(0)
            dtype = kwargs.get("dtype") or (values[0] if values else None)
            if dtype is not None and np.dtype(dtype).kind not in "fib":
                return usual(shape, *args, **kwargs)
            whole = lift(graph, value)
            kind = dtype or (whole.dtype if name == "full" else np.float64)
            return whole.as_type(kind).expanded(sizes).copy()

        return make

    arange = np.arange

    def count(*args: Any, **kwargs: Any) -> Any:
        found = arange(*args, **kwargs)
        return lift(graph, found) if len(found) == STUDENTS else found

    contiguous, take = np.ascontiguousarray, np.take

    def laid_out(a: Any, *args: Any, **kwargs: Any) -> Any:
        return a.copy() if isinstance(a, Traced) else contiguous(a, *args, **kwargs)

    def looked_up(a: Any, indices: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(indices, Traced) and not isinstance(a, Traced):
            a = lift(indices.graph, np.asarray(a))
        return take(a, indices, *args, **kwargs)

    instead = {
        "take": looked_up,
        "ascontiguousarray": laid_out,
        "zeros": made("zeros", 0.0),
        "ones": made("ones", 1.0),
        "empty": made("empty", 0.0),
        "full": made("full", None),
        "arange": count,
    }
    with by_heights(), mock.patch.multiple(np, **instead):
        yield
