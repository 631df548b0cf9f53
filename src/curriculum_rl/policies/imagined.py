"""Students as a filter imagines them: drawn from its belief, taught and answering.

A copy of a student is drawn from the belief: a node of ability and rate by its weight, each concept known or not by
that node's P(known). Then it tries, learns and loses as the platform takes its population to do,

    right     with P = lucky + span * (known * retention of its concepts, together)
    learned   with P = min(1, readiness * learning * share * learn of the node)
    lost      with P = forget

and the belief about the copy takes in what it answers, so what answers tell is worth what it lets one do.

Luck is drawn by (student, decision, copy, concept, how often that was practised since), the same for every plan that
is compared. Plans that differ in order alone meet the same answers and come out alike: early in a course the
difference of two plans spreads over a quarter of what it does where answers are drawn from the belief alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int, take_rows
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.futures import Futures, clock_of
from curriculum_rl.trackers.bkt import FilterBelief

_ANSWER, _LEARN, _LOSE, _FIRST = range(4)
_NODE, _END = (1 << 20) - 1, (1 << 20) - 2
"""What luck is for: what happens at a try and what was known at first, by concept; two numbers are no concepts."""


@dataclass
class Imagined(Futures):
    """Copies of students: those of a plan are together, the plans of a student one after the other."""

    luck: streams.Keys
    decision: Int  # (m,) at which it is imagined
    tries: Int  # (m, K) practised since
    rate: Float  # (m, K) P(becomes known) at a medium problem when ready
    known: Bool  # (m, K)
    half_life: Float  # (m, K) days
    last: Float  # (m, K) day of the last practice

    @classmethod
    def after(cls, view: View, candidate: Int, copies: int) -> Imagined:
        """So many copies of each student after each candidate, (n, plans)."""
        (n, plans), rows = candidate.shape, np.repeat(np.arange(len(candidate)), copies)
        belief = view.belief
        assert isinstance(belief, FilterBelief)
        keys = [streams.keys(i, streams.Purpose.SPARE, view.student) for i in range(copies)]
        futures = cls(
            student=view.student[rows],
            weight=np.full(len(rows), 1.0 / copies),
            belief=take_rows(belief, rows),
            clock=clock_of(view, rows),
            luck=streams.Keys(*(np.stack([getattr(k, name) for k in keys], axis=1).ravel() for name in ("a", "b"))),
            decision=belief.steps[rows],
            tries=np.zeros((len(rows), belief.goals.shape[1]), dtype=np.int64),
            rate=np.empty((len(rows), belief.goals.shape[1])),
            known=np.empty((len(rows), belief.goals.shape[1]), dtype=np.bool_),
            half_life=belief.half_life[rows],
            last=belief.last[rows],
        )
        futures._draw(np.tile(np.arange(copies), n), copies)
        futures = take_rows(futures, np.repeat(np.arange(n * copies).reshape(n, 1, copies), plans, axis=1).ravel())
        futures.step(np.repeat(candidate.ravel(), copies), carry=False)
        return futures

    def step(self, activity: Int, carry: bool = True) -> None:
        """Every copy does one activity, (m,)."""
        belief, platform, now = self.belief, self.belief.platform, self.clock.now
        curriculum, memory = platform.curriculum, platform.memory
        concepts, shares = curriculum.practised(activity)
        flat, real = concepts + belief.rows, shares > 0  # an activity on fewer concepts than others is padded
        tries, known, half_life = self.tries.take(flat), self.known.take(flat), self.half_life.take(flat)
        retention = memory.retention(now - self.last.take(flat), half_life)
        lucky, span = (x.take(activity) for x in platform.answers)
        recalled = platform.together(known * retention, shares)
        correct = self._luck(concepts[0], _ANSWER, tries[0]) < lucky + span * recalled
        correct &= curriculum.answered.take(activity)

        strength = self._readiness(concepts) * curriculum.learning.take(activity) * shares
        new = ~known & (self._luck(concepts, _LEARN, tries) < strength * self.rate.take(flat))
        kept = known & ((self._luck(concepts, _LOSE, tries) >= platform.filter.forget.take(concepts)) | ~real)
        half_life = np.where(known & correct, memory.lengthened(half_life, retention), half_life)
        self.known.ravel()[flat] = kept | new
        self.half_life.ravel()[flat[real]] = np.where(new, memory.new_days, half_life)[real]
        self.last.ravel()[flat[real]] = np.broadcast_to(now, flat.shape)[real]
        self.tries.ravel()[flat] = tries + real
        belief.update(activity, correct, self.spend(activity, carry))

    def fitting(self, activity: Int) -> Float:
        """All of an activity, or nothing with the chance that it does not fit, (m,)."""
        done: Float = (super().fitting(activity) > self._luck(np.array(_END), _FIRST)).astype(np.float64)
        return done

    def _draw(self, copy: Int, copies: int) -> None:
        """Who each copy is; nodes are stratified over the copies of a student."""
        belief = self.belief
        u = (copy + self._luck(np.array(_NODE), _FIRST)) / copies
        node: Int = (belief.weight.cumsum(axis=1) <= u[:, None]).sum(axis=1).clip(max=belief.weight.shape[1] - 1)
        self.rate[:] = belief.grid.learn.T[node]
        concepts = np.arange(self.known.shape[1])
        self.known[:] = belief.known[np.arange(len(node)), :, node] > self._luck(concepts[:, None], _FIRST).T

    def _luck(self, concept: Int, what: int, tries: Int | int = 0) -> Float:
        """Uniform draws, of the shape that `concept` and the futures, (m,), broadcast to."""
        counter = (((self.decision << 12) + tries << 20) + concept << 2) + what
        return streams.uniform(self.luck, counter.astype(np.uint64))

    def _readiness(self, concepts: Int) -> Float:
        """Readiness of the practised concepts, (L, m)."""
        platform = self.belief.platform
        parents, strengths = platform.curriculum.parents
        if len(parents) == 0:
            return np.ones(concepts.shape)
        flat = parents.take(concepts, axis=1) + self.belief.rows  # (P, L, m)
        days = self.clock.now - self.last.take(flat)
        recall = self.known.take(flat) * platform.memory.retention(days, self.half_life.take(flat))
        ready: Float = (1.0 - strengths.take(concepts, axis=1) * (1.0 - recall)).prod(axis=0)
        ready *= 1.0 - platform.leak
        ready += platform.leak
        return ready
