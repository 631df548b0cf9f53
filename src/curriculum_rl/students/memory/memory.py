"""What every model of forgetting offers. Retention is computed when it is read, from when it was last practised."""

from __future__ import annotations

from typing import Protocol

from curriculum_rl.batch import Float


class Memory(Protocol):
    """Forgetting as functions of days and half-life: students and trackers use the same ones.

    Attributes:
        new_days: half-life of what was newly learned, days.
        known_days: half-life of what was known before the course, days.
    """

    @property
    def new_days(self) -> float: ...

    @property
    def known_days(self) -> float: ...

    def retention(self, days: Float, half_life: Float) -> Float:
        """P(recall), in [0, 1], so many days after the last practice; any shape."""

    def lengthened(self, half_life: Float, retention: Float) -> Float:
        """The half-life after a right answer, given how likely it was to be recalled; any shape."""
