"""What of the target's choices the log cannot speak of: activities that it never shows in situations like these.

A choice is off support if it is of an activity that

- was not eligible there, or was never logged at all;
- was never logged at this decision of the course, or in this situation (`Episodes.state`), although it was eligible
  there at least `SEEN` times as often as there were activities to choose from: one who chooses evenly passes it over
  with a chance of e^-7. Seen less often, its never being logged there says nothing;
- has, where propensities were estimated, an estimated chance under `LEAST`.

The mass off support is the mean, over the logged decisions, of the target's probability of such choices.

Where propensities were logged, the mean of p / b over decisions is the target's mass on what the logged policy does at
all, whatever is taken for a situation: 1 minus it is the mass off support, with a standard error, or the sign of wrong
propensities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.intervals.interval import Clusters

SEEN = 7
"""Decisions for each activity there was to choose from after which one never logged is not chance; assumed."""
LEAST = 1e-3
"""An estimated chance that counts as none; assumed."""


@dataclass(frozen=True)
class Support:
    """How much of the target's choices is off support.

    Attributes:
        mass: the target's probability of such choices at each decision, (N,).
        share: its mean over all decisions.
        by_activity: the part of each activity in that, (A,): sums to `share`.
        ratio: mean of p / b over decisions: 1, but for the mass that the logged policy never chooses.
        ratio_error: its standard error; infinite where there is one cluster alone.
    """

    mass: Float
    share: float
    by_activity: Float
    ratio: float
    ratio_error: float

    @property
    def activities(self) -> Int:
        """Those with mass off support, the most first."""
        order = np.argsort(-self.by_activity, kind="stable")
        shut: Int = order[self.by_activity[order] > 0]
        return shut


def support(episodes: Episodes, chances: Float | None = None) -> Support:
    """Of these decisions, and of the estimated P(each activity), (N, A), where propensities were estimated."""
    shut = np.where(unsupported(episodes, chances), episodes.choice, 0.0)
    mass: Float = shut.sum(axis=1)
    ratios = np.bincount(episodes.student, episodes.target / episodes.behaviour, len(episodes))
    ratio = float(ratios.sum() / len(mass))
    error = np.inf
    clusters = Clusters.of(episodes)
    if len(clusters) > 1:  # of a ratio of sums over students, to first order
        left = (ratios - ratio * episodes.lengths) / episodes.lengths.mean()
        error, _ = clusters.error(left)
    return Support(mass, float(mass.mean()), shut.mean(axis=0), ratio, float(error))


def unsupported(episodes: Episodes, chances: Float | None = None) -> Bool:
    """Whether the log cannot speak of an activity at a decision, (N, A)."""
    ever = np.bincount(episodes.action, minlength=episodes.eligible.shape[1]) > 0
    shut: Bool = ~episodes.eligible | ~ever | _missing(episodes, episodes.step)
    if episodes.state is not None:
        shut |= _missing(episodes, episodes.state)
    if chances is not None:
        shut |= chances < LEAST
    return shut


def _missing(episodes: Episodes, situation: Int) -> Bool:
    """Whether an activity was never logged in this kind of situation, (N,), though it could well have been, (N, A)."""
    rows = len(situation)
    of_situation = csr_array((np.ones(rows), (situation, np.arange(rows))))
    activities = episodes.eligible.shape[1]
    cell = situation * activities + episodes.action
    given = np.bincount(cell, minlength=of_situation.shape[0] * activities).reshape(-1, activities)
    eligible = of_situation @ episodes.eligible.astype(np.float64)
    choices = eligible.sum(axis=1, keepdims=True) / np.maximum(given.sum(axis=1, keepdims=True), 1)
    missing: Bool = (given == 0) & (eligible >= SEEN * choices)
    return missing[situation]
