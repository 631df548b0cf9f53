"""Value by group of students, with small groups suppressed so that nobody can be found by subtraction either.

Each group is judged by itself, as if it were the whole log, with its own verdict: overlap that is enough for all may be
too little for a few. Which groups are withheld is as in an evaluation (`suppressed_groups`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curriculum_rl.batch import Float
from curriculum_rl.evaluation.subgroups import suppressed_groups
from curriculum_rl.ope.diagnostics import diagnose
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimator
from curriculum_rl.ope.intervals.interval import Clusters, Interval
from curriculum_rl.ope.thresholds import Thresholds
from curriculum_rl.ope.verdict import Circumstances, Verdict, verdict
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class GroupValue:
    """One group under one strategy; what is suppressed or cannot be told is None.

    Attributes:
        students: how many.
        value, low, high: the estimate with its interval.
        effective, largest_share, tail: of the weights of its students (see `Overlap`).
        off_support: share of the target's choices for these students that the log cannot speak of.
        verdict: what it is worth.
    """

    group: str
    students: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    effective: float | None = None
    largest_share: float | None = None
    tail: float | None = None
    off_support: float | None = None
    verdict: Verdict | None = None

    @property
    def suppressed(self) -> bool:
        """Whether the group is too small to be shown, or would give a small one away."""
        return self.students is None


def by_group(
    estimator: Estimator,
    interval: Interval,
    episodes: Episodes,
    labels: Sequence[str] | NDArray[np.object_],
    thresholds: Thresholds | None = None,
    circumstances: Circumstances | None = None,
    discount: float = 1.0,
    chances: Float | None = None,
) -> tuple[GroupValue, ...]:
    """Every group of `labels`, (n,), by name; `chances`, (N, A), are the logged policy's where they were estimated."""
    limits = thresholds or Thresholds()
    of = np.asarray(labels, dtype=np.str_)
    check = Violations("groups")
    if of.shape != (len(episodes),):
        check.add("labels", of.shape, f"must have shape ({len(episodes)},), one label for each student")
    check.raise_all()
    names, counts = np.unique(of, return_counts=True)
    hidden = suppressed_groups(
        {str(name): int(count) for name, count in zip(names, counts, strict=True)}, limits.smallest_group
    )
    found = []
    for name in names:
        if str(name) in hidden:
            found.append(GroupValue(str(name)))
            continue
        students = np.flatnonzero(of == name)
        there = episodes.take(students)
        own = None if chances is None else chances[np.isin(episodes.student, students)]
        if len(Clusters.of(there)) < 2:
            told = "All of this group are in one class: there is no telling what another class would have done."
            found.append(GroupValue(str(name), len(students), verdict=Verdict("withheld", (told,))))
            continue
        estimate = estimator.estimate(there, discount)
        seen = diagnose(there, estimate, discount, own)
        low, high = interval.of(estimator, there, estimate, discount)
        found.append(
            GroupValue(
                group=str(name),
                students=len(students),
                value=estimate.value,
                low=low,
                high=high,
                effective=seen.overlap.effective,
                largest_share=seen.overlap.largest_share,
                tail=seen.overlap.tail,
                off_support=seen.support.share,
                verdict=verdict(there, estimate, seen, limits, circumstances, discount),
            )
        )
    return tuple(found)
