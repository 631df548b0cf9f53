"""Access: what can be done today depends on devices, connections and accommodations.

    P(has resource) = logistic(logit(share) + offset of the subgroup)      once for each student
    usable today    = has it, and with chance `daily` in each session

An activity declares what it needs; it can be done today by those for whom all of that is usable. Being online, sound
without captions, a language, being there in person: each is a resource. A gap between groups is modelled here, in
first knowledge and in dropout, rather than in how fast people learn (Doroudi & Brunskill 2019,
doi:10.1145/3303772.3303838). The numbers are assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.special import expit, logit

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.config import nearest
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.traits import Group, Traits, check_offsets, of_groups
from curriculum_rl.violations import Violations

HAS_FROM: Final = 1 << 25
"""First counter of these draws in the PERSON stream: who has a resource, then each session's. Frozen."""
MAX_RESOURCES: Final = 32
FEW: Final = 8
"""Resources of which every combination can stand in a table: a row of it is copied far faster than made."""
NOBODY: Final = 1e-4
"""Chance of being able to do an activity below which nobody in a subgroup can."""
SHOWN: Final = 5
"""Names in a message before the rest are counted."""


@dataclass
class Conditions:
    """What n students can use. A platform sees this: it knows the device, the connection and the settings."""

    has: Int  # (n,) a bit for each resource
    today: Int  # (n,) likewise, in this session
    session: Int  # (n,) for which `today` was drawn
    person: streams.Keys


@dataclass(frozen=True)
class Resource:
    """One thing that activities may need.

    Attributes:
        name: what activities call it.
        share: of the population that has it, in [0, 1].
        by_group: logits added for a subgroup, by its name or a part of it.
        daily: chance that it works in a session, for those who have it, in [0, 1].
    """

    name: str
    share: float = 1.0
    by_group: Mapping[str, float] = field(default_factory=dict)
    daily: float = 1.0

    def __post_init__(self) -> None:
        check = Violations(f"resource {self.name!r}")
        if not self.name.strip() or ";" in self.name:
            check.add("name", self.name, "must be a name without a semicolon", "It stands between names of needs.")
        for name in ("share", "daily"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=1.0)
        check.raise_all()

    def shares(self, groups: tuple[Group, ...]) -> Float:
        """P(has it) by subgroup, (groups,)."""
        with np.errstate(divide="ignore"):
            shares: Float = expit(logit(self.share) + of_groups(groups, self.by_group))
        return shares


@dataclass(frozen=True)
class Access:
    """Attributes:
    resources: whatever activities need.
    """

    resources: tuple[Resource, ...] = ()

    def __post_init__(self) -> None:
        check = Violations("access")
        names = [r.name for r in self.resources]
        for name in {n for n in names if names.count(n) > 1}:
            check.add("resources", name, "stands twice", "Name each resource once.")
        if len(names) > MAX_RESOURCES:
            check.add("resources", len(names), f"must be at most {MAX_RESOURCES}")
        check.raise_all()

    def check(self, groups: tuple[Group, ...], check: Violations) -> None:
        """Notes what does not fit these subgroups."""
        for i, resource in enumerate(self.resources):
            check_offsets(f"resources[{i}].by_group", groups, resource.by_group, check)

    def check_activities(self, curriculum: Curriculum, check: Violations) -> None:
        """Notes needs that are no resource, and that there is nothing for everyone."""
        names = [r.name for r in self.resources]
        for i, activity in enumerate(curriculum.activities):
            for need in activity.needs:
                if need not in names:
                    check.add(f"activities[{i}].needs", need, "is no resource", nearest(need, names))
        if all(a.needs for a in curriculum.activities):
            remedy = "Empty the needs of one, for days on which nothing works."
            check.add("activities", [a.id for a in curriculum.activities], "must not all need something", remedy)

    def excluded(self, groups: tuple[Group, ...], curriculum: Curriculum) -> Iterator[str]:
        """A line for each set of needs that nobody in some subgroup can meet, with the activities that ask for it."""
        shares = {r.name: r.shares(groups) * r.daily for r in self.resources}
        asking: dict[tuple[str, ...], list[str]] = {}
        for activity in curriculum.activities:
            asking.setdefault(activity.needs, []).append(activity.id)
        for needs, activities in asking.items():
            able = np.prod([shares[need] for need in needs], axis=0) * np.ones(len(groups))
            whom = [groups[g].name for g in np.flatnonzero(able < NOBODY)]
            if whom:
                yield f"nobody in {_listed(whom)} can do {_listed(activities)}: needs {', '.join(needs)}"

    def needs(self, curriculum: Curriculum) -> Int:
        """What each activity needs, (A,), a bit for each resource."""
        bit = {r.name: 1 << i for i, r in enumerate(self.resources)}
        return np.array([sum(bit[need] for need in a.needs) for a in curriculum.activities], dtype=np.int64)

    def start(self, groups: tuple[Group, ...], traits: Traits, person: streams.Keys) -> Conditions:
        """Draws who has what, and what of it works in the first session."""
        n = len(traits.group)
        has = np.zeros(n, dtype=np.int64)
        for i, resource in enumerate(self.resources):
            u = streams.uniform(person, np.array(HAS_FROM + i, dtype=np.uint64))
            has |= (u < resource.shares(groups)[traits.group]).astype(np.int64) << i
        conditions = Conditions(has, has.copy(), np.full(n, -1, dtype=np.int64), person)
        self.renew(conditions, np.zeros(n, dtype=np.int64))
        return conditions

    def renew(self, conditions: Conditions, session: Int) -> None:
        """Draws what works for those who have come to another session, in place."""
        rows = np.flatnonzero(conditions.session != session)
        if not len(rows):
            return
        key = streams.Keys(conditions.person.a[rows], conditions.person.b[rows])
        first = (session[rows].astype(np.uint64) + np.uint64(1)) * np.uint64(MAX_RESOURCES) + np.uint64(HAS_FROM)
        bits, daily = np.arange(len(self.resources))[:, None], np.array([r.daily for r in self.resources])[:, None]
        works = streams.uniform(key, first + bits.astype(np.uint64)) < daily
        conditions.today[rows] = conditions.has[rows] & (works.astype(np.int64) << bits).sum(axis=0)
        conditions.session[rows] = session[rows]

    def kinds(self, needs: Int) -> Bool | None:
        """What can be done, (2^resources, A), with all that a kind of day offers; None where there are too many."""
        count = len(self.resources)
        return usable(np.arange(1 << count)[:, None], needs) if count <= FEW else None

    def allowed(self, conditions: Conditions, needs: Int, kinds: Bool | None) -> Bool:
        """What each can do today, (n, A), from what the activities need, (A,), and `kinds` of it."""
        can: Bool = usable(conditions.today[:, None], needs) if kinds is None else kinds.take(conditions.today, axis=0)
        return can


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(repr(name) for name in names[:SHOWN]) + more


def usable(today: Int, needs: Int) -> Bool:
    """Whether all that is needed can be used today, a bit for each resource; the shapes broadcast."""
    can: Bool = (needs & ~today) == 0
    return can
