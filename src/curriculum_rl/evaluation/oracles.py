"""Bounds that see the true state of students: how much better teaching could be if nothing had to be inferred.

Privileged wherever they are printed. They weigh activities as the heuristics do, with the truth in the place of a
belief; for knowledge that grows by degrees the truth is taken to first order (see `true_outlook`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int, take_rows
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation.rollout import Privileged
from curriculum_rl.policies.greedy_credit import Credit
from curriculum_rl.policies.policy import best, surely
from curriculum_rl.students.knowledge.knowledge import At
from curriculum_rl.students.population import Students
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.planning import with_reviews
from curriculum_rl.trackers.tracker import Outlook, Tracker
from curriculum_rl.world import World

NO_CREDIT: Final = Credit(credit=0.0, discount=0.0, upkeep=0.0, fade=0.0)
BLOCK: Final = 128
"""Students whose copies are played at a time, so that they stay in the cache."""


def true_outlook(world: World, students: Students) -> Outlook:
    """What is true, in the form of what a tracker believes, (n, K) each.

    Exact for knowledge that is there or not (BKT). Where it grows by degrees, one more try is taken to add
    `learn` of what is missing, and what it adds to be forgotten like what is newly learned.
    """
    population, memory = world.population, world.population.memory
    at, now = At.every(*students.goals.shape), students.clock.now[:, None]
    to_test = world.course.test_day - now
    retention = memory.retention(now - students.last, students.half_life)
    new = memory.new_days * np.exp(students.traits.memory)[:, None]

    def recalled(share: Float) -> Float:
        return population.knowledge.recall(students.knowledge, at, share.T).T

    def per_stored(share: Float) -> Float:
        return np.divide(recalled(share), students.mastery, out=share.copy(), where=students.mastery > 0)

    recall = recalled(retention)
    return Outlook(
        recall=recall,
        stored=students.mastery,
        at_test=students.at_test,
        readiness=_readiness(world, recall),
        learn=population.knowledge.expected_gain(students.knowledge, at).T,
        fresh=np.broadcast_to(memory.retention(to_test, new), recall.shape),
        refreshed=per_stored(memory.retention(to_test, memory.lengthened(students.half_life, retention))),
        kept=per_stored(memory.retention(to_test, students.half_life)),
    )


def _readiness(world: World, recall: Float) -> Float:
    ready = np.ones_like(recall)
    for parent, strength in zip(*world.curriculum.parents, strict=True):
        ready *= 1.0 - strength * (1.0 - recall.take(parent, axis=1))
    leak = world.population.leak
    return leak + (1.0 - leak) * ready


def goal_value(world: World, students: Students) -> Float:
    """Points of the delayed test for each unit of recall, by concept, (n, K); 0 where it is no goal."""
    concepts = np.arange(students.goals.shape[1])
    score = world.population.knowledge.score
    slope = score(concepts, np.ones(len(concepts))) - score(concepts, np.zeros(len(concepts)))
    return students.goal_share * (100.0 * slope)


def promise(world: World, students: Students, ahead: Credit) -> Float:
    """Points of each activity for each of the student's own minutes, with credit for what comes later, (n, A)."""
    course, clock = world.course, students.clock
    value, left = goal_value(world, students), course.minutes_left(clock)
    points = ahead.points(true_outlook(world, students), world.platform, value, left)
    minutes = world.curriculum.minutes * np.exp(-students.traits.pace)[:, None]
    return points / np.minimum(minutes, np.maximum(course.minutes - clock.used, 1e-6)[:, None])


@dataclass(frozen=True)
class TrueGreedyCredit:
    """The greedy with credit of `policies/greedy_credit.py` on the true state.

    Attributes:
        ahead: how what comes later is credited.
        tracker: what masks are made from, where activities are gated.
    """

    ahead: Credit = field(default_factory=Credit)
    tracker: Tracker = field(default_factory=BKTFilter)

    def variants(self) -> Iterable[Self]:
        """Other ways of giving credit."""
        return [replace(self, ahead=ahead) for ahead in self.ahead.variants()]

    def probabilities_knowing(self, simulation: Simulation) -> Float:
        """All on the best, (n, A)."""
        return best(promise(simulation.world, simulation.students, self.ahead), simulation.mask())


@dataclass(frozen=True)
class TrueGreedy:
    """The greedy of `policies/greedy.py` on the true state.

    Attributes:
        tracker: what masks are made from, where activities are gated.
    """

    tracker: Tracker = field(default_factory=BKTFilter)

    def probabilities_knowing(self, simulation: Simulation) -> Float:
        """All on the best, (n, A)."""
        return best(promise(simulation.world, simulation.students, NO_CREDIT), simulation.mask())


