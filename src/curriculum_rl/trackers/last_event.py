"""The last event alone: a network that sees it has to remember the rest by itself (`agents/recurrent_ppo.py`).

Of each concept: whether it is a goal, its share w in the last activity, and w, -w or 0 for an answer that was right,
wrong, or not asked for. Of the activity: difficulty d (logits) as tanh(d / 3), learning m as m / (1 + m), and the days
since it was chosen, t / (1 + t); all 0 before the first.

The outlook, which masks are made from, is that of `counts.py`: what the record of all events says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.trackers.counts import counted
from curriculum_rl.trackers.tracker import Belief, Float32, Outlook, blank_record
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform


@dataclass
class LastEventBelief(Belief):
    """The features of the last event, ready to be copied."""

    concept_features: ClassVar[tuple[str, ...]] = ("goal", "practised", "answer")
    student_features: ClassVar[tuple[str, ...]] = ("difficulty", "learning", "elapsed")

    prior: float
    planes: Float32 = field(repr=False)  # (n, 3, K)
    event: Float32 = field(repr=False)  # (n, 3)

    def update(self, activity: Int, correct: Bool, elapsed: Float) -> None:
        """As `Belief.update`, with the days."""
        super().update(activity, correct, elapsed)
        self.event[:, 2] = elapsed / (1.0 + elapsed)

    def rest(self, rows: Int, days: Float) -> None:
        """As `Belief.rest`; the days since the last event grow where there was one."""
        super().rest(rows, days)
        elapsed = self.event[rows, 2].astype(np.float64)
        elapsed = elapsed / (1.0 - elapsed) + days
        self.event[rows, 2] = np.where(self.steps[rows] > 0, elapsed / (1.0 + elapsed), 0.0)

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """Writes this event over the one before."""
        curriculum, lanes = self.platform.curriculum, np.arange(len(activity))
        said = np.where(answered, np.where(correct, 1.0, -1.0), 0.0)
        self.planes[:, 1:] = 0.0
        practised, answer = self.planes[:, 1], self.planes[:, 2]
        for concept, share in zip(concepts, shares, strict=True):  # added, as what pads an activity has a share of 0
            practised[lanes, concept] += share
            answer[lanes, concept] += share * said
        learning = curriculum.learning.take(activity)
        self.event[:, 0] = np.tanh(curriculum.difficulty.take(activity) / 3.0)
        self.event[:, 1] = learning / (1.0 + learning)

    def outlook(self) -> Outlook:
        """Recall from the share of right answers; the rest from the population."""
        return counted(self, self.prior)

    def write_features(self, concept: Float32, student: Float32) -> None:
        """Writes the goals and the last event."""
        concept[:] = self.planes
        student[:] = self.event


@dataclass(frozen=True)
class LastEvent:
    """Attributes:
    prior: tries that the population's first accuracy counts for in the outlook; assumed.
    """

    prior: float = 2.0

    def __post_init__(self) -> None:
        check = Violations("last event")
        check.number("prior", self.prior, above=0.0, at_most=1000.0)
        check.raise_all()

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return LastEventBelief

    def start(self, platform: Platform, goals: Bool) -> LastEventBelief:
        """The belief about n students whose goals are (n, K)."""
        planes = np.zeros((len(goals), 3, goals.shape[1]), dtype=np.float32)
        planes[:, 0] = goals
        event = np.zeros((len(goals), 3), dtype=np.float32)
        return LastEventBelief(**blank_record(platform, goals), prior=self.prior, planes=planes, event=event)
