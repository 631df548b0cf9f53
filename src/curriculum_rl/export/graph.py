"""An ONNX graph while it is written: nodes in order, constants once each, and the number of students at run time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper, numpy_helper

STUDENTS: Final = 9973
"""Stands for the number of students in shapes while a graph is traced: a prime that nothing else has the size of."""
OPSET: Final = 18

TYPES: Final[dict[str, int]] = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "int64": TensorProto.INT64,
    "bool": TensorProto.BOOL,
}


class Graph:
    """Nodes and constants; the first input is what the number of students is read off."""

    def __init__(self, first: str) -> None:
        self.first = first
        self.nodes: list[NodeProto] = []
        self.constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self.tensors: list[TensorProto] = []
        self.told: dict[str, tuple[Any, tuple[int, ...]]] = {}
        """Type and shape of values, as far as known."""
        self.named: set[str] = set()
        """Constants that keep their names, such as the weights of a network."""
        self._students: str | None = None
        self._known: dict[tuple[Any, ...], str] = {}

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """One node with one output, whose name is returned; the same node is never written twice."""
        key = (operator, inputs, tuple(sorted((k, str(v)) for k, v in attributes.items())))
        if key not in self._known:
            name = f"v{len(self.nodes)}"
            self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
            self._known[key] = name
        return self._known[key]

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> str:
        """The name of a constant."""
        array = np.ascontiguousarray(np.asarray(value, dtype=dtype))
        if array.ndim == 0 or np.asarray(value).ndim == 0:
            array = array.reshape(())
        key = (array.dtype.name, array.shape, array.tobytes())
        if key not in self.constants:
            name = f"c{len(self.constants)}"
            self.constants[key] = name
            self.tensors.append(numpy_helper.from_array(array, name))
        return self.constants[key]

    def weight(self, name: str, value: npt.NDArray[Any]) -> str:
        """A constant with a name of its own."""
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        self.named.add(name)
        return name

    @property
    def students(self) -> str:
        """Their number at run time, (1,) int64."""
        if self._students is None:
            self._students = self.add("Shape", self.first, start=0, end=1)
        return self._students

    def shape(self, sizes: Sequence[int]) -> str:
        """A shape at run time, (rank,) int64, with the number of students wherever `STUDENTS` stands."""
        parts = [self._size(size) for size in sizes]
        if all(size % STUDENTS or not size for size in sizes):
            return self.constant(np.array(sizes, dtype=np.int64))
        return self.add("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]

    def _size(self, size: int) -> str:
        """One entry of a shape, (1,): a number, or so many times the number of students."""
        times, rest = divmod(size, STUDENTS)
        if rest or not size:
            return self.constant(np.array([size], dtype=np.int64))
        return self.students if times == 1 else self.add("Mul", self.students, self.constant([times], np.int64))


def broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that arrays of these shapes have together."""
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(max(sizes) if 0 not in sizes else 0 for sizes in zip(*padded, strict=True))