@dataclass(frozen=True)
class Lookahead:
    """Rollouts on the true state: the most promising activities are tried on copies of the student.

    A copy does the activity and goes on like `TrueGreedyCredit` to the end of the session, with luck of its own (the
    future is not peeked at) and the same luck for every candidate. The candidate that leads to the highest mean
    potential is chosen: policy improvement by rollouts, Tesauro & Galperin (1996).

        potential = sum_k value_k R_k + credit * fading * sum_k readiness_k value_k F_k (1 - R_k)

    with R and F after `with_reviews`: the terms of which `Credit` adds up the changes.

    Attributes:
        candidates: activities tried.
        copies: of each student for each candidate.
        ahead: what promises, and what the copies go on with.
        tracker: what masks are made from, where activities are gated; after the first activity nothing is gated.
    """

    candidates: int = 4
    copies: int = 8
    ahead: Credit = field(default_factory=Credit)
    tracker: Tracker = field(default_factory=BKTFilter)

    def probabilities_knowing(self, simulation: Simulation) -> Float:
        """All on the candidate that leads furthest, (n, A)."""
        mask = simulation.mask()
        activity = np.empty(len(mask), dtype=np.int64)
        for start in range(0, len(mask), BLOCK):
            part = np.arange(start, min(start + BLOCK, len(mask)))
            activity[part] = self._choose(simulation.world, take_rows(simulation.students, part), mask[part])
        return surely(activity, mask.shape[1])

    def _choose(self, world: World, students: Students, mask: Bool) -> Int:
        n, tried = len(students), min(self.candidates, mask.shape[1])
        score = np.where(mask, promise(world, students, self.ahead), -np.inf)
        candidate = np.argsort(-score, axis=1, kind="stable")[:, :tried]
        copies = take_rows(students, np.repeat(np.arange(n), tried * self.copies))
        copies.life = self._luck(students, tried)
        world.dynamics.step(copies, np.repeat(candidate.ravel(), self.copies))
        reached = self._session_on(world, copies, np.repeat(students.clock.session, tried * self.copies))
        mean = reached.reshape(n, tried, self.copies).mean(axis=2)
        allowed = np.take_along_axis(mask, candidate, axis=1)
        rows = np.arange(n)
        chosen: Int = candidate[rows, np.where(allowed, mean, -np.inf).argmax(axis=1)]
        return chosen

    def _luck(self, students: Students, tried: int) -> streams.Keys:
        """Keys of the copies: as many lucks as copies, the same for every candidate, (n * candidates * copies,)."""
        spare = [streams.keys(i, streams.Purpose.SPARE, students.id) for i in range(self.copies)]
        each = (np.stack([getattr(k, name) for k in spare], axis=1) for name in ("a", "b"))
        return streams.Keys(*(np.repeat(x[:, None], tried, axis=1).ravel() for x in each))

    def _session_on(self, world: World, copies: Students, session: Int) -> Float:
        """Plays the session to its end, and returns the potential that each copy reaches, points."""
        reached, place = np.empty(len(copies)), np.arange(len(copies))
        while len(place):
            going = copies.clock.session == session[place]
            done = np.flatnonzero(~going)
            if len(done):
                reached[place[done]] = potential(world, take_rows(copies, done), self.ahead)
                place, copies = place[going], take_rows(copies, np.flatnonzero(going))
            if len(place):
                world.dynamics.step(copies, promise(world, copies, self.ahead).argmax(axis=1))
        return reached


def potential(world: World, students: Students, ahead: Credit) -> Float:
    """What `Lookahead` compares, (n,) points."""
    value, outlook = goal_value(world, students), true_outlook(world, students)
    fading = (world.course.minutes_left(students.clock) / world.course.total_minutes) ** ahead.fade
    outlook = with_reviews(outlook, ahead.upkeep * fading)
    open_ = outlook.readiness * outlook.fresh * (1.0 - outlook.at_test)
    total: Float = (value * (outlook.at_test + (ahead.credit * fading)[:, None] * open_)).sum(axis=1)
    return total


ORACLES: Final[Mapping[str, Callable[[], Privileged]]] = {
    "true_greedy": TrueGreedy,
    "true_greedy_credit": TrueGreedyCredit,
    "true_lookahead": Lookahead,
}
"""Bounds by name."""
