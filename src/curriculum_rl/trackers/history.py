"""History: what was done, what came of it, and how many steps ago, by concept; for a network to find out the rest.

    tries t / (t + 4);  right r / (t + 1);  last answer 1, -1 or 0;  recent 1 / steps since the last try
    left 2^-m and taught m / (m + 4) of the m tries that could follow what came before (`Platform.follows`)

It believes what `counts.py` believes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.trackers.counts import HALF, Counts, CountsBelief
from curriculum_rl.trackers.tracker import Belief, Float32, held
from curriculum_rl.world import Platform


@dataclass
class HistoryBelief(CountsBelief):
    """Counts, and the last answer, the last step and the tries that could follow of each concept."""

    concept_features: ClassVar[tuple[str, ...]] = (
        "goal",
        "tries",
        "right",
        "answer",
        "recent",
        "previous",
        "left",
        "taught",
    )
    student_features: ClassVar[tuple[str, ...]] = ("answer",)

    answer: Float  # (n, K) the last one: 1 right, -1 wrong, 0 none yet
    done: Float  # (n, K) number of the step of the last practice, from 1; 0: none yet
    taught: Float  # (n, K) tries that could follow what came before
    newest: Float  # (n,) the last answer to anything, likewise

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """Takes in the event, in place."""
        sign, real = np.where(correct, 1.0, -1.0), shares > 0
        self.answer.ravel()[flat] = np.where(real & answered, sign, self.answer.take(flat))
        self.done.ravel()[flat] = np.where(real, self.steps + 1.0, self.done.take(flat))
        self.taught.ravel()[flat] = self.taught.take(flat) + (real & self.can_follow(activity))
        self.newest[:] = np.where(answered, sign, self.newest)

    def write_features(self, concept: Float32, student: Float32) -> None:
        """Writes those of each concept, and the last answer."""
        concept[:, :3] = self.planes
        concept[:, 3] = self.answer
        concept[:, 4] = np.where(self.done > 0, 1.0 / (self.steps[:, None] + 1.0 - self.done), 0.0)
        latest = self.platform.curriculum.loads[0][0].take(self.previous)[:, None] == np.arange(self.goals.shape[1])
        concept[:, 5] = latest & (self.previous >= 0)[:, None]
        concept[:, 6] = 0.5**self.taught
        concept[:, 7] = self.taught / (self.taught + HALF)
        student[:, 0] = self.newest


@dataclass(frozen=True)
class History:
    """Attributes:
    prior: as in `Counts`.
    """

    prior: float = 2.0

    def __post_init__(self) -> None:
        Counts(self.prior)  # which checks it

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return HistoryBelief

    def start(self, platform: Platform, goals: Bool) -> HistoryBelief:
        """The belief about n students whose goals are (n, K)."""
        return HistoryBelief(
            **held(Counts(self.prior).start(platform, goals)),
            answer=np.zeros(goals.shape),
            done=np.zeros(goals.shape),
            taught=np.zeros(goals.shape),
            newest=np.zeros(len(goals)),
        )
