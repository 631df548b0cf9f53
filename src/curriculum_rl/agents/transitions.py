"""Logged decisions as arrays to learn from: what was seen, what was allowed, what was done, what it brought.

The state that follows a decision is that of the student's next one, so it is the next row and is not kept twice. A
course is finite: after a student's last decision nothing more is earned, whatever ended it, as in `ope/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.violations import Violations

Column = TypeVar("Column", bound=np.generic)


@dataclass(frozen=True)
class Transitions:
    """N decisions of n students, sorted by student, then by time; F features, A activities.

    Attributes:
        features: of the student before the decision, (N, F).
        mask: what could have been chosen, (N, A).
        action: what was, (N,).
        reward: of the decision, (N,); nan where nobody knows.
        student: index of the student, rising, (N,).
    """

    features: npt.NDArray[np.float32]
    mask: Bool
    action: Int
    reward: Float
    student: Int

    def __post_init__(self) -> None:
        check = Violations("transitions")
        lengths = {f.name: len(getattr(self, f.name)) for f in fields(self)}
        check.that(len(set(lengths.values())) == 1, f"rows must be as many everywhere; there are {lengths}")
        check.raise_all()
        check.that(np.diff(self.student) >= 0, "student must rise from row to row")
        check.that(self.mask[np.arange(len(self)), self.action], "action must be one that could have been chosen")
        check.that(np.isfinite(self.features), "features must be finite")
        check.raise_all()

    def __len__(self) -> int:
        """How many decisions."""
        return len(self.action)

    @property
    def done(self) -> Bool:
        """Whether a decision is its student's last, (N,)."""
        done: Bool = np.diff(self.student, append=-1) != 0
        return done

    @property
    def longest(self) -> int:
        """Decisions of the student with the most of them."""
        return int(np.unique(self.student, return_counts=True)[1].max(initial=0))

    def following(self, values: npt.NDArray[Column]) -> npt.NDArray[Column]:
        """Values of the decisions, (N, ...), moved to the decision before: 0 (False) after a student's last."""
        moved = np.concatenate([values[1:], np.zeros_like(values[:1])])
        moved[self.done] = 0
        return moved

    @property
    def next_features(self) -> npt.NDArray[np.float32]:
        """Features of the state that follows, (N, F); 0 where `done`."""
        return self.following(self.features)

    @property
    def next_mask(self) -> Bool:
        """What can be chosen there, (N, A); nothing where `done`."""
        return self.following(self.mask)

    def of(self, students: Bool) -> Transitions:
        """The decisions of those students for whom it is true, (n,)."""
        rows = students[self.student]
        return Transitions(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @staticmethod
    def joined(parts: Sequence[Transitions]) -> Transitions:
        """These, one after the other; students keep their numbers."""
        return Transitions(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Transitions)})
