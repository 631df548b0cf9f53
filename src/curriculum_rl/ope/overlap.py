"""How many students an answer rests on: the weights of those who happened to get what the target would have given.

    effective number = (sum w)^2 / sum w^2        of n equal weights n, of one that outweighs all others 1
    largest share    = max w / sum w

and at every decision t the mean of w_t, which is 1 if the probabilities are right and the target does nothing that the
log never shows. Where whole classes were drawn, a class weighs what its students do together.
Source: Kish (1965), Survey Sampling, for the effective number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.intervals.interval import Clusters
from curriculum_rl.ope.tails import tail_index, unreliable_from


@dataclass(frozen=True)
class Overlap:
    """What weights, (n,), say of how far the target and the logged policy agree.

    Attributes:
        students: n.
        effective: number of students that as many equal weights would be.
        clusters: drawn at random, C; as many as students if each is drawn alone.
        effective_clusters: the same of the clusters' sums.
        largest_share: of the student, or the cluster, with the most weight, in all weight; nan if there is none.
        tail: index of the weights' tail (see `tail_index`).
        tail_limit: the index from which a mean of so many weights is not to be trusted.
    """

    students: int
    effective: float
    clusters: int
    effective_clusters: float
    largest_share: float
    tail: float
    tail_limit: float


@dataclass(frozen=True)
class StepWeights:
    """The weights after one decision.

    Attributes:
        step: number of the decision, from 0.
        going: students who have such a decision.
        mean, error: of w_t over all students, with its standard error: should be 1.
        effective, largest_share, tail: as in `Overlap`.
        off_support: share of the target's choices at this decision that the log cannot speak of.
    """

    step: int
    going: int
    mean: float
    error: float
    effective: float
    largest_share: float
    tail: float
    off_support: float


def overlap(episodes: Episodes, weights: Float | None = None) -> Overlap:
    """Of these weights, (n,), or of those at the last decision."""
    weights = episodes.weights[:, -1] if weights is None else weights
    together = Clusters.of(episodes).sums(weights)
    return Overlap(
        students=len(weights),
        effective=effective_number(weights),
        clusters=len(together),
        effective_clusters=effective_number(together),
        largest_share=largest_share(together),
        tail=tail_index(weights),
        tail_limit=unreliable_from(len(weights)),
    )


def by_step(episodes: Episodes, off_support: Float) -> tuple[StepWeights, ...]:
    """The weights after every decision, given the target's mass off support at each, (N,)."""
    weights, step = episodes.weights, episodes.step
    clusters = Clusters.of(episodes)
    going = np.bincount(step)
    shut = np.bincount(step, off_support) / going
    together = clusters.sums(weights)
    return tuple(
        StepWeights(
            step=t,
            going=int(going[t]),
            mean=float(w.mean()),
            error=clusters.error(w)[0] if len(clusters) > 1 else math.inf,
            effective=effective_number(w),
            largest_share=largest_share(together[:, t]),
            tail=tail_index(w),
            off_support=float(shut[t]),
        )
        for t, w in enumerate(weights.T)
    )


def effective_number(weights: Float) -> float:
    """(sum w)^2 / sum w^2; 0 where all are 0."""
    largest = float(weights.max())
    if largest <= 0.0:
        return 0.0
    scaled = weights / largest  # squares of very small or large weights stay numbers
    return float(scaled.sum() ** 2 / (scaled**2).sum())


def largest_share(weights: Float) -> float:
    """Of the largest in all; nan where all are 0."""
    total = float(weights.sum())
    return float(weights.max()) / total if total > 0.0 else math.nan
