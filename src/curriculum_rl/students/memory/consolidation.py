"""How a right answer lengthens a half-life: the more, the closer it was to being forgotten.

    h' = min(h * (1 + gain + spacing * (1 - R)), cap)

The form follows the spacing effect (Cepeda et al. 2008, doi:10.1111/j.1467-9280.2008.02209.x) and the stability
increase of open spaced-repetition models; the default numbers are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.memory.memory import Draw
from curriculum_rl.violations import Violations


@dataclass
class HalfLives:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    half_life: Float  # (n, K) days
    last: Float  # (n, K) day of the last practice
    new: Float  # (n,) half-life of what each newly learns, days


@dataclass(frozen=True)
class Consolidation:
    """What the models of forgetting share.

    Attributes:
        new_days: half-life of what was newly learned, days.
        known_days: half-life of what was known before the course, days.
        gain: growth of the half-life with any right answer.
        spacing: further growth when the answer was about to be forgotten.
        cap_days: the longest half-life, days.
    """

    new_days: float = 5.0
    known_days: float = 40.0
    gain: float = 0.2
    spacing: float = 2.0
    cap_days: float = 365.0

    def __post_init__(self) -> None:
        check = Violations(type(self).__name__.lower())
        for name in ("new_days", "known_days", "cap_days"):
            check.number(name, getattr(self, name), above=0.0, at_most=1e5)
        for name in ("gain", "spacing"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=100.0)
        check.raise_all()

    def lengthened(self, half_life: Float, retention: Float) -> Float:
        """The half-life after a right answer, days; never shorter than before, even where it began above the cap."""
        factor: Float = (1.0 + self.gain + self.spacing) - self.spacing * retention
        factor *= half_life
        np.minimum(factor, self.cap_days, out=factor)
        return np.maximum(factor, half_life, out=factor)

    def retention(self, days: Float, half_life: Float) -> Float:
        """P(recall), in [0, 1], so many days after the last practice; any shape."""
        raise NotImplementedError

    @property
    def forgetting(self) -> Self:
        """Itself: trackers follow the same half-lives."""
        return self

    @property
    def wrong_matters(self) -> bool:
        """A wrong answer changes no half-life."""
        return False

    def start(self, factor: Float, held: Bool, day: float, draw: Draw) -> HalfLives:
        """The half-lives of n students, from what each knows already, (n, K)."""
        days = np.where(held, self.known_days, self.new_days)
        return HalfLives(days * factor[:, None], np.full(held.shape, float(day)), self.new_days * factor)

    def recalled(self, state: HalfLives, flat: Int, day: float | Float) -> Float:
        """P(recall) on a day, of the shape of `flat`; before the last practice, as just after it."""
        days = day - state.last.take(flat)
        return self.retention(np.maximum(days, 0.0, out=days), state.half_life.take(flat))

    def practise(
        self,
        state: HalfLives,
        flat: Int,
        day: Float,
        recalled: Float,
        held: Bool,
        correct: Bool,
        answered: Bool,
        new: Bool,
    ) -> None:
        """Half-lives become longer where it was recalled, their first where it is new."""
        half_life = state.half_life.take(flat)
        half_life = np.where(correct, self.lengthened(half_life, recalled), half_life)
        state.half_life.ravel()[flat] = np.where(new, state.new, half_life)
        state.last.ravel()[flat] = np.where(held, day, state.last.take(flat))
