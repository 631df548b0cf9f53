"""Thompson sampling: a contextual bandit on learning progress that gives each concept the chance that it is the best.

    score_k = theta_k x_k,   theta_k ~ N(rate_k, variance_k),   x_k = readiness_k (1 - P(known and recalled))
    P(k)    = P(score_k is the greatest of all goals)

An arm is a goal; its context x_k is how much practice could bring of it; theta_k is how fast this student learns it, as
far as answers told (`trackers/rates.py`). The model is linear with a weight for each arm, as in Li, Chu, Langford &
Schapire (2010), doi:10.1145/1772690.1772758; the choice is that of Agrawal & Goyal (2013), arXiv:1209.3352; with the
knowledge of a student as context, bandits choose learning actions in Lan & Baraniuk (2016), "A contextual bandits
framework for personalized learning action selection". Nothing is sampled here: chances are integrals (`best_arm.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self, cast

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.best_arm import chance_of_best
from curriculum_rl.policies.lesson import Lesson, spread
from curriculum_rl.trackers.rates import Rates, RatesBelief


@dataclass(frozen=True)
class Thompson:
    """Attributes:
    lesson: how a concept is taught.
    tracker: what believes, about knowledge and about rates.
    """

    lesson: Lesson = field(default_factory=Lesson)
    tracker: Rates = field(default_factory=Rates)

    def variants(self) -> Iterable[Self]:
        """How far rates may differ and how far answers are trusted, and other ways of teaching."""
        yield from (replace(self, tracker=replace(self.tracker, spread=x)) for x in (0.25, 0.5, 1.0, 2.0))
        yield from (replace(self, tracker=replace(self.tracker, noise=x)) for x in (0.1, 0.2, 0.4))
        yield from (replace(self, lesson=lesson) for lesson in self.lesson.variants())

    def probabilities(self, view: View) -> Float:
        """Each goal's chance, on the activity that teaches it, (n, A)."""
        belief = cast(RatesBelief, view.belief)
        outlook = belief.outlook()
        activity = self.lesson.activities(view, outlook.stored)
        x = outlook.readiness * (1.0 - outlook.recall)
        chance = chance_of_best(belief.rate * x, np.sqrt(belief.variance) * x, belief.goals & (activity >= 0))
        return spread(view, activity, chance)
