"""One step ahead: the activity that raises what is aimed at most for each minute.

    a = argmax reward_a / min(minutes_a, minutes left of the session)

with the reward that the objective expects of each activity (`Objective.expected`). For the delayed test that is `worth`
of `trackers/planning.py`: over the goals, what is learned and what of it will be recalled at the test, and how much
longer what is known will last. An activity that overruns its session costs what was left of it. In a world without
prerequisites this is close to the best there is. An objective that is no rise of a potential pays at each decision,
however long that takes: then minutes do not count.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.objective import Objective, Potential
from curriculum_rl.policies.policy import best
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.planning import goal_value
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput


@dataclass(frozen=True)
class Greedy:
    """Attributes:
    objective: what is aimed at.
    tracker: what believes.
    """

    objective: Objective = field(default_factory=DelayedTest)
    tracker: Tracker = field(default_factory=BKTFilter)

    def scores(self, view: View) -> Float:
        """Points a minute, or at this decision where that is what is paid for, (n, A)."""
        belief, platform = view.belief, view.platform
        reward = self.objective.expected(belief.outlook(), platform, goal_value(platform, belief.goals))
        if reward is None:
            remedy = "Aim at another, such as delayed_test."
            told = type(self.objective).__name__
            raise InvalidInput("greedy", [f"objective = {told}: what it will pay cannot be told ahead. {remedy}"])
        return per_minute(reward, view) if isinstance(self.objective, Potential) else reward

    def probabilities(self, view: View) -> Float:
        """All on the best, (n, A)."""
        return best(self.scores(view), view.mask)


def per_minute(points: Float, view: View) -> Float:
    """Points for each minute of the course that an activity takes a student of average pace, (n, A)."""
    minutes = np.minimum(view.platform.curriculum.minutes, np.maximum(view.session_left, 1e-6)[:, None])
    return points / minutes
