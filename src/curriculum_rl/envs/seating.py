"""Who comes into which lane next, where students sit in classes.

A class keeps its lanes until its last student has finished. Who has finished before is drawn no more, and the lane
shows who will come next, waiting to begin: so an episode ends once, the next observation is the first of the next
episode, and what a learner makes of the wait is that nothing happens in it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from curriculum_rl.batch import Bool, Int, put_rows, take_rows
from curriculum_rl.envs.simulation import Drawn, Simulation
from curriculum_rl.trackers.tracker import Float32


class Seating:
    """The next students of n lanes.

    Args:
        simulation: of the lanes.
        size: students of a class.
        next_ids: so many ids that come next.

    Attributes:
        ids: of who comes into each lane, (n,); -1 while nobody of its class has finished.
    """

    def __init__(self, simulation: Simulation, size: int, next_ids: Callable[[int], Int]) -> None:
        self.simulation, self.size, self._next_ids = simulation, size, next_ids
        self.ids: Int = np.full(len(simulation), -1, dtype=np.int64)
        whole, features = slice(None), np.zeros_like(simulation.features())
        self._coming = Drawn(take_rows(simulation.students, whole), take_rows(simulation.belief, whole), features)

    @property
    def vacant(self) -> Bool:
        """Which lanes wait for their next student, (n,)."""
        seats = self.simulation.students.inner.seats
        assert seats is not None
        return ~seats.present

    def students(self) -> Int:
        """Ids of who is in each lane, or comes into it where it is vacant, (n,)."""
        return np.where(self.vacant, self.ids, self.simulation.students.id)

    def show(self, features: Float32) -> None:
        """Writes into `features`, (n, F), what a network first sees of who comes into the vacant lanes."""
        vacant = np.flatnonzero(self.vacant)
        features[vacant] = self._features[vacant]

    def finish(self, rows: Int, features: Float32) -> None:
        """After the students of these lanes have finished: classes that are over make room for the next."""
        lanes = self._lanes(np.unique(rows // self.size))
        self._call(lanes)
        over = self.vacant.reshape(-1, self.size).all(axis=1)
        self.refill(self._lanes(np.flatnonzero(over)), features)

    def refill(self, lanes: Int, features: Float32 | None = None) -> None:
        """The next classes take these lanes, whole classes, whoever was there."""
        if not len(lanes):
            return
        self._call(lanes)
        put_rows(self.simulation.students, lanes, self._coming.students, lanes)
        put_rows(self.simulation.belief, lanes, self._coming.belief, lanes)
        if features is not None:
            features[lanes] = self._features[lanes]
        self.ids[lanes] = -1

    def restore(self, ids: Int) -> None:
        """Puts these students, (n,), before the lanes; -1 for none."""
        self.ids[:] = ids
        rows = np.flatnonzero(ids >= 0)
        self.simulation.draw(rows, ids[rows], self._coming)

    def _call(self, lanes: Int) -> None:
        """Sees to it that it is known who comes into these lanes."""
        rows = lanes[self.ids[lanes] < 0]
        self.ids[rows] = self._next_ids(len(rows))
        self.simulation.draw(rows, self.ids[rows], self._coming)

    def _lanes(self, classes: Int) -> Int:
        lanes: Int = (classes[:, None] * self.size + np.arange(self.size)).ravel()
        return lanes

    @property
    def _features(self) -> Float32:
        assert self._coming.features is not None
        return self._coming.features
