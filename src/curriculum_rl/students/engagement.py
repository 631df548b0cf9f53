"""Engagement: how willing a student is just now, in [0, 1]. It moves effort, and with it learning, and dropout.

    level <- clip(level + success fit [right] - failure [wrong] + variety [another form] + fondness [preferred form]
                        - boredom excess + belonging (company - 1/2) + autonomy [had a choice]
                        + pull (base - level), 0, 1)
    fit    = 1 - |p - target| / max(target, 1 - target)       p the chance that this try had of being right
    excess = max(0, p - target) / (1 - target)                of what is answered; nothing else is right, wrong or easy
    effort = 1 - weight (1 - level)                           multiplies learning

`base` is the student's own, logistic(base_mean + offset of the subgroup + base_sd z). That challenge near one's level
and variety engage, and that failure and boredom disengage, follows flow theory (Csikszentmihalyi 1990) and
self-determination theory (Ryan & Deci 2000, doi:10.1037/0003-066X.55.1.68: competence, belonging, autonomy); the
form and every number are assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.special import expit

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.traits import Group, Traits, check_offsets, of_groups
from curriculum_rl.violations import Violations

BASE: Final = 8
"""Counter of this draw in the PERSON stream. Frozen."""


@dataclass
class Mood:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    level: Float  # (n,) in [0, 1]
    base: Float  # (n,) where it returns to
    form: Int  # (n,) of the last activity, -1 before the first


@dataclass(frozen=True)
class Engagement:
    """Every number a step of `level`, which lies in [0, 1], unless said otherwise; assumed.

    Attributes:
        base_mean, base_sd: of the students' own level, logits.
        by_group: logits added for a subgroup, by its name or a part of it.
        target: chance of being right at which success engages most.
        success, failure, boredom, variety, belonging, autonomy: as above.
        pull: share of the way back to the student's own level, at each activity.
        effort: how much learning is lost with all engagement, in [0, 1].
    """

    base_mean: float = 1.0
    base_sd: float = 0.5
    by_group: Mapping[str, float] = field(default_factory=dict)
    target: float = 0.7
    success: float = 0.03
    failure: float = 0.04
    boredom: float = 0.03
    variety: float = 0.01
    belonging: float = 0.03
    autonomy: float = 0.01
    pull: float = 0.05
    effort: float = 0.5

    def __post_init__(self) -> None:
        check = Violations("engagement")
        check.number("base_mean", self.base_mean, at_least=-10.0, at_most=10.0)
        check.number("base_sd", self.base_sd, at_least=0.0, at_most=10.0)
        check.number("target", self.target, above=0.0, below=1.0)
        for name in ("success", "failure", "boredom", "variety", "belonging", "autonomy", "pull", "effort"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=1.0)
        check.raise_all()

    def check(self, groups: tuple[Group, ...], check: Violations) -> None:
        """Notes what does not fit these subgroups."""
        check_offsets("by_group", groups, self.by_group, check)

    def start(self, groups: tuple[Group, ...], traits: Traits, person: streams.Keys) -> Mood:
        """Everyone at their own level."""
        z = streams.normal(streams.uniform(person, np.array(BASE, dtype=np.uint64)))
        base = expit(self.base_mean + of_groups(groups, self.by_group)[traits.group] + self.base_sd * z)
        return Mood(base.copy(), base, np.full(len(base), -1, dtype=np.int64))

    def effort_of(self, mood: Mood) -> Float:
        """What learning is multiplied by, (n,)."""
        effort: Float = 1.0 - self.effort * (1.0 - mood.level)
        return effort

    def feel(
        self, mood: Mood, chance: Float, answered: Bool, correct: Bool, form: Int, company: Float, extra: Float
    ) -> None:
        """Moves the level, in place.

        Args:
            mood: changed in place.
            chance: of being right that the try had, (n,).
            answered, correct: what came of it, (n,).
            form: of the activity, (n,).
            company: how much the student belongs, (n,) in [0, 1]; 1/2 is neither here nor there.
            extra: what else is added, (n,), such as for a preferred form or a choice.
        """
        fit = 1.0 - np.abs(chance - self.target) / max(self.target, 1.0 - self.target)
        excess = np.maximum(0.0, chance - self.target) / (1.0 - self.target)
        step = np.where(correct, self.success * fit, -self.failure) - self.boredom * excess
        step = np.where(answered, step, 0.0)
        step += self.variety * ((form != mood.form) & (mood.form >= 0))
        step += self.belonging * (company - 0.5) + extra + self.pull * (mood.base - mood.level)
        np.clip(mood.level + step, 0.0, 1.0, out=mood.level)
        mood.form[:] = form
