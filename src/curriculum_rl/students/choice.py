"""Choice: what a student does with what is offered. Students follow, pick by interest, or go their own way.

    P(own way) = logistic(own + offset of the subgroup - relief ln m)            m activities offered
    P(offer i) proportional to exp(trust [i is the first] + interest I_i)        otherwise: a multinomial logit
    own way: a concept with chance proportional to exp(interest I_k + goal [a goal of the student's own]), then any
    activity on it that can be done today, each equally likely; the first offer where there is none

I_k ~ Normal(0, 1) is the student's interest in each concept, I_i its share-weighted mean over an activity's concepts.
The choice model is McFadden's (1974); that choice supports motivation: Ryan & Deci (2000),
doi:10.1037/0003-066X.55.1.68; the numbers are assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.special import expit

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.traits import Group, Traits, check_offsets, of_groups
from curriculum_rl.violations import Violations

INTEREST_FROM: Final = 1 << 24
"""First counter of the draws of interest, one a concept, in the PERSON stream. Frozen."""


def activities_by_concept(curriculum: Curriculum) -> Int:
    """Activities that practise each concept, (R, K), as listed, padded with -1."""
    concepts, shares = curriculum.loads
    of = [np.flatnonzero(((concepts == k) & (shares > 0)).any(axis=0)) for k in range(len(curriculum.concepts))]
    table = np.full((max(len(a) for a in of), len(of)), -1, dtype=np.int64)
    for k, activities in enumerate(of):
        table[: len(activities), k] = activities
    return table


@dataclass
class Interests:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    interest: Float  # (n, K) standard normal
    drawn_to: Float  # (n, K) running total over concepts of what makes each likely when going one's own way
    offset: Float  # (n,) logits, of the subgroup


@dataclass(frozen=True)
class Choice:
    """Attributes:
    own: logit of going one's own way when a single activity is offered.
    by_group: logits added for a subgroup, by its name or a part of it.
    relief: logits taken from it for each unit of ln m: who has a choice has less reason to refuse it.
    trust: logits in favour of what is offered first.
    interest: logits for each sd of interest.
    goal: logits in favour of the student's own goals when going one's own way.
    """

    own: float = -2.0
    by_group: Mapping[str, float] = field(default_factory=dict)
    relief: float = 0.5
    trust: float = 1.0
    interest: float = 1.0
    goal: float = 1.0

    def __post_init__(self) -> None:
        check = Violations("choice")
        check.number("own", self.own, at_least=-50.0, at_most=50.0)
        for name in ("relief", "trust", "interest", "goal"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=20.0)
        check.raise_all()

    def check(self, groups: tuple[Group, ...], check: Violations) -> None:
        """Notes what does not fit these subgroups."""
        check_offsets("by_group", groups, self.by_group, check)

    def start(self, groups: tuple[Group, ...], traits: Traits, goals: Bool, person: streams.Keys) -> Interests:
        """Draws what each is interested in."""
        columns = np.arange(goals.shape[1], dtype=np.uint64) + np.uint64(INTEREST_FROM)
        each = streams.Keys(person.a[:, None], person.b[:, None])
        interest = streams.normal(streams.uniform(each, columns))
        drawn_to = np.exp(self.interest * interest + self.goal * goals).cumsum(axis=1)
        return Interests(interest, drawn_to, of_groups(groups, self.by_group)[traits.group])

    def own_way(self, interests: Interests, offers: int) -> Float:
        """P(goes their own way), (n,)."""
        chance: Float = expit(self.own + interests.offset - self.relief * np.log(offers))
        return chance

    def picked(self, interests: Interests, offered: Int, curriculum: Curriculum, u: Float) -> Int:
        """Which of the activities offered, (m, n), is picked, (n,), from one uniform each."""
        if len(offered) == 1:
            only: Int = offered[0]
            return only
        concepts, shares = curriculum.loads
        rows = np.arange(offered.shape[1])
        of = (interests.interest[rows, concepts[:, offered]] * shares[:, offered]).sum(axis=0)  # (m, n)
        weight = self.interest * of
        weight[0] += self.trust
        total = np.exp(weight - weight.max(axis=0)).cumsum(axis=0)
        place = np.minimum((total <= u * total[-1]).sum(axis=0), len(offered) - 1)
        chosen: Int = offered[place, rows]
        return chosen

    def drawn(self, interests: Interests, rows: Int, u: Float) -> Int:
        """The concept that these students, (r,), go to when going their own way, from one uniform each."""
        total = interests.drawn_to[rows]
        below: Int = (total <= (u * total[:, -1])[:, None]).sum(axis=1)
        concept: Int = np.minimum(below, total.shape[1] - 1)
        return concept


def any_of(listed: Int, able: Bool, otherwise: Int, u: Float) -> Int:
    """One of the activities listed, (R, r), for each of r students, from one uniform each.

    Args:
        listed: activities, -1 where there is none.
        able: which of them can be done, (R, r); each is equally likely.
        otherwise: what is done where none can be, (r,).
    """
    order = able.cumsum(axis=0)
    place = ((order <= np.floor(u * order[-1])).sum(axis=0)).clip(max=len(listed) - 1)
    chosen: Int = np.where(order[-1] > 0, listed[place, np.arange(len(u))], otherwise)
    return chosen
