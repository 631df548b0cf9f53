"""Simulated students under the log's own conditions, beside the real ones.

Every student of the log is drawn anew from the fitted population and lives through the same pairs in the same order,
meeting the same items. A pair ends as it does in the log: at the third right in a row, or because the student leaves,
with the chance that the log shows for that set of concepts, opportunity, right answers so far and current run of them
(after a right answer students are moved on, after wrong ones they give up, so lengths cannot simply be copied). Where a
simulated student goes on longer than the real one did, the next items are drawn from those that other students met at
that opportunity of the same set of concepts. The dynamics are those of the package's own student model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.calibration.attempts import Attempts, opportunities
from curriculum_rl.calibration.fit import Fit
from curriculum_rl.calibration.spread import Nodes
from curriculum_rl.calibration.streaks import IN_A_ROW, MANY, WITHIN, Practice, leaving, practice
from curriculum_rl.students.knowledge.knowledge import At, Knowledge, Tried
from curriculum_rl.students.traits import Traits


@dataclass(frozen=True)
class Comparison:
    """Real practice and what each of several simulations of the same students came to."""

    real: Practice
    simulated: tuple[Practice, ...]

    @property
    def accuracy(self) -> Float:
        """Simulated share right by opportunity over all simulations, (WITHIN,)."""
        right = sum((s.right for s in self.simulated), np.zeros(WITHIN))
        tries = sum((s.tries for s in self.simulated), np.zeros(WITHIN, dtype=np.int64))
        return right / np.maximum(tries, 1)

    @property
    def wheel_spinning(self) -> float:
        """Simulated share of determinate pairs that spin."""
        return sum(s.spinning for s in self.simulated) / max(1, sum(s.determinate for s in self.simulated))

    @property
    def furthest(self) -> float:
        """Largest distance between the simulated and the real accuracy over the first `WITHIN` opportunities."""
        seen = self.real.tries > 0
        return float(np.abs(self.accuracy - self.real.accuracy)[seen].max())


@dataclass(frozen=True)
class Plan:
    """What each student may meet, student by student in order: N planned tries, P pairs.

    Attributes:
        item, pair, opportunity: of each planned try, (N,).
        starts: student i's planned tries are `starts[i]` to `starts[i + 1]`, (n + 1,); longest plans first.
        student: the student of the attempts that each row of the simulation is, (n,).
    """

    item: Int
    pair: Int
    opportunity: Int
    starts: Int
    student: Int


def pairs_of(attempts: Attempts) -> Int:
    """Which pair (student and set of concepts) each try belongs to, (n,)."""
    sets = int(attempts.combination.max()) + 1
    _, pair = np.unique(attempts.student * sets + attempts.combination[attempts.item], return_inverse=True)
    index: Int = pair.astype(np.int64)
    return index


def build_plan(attempts: Attempts, rng: np.random.Generator) -> Plan:
    """The log's own tries, and items of other students for every pair that has fewer than `WITHIN`."""
    pair = pairs_of(attempts)
    opportunity = opportunities(pair)
    length = np.bincount(pair)
    last = np.zeros(len(length), dtype=np.int64)
    np.maximum.at(last, pair, np.arange(len(pair)))
    missing = np.maximum(WITHIN - length, 0)
    more_pair = np.repeat(np.arange(len(length)), missing)
    more_step = np.arange(len(more_pair)) - np.repeat(np.cumsum(missing) - missing, missing) + length[more_pair]
    more_item = _donors(attempts, opportunity, attempts.combination[attempts.item[last[more_pair]]], more_step, rng)
    row = np.r_[np.arange(len(pair)), last[more_pair]]
    step = np.r_[opportunity, more_step]
    student = attempts.student[row]
    present, count = np.unique(student, return_counts=True)
    present = present[np.argsort(-count, kind="stable")]
    rank = np.zeros(len(attempts.students), dtype=np.int64)
    rank[present] = np.arange(len(present))
    order = np.lexsort((step, row, rank[student]))
    return Plan(
        item=np.r_[attempts.item, more_item][order],
        pair=np.r_[pair, more_pair][order],
        opportunity=step[order],
        starts=np.r_[0, np.cumsum(np.sort(count)[::-1])].astype(np.int64),
        student=present,
    )


def _donors(attempts: Attempts, opportunity: Int, wanted: Int, step: Int, rng: np.random.Generator) -> Int:
    """Items that others met at these opportunities of these sets of concepts, or at the last that anyone reached."""
    width = WITHIN + 1
    key = attempts.combination[attempts.item] * width + np.minimum(opportunity, WITHIN)
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    want = wanted * width + step
    # The last key not above the wanted one is of the same set: every pair of it has a first try.
    end = np.searchsorted(ordered, want, side="right")
    begin = np.searchsorted(ordered, ordered[end - 1], side="left")
    chosen = begin + (rng.random(len(want)) * (end - begin)).astype(np.int64)
    items: Int = attempts.item[order[chosen]]
    return items


