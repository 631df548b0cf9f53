"""Recall threshold: what is believed to be recalled less surely than a threshold is reviewed, before anything new.

    due = goals practised before whose believed P(known and recalled now) < threshold

of which the one nearest to the threshold comes first, as it has just fallen under it; or the least recalled one. Where
none is due, a new goal in the order of the curriculum; where none is new, the one least recalled. With prerequisites,
nearest first keeps a course from being spent on what will not come.

Reddy, Levine & Dragan (2017), "Accelerating human learning with deep reinforcement learning", whose threshold policy is
told the true recall (`true_recall_threshold` in `evaluation/oracles.py`); Khajah, Lindsey & Mozer (2014),
doi:10.1111/tops.12077, find thresholds near the best of schedules in models of memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.order import goals_alone, position
from curriculum_rl.policies.schedule import TIER
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class RecallThreshold:
    """Attributes:
    threshold: P(known and recalled now) under which a goal is due, in [0, 1].
    nearest: whether the one nearest to the threshold comes first of those that are due, or the least recalled.
    lesson: how a concept is taught.
    tracker: what believes.
    """

    threshold: float = 0.7
    nearest: bool = True
    lesson: Lesson = field(default_factory=Lesson)
    tracker: Tracker = field(default_factory=BKTFilter)

    def __post_init__(self) -> None:
        check = Violations("recall_threshold")
        check.number("threshold", self.threshold, at_least=0.0, at_most=1.0)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """Thresholds, which comes first, and other ways of teaching."""
        yield from (replace(self, threshold=t) for t in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9))
        yield from (replace(self, nearest=x) for x in (True, False))
        yield from (replace(self, lesson=lesson) for lesson in self.lesson.variants())

    def probabilities(self, view: View) -> Float:
        """All on what is due first, else on what is new, (n, A)."""
        belief, outlook = view.belief, view.belief.outlook()
        recall, new = outlook.recall, belief.seen == 0
        due = recall if self.nearest else -recall
        priority = np.where(recall < self.threshold, 2 * TIER + due, -recall)
        priority = np.where(new, TIER - position(view.platform.curriculum), priority)
        return self.lesson.probabilities(view, goals_alone(priority, belief.goals), outlook.stored)
