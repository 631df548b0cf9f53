"""A graph while it is rewritten: values by name, each made by a node or known, and no value made twice.

A node is rebuilt on inputs that were rebuilt before it. `build` asks the rules of its operator (`arithmetic.py`,
`layout_rules.py`) for a simpler value; where they have none the node is written, unless the same node stands already,
or all that goes in is known: then it is worked out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from onnx import helper
from onnx.reference import ReferenceEvaluator

from curriculum_rl.export.graph import OPSET, STUDENTS

Shape = tuple[int, ...]
Array = npt.NDArray[Any]
Attributes = dict[str, Any]

LARGEST: Final = 1 << 16
"""Numbers that a constant may have that was worked out from smaller ones: a bundle is to stay small."""


@dataclass(frozen=True)
class Kind:
    """What is known of a value; nothing is of what PyTorch's exporter wrote in shapes of its own."""

    dtype: np.dtype[Any] | None = None
    shape: Shape | None = None


@dataclass(frozen=True)
class Node:
    """An operator on values."""

    operator: str
    inputs: tuple[str, ...]
    attributes: tuple[tuple[str, Any], ...]
    outputs: tuple[str, ...]

    def attribute(self, name: str, usual: Any = None) -> Any:
        """One of its attributes."""
        return dict(self.attributes).get(name, usual)


Rule = Callable[["Rewriter", tuple[str, ...], Kind, Attributes], str | None]


@dataclass
class Rewriter:
    """Values so far.

    Attributes:
        first: the input that the number of students is read off.
        rules: by operator; each says which value stands for a node, or None.
    """

    first: str
    rules: dict[str, Rule]
    nodes: dict[str, Node] = field(default_factory=dict)  # by each of their outputs, in order
    arrays: dict[str, Array] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    _made: dict[Any, str] = field(default_factory=dict)
    _count: int = 0

    # what values are

    def shape(self, name: str) -> Shape | None:
        """Of a value, if it is known."""
        return self.kinds[name].shape if name in self.kinds else None

    def dtype(self, name: str) -> np.dtype[Any] | None:
        """Of a value, if it is known."""
        return self.kinds[name].dtype if name in self.kinds else None

    def operator(self, name: str) -> str:
        """What makes a value; nothing where it is an input or known."""
        return self.nodes[name].operator if name in self.nodes else ""

    def everywhere(self, name: str, value: float) -> bool:
        """Whether a value is this number, wherever one looks."""
        return name in self.arrays and self.arrays[name].size > 0 and bool((self.arrays[name] == value).all())

    # new ones

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike | None = None, name: str = "") -> str:
        """A known value; one with a name of its own keeps it."""
        array = np.asarray(value, dtype=dtype)
        key = (array.dtype.name, array.shape, array.tobytes(), name)
        if key not in self._made:
            self._made[key] = name or self._fresh("c")
            self.arrays[self._made[key]] = array
            self.kinds[self._made[key]] = Kind(array.dtype, array.shape)
        return self._made[key]

    def build(self, operator: str, inputs: tuple[str, ...], kind: Kind, **attributes: Any) -> str:
        """The simplest value that this node would make."""
        rule = self.rules.get(operator)
        found = rule(self, inputs, kind, attributes) if rule is not None and kind.shape is not None else None
        return self.emit(operator, inputs, kind, **attributes) if found is None else found

    def emit(self, operator: str, inputs: tuple[str, ...], kind: Kind, **attributes: Any) -> str:
        """This node's value."""
        listed = tuple(sorted(attributes.items()))
        key = (operator, inputs, str(listed))
        if key not in self._made:
            known = all(name in self.arrays for name in inputs) and kind.dtype is not None
            array = _worked_out(operator, [self.arrays[name] for name in inputs], attributes) if known else None
            if array is not None and array.size <= LARGEST:
                self._made[key] = self.constant(array)
            else:
                name = self._fresh("v")
                self.nodes[name] = Node(operator, inputs, listed, (name,))
                self.kinds[name] = kind
                self._made[key] = name
        return self._made[key]

    def placed(self, node: Node, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """The values of a node with several outputs, written as it is."""
        names = tuple(self._fresh("v") if output else "" for output in node.outputs)
        twin = Node(node.operator, inputs, node.attributes, names)
        self.nodes |= {name: twin for name in names if name}
        return names

    def sizes(self, shape: Shape) -> str:
        """A shape at run time, (rank,) int64."""
        if not any(size and size % STUDENTS == 0 for size in shape):
            return self.constant(np.array(shape, dtype=np.int64))
        one = Kind(np.dtype(np.int64), (1,))
        students = self.emit("Shape", (self.first,), one, start=0, end=1)
        parts = []
        for size in shape:
            times, rest = divmod(size, STUDENTS)
            if rest or not size:
                parts.append(self.constant([size], np.int64))
            else:
                many = self.constant([times], np.int64)
                parts.append(students if times == 1 else self.emit("Mul", (students, many), one))
        whole = Kind(one.dtype, (len(parts),))
        return self.emit("Concat", tuple(parts), whole, axis=0) if len(parts) > 1 else parts[0]

    def _fresh(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"


def _worked_out(operator: str, arrays: list[Array], attributes: Attributes) -> Array | None:
    """What an operator makes of known values."""
    names = [f"x{i}" for i in range(len(arrays))]
    node = helper.make_node(operator, names, ["y"], **attributes)
    told = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in
            zip(names, arrays, strict=True)]  # fmt: skip
    graph = helper.make_graph([node], "one", told, [helper.make_empty_tensor_value_info("y")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    found: Any = ReferenceEvaluator(model).run(None, dict(zip(names, arrays, strict=True)))
    return np.asarray(found[0])
