"""What every objective offers: a reward for each step, and the column of `Outcomes` that policies are compared by.

There are two kinds. The rewards of most are differences of a potential, so that a course's rewards add up to what it
changed, and no policy can gain by going in circles (Ng, Harada & Russell 1999). Others pay for how things stand at
each decision, such as how much is recalled, or for what it costs: what they add up to depends on the whole way there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform, World


@runtime_checkable
class Objective(Protocol):
    """What is rewarded: a frozen dataclass of settings. Whoever subclasses it says only what is not as usual."""

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what a course was worth, in points; more is better."""

    def refusals(self, world: World) -> list[str]:
        """Why it makes no sense in this world: what was seen, what was expected, how to mend it; usually nothing."""
        return []

    def before(self, students: Students, world: World) -> Any:
        """What it must know of how students stand before a step, copied, since they change; usually nothing."""
        return None

    def reward(self, happened: Happened, students: Students, world: World, before: Any = None) -> Float:
        """The reward of this step, (n,), in points; whoever waited in it earns nothing, whatever is said here.

        Args:
            happened: in the step.
            students: as they are after it.
            world: of the students.
            before: what `before` said of how they stood.
        """

    def expected(self, outlook: Outlook, platform: Platform, value: Float) -> Float | None:
        """The reward that each activity would have on average, (n, A); None where this cannot be told from an outlook.

        Args:
            outlook: what is believed, or true: then it is exact where concepts are known or not (`all_or_nothing`).
            platform: the catalogue and the population's parameters.
            value: points of the delayed test for each unit of recall, by concept, (n, K).
        """
        return None


@runtime_checkable
class Scaled(Objective, Protocol):
    """An objective whose `expected` is to be multiplied by a factor of each student's own, to be a reward.

    No platform knows the factor; none needs it to choose among activities.
    """

    def scale(self, students: Students) -> Float:
        """The factor, (n,)."""


@runtime_checkable
class Potential(Objective, Protocol):
    """An objective whose reward is the rise of a potential over the true state of students."""

    def potential(self, students: Students, world: World) -> Float:
        """The potential itself, (n,), in points of 0 to 100."""


@dataclass
class Multipliers:
    """Where an adaptive objective stands: p multipliers, each with what was measured of the courses it is for.

    Means are over the courses that ended so far, the older ones counting less.
    """

    names: tuple[str, ...]  # (p,) what each is for; empty where there is but one
    place: Int  # (groups,) whose multiplier is a subgroup's
    share: Float  # (p,) of the population
    value: Float  # (p,)
    total: Float  # (p,) points of those courses, in sum
    courses: Float  # (p,) how many they are

    def measure(self, totals: Float, courses: Int, memory: float) -> Float:
        """Takes in the points and numbers of courses that ended, (groups,) each; returns the means, (p,).

        NaN where none ever ended. What was taken in before counts `memory` of what it did.
        """
        for kept, new in ((self.total, totals), (self.courses, courses)):
            kept *= memory
            kept += np.bincount(self.place, new, len(self.value))
        return self.means

    @property
    def means(self) -> Float:
        """Points of a course, (p,); NaN where none ever ended."""
        nothing = np.full(len(self.value), np.nan)
        means: Float = np.divide(self.total, self.courses, out=nothing, where=self.courses > 0)
        return means

    def told(self) -> dict[str, float]:
        """The multipliers and the means by name, as curves have them."""
        found = {}
        for kind, numbers in (("multiplier", self.value), ("measured", self.means)):
            for name, x in zip(self.names or ("",), numbers.tolist(), strict=True):
                if np.isfinite(x):
                    found[f"{kind}/{name}" if name else kind] = x
        return found


@runtime_checkable
class Adaptive(Objective, Protocol):
    """An objective whose multipliers move between the rollouts of a training, by what was measured of its courses.

    Policies are judged by `main`, which it is all about. Outside of training its multipliers are those of its start.
    It holds no others, and is part of none.
    """

    main: Objective
    courses: int
    """Courses that must have ended before the multipliers move."""

    @property
    def outcome(self) -> str:
        """That of what it is about."""
        return self.main.outcome

    @property
    def parts(self) -> tuple[Objective, ...]:
        """Whose rewards it is made of; what is measured is the last one's."""
        return (self.main,)

    def refusals(self, world: World) -> list[str]:
        """Those of its parts."""
        return [line for part in self.parts for line in part.refusals(world)]

    def start(self, world: World) -> Multipliers:
        """Its multipliers before training."""

    def combined(self, rewards: tuple[Float, ...], group: Int, multipliers: Multipliers) -> Float:
        """The reward, (n,), from those of the parts, (n,) each, and the subgroup of each student."""

    def move(self, multipliers: Multipliers, totals: Float, courses: Int) -> None:
        """Moves the multipliers, in place.

        Args:
            multipliers: changed.
            totals: points of the last part in the courses that ended since the last move, in sum, (groups,).
            courses: how many they were, (groups,).
        """

    def before(self, students: Students, world: World) -> tuple[Any, ...]:
        """What the parts must know."""
        return tuple(part.before(students, world) for part in self.parts)

    def rewards(self, happened: Happened, students: Students, world: World, before: Any) -> tuple[Float, ...]:
        """Those of the parts, (n,) each."""
        return tuple(p.reward(happened, students, world, b) for p, b in zip(self.parts, before, strict=True))

    def reward(self, happened: Happened, students: Students, world: World, before: Any = None) -> Float:
        """As it would be before training."""
        rewards = self.rewards(happened, students, world, before)
        return self.combined(rewards, students.traits.group, self.start(world))


def check_fit(objective: Objective, world: World) -> None:
    """Refuses an objective that makes no sense in a world.

    Raises:
        InvalidInput: its `refusals`.
    """
    if reasons := objective.refusals(world):
        raise InvalidInput("objective", reasons)
