"""Sequence: activities one after another in a given order, whatever is answered; after the last, from the first again.

A syllabus, a booklet, one arm of a trial on the order of units: the plainest strategy that a platform can deploy, and
one that a log of such a trial can judge. Whoever did something else goes on from there; what practises none of a
student's goals is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.policy import best, toward_goals
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput, Violations


@dataclass(frozen=True)
class Sequence:
    """Attributes:
    order: ids of the activities; those that are left out are taken only where no other is allowed. Empty: all, in the
        order of the catalogue.
    tracker: what knows the last activity.
    """

    order: tuple[str, ...] = ()
    tracker: Tracker = field(default_factory=Counts)

    def __post_init__(self) -> None:
        check = Violations("sequence")
        for i, activity in enumerate(self.order):
            if activity in self.order[:i]:
                check.add(f"order[{i}]", activity, "stands twice", "Name each activity once.")
        check.raise_all()

    def probabilities(self, view: View) -> Float:
        """All on the next in the order that is allowed, (n, A)."""
        place, length = self._places(view.platform.curriculum)
        last = view.belief.previous
        begun = np.where(last >= 0, np.take(place, last), -1)
        wait = np.mod(place - begun[:, None] - 1, length)
        return best(-np.where(place < length, wait, length + place).astype(np.float64), toward_goals(view))

    def _places(self, curriculum: Curriculum) -> tuple[Int, int]:
        """The place of every activity, those that are not in the order after the rest, (A,), and its length."""
        ids = [a.id for a in curriculum.activities]
        order = self.order or tuple(ids)
        if unknown := [name for name in order if name not in ids]:
            told = ", ".join(repr(name) for name in unknown)
            raise InvalidInput("sequence", [f"order: {told} are not in the catalogue. Take them out"])
        rest = [name for name in ids if name not in order]
        place = {name: i for i, name in enumerate((*order, *rest))}
        return np.array([place[name] for name in ids]), len(order)
