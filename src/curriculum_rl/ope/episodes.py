"""Logged decisions beside what another policy would have done there: all that an estimator sees.

Let decision t of student i be activity a_it with reward r_it, logged with probability b_it, which the judged (target)
policy gives probability p_it. Then rho_it = p_it / b_it, and w_it = rho_i0 ... rho_it. Students need not have the same
number of decisions: in a padded array a student who is done has rho = 1 and r = 0, so that w stays at its last value.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.violations import InvalidInput, Violations


@dataclass(frozen=True)
class Episodes:
    """N decisions of n students, sorted by student, then by time; A activities, F features.

    Attributes:
        student: index of the student, 0 to n - 1, (N,): each occurs.
        action: index of the logged activity, (N,).
        reward: of the decision, (N,).
        behaviour: b, probability of the logged activity under what was logged, in (0, 1], (N,).
        choice: the target policy's probability of each activity, (N, A): rows sum to 1, 0 where not eligible.
        eligible: what could have been chosen, (N, A).
        features: what is believed about the student before the decision, for models of values, (N, F).
        state: the same as one of a few situations, 0 to S - 1, (N,); None where there are too many to count.
        cluster: the unit that was drawn at random, 0 to C - 1, (n,): the student itself, or the class.
        censored: whether what came after a student's last decision is missing for a reason that may depend on the
            strategy, such as dropout, (n,).
        estimated: whether b was estimated, not logged, at any decision.
        known: where it was logged at some decisions and not at others, at which, (N,); None: at all, or at none.
    """

    student: Int
    action: Int
    reward: Float
    behaviour: Float
    choice: Float
    eligible: Bool
    features: Float
    state: Int | None
    cluster: Int
    censored: Bool
    estimated: bool = False
    known: Bool | None = None

    def __post_init__(self) -> None:
        check = Violations("episodes")
        rows, n = len(self.student), len(self.cluster)
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                length = n if field.name in ("cluster", "censored") else rows
                check.that(len(value) == length, f"{field.name} has {len(value)} rows where {length} are expected")
        check.raise_all()
        steps = np.diff(self.student, prepend=-1)
        check.that(
            rows > 0 and bool(np.isin(steps, (0, 1)).all()) and int(self.student[-1]) == n - 1,
            "student must be 0 to n - 1, in order, each with at least one decision",
        )
        check.that(bool(np.isfinite(self.reward).all()), "reward must be finite")
        check.that(bool(((self.behaviour > 0) & (self.behaviour <= 1)).all()), "behaviour must be in (0, 1]")
        check.that(bool((self.choice >= 0).all()), "choice must be at least 0")
        check.that(bool(np.allclose(self.choice.sum(axis=1), 1.0, atol=1e-5)), "rows of choice must sum to 1")
        check.raise_all()

    def __len__(self) -> int:
        """How many students."""
        return len(self.cluster)

    @property
    def guessed(self) -> Bool:
        """Whether b is no logged probability, (N,)."""
        return np.full(len(self.student), self.estimated) if self.known is None else ~self.known

    @property
    def step(self) -> Int:
        """Number of the decision among the student's own, from 0, (N,)."""
        return np.arange(len(self.student)) - self.first[self.student]

    @property
    def first(self) -> Int:
        """Row of each student's first decision, (n,)."""
        return np.searchsorted(self.student, np.arange(len(self)))

    @property
    def last(self) -> Bool:
        """Whether a decision is its student's last, (N,)."""
        last: Bool = np.diff(self.student, append=len(self)) > 0
        return last

    @property
    def moments(self) -> list[Int]:
        """Rows of all first decisions, of all second ones, ..., (T,) arrays, each by student."""
        step = self.step
        return np.split(np.argsort(step, kind="stable"), np.cumsum(np.bincount(step))[:-1])

    @property
    def lengths(self) -> Int:
        """Decisions of each student, (n,)."""
        return np.bincount(self.student, minlength=len(self))

    @property
    def target(self) -> Float:
        """p, the target's probability of the logged activity, (N,)."""
        return self.choice[np.arange(len(self.action)), self.action]

    @property
    def ratios(self) -> Float:
        """rho = p / b, padded with 1, (n, T)."""
        return self.padded(self.target / self.behaviour, 1.0)

    @property
    def weights(self) -> Float:
        """w, the product of rho so far, (n, T): carried forward once a student is done.

        Raises:
            InvalidInput: a product is beyond all numbers, which propensities that were drawn by do not reach.
        """
        weights: Float = self.ratios
        with np.errstate(over="ignore", invalid="ignore"):
            np.cumprod(weights, axis=1, out=weights)
        if not np.isfinite(weights).all():
            told = "behaviour: the product of target over logged probabilities is beyond all numbers; the smallest is"
            mend = "Nothing was drawn by probabilities as small: correct such rows, or leave their students out"
            raise InvalidInput("episodes", [f"{told} {self.behaviour.min():g}. {mend}"])
        return weights

    @property
    def earlier_weights(self) -> Float:
        """w before the decision, 1 at the first, (n, T)."""
        return np.pad(self.weights[:, :-1], ((0, 0), (1, 0)), constant_values=1.0)

    @property
    def rewards(self) -> Float:
        """r, padded with 0, (n, T)."""
        return self.padded(self.reward, 0.0)

    def padded(self, values: Float, fill: float) -> Float:
        """Values of the decisions, (N, ...), by student and decision, (n, T, ...)."""
        out = np.full((len(self), int(self.lengths.max()), *values.shape[1:]), fill, dtype=np.float64)
        out[self.student, self.step] = values
        return out

    def discounts(self, discount: float) -> Float:
        """discount^t of each decision of the longest student, (T,)."""
        return np.power(float(discount), np.arange(int(self.lengths.max())))

    def returns(self, discount: float = 1.0) -> Float:
        """G = sum over t of discount^t r_t, (n,)."""
        returns = np.zeros(len(self))
        np.add.at(returns, self.student, discount**self.step * self.reward)
        return returns

    def cut(self, horizon: int) -> Self:
        """The first decisions of each student alone, so many at most; nobody left for whom none is missing of those."""
        kept = self.step < horizon
        columns = {
            f.name: getattr(self, f.name)[kept]
            for f in fields(self)
            if isinstance(getattr(self, f.name), np.ndarray) and f.name not in ("cluster", "censored")
        }
        return replace(self, **columns, censored=self.censored & (self.lengths < horizon))

    def take(self, students: Int) -> Self:
        """These students, one more time for each time that they are named, numbered anew in the order given.

        Clusters keep their numbers, so that who was drawn together is still told.
        """
        lengths = self.lengths[students]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        rows = np.repeat(self.first[students], lengths) + within
        columns = {
            f.name: getattr(self, f.name)[students if f.name in ("cluster", "censored") else rows]
            for f in fields(self)
            if isinstance(getattr(self, f.name), np.ndarray)
        }
        columns["student"] = np.repeat(np.arange(len(students)), lengths)
        return replace(self, **columns)
