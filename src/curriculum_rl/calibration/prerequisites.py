"""Prerequisites inferred from a log that does not hold them, by a stated rule.

A is taken for a prerequisite of B where, among students who met both (and not first in one and the same item):
    1. at least `MET` students of evidence, and at least 65% of them met A first;
    2. knowing A helps with B: among those who met A first, the share right on A so far, (right + 1) / (tries + 2),
       goes with the first answer on B beyond what the fitted model, which knows the student's ability from all
       earlier answers, already expected: score test of one more term in the logit, z at least `HELPS`.
Edges are taken in falling order of z, skipping any that would close a cycle; edges that a longer path implies are
dropped (transitive reduction); at most four parents stay, those of highest z. How strongly B's learning depends on A
the log cannot say: the pack assumes that it does in full, but for the population's leak.

Score test: Rao (1948). The order of a course is evidence of what its authors thought, not proof of a need.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.calibration.attempts import Attempts

MET = 50
FIRST_SHARE = 0.65
HELPS = 1.28
MOST_PARENTS = 4


@dataclass(frozen=True)
class Edge:
    """One inferred prerequisite: positions of the concepts, students of evidence, share who met it first, z."""

    prerequisite: int
    concept: int
    students: int
    first_share: float
    z: float


@dataclass(frozen=True)
class Map:
    """What was inferred.

    Attributes:
        edges: the prerequisites that stand.
        compared: ordered pairs of concepts with enough students.
        ordered: of these, pairs where enough students met the one first.
        helping: of these, pairs where knowing the one helps with the other.
    """

    edges: tuple[Edge, ...]
    compared: int
    ordered: int
    helping: int


def infer_prerequisites(attempts: Attempts, predicted: Float, among: Bool) -> Map:
    """Infers the map among some concepts, (K,) bool, from one-step predictions of each try, (n,)."""
    chains, k = attempts.chains, len(attempts.concepts)
    begin = slice(0, chains.count)
    first = np.full((len(attempts.students), k), -1, dtype=np.int64)
    first[chains.student[begin], chains.concept[begin]] = chains.row[begin]
    met = first >= 0
    edges: list[Edge] = []
    compared = ordered = 0
    for b in np.flatnonzero(among):
        before = met & (first < first[:, [b]]) & met[:, [b]]
        after = met & (first > first[:, [b]]) & met[:, [b]]
        earlier, both = before.sum(axis=0), (before | after).sum(axis=0)
        share = earlier / np.maximum(both, 1)
        enough = among & (both >= MET)
        enough[b] = False
        candidates = np.flatnonzero(enough & (share >= FIRST_SHARE))
        compared += int(enough.sum())
        ordered += len(candidates)
        if not len(candidates):
            continue
        known = _share_right(attempts, first[:, b])
        for a in candidates:
            who = before[:, a]
            z = _score(known[who, a], predicted[first[who, b]], attempts.right[first[who, b]])
            if z >= HELPS:
                edges.append(Edge(int(a), int(b), int(both[a]), float(share[a]), z))
    return Map(tuple(_thinned(edges, k)), compared, ordered, len(edges))


def _share_right(attempts: Attempts, until: Int) -> Float:
    """(right + 1) / (tries + 2) of each student on each concept before that student's row `until`, (U, K)."""
    chains, k = attempts.chains, len(attempts.concepts)
    past = chains.row < until[chains.student]
    key = (chains.student * k + chains.concept)[past]
    size = len(attempts.students) * k
    tries = np.bincount(key, minlength=size)
    right = np.bincount(key, weights=chains.right[past], minlength=size)
    share: Float = ((right + 1.0) / (tries + 2.0)).reshape(-1, k)
    return share


def _score(x: Float, predicted: Float, right: Float) -> float:
    """z of the score test that x adds nothing to logit(predicted), with the intercept free."""
    information = predicted * (1.0 - predicted)
    centred = x - (information @ x) / information.sum()
    variance = float(information @ centred**2)
    return float(centred @ (right - predicted)) / np.sqrt(variance) if variance > 1e-9 else 0.0


def _thinned(edges: list[Edge], concepts: int) -> list[Edge]:
    """No cycles, nothing that a longer path implies, at most `MOST_PARENTS` parents."""
    reaches = np.eye(concepts, dtype=np.bool_)  # [a, b]: a path leads from a to b
    kept: dict[tuple[int, int], Edge] = {}
    for edge in sorted(edges, key=lambda e: (-e.z, e.prerequisite, e.concept)):
        a, b = edge.prerequisite, edge.concept
        if reaches[b, a]:
            continue
        kept[a, b] = edge
        reaches |= np.outer(reaches[:, a], reaches[b])
    children: dict[int, list[int]] = {}
    for a, b in kept:
        children.setdefault(a, []).append(b)
    direct = [edge for (a, b), edge in kept.items() if not any(c != b and reaches[c, b] for c in children[a])]
    parents: dict[int, int] = {}
    thinned = []
    for edge in sorted(direct, key=lambda e: (-e.z, e.prerequisite, e.concept)):
        parents[edge.concept] = parents.get(edge.concept, 0) + 1
        if parents[edge.concept] <= MOST_PARENTS:
            thinned.append(edge)
    return sorted(thinned, key=lambda e: (e.concept, e.prerequisite))
