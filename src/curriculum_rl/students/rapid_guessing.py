"""Rapid guessing: an answer given in no time, that tells nothing and teaches nothing.

    P(rapid) = logistic(intercept + offset of the subgroup - engagement (level - 1/2))
    minutes * haste,   P(right) = right,   learning * learning

Wise & Kong (2005), doi:10.1207/s15324818ame1802_2: rapid answers are right at the rate of chance, and come from low
effort. The numbers are assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scipy.special import expit

from curriculum_rl.batch import Float
from curriculum_rl.students.traits import Group, check_offsets
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class RapidGuessing:
    """Attributes:
    intercept: logit of guessing rapidly at engagement 1/2.
    by_group: logits added for a subgroup, by its name or a part of it.
    engagement: logits that full engagement takes away, against none.
    haste: share of the usual minutes that a rapid guess takes, in (0, 1].
    right: P(right) of a rapid guess, in [0, 1].
    learning: what learning is multiplied by, in [0, 1].
    """

    intercept: float = -3.0
    by_group: Mapping[str, float] = field(default_factory=dict)
    engagement: float = 4.0
    haste: float = 0.15
    right: float = 0.2
    learning: float = 0.0

    def __post_init__(self) -> None:
        check = Violations("rapid_guessing")
        check.number("intercept", self.intercept, at_least=-50.0, at_most=50.0)
        check.number("engagement", self.engagement, at_least=-20.0, at_most=20.0)
        check.number("haste", self.haste, above=0.0, at_most=1.0)
        for name in ("right", "learning"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=1.0)
        check.raise_all()

    def check(self, groups: tuple[Group, ...], check: Violations) -> None:
        """Notes what does not fit these subgroups."""
        check_offsets("by_group", groups, self.by_group, check)

    def chance(self, offset: Float, level: Float | float) -> Float:
        """P(rapid), (n,)."""
        chance: Float = expit(self.intercept + offset - self.engagement * (level - 0.5))
        return chance
