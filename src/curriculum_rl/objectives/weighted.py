"""Several objectives at once, by weights.

reward = sum over parts of w * its reward / sum of w                points
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from curriculum_rl.batch import Float
from curriculum_rl.config import nearest
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.objective import Adaptive, Objective, Scaled
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform, World


@dataclass(frozen=True)
class Weighted(Objective):
    """Attributes:
    parts: the objectives, by names of their own.
    weights: of each, by the same names; they are divided by their sum.
    """

    parts: Mapping[str, Objective] = field(default_factory=lambda: {"delayed_test": DelayedTest()})
    weights: Mapping[str, float] = field(default_factory=lambda: {"delayed_test": 1.0})

    def __post_init__(self) -> None:
        check = Violations("weighted")
        for name in sorted(set(self.parts) - set(self.weights)):
            check.that(False, f"weights.{name}: is missing; give a number")
        for name in sorted(set(self.weights) - set(self.parts)):
            check.add(f"weights.{name}", self.weights[name], "is of no part", nearest(name, self.parts))
        numbers = [check.number(f"weights.{name}", w, at_least=0.0) for name, w in self.weights.items()]
        if all(numbers) and not sum(self.weights.values()) > 0:
            check.add("weights", dict(self.weights), "must not sum to nothing", "Give one of the parts a weight.")
        for name, part in self.parts.items():
            check_part(f"parts.{name}", part, check)
        check.raise_all()

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what it was worth."""
        return "total_reward"

    def refusals(self, world: World) -> list[str]:
        """Those of its parts."""
        return [f"parts.{name}: {line}" for name, part in self.parts.items() for line in part.refusals(world)]

    def before(self, students: Students, world: World) -> dict[str, Any]:
        """What each part must know."""
        return {name: part.before(students, world) for name, part in self.parts.items()}

    def reward(
        self, happened: Happened, students: Students, world: World, before: Mapping[str, Any] | None = None
    ) -> Float:
        """The weighted mean of the parts' rewards, (n,)."""
        known = before or {}
        return self._mean(
            {name: part.reward(happened, students, world, known.get(name)) for name, part in self.parts.items()}
        )

    def expected(self, outlook: Outlook, platform: Platform, value: Float) -> Float | None:
        """The weighted mean of what is to be expected of the parts; None where one cannot say."""
        told: dict[str, Float] = {}
        for name, part in self.parts.items():
            one = part.expected(outlook, platform, value)
            if one is None or isinstance(part, Scaled):
                return None
            told[name] = one
        return self._mean(told)

    def _mean(self, of: Mapping[str, Float]) -> Float:
        total: Float = sum(self.weights[name] * x for name, x in of.items())  # type: ignore[assignment]
        return total / sum(self.weights.values())


def check_part(name: str, part: object, check: Violations) -> None:
    """Notes what cannot be part of another objective."""
    if not isinstance(part, Objective):
        check.add(name, type(part).__name__, "must be an objective", "Its _target_ is another kind of thing.")
    elif isinstance(part, Adaptive):
        check.add(name, type(part).__name__, "moves while it trains", "It cannot be part of another objective.")
