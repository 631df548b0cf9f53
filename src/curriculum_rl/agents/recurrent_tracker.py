"""A learned recurrent state as a belief: an LSTM (`networks/memory.py`) that folds what another tracker says of events.

Over `trackers/last_event.py`, what is folded is the event alone, so that all that is known of the past is what the
LSTM has learned to keep. The record of what each student did, outlook and masks are the inner tracker's. The states
are arrays with students as the leading axis, so that a policy stays a pure function of what is believed, and lanes can
be replaced and dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.memory import Memory
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.trackers.tracker import Belief, Float32, Tracker, held
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import Platform


@dataclass
class Remembering(Belief):
    """What any belief becomes with a memory behind it; `remembering` joins the two."""

    by_entry: ClassVar[bool] = False  # whatever the inner belief is: the memory folds what is of whole students
    inner: ClassVar[tuple[int, int]]  # features of the inner belief, about each concept and about the student

    hidden: Float32 = field(repr=False)  # (n, H) or (n, K H)
    cell: Float32 = field(repr=False)  # the same
    memory: Memory = field(repr=False)

    def update(self, activity: Int, correct: Bool, elapsed: Float) -> None:
        """The inner belief's, then the fold."""
        super().update(activity, correct, elapsed)
        self.fold()

    def fold(self) -> None:
        """Takes in the features of the inner belief as they are now, in place."""
        (n, concepts), (planes, others) = self.goals.shape, self.inner
        split = planes * concepts
        x = np.empty((n, split + others), dtype=np.float32)
        super().write_features(x[:, :split].reshape(n, planes, concepts), x[:, split:])
        self.hidden[:], self.cell[:] = self.memory.fold(x, self.hidden, self.cell)

    def write_features(self, concept: Float32, student: Float32) -> None:
        """Writes those of the inner belief and h, by concept or beside what is of the student."""
        planes, others = self.inner
        super().write_features(concept[:, :planes], student[:, :others])
        if self.memory.by_concept:
            n, concepts = self.goals.shape
            concept[:, planes:] = self.hidden.reshape(n, concepts, -1).transpose(0, 2, 1)
        else:
            student[:, others:] = self.hidden


def remembering(inner: type[Belief], units: int, by_concept: bool) -> type[Remembering]:
    """The class of beliefs that are of this class and have so many units of memory."""
    remembered = tuple(f"memory{i}" for i in range(units))
    namespace = {
        "__doc__": f"{inner.__name__}, with a memory behind it.",
        "inner": (len(inner.concept_features), len(inner.student_features)),
        "concept_features": inner.concept_features + (remembered if by_concept else ()),
        "student_features": inner.student_features + (() if by_concept else remembered),
    }
    made: type[Remembering] = dataclass(type(f"Remembering{inner.__name__}", (Remembering, inner), namespace))
    return made


@dataclass(frozen=True)
class Recurrent:
    """What a recurrent policy sees its students through; made by its agent, around the tracker of a study.

    Attributes:
        inner: what is folded.
        units: H, of the memory.
        by_concept: whether there are so many for each concept.
        memory: the weights, for one platform; none until there are some (`with_memory`).
    """

    inner: Tracker
    units: int
    by_concept: bool
    memory: Memory | None = field(default=None, repr=False, compare=False, metadata={"weights": True})

    def __post_init__(self) -> None:
        check = Violations("recurrent tracker")
        check.number("units", self.units, at_least=1, at_most=4096)
        check.raise_all()

    @cached_property
    def belief(self) -> type[Remembering]:
        """The class of its beliefs."""
        return remembering(self.inner.belief, self.units, self.by_concept)

    def with_memory(self, platform: Platform) -> Recurrent:
        """The same with weights for this platform, which nothing has taught."""
        return replace(self, memory=Memory(Layout.of(platform, self.inner), self.units, self.by_concept))

    def start(self, platform: Platform, goals: Bool) -> Remembering:
        """The belief about n students whose goals are (n, K)."""
        if self.memory is None:
            remedy = "Train agent=recurrent_ppo, which brings its own, over any other tracker."
            raise InvalidInput("tracker", [f"{self}: has no weights yet. {remedy}"])
        hidden, cell = np.zeros((2, len(goals), self.memory.width), dtype=np.float32)
        known = held(self.inner.start(platform, goals))
        return self.belief(**known, hidden=hidden, cell=cell, memory=self.memory)
