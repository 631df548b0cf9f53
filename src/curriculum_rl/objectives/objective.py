"""What every objective offers. Rewards are differences of a potential, so that a course's rewards add up to what it
changed, and no policy can gain by going in circles (Ng, Harada & Russell 1999)."""

from __future__ import annotations

from typing import Protocol

from curriculum_rl.batch import Float
from curriculum_rl.students.population import Population, Students
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.world import Platform


class Objective(Protocol):
    """A potential over the true state of students, and its rise in one step."""

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what it gained, in points."""

    def reward(self, happened: Happened, students: Students, population: Population) -> Float:
        """The rise of the potential in this step, (n,), in points of 0 to 100; `students` as they are after it."""

    def expected(self, outlook: Outlook, platform: Platform, value: Float) -> Float:
        """The reward that each activity would have on average, (n, A).

        Args:
            outlook: what is believed, or true: then it is exact where concepts are known or not (`all_or_nothing`).
            platform: the catalogue and the population's parameters.
            value: points of the delayed test for each unit of recall, by concept, (n, K).
        """

    def potential(self, students: Students, population: Population) -> Float:
        """The potential itself, (n,), in points of 0 to 100."""
