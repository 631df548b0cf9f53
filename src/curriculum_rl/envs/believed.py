"""The gate of mastery learning: activities on concepts whose prerequisites the tracker does not yet believe are shut.

A concept is open where every 1 - strength * (1 - believed recall of the prerequisite) reaches `believed`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Bool
from curriculum_rl.trackers.tracker import Belief
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import Platform


@dataclass(frozen=True)
class Believed:
    """Attributes:
    believed: in (0, 1]; .95 is what tutoring systems use for mastery (Corbett & Anderson 1995).
    """

    believed: float = 0.95

    def __post_init__(self) -> None:
        check = Violations("gate")
        check.number("believed", self.believed, above=0.0, at_most=1.0)
        check.raise_all()

    def mask(self, belief: Belief) -> Bool:
        """Which activities are open to each student, (n, A)."""
        curriculum = belief.platform.curriculum
        recall = belief.outlook().recall
        open_ = np.ones(recall.shape, dtype=np.bool_)
        for parent, strength in zip(*curriculum.parents, strict=True):
            open_ &= 1.0 - strength * (1.0 - recall.take(parent, axis=1)) >= self.believed
        concepts, shares = curriculum.loads
        mask = np.ones((len(recall), len(curriculum.activities)), dtype=np.bool_)
        for concept, share in zip(concepts, shares, strict=True):
            mask &= open_.take(concept, axis=1) | (share == 0)
        return mask

    def check(self, platform: Platform) -> None:
        """Refuses a curriculum in which a new student might find nothing open."""
        curriculum = platform.curriculum
        rooted: Bool = (curriculum.requires == 0).all(axis=0)
        concepts, shares = curriculum.loads
        if not (rooted.take(concepts) | (shares == 0)).all(axis=0).any():
            reason = "no activity is on concepts without prerequisites: a new student could start nothing"
            raise InvalidInput("gate", [reason])
