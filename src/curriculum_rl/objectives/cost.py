"""What teaching costs: a price for each activity, by its form, and for each minute of a student and of a teacher.

    reward = - (activity + by_form[form] + minute * minutes + teacher_minute * minutes with a teacher)       points

Prices are in points, so that a combination with another objective (`weighted.py`, `constrained.py`) says how many
points of it they are worth. Alone, the cheapest course is the one that ends first. To end a session or a course early
costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.config import nearest
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform, World


@dataclass(frozen=True)
class Cost(Objective):
    """Every number assumed.

    Attributes:
        activity: points for an activity of any form.
        by_form: points more for an activity of a form, by its label.
        teacher_minute: points for a minute that a student has of a teacher.
        minute: points for a minute of the student's own; 0: only what is done counts.
    """

    activity: float = 0.02
    by_form: Mapping[str, float] = field(default_factory=dict)
    teacher_minute: float = 0.1
    minute: float = 0.0

    def __post_init__(self) -> None:
        check = Violations("cost")
        check.number("activity", self.activity, at_least=0.0, at_most=1e6)
        for form, price in self.by_form.items():
            check.number(f"by_form[{form}]", price, at_least=0.0, at_most=1e6)
        for name in ("teacher_minute", "minute"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=1e6)
        check.raise_all()

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what it was worth."""
        return "total_reward"

    def refusals(self, world: World) -> list[str]:
        """Prices of forms that no activity has."""
        check, forms = Violations("cost"), world.curriculum.forms
        for form in sorted(set(self.by_form) - set(forms)):
            check.add("by_form", form, f"is no activity's form in {world.name!r}", nearest(form, forms))
        return check.found

    def reward(self, happened: Happened, students: Students, world: World, before: Any = None) -> Float:
        """Minus what the step cost, (n,) points."""
        price = np.append(self._prices(world.platform), np.zeros(len(world.controls))).take(happened.activity)
        return -(price + self.minute * happened.minutes + self.teacher_minute * happened.taught)

    def expected(self, outlook: Outlook, platform: Platform, value: Float) -> Float | None:
        """Minus the prices, (n, A): exact where there is no teacher. None with a price of minutes: no outlook tells
        how long a student takes."""
        if self.minute:
            return None
        return -np.broadcast_to(self._prices(platform), (len(value), len(platform.curriculum.activities)))

    def _prices(self, platform: Platform) -> Float:
        """Of each activity, (A,)."""
        curriculum = platform.curriculum
        by_form = [self.activity + self.by_form.get(form, 0.0) for form in curriculum.forms]
        return np.array(by_form)[curriculum.form]
