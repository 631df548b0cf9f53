"""Easiest first: of what is not mastered, the goal's activity that the student is likeliest to answer rightly.

    a = argmax P(right on a)      over activities that practise a goal with P(known) < believed

The order from easy to hard, by belief: a plain baseline, which stays where success is until it counts as mastery. When
all goals are mastered, the easiest activity on any goal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.policy import best, practising, toward_goals
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class EasiestFirst:
    """Attributes:
    believed: P(known) at which a concept counts as mastered, in (0, 1].
    tracker: what believes.
    """

    believed: float = 0.95
    tracker: Tracker = field(default_factory=BKTFilter)

    def __post_init__(self) -> None:
        check = Violations("easiest_first")
        check.number("believed", self.believed, above=0.0, at_most=1.0)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """What counts as mastered."""
        return [replace(self, believed=b) for b in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)]

    def probabilities(self, view: View) -> Float:
        """All on the easiest, (n, A); what asks for no answer comes where nothing else is."""
        belief, curriculum = view.belief, view.platform.curriculum
        outlook = belief.outlook()
        left = practising(curriculum, belief.goals & (outlook.stored < self.believed))
        score = belief.success(outlook.recall) + 2.0 * (left & curriculum.answered) - 2.0 * ~curriculum.answered
        return best(score, toward_goals(view))
