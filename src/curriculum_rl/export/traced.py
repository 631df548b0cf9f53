"""An array that writes what is done with it into a graph: NumPy code that runs on it is that graph.

The trackers and policies of this package are NumPy code over students as the leading axis. Run on traced arrays, the
same code, and no second copy of it, becomes an ONNX graph. A traced array has a dtype and a shape, in which `STUDENTS`
stands for a number that is known at run time alone, and no values.

Changes in place are kept: a view (a slice, a reshape) writes through to what it is a view of. A mask that picks rows,
`x[mask] = f(x[mask])`, becomes a choice between two values in every row; so a test whether any row is picked at all is
taken to be true, and a test whether all rows are, false: such branches are there to save time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from curriculum_rl.export.graph import STUDENTS, TYPES, Graph
from curriculum_rl.export.lanes import Lane

Shape = tuple[int, ...]
_COUNT = np.arange(STUDENTS)  # made now: while code is traced, np.arange makes traced arrays


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """A value of a graph, or a view of one."""

    __array_priority__ = 1000.0

    def __init__(
        self,
        graph: Graph,
        name: str,
        dtype: npt.DTypeLike,
        shape: Shape,
        base: Traced | None = None,
        forward: Callable[[Traced], str] | None = None,
        backward: Callable[[Traced, Traced], Traced] | None = None,
    ) -> None:
        self.graph, self._name, self.dtype, self.shape = graph, name, np.dtype(dtype), shape
        self._base, self._forward, self._backward = base, forward, backward
        self.lane: Lane | None = None  # of places in a table that has a block for each student
        self.picked: Traced | None = None  # which entries count, where a mask picked some of them
        if name:
            graph.told[name] = (self.dtype, shape)

    # what it is

    @property
    def name(self) -> str:
        """Of its value now."""
        if self._base is None or self._forward is None:
            return self._name
        name = self._forward(self._base)
        self.graph.told[name] = (self.dtype, self.shape)
        return name

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def T(self) -> Traced:
        """With its axes the other way round; written through."""
        return self.transpose(*reversed(range(self.ndim)))

    def transpose(self, *order: int) -> Traced:
        """With its axes in this order; written through."""
        back = sorted(range(self.ndim), key=order.__getitem__)
        return self._view(
            tuple(self.shape[a] for a in order),
            lambda base: self.graph.add("Transpose", base.name, perm=list(order)),
            lambda base, new: new.made("Transpose", shape=base.shape, perm=back),
        )

    def __len__(self) -> int:
        return self.shape[0]

    def __bool__(self) -> bool:
        raise TypeError("a traced array has no value to decide by: write the choice with np.where")

    def __iter__(self) -> Any:
        return (self[i] for i in range(self.shape[0]))

    # how it changes

    def set(self, new: Traced) -> None:
        """Takes this value, through to what it is a view of."""
        new = new.as_type(self.dtype).expanded(self.shape)
        if self._base is None or self._backward is None:
            self._name = new.name
        else:
            self._base.set(self._backward(self._base, new))

    def _view(
        self, shape: Shape, forward: Callable[[Traced], str], backward: Callable[[Traced, Traced], Traced]
    ) -> Traced:
        return Traced(self.graph, "", self.dtype, shape, self, forward, backward)

    def made(
        self, operator: str, *others: Traced | str, shape: Shape, dtype: npt.DTypeLike | None = None, **how: Any
    ) -> Traced:
        """The value of an operator on this one."""
        names = [o if isinstance(o, str) else o.name for o in others]
        return Traced(self.graph, self.graph.add(operator, self.name, *names, **how), dtype or self.dtype, shape)

    def copy(self, order: str = "C") -> Traced:
        """The value as it is now."""
        return Traced(self.graph, self.name, self.dtype, self.shape)

    def astype(self, dtype: npt.DTypeLike, **how: Any) -> Traced:
        """As another type."""
        return self.as_type(np.dtype(dtype)).copy()

    def as_type(self, dtype: npt.DTypeLike) -> Traced:
        """As another type, itself where it is of that one."""
        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self
        return self.made("Cast", shape=self.shape, dtype=dtype, to=TYPES[dtype.name])

    def expanded(self, shape: Shape) -> Traced:
        """Broadcast to a shape."""
        if shape == self.shape:
            return self
        return self.made("Expand", self.graph.shape(shape), shape=shape)

    # its shape

    def reshape(self, *sizes: Any) -> Traced:
        """In another shape; written through."""
        wanted = tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else tuple(sizes)
        if -1 in wanted:
            known = int(np.prod([s for s in wanted if s != -1], dtype=np.int64))
            wanted = tuple(self.size // known if s == -1 else int(s) for s in wanted)
        graph, dtype = self.graph, self.dtype
        return self._view(
            wanted,
            lambda base: graph.add("Reshape", base.name, graph.shape(wanted)),
            lambda base, new: Traced(graph, graph.add("Reshape", new.name, graph.shape(base.shape)), dtype, base.shape),
        )

    def ravel(self) -> Traced:
        """Flat; written through."""
        return self.reshape(-1)

    def along(self, axis: int, positions: npt.NDArray[np.int64], keep: bool = True) -> Traced:
        """These positions of an axis, which are known; written through. `keep` is whether the axis stays."""
        axis %= self.ndim
        graph, dtype, size = self.graph, self.dtype, self.shape[axis]
        left, right = self.shape[:axis], self.shape[axis + 1 :]
        shape = (*left, len(positions), *right) if keep else (*left, *right)
        full = (*left, len(positions), *right)
        everything = len(positions) == size and bool((positions == np.arange(len(positions))).all())

        def forward(base: Traced) -> str:
            if everything and keep:
                return base.name
            index = positions if keep else positions[0]
            return graph.add("Gather", base.name, graph.constant(index, np.int64), axis=axis)

        def backward(base: Traced, new: Traced) -> Traced:
            if not keep:
                new = Traced(graph, graph.add("Reshape", new.name, graph.shape(full)), dtype, full)
            if everything:
                return new
            source = np.arange(size)
            source[positions] = size + np.arange(len(positions))
            wide = (*left, size + len(positions), *right)
            both = Traced(graph, graph.add("Concat", base.name, new.name, axis=axis), dtype, wide)
            return both.made("Gather", graph.constant(source, np.int64), shape=base.shape, axis=axis)

        return self._view(shape, forward, backward)

    def inserted(self, axis: int) -> Traced:
        """With an axis of one more; written through."""
        graph, dtype = self.graph, self.dtype
        at = graph.constant([axis], np.int64)
        return self._view(
            (*self.shape[:axis], 1, *self.shape[axis:]),
            lambda base: graph.add("Unsqueeze", base.name, at),
            lambda base, new: Traced(graph, graph.add("Squeeze", new.name, at), dtype, base.shape),
        )

    # what NumPy asks of it

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from curriculum_rl.export.operators import apply

        return apply(self.graph, ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from curriculum_rl.export.functions import call

        return call(self.graph, function, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        from curriculum_rl.export.indexing import get

        return get(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        from curriculum_rl.export.indexing import put

        put(self, index, value)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("a traced array has no values: the code that asks for them cannot be traced")

    def take(self, indices: Any, axis: int | None = None, mode: str = "raise", out: Any = None) -> Any:
        """`numpy.take`."""
        return np.take(self, indices, axis=axis)

    def sum(self, axis: Any = None, keepdims: bool = False, **how: Any) -> Any:
        """`numpy.sum`."""
        return np.sum(self, axis=axis, keepdims=keepdims)

    def prod(self, axis: Any = None, keepdims: bool = False, **how: Any) -> Any:
        """`numpy.prod`."""
        return np.prod(self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False, **how: Any) -> Any:
        """`numpy.mean`."""
        return np.mean(self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False, **how: Any) -> Any:
        """`numpy.max`."""
        return np.max(self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False, **how: Any) -> Any:
        """`numpy.min`."""
        return np.min(self, axis=axis, keepdims=keepdims)

    def argmax(self, axis: int | None = None) -> Any:
        """`numpy.argmax`."""
        return np.argmax(self, axis=axis)

    def argmin(self, axis: int | None = None) -> Any:
        """`numpy.argmin`."""
        return np.argmin(self, axis=axis)

    def cumsum(self, axis: int | None = None) -> Any:
        """`numpy.cumsum`."""
        return np.cumsum(self, axis=axis)

    def clip(self, low: Any = None, high: Any = None, **how: Any) -> Any:
        """`numpy.clip`."""
        return np.clip(self, low, high)

    def repeat(self, repeats: int, axis: int | None = None) -> Any:
        """`numpy.repeat`."""
        return np.repeat(self, repeats, axis=axis)

    def any(self, axis: Any = None, keepdims: bool = False, **how: Any) -> Any:
        """`numpy.any`; of everything, taken to be true."""
        return True if axis is None else np.any(self, axis=axis, keepdims=keepdims)

    def all(self, axis: Any = None, keepdims: bool = False, **how: Any) -> Any:
        """`numpy.all`; of everything, taken to be false."""
        return False if axis is None else np.all(self, axis=axis, keepdims=keepdims)


def lift(graph: Graph, value: Any, dtype: npt.DTypeLike | None = None) -> Traced:
    """A value as a traced array: a number, an array that is known, or one that counts students along an axis.

    Raises:
        TypeError: an array is as long as there are students, and tells them apart by more than their number.
    """
    if isinstance(value, Traced):
        return value if dtype is None else value.as_type(dtype)
    array = np.asarray(value, dtype=dtype)
    if array.dtype not in (np.float64, np.float32, np.int64, np.bool_):
        array = array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
    if STUDENTS not in array.shape:
        return Traced(graph, graph.constant(array), array.dtype, array.shape)
    axis = array.shape.index(STUDENTS)
    first = array.take([0], axis=axis)
    same = Traced(graph, graph.constant(first), array.dtype, first.shape).expanded(array.shape)
    if (array == first).all():
        return same
    step = array.take([1], axis=axis) - first
    along = _COUNT.reshape([-1 if a == axis else 1 for a in range(array.ndim)])
    if array.dtype.kind == "b" or not (array == first + step * along).all():
        raise TypeError("an array tells students apart by their place: that cannot be traced")
    limit = Traced(graph, graph.shape((STUDENTS,)), np.int64, (1,)).reshape(())
    counted = lift(graph, 0).made("Range", limit, graph.constant(1, np.int64), shape=(STUDENTS,))
    row = counted.reshape([STUDENTS if a == axis else 1 for a in range(array.ndim)])
    found: Traced = row.as_type(array.dtype) * step + same
    if array.ndim == 1 and array[0] == 0 and array[1] == 1:
        found.lane = Lane(1, 0)
    return found
