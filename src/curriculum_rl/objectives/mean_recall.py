"""How much is recalled all along: the mean of it over the goals, just after each try.

    reward = 100 / |goals| * sum over goals k of P(recall of k)                         points
    reward = 1 / |goals| * sum over goals k of ln(1e-9 + P(recall of k))                nats, where `log` is on

Both rewards of the review worlds of Reddy, Levine & Dragan (2017): the logarithm cares most for what is nearly
forgotten. It is no potential: what a course adds up to depends on its whole way, so it is judged by the mean over its
decisions, and makes no sense where a policy may end sessions and courses early. A step costs O(students x concepts).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.students.knowledge.knowledge import At
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.planning import worth
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform, World

LEAST: Final = 1e-9


@dataclass(frozen=True)
class MeanRecall(Objective):
    """Attributes:
    log: whether the logarithm of recall is paid for.
    """

    log: bool = False

    def __post_init__(self) -> None:
        check = Violations("mean_recall")
        check.that(self.log in (True, False), f"log = {self.log!r}: must be true or false")
        check.raise_all()

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what it was worth."""
        return "mean_reward"

    def refusals(self, world: World) -> list[str]:
        """A world in which a policy may leave out decisions by which it would be judged."""
        if not world.controls:
            return []
        told = f"controls = {', '.join(world.controls)}: a mean over decisions is best if they end while all is fresh"
        return [f"{told}. Give the world none, or choose another objective."]

    def reward(self, happened: Happened, students: Students, world: World, before: Any = None) -> Float:
        """What all goals are worth just after the try, before any rest, (n,)."""
        every, day = At.every(*students.goals.shape), students.clock.now - happened.elapsed
        recall = np.ascontiguousarray(world.population.recall_on(students, every, day).T)
        total: Float = (self.paid(recall) * students.goal_share).sum(axis=1)
        return total

    def expected(self, outlook: Outlook, platform: Platform, value: Float) -> Float:
        """What all is worth now, and what the try lifts, (n, A).

        Exact where, besides, what was just practised and is known is sure to be recalled.
        """
        goals = value > 0
        share = goals / goals.sum(axis=1, keepdims=True)
        none, all_ = self.paid(np.array([0.0, 1.0]))
        standing = self.paid(outlook.recall)
        lifted = replace(outlook, recall=(standing - none) / (all_ - none))  # linear in what the objective pays
        now = (share * standing).sum(axis=1, keepdims=True)
        total: Float = now + worth(lifted, platform, np.zeros_like(share), (all_ - none) * share)
        return total

    def paid(self, recall: Float) -> Float:
        """For a concept that is so likely to be recalled, any shape."""
        return np.log(LEAST + recall) if self.log else 100.0 * recall
