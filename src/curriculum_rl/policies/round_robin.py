"""Round-robin: the goal practised least often so far, in the order of the curriculum.

Spaces and interleaves practice without looking at a single answer (for why that is good: Cepeda et al. 2008,
doi:10.1111/j.1467-9280.2008.02209.x; Brunmair & Richter 2019, doi:10.1037/bul0000209).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.order import goals_alone, position
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Tracker


@dataclass(frozen=True)
class RoundRobin:
    """Attributes:
    lesson: how a concept is taught.
    tracker: what counts the practice, and believes what the lesson asks.
    """

    lesson: Lesson = field(default_factory=Lesson)
    tracker: Tracker = field(default_factory=BKTFilter)

    def variants(self) -> Iterable[Self]:
        """Other ways of teaching."""
        return [replace(self, lesson=lesson) for lesson in self.lesson.variants()]

    def probabilities(self, view: View) -> Float:
        """All on the next in the round, (n, A)."""
        belief = view.belief
        place = position(view.platform.curriculum)
        priority = goals_alone(-(belief.seen * len(place) + place), belief.goals)
        return self.lesson.probabilities(view, priority, belief.outlook().stored)
