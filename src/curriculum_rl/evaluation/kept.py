"""What share of its gain a policy keeps in a world that it was not trained in.

The share is the ratio of two means on the same students: that of the policy trained elsewhere, over that of the same
kind of policy trained here. Its interval is the percentile interval of the ratio of their paired replicates (those of
`statistics.py`, over students and training seeds), which needs no normality and agrees with the delta method,

    var(a / b) = (var(a) - 2 r cov(a, b) + r^2 var(b)) / b^2,  r = a / b,

where b is many standard errors from 0. Where it is not, a share says nothing, and none is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from curriculum_rl.evaluation.bootstrap import Bootstrap, Interval
from curriculum_rl.evaluation.scores import as_tables
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Kept:
    """One policy trained elsewhere beside one trained here; the fields are those of `results.json`.

    Attributes:
        share: of the native policy's mean score that the other one reaches, with its interval; 1 is all of it. All
            three are None where the native mean is not clearly above 0.
    """

    policy: str
    native: str
    share: float | None
    ci_low: float | None
    ci_high: float | None


def kept_share(transferred: ArrayLike, native: ArrayLike, bootstrap: Bootstrap | None = None) -> Interval | None:
    """The mean of `transferred` over that of `native`, (students,) or (seeds, students), with its interval.

    None where the interval of the native mean is not above 0.
    """
    settings = bootstrap or Bootstrap()
    scores = {"transferred": transferred, "native": native}
    means = {name: float(table.mean()) for name, table in as_tables(scores).items()}
    replicates = settings.means(scores)
    if settings.interval(means["native"], replicates["native"]).low <= 0.0:
        return None
    return settings.interval(means["transferred"] / means["native"], replicates["transferred"] / replicates["native"])


def kept(
    scores: Mapping[str, ArrayLike], pairs: Sequence[tuple[str, str]], bootstrap: Bootstrap | None = None
) -> list[Kept]:
    """The share of every pair (policy trained elsewhere, native policy).

    Raises:
        InvalidInput: a name is none of the scores'.
    """
    check = Violations("kept shares")
    for i, pair in enumerate(pairs):
        for name in pair:
            if name not in scores:
                check.add(f"pairs[{i}]", name, f"must be one of the policies: {', '.join(scores)}")
    check.raise_all()
    found = []
    for policy, native in pairs:
        share = kept_share(scores[policy], scores[native], bootstrap)
        numbers = (None, None, None) if share is None else (share.mean, share.low, share.high)
        found.append(Kept(policy, native, *numbers))
    return found
