"""What every policy offers. A policy sees a `View` and nothing else: what a platform could know.

What it remembers of each student is a tracker's belief. A policy that needs a memory of its own (boxes, a bandit's
estimates) brings a tracker of its own; that makes every policy a pure function of what was seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, Self, runtime_checkable

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.envs.simulation import View
from curriculum_rl.trackers.tracker import Tracker


class Policy(Protocol):
    """Chooses activities for a batch of students."""

    @property
    def tracker(self) -> Tracker:
        """What it needs to have been believed so far."""

    def probabilities(self, view: View) -> Float:
        """P(each activity), (n, A): rows sum to 1, exactly 0 where masked."""


@runtime_checkable
class Tunable(Policy, Protocol):
    """A policy with parameters that are worth tuning."""

    def variants(self) -> Iterable[Self]:
        """Other settings to try from here, one thing changed at a time: as many, in the same order, from anywhere."""


@runtime_checkable
class Ranked(Policy, Protocol):
    """A policy that takes what it scores highest, and says how it scores the rest."""

    def scores(self, view: View) -> Float:
        """Of each activity, (n, A), masked or not; the highest allowed one is taken."""


@runtime_checkable
class Slated(Policy, Protocol):
    """A policy that knows how many activities it offers at a time; 1 offers as many as it is asked for."""

    @property
    def slate(self) -> int:
        """So many."""


@runtime_checkable
class Controlling(Policy, Protocol):
    """A policy that may end sessions and courses where a world lets it; no other is ever asked to."""

    @property
    def controls(self) -> tuple[str, ...]:
        """Those that it learned to use: its probabilities are of the activities, then of these, (n, A + C)."""


def best(score: Float, mask: Bool) -> Float:
    """All probability on the allowed activity with the highest score, the first of them on a tie, (n, A)."""
    choice: Int = np.where(mask, score, -np.inf).argmax(axis=1)
    return surely(choice, score.shape[1])


def surely(choice: Int, activities: int) -> Float:
    """All probability on one activity of each student, (n,), as (n, A)."""
    out = np.zeros((len(choice), activities))
    out[np.arange(len(choice)), choice] = 1.0
    return out


def evenly(allowed: Bool) -> Float:
    """The same probability for each allowed activity, (n, A)."""
    share: Float = allowed / np.maximum(allowed.sum(axis=1, keepdims=True), 1)
    return share


def practising(curriculum: Curriculum, wanted: Bool) -> Bool:
    """Activities that practise a wanted concept, (n, A), of wanted concepts (n, K)."""
    concepts, shares = curriculum.loads
    fits = np.zeros((len(wanted), concepts.shape[1]), dtype=np.bool_)
    for concept, share in zip(concepts, shares, strict=True):
        fits |= wanted.take(concept, axis=1) & (share > 0)
    return fits


def toward_goals(view: View) -> Bool:
    """Allowed activities that practise a goal, (n, A); where there is none, whatever is allowed."""
    fits = practising(view.platform.curriculum, view.belief.goals)
    fits &= view.mask
    none = ~fits.any(axis=1)
    if none.any():
        fits[none] = view.mask[none]
    return fits
