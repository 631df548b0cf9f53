"""Why this activity now, in words made from what the graph says and the catalogue alone.

Every sentence states something that can be checked against the numbers; none guesses at what a network "thinks". The
JavaScript runner says the same, word for word: numbers are compared in whole thousandths, so that what is equal is not
told apart by the last digit of a machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from curriculum_rl.runner.runner import Step

ALTERNATIVES = 3
"""Named beside the choice, at most."""
WORTH_NAMING = 10
"""Chance that another activity has at least, if it is named, thousandths."""
Thousandths = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Reasons:
    """What has to be known of a catalogue to give reasons. Names are those that people read."""

    activities: tuple[str, ...]
    concepts: tuple[str, ...]
    practised: tuple[tuple[int, ...], ...]  # concepts of each activity
    needed: tuple[tuple[int, ...], ...]  # prerequisites of each concept

    @classmethod
    def of(cls, catalogue: Mapping[str, Any]) -> Reasons:
        """The same, of a bundle's catalogue."""
        place = {concept["id"]: k for k, concept in enumerate(catalogue["concepts"])}
        needed: list[list[int]] = [[] for _ in place]
        for pair in catalogue["prerequisites"]:
            needed[place[pair["concept"]]].append(place[pair["prerequisite"]])
        return cls(
            activities=tuple(a.get("name") or a["id"] for a in catalogue["activities"]),
            concepts=tuple(c.get("name") or c["id"] for c in catalogue["concepts"]),
            practised=tuple(tuple(sorted(place[c] for c in a["concepts"])) for a in catalogue["activities"]),
            needed=tuple(tuple(sorted(each)) for each in needed),
        )

    def why(self, step: Step, row: int, chosen: int) -> list[str]:
        """Sentences about the choice of one activity for the student of a row."""
        mastery, eligible = thousandths(step.mastery[row]), step.eligible[row]
        return [
            self._practises(mastery, chosen),
            self._ready(mastery, chosen),
            *self._weakest(mastery, eligible, chosen),
            self._next_best(thousandths(step.probabilities[row]), chosen),
        ]

    def _practises(self, mastery: Thousandths, chosen: int) -> str:
        return f"It practises {self._believed(mastery, self.practised[chosen])}."

    def _ready(self, mastery: Thousandths, chosen: int) -> str:
        own = self.practised[chosen]
        needs = sorted({j for k in own for j in self.needed[k]} - set(own))
        if not needs:
            return "It needs nothing that comes before."
        weakest = min(needs, key=lambda j: (mastery[j], j))
        if len(needs) == 1:
            return f"It needs {self._believed(mastery, needs)}."
        return f"Of the {len(needs)} concepts that it needs, the weakest is {self._believed(mastery, [weakest])}."

    def _weakest(self, mastery: Thousandths, eligible: npt.NDArray[np.bool_], chosen: int) -> list[str]:
        """Where the weakest concept of the choice stands among those that could be practised now."""
        open_ = sorted({k for a in np.flatnonzero(eligible) for k in self.practised[a]})
        if len(open_) < 2:
            return []
        weakest = min(self.practised[chosen], key=lambda k: (mastery[k], k))
        less = int(sum(mastery[k] < mastery[weakest] for k in open_))
        are = f"{less or 'none'} {'are' if less > 1 else 'is'}"
        return [f"Of the {len(open_)} concepts open now, {are} less known than {self.concepts[weakest]}."]

    def _next_best(self, chances: Thousandths, chosen: int) -> str:
        others = [int(a) for a in np.argsort(-chances, kind="stable") if a != chosen and chances[a] >= WORTH_NAMING]
        if not others:
            return "No other activity has a chance of 1% or more."
        named = [f"{self.activities[a]} ({_percent(chances[a])})" for a in others[:ALTERNATIVES]]
        return f"Next best: {', '.join(named)}."

    def _believed(self, mastery: Thousandths, concepts: Sequence[int]) -> str:
        return ", ".join(f"{self.concepts[k]} (believed known: {_percent(mastery[k])})" for k in concepts)


def thousandths(shares: npt.NDArray[Any]) -> Thousandths:
    """Shares in whole thousandths, halves rounded up as JavaScript does; a forged state makes 0 or 1 of them."""
    return np.floor(shares.astype(np.float64).clip(0.0, 1.0) * 1000.0 + 0.5).astype(np.int64)


def _percent(share: int) -> str:
    """Thousandths in whole percent, halves rounded up."""
    return f"{(share + 5) // 10}%"
