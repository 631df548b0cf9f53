"""Dropout: at the end of a session a student may leave for good.

    logit h = intercept + offset of the subgroup + time ln(session) + failures recent - engagement (level - 1/2)
    recent <- recent + memory ([wrong] - recent)              after each answer

a discrete-time hazard (Singer & Willett 1993, doi:10.3102/10769986018002155), `session` counted from 1. Attrition
falls with time in a course (`time` below 0) and follows failures: Rose & Yang (2013-14); the totals that the offsets
are fitted to are those of the Open University (Kuzilek, Hlosta & Zdrahal 2017, doi:10.1038/sdata.2017.171).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.traits import Group, Traits, check_offsets, of_groups
from curriculum_rl.violations import Violations


@dataclass
class Wavering:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    offset: Float  # (n,) logits, of the subgroup
    recent: Float  # (n,) weighted share of recent answers that were wrong


@dataclass(frozen=True)
class Dropout:
    """Attributes:
    intercept: logit of leaving after the first session, with no failures and engagement 1/2.
    by_group: logits added for a subgroup, by its name or a part of it.
    time: for each unit of the logarithm of the session's number; below 0: those who stayed stay.
    failures: logits for recent answers that were all wrong.
    engagement: logits that full engagement takes away, against none.
    memory: weight of the last answer among the recent ones, in (0, 1].
    """

    intercept: float = -3.0
    by_group: Mapping[str, float] = field(default_factory=dict)
    time: float = -0.3
    failures: float = 1.0
    engagement: float = 2.0
    memory: float = 0.1

    def __post_init__(self) -> None:
        check = Violations("dropout")
        check.number("intercept", self.intercept, at_least=-50.0, at_most=50.0)
        for name in ("time", "failures", "engagement"):
            check.number(name, getattr(self, name), at_least=-20.0, at_most=20.0)
        check.number("memory", self.memory, above=0.0, at_most=1.0)
        check.raise_all()

    def check(self, groups: tuple[Group, ...], check: Violations) -> None:
        """Notes what does not fit these subgroups."""
        check_offsets("by_group", groups, self.by_group, check)

    def start(self, groups: tuple[Group, ...], traits: Traits) -> Wavering:
        """Nobody has failed yet."""
        offset = of_groups(groups, self.by_group)[traits.group]
        return Wavering(offset, np.zeros(len(offset)))

    def note(self, wavering: Wavering, answered: Bool, correct: Bool) -> None:
        """Takes in an answer, in place."""
        moved = wavering.recent + self.memory * (~correct - wavering.recent)
        wavering.recent[:] = np.where(answered, moved, wavering.recent)

    def hazard(self, wavering: Wavering, session: Int, level: Float | float) -> Float:
        """P(leaves) at the end of session number `session`, from 1, (n,)."""
        time = self.time * np.log(np.maximum(session, 1))
        logits = self.intercept + wavering.offset + time + self.failures * wavering.recent
        chance: Float = expit(logits - self.engagement * (level - 0.5))
        return chance
