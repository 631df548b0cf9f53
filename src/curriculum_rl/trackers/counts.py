"""Counts: tries, right answers and time since, by concept. The plainest record that a platform can keep.

Recall is believed to be (right + prior * first) / (tries + prior), put on the scale of the population's guess and
slip, with `first` the population's accuracy at a first try. It knows nothing of forgetting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.trackers.tracker import Belief, Float32, Outlook, blank_record
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform

HALF = 4.0
"""Tries at which the feature `tries` is one half."""


@dataclass
class CountsBelief(Belief):
    """The record itself; its features change at the practised concepts alone."""

    concept_features: ClassVar[tuple[str, ...]] = ("goal", "tries", "right", "since")
    by_entry: ClassVar[bool] = True

    prior: float
    planes: Float32 = field(repr=False)  # (n, 3, K): goal, tries and right, ready to be copied
    practised: Float32 = field(repr=False)  # (n, K) day of the last practice, as a share of `span`
    span: float

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """Nothing beyond the record."""

    def note(self, flat: Int, seen: Float, tries: Float, right: Float, last: Float) -> None:
        """Brings the features of the practised concepts up to date."""
        concepts = self.goals.shape[1]
        plane = flat + (2 * self.rows + concepts)  # of `tries`, in (n, 3, K) instead of (n, K)
        planes = self.planes.ravel()
        planes[plane] = (seen / (seen + HALF)).astype(np.float32)  # the fast path of such a write casts nothing
        planes[plane + concepts] = (right / (tries + 1.0)).astype(np.float32)
        self.practised.ravel()[flat] = (last / self.span).astype(np.float32)

    def outlook(self) -> Outlook:
        """Recall from the share of right answers; the rest from the population."""
        return counted(self, self.prior)

    def write_features(self, concept: Float32, student: Float32) -> None:
        """Writes goal, tries, right and time since, (n, 4, K)."""
        concept[:, :3] = self.planes
        now = (self.now / self.span).astype(np.float32)
        # One long difference, then a copy: faster than a short difference for each student.
        concept[:, 3] = (now.repeat(self.goals.shape[1]) - self.practised.ravel()).reshape(self.goals.shape)


def counted(belief: Belief, prior: float) -> Outlook:
    """What the record of any belief says, with a prior of so many tries."""
    known = belief.platform.filter
    spread = 1.0 - known.slip - known.guess
    first = known.guess + spread * known.initial
    rate = (belief.right + prior * first) / (belief.tries + prior)
    recall = np.clip((rate - known.guess) / spread, 0.0, 1.0)
    one = np.ones_like(recall)
    return Outlook(recall, recall, recall, belief.readiness(recall), one * known.learn, one, one, one)


@dataclass(frozen=True)
class Counts:
    """Attributes:
    prior: tries that the population's first accuracy counts for; assumed.
    """

    prior: float = 2.0

    def __post_init__(self) -> None:
        check = Violations("counts")
        check.number("prior", self.prior, above=0.0, at_most=1000.0)
        check.raise_all()

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return CountsBelief

    def start(self, platform: Platform, goals: Bool) -> CountsBelief:
        """The belief about n students whose goals are (n, K)."""
        planes = np.zeros((len(goals), 3, goals.shape[1]), dtype=np.float32)
        planes[:, 0] = goals
        span = platform.course.test_day
        practised = np.full(goals.shape, float(platform.course.days[0]) / span, dtype=np.float32)
        record = blank_record(platform, goals)
        return CountsBelief(**record, prior=self.prior, planes=planes, practised=practised, span=span)
