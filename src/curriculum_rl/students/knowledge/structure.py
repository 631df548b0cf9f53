"""A knowledge structure as a graph: which of K concepts builds on which, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.violations import Violations

Links = tuple[tuple[int, int], ...]
"""Pairs (prerequisite, what builds on it), by position."""


def links_of(curriculum: Curriculum) -> Links:
    """Its prerequisites, whatever their strength."""
    at = curriculum.concept_index
    return tuple((at[p.prerequisite], at[p.concept]) for p in curriculum.prerequisites)


def check_links(links: Links, concepts: int, check: Violations) -> None:
    """Notes links to concepts that are none, and links that lead back to where they began."""
    wrong = [i for i, link in enumerate(links) if not all(0 <= k < concepts for k in link)]
    for i in wrong:
        check.add(f"links[{i}]", links[i], f"must name two of the {concepts} concepts, from 0")
    if not wrong and concepts:
        after = Structure(links, concepts).after.astype(np.float64)
        if np.linalg.matrix_power(np.eye(concepts) + after, concepts).trace() > concepts:
            check.add("links", links, "must not lead back to where they began")


@dataclass(frozen=True)
class Structure:
    """Attributes:
    links: pairs of positions.
    concepts: K.
    """

    links: Links
    concepts: int

    @cached_property
    def after(self) -> Bool:
        """(K, K): entry [j, k] says whether k builds on j."""
        matrix = np.zeros((self.concepts, self.concepts), dtype=np.bool_)
        for prerequisite, concept in self.links:
            matrix[prerequisite, concept] = True
        return matrix

    @cached_property
    def near(self) -> Bool:
        """(K, K): entry [j, k] says whether k is within reach of j.

        Within reach are j, what builds on it, what it builds on, and what these last are built on or unlock.
        """
        after = self.after.astype(np.int64)
        before = after.T
        near: Bool = (np.eye(self.concepts, dtype=np.int64) + after + before + before @ (after + before)) > 0
        return near

    @cached_property
    def parents(self) -> tuple[Int, Float]:
        """Prerequisites of each concept, (P, K), padded with concept 0 at weight 0."""
        of = [np.flatnonzero(column) for column in self.after.T]
        concepts = np.zeros((max(map(len, of)), self.concepts), dtype=np.int64)
        weights = np.zeros(concepts.shape)
        for k, parents in enumerate(of):
            concepts[: len(parents), k], weights[: len(parents), k] = parents, 1.0
        return concepts, weights

    def lift(self, share: float) -> Float:
        """(K, K): how much of a rise of j arrives at k, when this share goes on along every link, over all paths."""
        step = share * self.after
        lift = power = np.eye(self.concepts)
        for _ in range(self.concepts):
            power = power @ step
            lift = lift + power
        return lift
