"""What every estimator of a target policy's value does, and what it hands back.

w_t is the product of target over behaviour probability up to decision t, n the number of students; a student who is
done keeps the last weight (see `Episodes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes


@dataclass(frozen=True)
class Estimate:
    """An estimate, and each student's part in it.

    Attributes:
        value: estimated mean return of a student under the target policy; nan where it is a ratio of which every
            weight is 0, since then no logged student did what the target policy would have done.
        terms: (n,), their mean is `value`, and their standard deviation over sqrt(n) its standard error where students
            are drawn independently. Exact for means (IS, PDIS, DR), to first order for ratios: V + w_i (G_i - V) /
            mean w for WIS. Whatever an estimator fitted on the way - values of activities, how to mix - counts as
            given, except where its file says otherwise; a bootstrap of the whole estimator counts that too.
        weights: each student's weight at the end, (n,), before any normalisation; None if nothing is reweighted.
    """

    value: float
    terms: Float
    weights: Float | None

    @classmethod
    def of(cls, terms: Float, weights: Float | None) -> Estimate:
        """The estimate that is the mean of these terms."""
        return cls(float(terms.mean()), terms, weights)


class Estimator(Protocol):
    """A frozen dataclass of settings: the same episodes always give the same estimate, whatever their order."""

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """Mean over students of the sum of discount^t r_t that the target policy would have earned."""
