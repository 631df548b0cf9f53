"""Policies that end sessions and courses, for tests of what comes of that."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.controls import CONTROLS
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.policy import evenly
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.trackers.tracker import Tracker


@dataclass(frozen=True)
class Ends:
    """After so many activities of any kind it takes a control; the sharing is even until then.

    Attributes:
        control: which it takes.
        after: events that it sees first.
        controls: that it says it learned.
    """

    control: str
    after: int = 0
    tracker: Tracker = field(default_factory=Counts)
    controls: tuple[str, ...] = CONTROLS

    def probabilities(self, view: View) -> Float:
        chance = np.zeros(view.mask.shape)
        activities = len(view.platform.curriculum.activities)
        ends = view.belief.steps >= self.after
        chance[:, :activities] = evenly(view.mask[:, :activities]) * ~ends[:, None]
        chance[ends & view.mask[:, -1], activities + self.controls.index(self.control)] = 1.0
        chance[ends & ~view.mask[:, -1], 0] = 1.0  # who waits for classmates
        return chance
