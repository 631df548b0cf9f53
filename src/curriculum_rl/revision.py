"""A catalogue revised: the same concepts in another order, or with some of its activities replaced by new ones.

All that it draws is assumed. A new activity takes the place of an old one, with the same form and concepts, and

    difficulty' = difficulty + d,  minutes' = minutes * m,  learning' = learning * l

where d is uniform within `difficulty` logits either way, and m and l are log-uniform within their factors either way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from curriculum_rl.batch import Int
from curriculum_rl.config import nearest
from curriculum_rl.curriculum import Activity, Curriculum
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Revision:
    """What is changed.

    Attributes:
        seed: of all that is drawn.
        reordered: whether concepts and activities are listed in another order.
        new_share: of the activities are new ones; at least one is, unless it is 0.
        difficulty: how far a new one may be from what it replaces, logits; assumed: about the range within a form.
        minutes, learning: the same as factors; assumed.
    """

    seed: int = 0
    reordered: bool = False
    new_share: float = 0.0
    difficulty: float = 0.5
    minutes: float = 1.5
    learning: float = 1.5

    def __post_init__(self) -> None:
        check = Violations("revision")
        check.number("seed", self.seed, at_least=0, below=2.0**63, whole=True)
        share = check.number("new_share", self.new_share, at_least=0.0, at_most=1.0)
        if share and self.new_share == 0.0 and not self.reordered:
            remedy = "Give a share such as 0.2, or reordered: true, or no revision at all."
            check.add("new_share", self.new_share, "must be above 0 where nothing is reordered", remedy)
        check.number("difficulty", self.difficulty, at_least=0.0, at_most=10.0)
        for name in ("minutes", "learning"):
            check.number(name, getattr(self, name), at_least=1.0, at_most=10.0)
        check.raise_all()

    @property
    def sources(self) -> dict[str, str]:
        """The source of what is changed, by name."""
        found = {}
        if self.new_share:
            found["activities.new"] = (
                f"assumed: {self.new_share:.0%} of the activities replaced, seed {self.seed}: difficulty up to "
                f"{self.difficulty:g} logits away, minutes up to {self.minutes:g} and learning up to "
                f"{self.learning:g} times as much or as little"
            )
        if self.reordered:
            found["order"] = f"assumed: concepts and activities in an order drawn with seed {self.seed}"
        return found

    def concepts(self, count: int) -> Int:
        """Old position of each concept, (count,)."""
        order = np.arange(count)
        return self._generator(0).permutation(order) if self.reordered else order

    def revised(self, curriculum: Curriculum) -> Curriculum:
        """The curriculum after the revision, its concepts in the order of `concepts`."""
        activities = list(curriculum.activities)
        count = max(round(self.new_share * len(activities)), 1) if self.new_share else 0
        generator = self._generator(1)
        for i in np.sort(generator.permutation(len(activities))[:count]):
            activities[i] = self._new(activities[i], generator)
        if self.reordered:
            activities = [activities[i] for i in self._generator(2).permutation(len(activities))]
        order = self.concepts(len(curriculum.concepts))
        return replace(curriculum, concepts=tuple(curriculum.concepts[k] for k in order), activities=tuple(activities))

    def _new(self, old: Activity, generator: np.random.Generator) -> Activity:
        away, longer, better = generator.uniform(-1.0, 1.0, 3)
        return replace(
            old,
            id=f"{old.id}-new",
            name=f"{old.name} (new)".strip(),
            difficulty=float(np.clip(old.difficulty + away * self.difficulty, -10.0, 10.0)),
            minutes=old.minutes * self.minutes**longer,
            learning=old.learning * self.learning**better,
        )

    def _generator(self, purpose: int) -> np.random.Generator:
        """One for each purpose, so that what one draws does not move the others."""
        return np.random.default_rng([self.seed, purpose])


def positions(curriculum: Curriculum, concepts: int | tuple[str, ...] | None) -> Int:
    """Positions of the concepts that a configuration keeps, rising."""
    if concepts is None:
        return np.arange(len(curriculum.concepts))
    if isinstance(concepts, int):
        tries = np.array([c.tries for c in curriculum.concepts])
        return np.sort(np.argsort(-tries, kind="stable")[:concepts])
    check = Violations("world")
    for i, concept in enumerate(concepts):
        if concept not in curriculum.concept_index:
            remedy = nearest(concept, curriculum.concept_index)
            check.add(f"concepts[{i}]", concept, "must be a concept of the pack", remedy)
    check.raise_all()
    return np.sort([curriculum.concept_index[concept] for concept in concepts])
