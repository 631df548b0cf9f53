"""The same graph with fewer nodes: what an exported step costs is, for one student, the number of its nodes.

What nothing depends on is left out, what stands twice is made once, what is known is worked out, and the rules of
`arithmetic.py` and `layout_rules.py` are applied until they change nothing. Last, what several nodes read out of one
table is read at once (`together.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from curriculum_rl.export import arithmetic, layout_rules
from curriculum_rl.export.graph import TYPES, Graph
from curriculum_rl.export.rewriting import Kind, Node, Rewriter
from curriculum_rl.export.together import together

RULES = layout_rules.RULES | arithmetic.RULES
MOST_PASSES = 50


def simplified(
    graph: Graph, outputs: dict[str, str], single: bool = False
) -> tuple[list[NodeProto], list[TensorProto]]:
    """Nodes and constants of a graph that is as short as the rules make it.

    Args:
        graph: as it was traced.
        outputs: the value of each output.
        single: whether to work in single precision throughout.
    """
    kinds = {name: Kind(np.dtype(dtype), shape) for name, (dtype, shape) in graph.told.items()}
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.tensors}
    kinds |= {name: Kind(array.dtype, array.shape) for name, array in arrays.items()}
    nodes = [_read(node) for node in graph.nodes]
    before = Rewriter(graph.first, RULES, {o: node for node in nodes for o in node.outputs if o}, arrays, kinds)
    results = outputs
    for narrow in (False, True) if single else (False,):
        if narrow:
            before = _narrowed(before)
        for _ in range(MOST_PASSES):
            after, results = _rebuilt(before, results, graph.named)
            if list(after.nodes.values()) == list(before.nodes.values()):
                break
            before = after
    return _written(after, results)


def _read(node: NodeProto) -> Node:
    attributes = [(a.name, _plain(helper.get_attribute_value(a))) for a in node.attribute]
    return Node(node.op_type, tuple(node.input), tuple(sorted(attributes, key=lambda a: a[0])), tuple(node.output))


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else tuple(value) if isinstance(value, list) else value


def _rebuilt(before: Rewriter, results: dict[str, str], named: set[str]) -> tuple[Rewriter, dict[str, str]]:
    """All that the results depend on, made again by the rules."""
    after = Rewriter(before.first, RULES)
    new: dict[str, str] = {"": ""}

    def value(name: str) -> str:
        if name not in new:
            if name in before.arrays:
                new[name] = after.constant(before.arrays[name], name=name if name in named else "")
            else:  # an input
                new[name], after.kinds[name] = name, before.kinds.get(name, Kind())
        return new[name]

    for node in _needed(before, results.values()):
        inputs = tuple(value(name) for name in node.inputs)
        if len(node.outputs) == 1:
            name = node.outputs[0]
            kind = before.kinds.get(name, Kind())
            if node.operator == "Constant":
                new[name] = after.constant(numpy_helper.to_array(node.attribute("value")))
                continue
            new[name] = after.build(node.operator, inputs, kind, **dict(node.attributes))
        else:
            new |= dict(zip(node.outputs, after.placed(node, inputs), strict=True))
    return after, {output: value(name) for output, name in results.items()}


def _needed(graph: Rewriter, results: Iterable[str]) -> list[Node]:
    """The nodes that these values depend on, in an order in which they can be made."""
    order: dict[int, Node] = {}
    waiting = list(results)[::-1]
    while waiting:
        name = waiting[-1]
        node = graph.nodes.get(name)
        if node is None or id(node) in order:
            waiting.pop()
            continue
        missing = [i for i in node.inputs if i in graph.nodes and id(graph.nodes[i]) not in order]
        if missing:
            waiting += missing[::-1]
        else:
            order[id(node)] = node
            waiting.pop()
    return list(order.values())


def _narrowed(graph: Rewriter) -> Rewriter:
    """Every number of double precision in single precision."""

    def narrow(kind: Kind) -> Kind:
        return Kind(np.dtype(np.float32), kind.shape) if kind.dtype == np.float64 else kind

    arrays = {n: a.astype(np.float32) if a.dtype == np.float64 else a for n, a in graph.arrays.items()}
    to_single = {("to", TYPES["float64"]): ("to", TYPES["float32"])}
    nodes: dict[str, Node] = {}
    for node in _needed(graph, graph.nodes):
        attributes = tuple(to_single.get(a, a) for a in node.attributes) if node.operator == "Cast" else node.attributes
        twin = Node(node.operator, node.inputs, attributes, node.outputs)
        nodes |= {output: twin for output in node.outputs if output}
    return Rewriter(graph.first, RULES, nodes, arrays, {name: narrow(kind) for name, kind in graph.kinds.items()})


def _written(graph: Rewriter, results: dict[str, str]) -> tuple[list[NodeProto], list[TensorProto]]:
    nodes = together(graph, _needed(graph, results.values()))
    made: dict[str, str] = {}  # values that have the name of an output
    for output, name in results.items():
        if name in graph.nodes and name not in made:
            made[name] = output
    written = [
        helper.make_node(
            node.operator,
            [made.get(name, name) for name in node.inputs],
            [made.get(name, name) for name in node.outputs],
            **dict(node.attributes),
        )
        for node in nodes
    ]
    for output, name in results.items():
        if made.get(name) != output:
            written.append(helper.make_node("Identity", [made.get(name, name)], [output]))
    used = dict.fromkeys(name for node in nodes for name in node.inputs if name in graph.arrays)
    used |= dict.fromkeys(name for name in results.values() if name in graph.arrays)
    return written, [numpy_helper.from_array(np.ascontiguousarray(graph.arrays[name]), name) for name in used]
