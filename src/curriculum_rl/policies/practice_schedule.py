"""Blocked and interleaved practice: so many tries of each goal, one goal after the other or several by turns.

The goals in the order of the curriculum are cut into windows of w; the tries of each goal, t in a pass, into blocks of
b. With c the times that a goal was practised, and its place among the goals of the student, next is the goal with the
least

    (pass, window, block, member) = (floor(c / t), floor(place / w), floor((c mod t) / b), place mod w)

so w = 1 is blocked practice, AAABBBCCC, and b = 1 interleaves: w = 3 gives ABCABCABC, then the next three. After the
last window comes another pass. `fixed_order` blocks by minutes, and `round_robin` is w = all goals with b = 1, which
never goes on; here the window moves on when each of its goals had its tries.

Interleaving beats blocking in mathematics, d .83 in Rohrer, Dedrick, Hartwig & Cheung (2020), doi:10.1037/edu0000367;
over all material .42 in Brunmair & Richter (2019), doi:10.1037/bul0000209.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.order import goals_alone, place_among_goals
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class PracticeSchedule:
    """Attributes:
    tries: t, activities on each goal in a pass.
    window: w, goals that take turns; 1: blocked.
    block: b, activities on a goal before the next of the window has its turn.
    lesson: how a concept is taught.
    tracker: what counts the practice, and believes what the lesson asks.
    """

    tries: int = 3
    window: int = 1
    block: int = 1
    lesson: Lesson = field(default_factory=Lesson)
    tracker: Tracker = field(default_factory=BKTFilter)

    def __post_init__(self) -> None:
        check = Violations("practice_schedule")
        check.number("tries", self.tries, at_least=1, at_most=10_000, whole=True)
        check.number("window", self.window, at_least=1, at_most=10_000, whole=True)
        check.number("block", self.block, at_least=1, at_most=10_000, whole=True)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """How many tries, the window unless practice is blocked, and other ways of teaching."""
        yield from (replace(self, tries=t) for t in (2, 3, 4, 6))
        if self.window > 1:
            yield from (replace(self, window=w) for w in (2, 3, 5))
        yield from (replace(self, lesson=lesson) for lesson in self.lesson.variants())

    def probabilities(self, view: View) -> Float:
        """All on the goal whose turn it is, (n, A)."""
        belief = view.belief
        place = place_among_goals(view.platform.curriculum, belief.goals)
        width = min(self.window, belief.goals.shape[1])
        window, member = np.divmod(place, width)
        passes, tried = np.divmod(belief.seen, self.tries)
        turn = passes
        for part, size in (
            (window, -(-belief.goals.shape[1] // width)),
            (tried // self.block, -(-self.tries // self.block)),
            (member, width),
        ):
            turn = turn * size + part
        return self.lesson.probabilities(view, goals_alone(-turn, belief.goals), belief.outlook().stored)