def simulate(
    attempts: Attempts, fit: Fit, traits: Traits, plan: Plan, leave: Float, rng: np.random.Generator
) -> Practice:
    """One life of every student of the plan; `traits` in its order, (n,)."""
    k, n = len(attempts.concepts), len(plan.student)
    # One concept more takes what is not practised: the places of items with fewer concepts, and of idle students.
    knowledge: Knowledge[object] = fit.knowledge.subset(np.r_[np.arange(k), 0])  # type: ignore[assignment]
    concepts, shares = loads(attempts, k)
    state = knowledge.sample(traits, rng.random((n, k + 1)))
    pairs = int(plan.pair.max()) + 1
    run, so_far, over = np.zeros(pairs, np.int64), np.zeros(pairs, np.int64), np.zeros(pairs, np.bool_)
    did, was_right = np.zeros(len(plan.item), np.bool_), np.zeros(len(plan.item), np.bool_)
    length = np.diff(plan.starts)
    width = int(attempts.count.max())
    base = np.arange(n) * (k + 1)
    for t in range(int(length.max())):
        entry = np.minimum(plan.starts[:-1] + t, len(plan.item) - 1)
        pair, item = plan.pair[entry], plan.item[entry]
        active = (t < length) & ~over[pair]
        who, tried = np.flatnonzero(active), entry[active]
        if not len(who):
            continue
        load = np.where(active, concepts[:, item], k)
        share = np.where(active, shares[:, item], 0.0)
        at = At(load, load + base)
        task = knowledge.tasks(load, fit.difficulty[item])
        chance = knowledge.success(state, at, share, np.ones(load.shape), task)
        correct = rng.random(n) < chance
        u, v = rng.random((2, width, n))
        knowledge.learn_from(state, at, (share > 0).astype(np.float64), u, v, Tried(item, correct, active))
        right = correct[who]
        did[tried], was_right[tried] = True, right
        mine = pair[who]
        run[mine] = np.where(right, run[mine] + 1, 0)
        so_far[mine] += right
        kind, step = attempts.combination[item[who]], np.minimum(plan.opportunity[tried], WITHIN)
        gone = leave[kind, step, np.minimum(so_far[mine], MANY), np.minimum(run[mine], IN_A_ROW - 1)]
        left = rng.random(len(who)) < gone
        over[mine] = (run[mine] >= IN_A_ROW) | left
    return practice(plan.pair[did], was_right[did], np.repeat(plan.student, length)[did])


def loads(attempts: Attempts, nothing: int) -> tuple[Int, Float]:
    """Concepts and shares of each item, (L, J) each, padded with the concept `nothing` at share 0."""
    width = int(attempts.count.max())
    concepts = np.full((width, attempts.items), nothing, dtype=np.int64)
    shares = np.zeros((width, attempts.items))
    for place in range(width):
        has = np.flatnonzero(attempts.count > place)
        concepts[place, has] = attempts.members[attempts.first[has] + place]
        shares[place, has] = 1.0 / attempts.count[has]
    return concepts, shares


def draw_traits(weight: Float, grid: Nodes, rng: np.random.Generator) -> Traits:
    """Traits of n students, each a node drawn by its weights, (n, G)."""
    reached = np.cumsum(weight, axis=1)
    node = (rng.random(len(weight))[:, None] * reached[:, -1:] > reached).sum(axis=1)
    zero = np.zeros(len(weight))
    return Traits(np.zeros(len(weight), dtype=np.int64), grid.ability[node], grid.rate[node], zero, zero.copy())


def compare(attempts: Attempts, fit: Fit, seed: int, repeats: int, own_answers: bool) -> Comparison:
    """Real practice beside `repeats` simulations of the same students.

    Traits are drawn from what each student's own answers in the log say (the posterior), or without looking at any
    answer, from the population of students with as many tries (the prior).
    """
    rng = np.random.default_rng(seed)
    pair, right = pairs_of(attempts), attempts.right > 0
    leave = leaving(pair, right, attempts.combination[attempts.item])
    weight, grid = fit.posterior(attempts) if own_answers else fit.prior(attempts)
    simulated = []
    for _ in range(repeats):
        plan = build_plan(attempts, rng)
        traits = draw_traits(weight[plan.student], grid, rng)
        simulated.append(simulate(attempts, fit, traits, plan, leave, rng))
    return Comparison(practice(pair, right, attempts.student), tuple(simulated))
