"""What several nodes read out of one table is read at once, and then split.

Parts of a row that lie side by side are cut out of it; entries of known tables at the same place come from one table
with a column for each; and the practised concept is read from all columns of the state that know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from curriculum_rl.export.graph import STUDENTS
from curriculum_rl.export.layouts import side_by_side
from curriculum_rl.export.rewriting import Kind, Node, Rewriter

COLUMN = (STUDENTS, 1)


def together(graph: Rewriter, nodes: list[Node]) -> list[Node]:
    """The same nodes, fewer of them."""
    for group, fewest, read in ((_of_state, 4, _read_state), (_of_tables, 3, _read_tables), (_of_row, 2, _read_row)):
        found: dict[object, list[Node]] = {}
        for node in nodes:
            key = group(graph, node)
            if key is not None:
                found.setdefault(key, []).append(node)
        for same in found.values():
            nodes = _replaced(graph, nodes, same, read if len(same) >= fewest else _alone)
    return nodes


def _replaced(
    graph: Rewriter, nodes: list[Node], same: list[Node], read: Callable[[Rewriter, list[Node]], list[Node]]
) -> list[Node]:
    """With what reads for all of them where the first of them stood."""
    instead, gone = read(graph, same), {id(node) for node in same}
    at = next(i for i, node in enumerate(nodes) if id(node) in gone)
    return [*nodes[:at], *instead, *(node for node in nodes[at:] if id(node) not in gone)]


def _alone(graph: Rewriter, same: list[Node]) -> list[Node]:
    """Each for itself; a part of a row is cut out."""
    return [_slice(graph, node) if _of_row(graph, node) is not None else node for node in same]


# parts of rows


def _of_row(graph: Rewriter, node: Node) -> object:
    positions = graph.arrays.get(node.inputs[1]) if node.operator == "Gather" else None
    if positions is None or positions.ndim != 1 or not len(positions) or not side_by_side(positions):
        return None
    return None if graph.shape(node.inputs[0]) is None else (node.inputs[0], node.attribute("axis", 0))


def _bounds(graph: Rewriter, node: Node) -> tuple[int, int]:
    positions = graph.arrays[node.inputs[1]]
    return int(positions[0]), int(positions[-1]) + 1


def _slice(graph: Rewriter, node: Node) -> Node:
    bounds = (*_bounds(graph, node), node.attribute("axis", 0))
    return Node("Slice", (node.inputs[0], *(graph.constant([x], np.int64) for x in bounds)), (), node.outputs)


def _read_row(graph: Rewriter, same: list[Node]) -> list[Node]:
    """One split where they lie apart."""
    parts = sorted(same, key=lambda node: _bounds(graph, node))
    bounds = [_bounds(graph, node) for node in parts]
    if any(a[1] > b[0] for a, b in pairwise(bounds)):
        return _alone(graph, same)
    source, axis = parts[0].inputs[0], parts[0].attribute("axis", 0)
    widths, names, at = [], [], 0
    for (start, stop), node in zip(bounds, parts, strict=True):
        if start > at:
            widths.append(start - at)
            names.append(f"{node.outputs[0]}/before")
        widths.append(stop - start)
        names.append(node.outputs[0])
        at = stop
    whole = (graph.shape(source) or ())[axis]
    if at < whole:
        widths.append(whole - at)
        names.append(f"{parts[-1].outputs[0]}/after")
    return [_split(graph, source, axis, widths, names)]


def _split(graph: Rewriter, source: str, axis: int, widths: Sequence[int], names: Sequence[str]) -> Node:
    return Node("Split", (source, graph.constant(list(widths), np.int64)), (("axis", axis),), tuple(names))


# entries of known tables at the same place


def _of_tables(graph: Rewriter, node: Node) -> object:
    if node.operator != "Gather" or node.attribute("axis", 0) != 0 or graph.shape(node.inputs[1]) != COLUMN:
        return None
    table = graph.arrays.get(node.inputs[0])
    return None if table is None or table.ndim != 1 else (node.inputs[1], table.dtype.name, len(table))


def _read_tables(graph: Rewriter, same: list[Node]) -> list[Node]:
    tables = graph.constant(np.stack([graph.arrays[node.inputs[0]] for node in same], axis=1))
    row = f"{same[0].outputs[0]}/row"
    read = Node("GatherND", (tables, same[0].inputs[1]), (), (row,))
    return [read, _split(graph, row, 1, [1] * len(same), [node.outputs[0] for node in same])]


# the same column of several parts of the state


def _of_state(graph: Rewriter, node: Node) -> object:
    if node.operator != "GatherElements" or graph.shape(node.inputs[1]) != COLUMN or node.attribute("axis", 0) != 1:
        return None
    part = graph.nodes.get(node.inputs[0])
    row = _of_row(graph, part) if part is not None else None
    return None if part is None or row != (part.inputs[0], 1) else (row, node.inputs[1])


def _read_state(graph: Rewriter, same: list[Node]) -> list[Node]:
    parts = [graph.nodes[node.inputs[0]] for node in same]
    starts = graph.constant([[_bounds(graph, part)[0] for part in parts]], np.int64)
    name = same[0].outputs[0]
    graph.kinds[f"{name}/row"] = Kind(graph.dtype(name), (STUDENTS, len(same)))
    return [
        Node("Add", (same[0].inputs[1], starts), (), (f"{name}/places",)),
        Node("GatherElements", (parts[0].inputs[0], f"{name}/places"), (("axis", 1),), (f"{name}/row",)),
        _split(graph, f"{name}/row", 1, [1] * len(same), [node.outputs[0] for node in same]),
    ]
