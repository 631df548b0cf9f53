"""A beam search to the end of a short course on the true state, at every decision anew: privileged.

Sequences of activities grow one by one; the `width` best are kept at each length (Lowerre 1976), by

    E[potential of the objective] + 100 * weight * E[mean progress of what is needed]

over copies of the student, who live on by the world's own rules with luck of their own: the future is not peeked at,
and all sequences meet the same luck. What is needed are the goals and all that they build on; progress is in logits
(`Knowledge.progress`), and tells of steps that no recall shows yet. Where all copies' courses have ended, the potential
alone decides, and the first activity of the best sequence is done. Exhaustive, and so the optimum, where nothing is
left to luck and `width` is no less than the number of sequences; else it may miss the best, and takes for granted that
a sequence is gone through with whatever comes of it, though the next decision sees what did. It is a policy in any
case: the true optimum is no lower. O(width * activities * copies) steps of the world for each activity that is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int, take_rows
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.objective import Potential
from curriculum_rl.policies.policy import surely
from curriculum_rl.students.knowledge.knowledge import At
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import TIE
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import World

BLOCK: Final = 16_384
"""Copies that are played at a time."""
SHORT: Final = 60
"""Decisions of a course, at the shortest activity's minutes, up to which it is searched to its end."""


@dataclass(frozen=True)
class TrueBeam:
    """Attributes:
    width: sequences kept.
    copies: of each student for each sequence; 1 is enough where nothing is left to luck.
    weight: points of a logit of progress, as a share of 1.
    objective: whose potential is to be high at the end.
    tracker: what masks are made from, where activities are gated; those after the first are not gated.
    """

    width: int = 64
    copies: int = 1
    weight: float = 0.01
    objective: Potential = field(default_factory=DelayedTest)
    tracker: Tracker = field(default_factory=BKTFilter)

    def __post_init__(self) -> None:
        check = Violations("true_beam")
        for name in ("width", "copies"):
            check.number(name, getattr(self, name), at_least=1, at_most=10_000, whole=True)
        check.number("weight", self.weight, at_least=0.0, at_most=100.0)
        check.raise_all()

    def fits(self, world: World) -> bool:
        """Whether the course is short, and nobody's classmates matter."""
        decisions = world.course.total_minutes / world.curriculum.minutes.min()
        return bool(decisions <= SHORT) and world.population.faculties.classroom is None

    def probabilities_knowing(self, simulation: Simulation) -> Float:
        """All on the first of the best sequence, (n, A)."""
        mask = simulation.mask()
        activity = np.empty(len(mask), dtype=np.int64)
        block = max(BLOCK // (self.width * self.copies * mask.shape[1]), 1)
        for start in range(0, len(mask), block):
            part = np.arange(start, min(start + block, len(mask)))
            activity[part] = self._choose(simulation.world, take_rows(simulation.students, part), mask[part])
        return surely(activity, mask.shape[1])

    def _choose(self, world: World, students: Students, mask: Bool) -> Int:
        """The first activity of the best sequence, (n,)."""
        (n, activities), copies = mask.shape, self.copies
        needed = (students.goals.astype(np.float32) @ world.curriculum.ancestors.astype(np.float32)) > 0
        lanes = take_rows(students, np.repeat(np.arange(n), copies))
        lanes.life = self._luck(students)
        first, width, open_ = np.zeros((n, 1), dtype=np.int64), 1, mask  # open: sequences whose first may be done
        over, ended = np.zeros(n * copies, dtype=np.bool_), np.zeros(n * copies)
        for length in range(2 * SHORT):
            # Every sequence goes on with every activity: n, width, activities, copies.
            grown = np.arange(n * width * copies).reshape(n * width, 1, copies).repeat(activities, axis=1).ravel()
            lanes, over, ended = take_rows(lanes, grown), over[grown], ended[grown]
            happened = world.dynamics.step(lanes, np.tile(np.arange(activities).repeat(copies), n * width))
            now = self.objective.potential(lanes, world)
            ended = np.where(over, ended, now)
            over |= happened.over
            worth = ended + ~over * (100.0 * self.weight) * self._progress(world, lanes, needed)
            mean = worth.reshape(n, width * activities, copies).mean(axis=2)
            open_ = mask if length == 0 else open_.repeat(activities, axis=1)
            chosen = self._best(np.where(open_, mean, -np.inf))
            open_ = np.take_along_axis(open_, chosen, axis=1)
            parent, last = np.divmod(chosen, activities)
            first = last if length == 0 else np.take_along_axis(first, parent, axis=1)
            rows = (np.arange(n)[:, None] * (width * activities) + chosen)[:, :, None] * copies + np.arange(copies)
            lanes, over, ended = take_rows(lanes, rows.ravel()), over[rows.ravel()], ended[rows.ravel()]
            width = chosen.shape[1]
            if over.all():
                break
        return first[:, 0]

    def _best(self, mean: Float) -> Int:
        """The best sequences, (n, W); those with the worth of another one, mostly the same in another order, last."""
        order = np.argsort(-mean, axis=1, kind="stable")
        ranked = np.take_along_axis(mean, order, axis=1)
        same = np.zeros(mean.shape, dtype=np.bool_)
        same[:, 1:] = ranked[:, 1:] > ranked[:, :-1] - TIE
        same |= ranked == -np.inf
        return np.take_along_axis(order, np.argsort(same, axis=1, kind="stable")[:, : self.width], axis=1)

    def _progress(self, world: World, lanes: Students, needed: Bool) -> Float:
        """Mean over what each needs, logits; the lanes stand in the order of the students."""
        progress = world.population.knowledge.progress(lanes.knowledge, At.every(*lanes.goals.shape)).T
        share = (needed / needed.sum(axis=1, keepdims=True)).repeat(len(lanes) // len(needed), axis=0)
        mean: Float = (progress * share).sum(axis=1)
        return mean

    def _luck(self, students: Students) -> streams.Keys:
        """Keys of the copies of each student, (n * copies,)."""
        spare = [streams.keys(i, streams.Purpose.SPARE, students.id) for i in range(self.copies)]
        return streams.Keys(*(np.stack([getattr(k, name) for k in spare], axis=1).ravel() for name in ("a", "b")))
