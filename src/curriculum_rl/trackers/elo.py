"""Elo: a rating of the student and one of each concept, moved by every surprise.

    P(right) = g + (r - g) logistic(base_k + theta + theta_k)
    theta <- theta + K (y - P),  theta_k <- theta_k + K (y - P),  K = a / (1 + b n)

with n the answers so far (of the student, of the concept), base_k the logit of the population's first recall, and
g and r the population's chances to be right by luck and by recall, at the activity's difficulty. Pelanek (2016),
doi:10.1016/j.compedu.2016.03.017; a .8-1.0 and b .05 after Papousek, Pelanek & Stanislav (2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import expit, logit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.trackers.tracker import Belief, Float32, Outlook, blank_record
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform


@dataclass
class EloBelief(Belief):
    """Ratings in logits."""

    concept_features: ClassVar[tuple[str, ...]] = ("goal", "seen", "recall", "readiness")
    student_features: ClassVar[tuple[str, ...]] = ("rating",)

    rating: Float  # (n,)
    skill: Float  # (n, K)
    base: Float  # (n, K) logit of the population's recall at first
    gain: float
    damping: float

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """Moves the ratings, in place."""
        lucky, span = (x.take(activity) for x in self.platform.answers)
        theta = self.rating + self.base.take(flat) + self.skill.take(flat)
        chance = lucky + span * self.platform.together(expit(theta), shares)
        surprise = np.where(answered, correct - chance, 0.0)
        count = self.tries.take(flat)
        gain = shares * self.gain / (1.0 + self.damping * count)
        self.skill.ravel()[flat] = self.skill.take(flat) + gain * surprise
        self.rating += self.gain / (1.0 + self.damping * self.steps) * surprise

    def outlook(self) -> Outlook:
        """Recall from the ratings; the rest from the population. It knows nothing of forgetting."""
        recall = expit(self.rating[:, None] + self.base + self.skill)
        one = np.ones_like(recall)
        learn = one * self.platform.filter.learn
        return Outlook(recall, recall, recall, self.readiness(recall), learn, one, one, one)

    def write_features(self, concept: Float32, student: Float32) -> None:
        """Writes goal, tries, recall and readiness of each concept, and the student's rating."""
        outlook = self.outlook()
        concept[:, 0] = self.goals
        concept[:, 1] = self.seen / (self.seen + 4.0)
        concept[:, 2] = outlook.recall
        concept[:, 3] = outlook.readiness
        student[:, 0] = np.tanh(self.rating / 3.0)


@dataclass(frozen=True)
class Elo:
    """Attributes:
    gain: a, the first step in logits per unit of surprise.
    damping: b, how fast steps shrink with answers.
    """

    gain: float = 0.8
    damping: float = 0.05

    def __post_init__(self) -> None:
        check = Violations("elo")
        check.number("gain", self.gain, above=0.0, at_most=10.0)
        check.number("damping", self.damping, at_least=0.0, at_most=10.0)
        check.raise_all()

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return EloBelief

    def start(self, platform: Platform, goals: Bool) -> EloBelief:
        """The belief about n students whose goals are (n, K)."""
        base = logit(np.clip(platform.filter.initial, 1e-3, 1.0 - 1e-3))
        return EloBelief(
            **blank_record(platform, goals),
            rating=np.zeros(len(goals)),
            skill=np.zeros(goals.shape),
            base=np.repeat(base[None], len(goals), axis=0),
            gain=self.gain,
            damping=self.damping,
        )
