"""What every model of forgetting offers: to students, whose state it keeps, and to trackers, as a rule of half-lives.

Retention is computed when it is read, from what was practised and when; a step touches the practised concepts alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from curriculum_rl.batch import Bool, Float, Int

M = TypeVar("M")

Draw = Callable[[int], Float]
"""Uniform draws of one kind (0, 1, ...) for every student and concept, (n, K): what differs between items."""


class Forgetting(Protocol):
    """Forgetting as functions of days and half-life: what a platform takes its students to do.

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


class Memory(Protocol[M]):
    """A model of forgetting: a frozen dataclass of parameters; the state, M, is a dataclass of arrays (n, K, ...).

    `flat` says which concepts of which students, as positions in a raveled (n, K) array.
    """

    @property
    def forgetting(self) -> Forgetting:
        """How a platform takes it: itself where it is a rule of half-lives, else the nearest such rule."""

    @property
    def wrong_matters(self) -> bool:
        """Whether a wrong answer leaves something else than practice without any."""

    def start(self, factor: Float, held: Bool, day: float, draw: Draw) -> M:
        """The state of n students on the first day.

        Args:
            factor: how many times longer than average each remembers, (n,).
            held: what is known already, (n, K).
            day: of the first session; what is known was last practised then.
            draw: the luck of each student's items; what is not asked for is not drawn.
        """

    def recalled(self, state: M, flat: Int, day: float | Float) -> Float:
        """P(recall of what is known) on a day, in [0, 1], of the shape of `flat`."""

    def practise(
        self, state: M, flat: Int, day: Float, recalled: Float, held: Bool, correct: Bool, answered: Bool, new: Bool
    ) -> None:
        """Takes in a try of these concepts, (L, n) each, in place.

        Args:
            state: changed in place.
            flat: the practised concepts.
            day: of the try, (n,).
            recalled: P(recall) just before it.
            held: what is in memory after it; the rest, and what pads an activity, must not change.
            correct: whether it was answered rightly and is held.
            answered: whether there was an answer, (n,).
            new: what of it was newly learned.
        """
