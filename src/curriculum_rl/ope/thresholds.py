"""From where on an answer is refused, withheld or warned about: settings, printed beside every answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import norm

from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Thresholds:
    """Attributes:
    off_support: share of the target's choices that the log may never show before reweighting is refused.
    effective: students whom an answer must at least rest on, effectively.
    effective_clusters: clusters, where whole ones were drawn (assumed).
    largest_share: of all weight, that one student or cluster may have.
    carrying: students who must at least carry the spread of an estimate, for its interval to be believed: fewer
        than 15 went with coverage down to .82 (`experiments/estimators-against-truth`).
    surprise: standard errors by which a mean that should be 1 may be off (assumed).
    gamma: factor by which unrecorded reasons may have moved a student's weight, where propensities were estimated
        (assumed).
    leaving: difference in the share who leave that is worth a warning (assumed).
    effect: difference that a pilot should show, standard deviations of returns (assumed).
    power: with which it should.
    smallest_group: students of the smallest group that results are shown for.
    """

    off_support: float = 0.01
    effective: float = 30.0
    effective_clusters: float = 10.0
    largest_share: float = 0.2
    carrying: float = 15.0
    surprise: float = 4.0
    gamma: float = 1.5
    leaving: float = 0.01
    effect: float = 0.2
    power: float = 0.8
    smallest_group: int = 10

    def __post_init__(self) -> None:
        check = Violations("thresholds of the verdict")
        for name in ("off_support", "largest_share", "leaving"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=1.0)
        for name in ("effective", "effective_clusters", "carrying", "surprise"):
            check.number(name, getattr(self, name), at_least=0.0)
        check.number("gamma", self.gamma, at_least=1.0)
        check.number("effect", self.effect, above=0.0)
        check.number("power", self.power, above=0.5, below=1.0)
        check.number("smallest_group", self.smallest_group, at_least=2, whole=True)
        check.raise_all()

    @property
    def pilot(self) -> int:
        """Students of a pilot with two equal arms that shows the effect at the 5% level: 4 (z + z')^2 / effect^2."""
        arm = 2.0 * ((float(norm.ppf(0.975)) + float(norm.ppf(self.power))) / self.effect) ** 2
        return 2 * math.ceil(arm)
