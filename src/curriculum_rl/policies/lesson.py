"""How a concept is taught once it was chosen: the step from "which concept" to "which activity".

A worked example while little is believed known (they help novices most, and hinder those who know: Kalyuga et al.
2003, doi:10.1207/S15326985EP3801_4), and otherwise the problem nearest to a difficulty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.policy import evenly, surely
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Lesson:
    """Attributes:
    difficulty: of the problem, logits above a medium one: the nearest of the concept's own is taken.
    example_below: P(known) believed, in [0, 1], under which an activity without an answer comes first, such as a
        worked example; 0: never where there is a problem.
    """

    difficulty: float = 0.0
    example_below: float = 0.0

    def __post_init__(self) -> None:
        check = Violations("lesson")
        check.number("difficulty", self.difficulty, at_least=-10.0, at_most=10.0)
        check.number("example_below", self.example_below, at_least=0.0, at_most=1.0)
        check.raise_all()

    def probabilities(self, view: View, priority: Float, known: Float) -> Float:
        """All probability on an activity of the concept with the highest priority that has one allowed, (n, A).

        Args:
            view: what may be chosen.
            priority: of each concept, (n, K); the first one wins a tie.
            known: P(known) believed of each, (n, K).
        """
        activity = self.activities(view, known)
        concept: Int = np.where(activity < 0, -np.inf, priority).argmax(axis=1)
        return surely(activity[np.arange(len(concept)), concept], view.mask.shape[1])

    def activities(self, view: View, known: Float) -> Int:
        """What each concept would be taught by, of what is allowed, (n, K); -1 where nothing is."""
        problems, examples = (self._ranked(view.platform.curriculum, first) for first in (True, False))
        novice = known < self.example_below
        if not view.mask.all():
            problems, examples = (_first_allowed(ranked, view.mask)[None] for ranked in (problems, examples))
        activity: Int = np.where(novice, examples[0], problems[0])
        return activity

    def variants(self) -> Iterable[Lesson]:
        """Easier and harder problems; examples for nobody, for those who know little, for most."""
        yield from (replace(self, difficulty=d) for d in (-1.0, 0.0, 1.0))
        yield from (replace(self, example_below=e) for e in (0.0, 0.15, 0.3, 0.5, 0.7, 0.9))

    def _ranked(self, curriculum: Curriculum, problems_first: bool) -> Int:
        """Activities of each concept, the best first, (R, K), padded with -1.

        Those of the wanted kind come first, then those that practise the concept most, then the nearest difficulty.
        """
        concepts, shares = curriculum.loads
        place, activity = np.nonzero(shares > 0)
        concept = concepts[place, activity]
        unwanted = curriculum.answered[activity] != problems_first
        far = np.abs(curriculum.difficulty[activity] - self.difficulty)
        order = np.lexsort((activity, far, -shares[place, activity], unwanted, concept))
        concept, activity = concept[order], activity[order]
        rank = np.arange(len(order)) - np.searchsorted(concept, concept)
        table = np.full((rank.max() + 1, len(curriculum.concepts)), -1, dtype=np.int64)
        table[rank, concept] = activity
        return table


def spread(view: View, activity: Int, chance: Float) -> Float:
    """Each concept's chance on the activity that teaches it, (n, A); evenly over what is allowed where there is none.

    Args:
        view: what may be chosen.
        activity: of each concept, (n, K), as from `Lesson.activities`.
        chance: of each concept, (n, K), rows that sum to 1 or hold 0 alone; 0 where the concept has no activity.
    """
    rows = np.arange(len(chance))
    out = np.zeros(view.mask.shape)
    for k in range(chance.shape[1]):
        out[rows, activity[:, k]] += chance[:, k]  # where nothing is allowed, 0 is added to some activity
    none = chance.sum(axis=1) == 0
    if none.any():
        out[none] = evenly(view.mask[none])
    return out


def _first_allowed(ranked: Int, mask: Bool) -> Int:
    """The best activity of each concept that is allowed, (n, K); -1 where none is."""
    found = np.full((len(mask), ranked.shape[1]), -1, dtype=np.int64)
    for activity in ranked[::-1]:
        np.copyto(found, activity, where=mask.take(activity, axis=1) & (activity >= 0))
    return found
