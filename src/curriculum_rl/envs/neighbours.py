"""The gate of worlds in which only a neighbour of what was last practised can be practised next.

Such a world ignores everything else without a word (`Knowledge.follows`); this gate says so beforehand. Without it a
policy may choose what will be ignored, and spends a step on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.batch import Bool
from curriculum_rl.trackers.tracker import Belief
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform


@dataclass(frozen=True)
class Neighbours:
    """No settings: the world says what can follow what. Before the first activity everything is open."""

    def mask(self, belief: Belief) -> Bool:
        """Which activities are open to each student, (n, A)."""
        follows, concept = belief.platform.follows, belief.platform.curriculum.loads[0][0]
        assert follows is not None  # as `check` has seen
        mask: Bool = follows[:, concept][concept[belief.previous]]
        mask[belief.previous < 0] = True
        return mask

    def check(self, platform: Platform) -> None:
        """Refuses a world in which everything can follow everything."""
        if platform.follows is None:
            reason = "in this world every activity can follow every other: there is nothing to mask. Leave out the gate"
            raise InvalidInput("gate", [reason])
