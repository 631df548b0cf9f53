"""What every objective offers: a reward for each step, and the column of `Outcomes` that policies are compared by.

There are two kinds. The rewards of most are differences of a potential, so that a course's rewards add up to what it
changed, and no policy can gain by going in circles (Ng, Harada & Russell 1999). Others pay for how things stand at
each decision, such as how much is recalled: what they add up to depends on the whole way there.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from curriculum_rl.batch import Float
from curriculum_rl.students.population import Population, Students
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.world import Platform


class Objective(Protocol):
    """What is rewarded."""

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what a course was worth, in points; more is better."""

    def reward(self, happened: Happened, students: Students, population: Population) -> Float:
        """The reward of this step, (n,), in points; `students` as they are after it."""

    def expected(self, outlook: Outlook, platform: Platform, value: Float) -> Float:
        """The reward that each activity would have on average, (n, A).

        Args:
            outlook: what is believed, or true: then it is exact where concepts are known or not (`all_or_nothing`).
            platform: the catalogue and the population's parameters.
            value: points of the delayed test for each unit of recall, by concept, (n, K).
        """


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

    def potential(self, students: Students, population: Population) -> Float:
        """The potential itself, (n,), in points of 0 to 100."""
