"""Numbers added one after the other at places of each student's are added all at once.

    x[student, i] += u;  x[student, j] += v      is      x with u and v added at (i, j)

A trace writes each of them as a choice, where(i == places, x[i] + u, x); the order of the sums stays.
"""

from __future__ import annotations

import numpy as np

from curriculum_rl.export.graph import STUDENTS
from curriculum_rl.export.layouts import concatenated
from curriculum_rl.export.rewriting import Kind, Rewriter

COLUMN = (STUDENTS, 1)


def added_at(g: Rewriter, condition: str, chosen: str, other: str, kind: Kind) -> str | None:
    """where(at == places, x[at] + number, x), where x is the same everywhere or was made so; else None."""
    if g.operator(condition) != "Equal" or g.operator(chosen) != "Add":
        return None
    at, places = g.nodes[condition].inputs
    width = kind.shape[-1] if kind.shape else 0
    if places not in g.arrays or not np.array_equal(g.arrays[places].ravel(), np.arange(width)):
        return None
    for read, number in (g.nodes[chosen].inputs, g.nodes[chosen].inputs[::-1]):
        if g.operator(read) != "GatherElements" or g.nodes[read].inputs[1] != at or g.shape(number) != COLUMN:
            continue
        if g.nodes[read].attribute("axis", 0) != 1:
            continue
        x = g.nodes[read].inputs[0]
        even = g.operator(x) == "Expand" and other in (x, g.nodes[x].inputs[0])
        if g.shape(x) == kind.shape and (even or (x == other and _sums(g, x))):
            return _added(g, x, at, number, kind)
    return None


def _sums(g: Rewriter, x: str) -> bool:
    return g.operator(x) == "ScatterElements" and g.nodes[x].attribute("reduction") == "add"


def _added(g: Rewriter, x: str, at: str, number: str, kind: Kind) -> str:
    if _sums(g, x):
        x, places, numbers = g.nodes[x].inputs
        at, number = concatenated(g, (places, at), 1), concatenated(g, (numbers, number), 1)
    return g.emit("ScatterElements", (x, at, number), kind, axis=1, reduction="add")
