"""Any allowed activity, each equally likely."""

from __future__ import annotations

from dataclasses import dataclass, field

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.policy import evenly
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.trackers.tracker import Tracker


@dataclass(frozen=True)
class Random:
    """Attributes:
    tracker: what the mask is made from, where activities are gated.
    """

    tracker: Tracker = field(default_factory=Counts)

    def probabilities(self, view: View) -> Float:
        """The same for every activity that is not masked, (n, A)."""
        return evenly(view.mask)
