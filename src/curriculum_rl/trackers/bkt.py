"""A Bayesian knowledge tracing filter with the population's parameters, over nodes of ability and rate.

For each node (a, r), P(known) of each concept starts at logistic(logit(initial) + a). With q = P(known) * retention,
a right answer to an activity with P(right | recalled) = s and P(right | not) = g gives

    P(known | right) = (q s + (P(known) - q) g) / (q s + (1 - q) g)                      wrong: 1 - s and 1 - g
    P(known)        <- P(known | answer) (1 - forget) + (1 - P(known | answer)) P(learned),
    P(learned)       = min(1, readiness * learning * share * logistic(logit(learn) + r))

and the node's weight is multiplied by the likelihood of the answer. One node is the plain filter (Corbett & Anderson
1995); a grid infers the student too (as in Pardos & Heffernan 2010, doi:10.1007/978-3-642-13470-8_24). Exact for
one concept without prerequisites; readiness and the other concepts of an activity enter by their means, and the
half-life is followed by its mean rate of decay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import expit, logit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.knowledge.knowledge import all_of
from curriculum_rl.trackers.planning import goal_value
from curriculum_rl.trackers.prospects import prospects
from curriculum_rl.trackers.tracker import Belief, Float32, Outlook, blank_record
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform


@dataclass
class FilterBelief(Belief):
    """G nodes of ability and rate, each with its own P(known) of every concept."""

    concept_features: ClassVar[tuple[str, ...]] = (
        "goal",
        "seen",
        "recall",
        "stored",
        "at_test",
        "readiness",
        "learn",
        "refresh",
        "spread",
        "gain",
        "unlocks",
        "lasting",
        "tells",
    )
    student_features: ClassVar[tuple[str, ...]] = ("ability", "rate")

    known: Float  # (n, K, G) P(known)
    weight: Float  # (n, G) P(node)
    half_life: Float  # (n, K) days
    grid: Grid

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """The update above, in place: (L, n, G) arrays of the practised concepts alone."""
        memory, curriculum = self.platform.memory, self.platform.curriculum
        table = self.known.reshape(-1, self.known.shape[2])
        half_life = self.half_life.take(flat)
        retention = memory.retention(self.now - self.last.take(flat), half_life)
        prior = table.take(flat, axis=0)
        posterior = self._answer(activity, prior, retention, shares, answered, correct)

        strength = self._readiness(concepts) * curriculum.learning.take(activity) * shares
        chance = self.grid.learn.take(concepts, axis=0)
        chance *= strength[:, :, None]
        np.minimum(chance, 1.0, out=chance)
        chance *= 1.0 - posterior
        after = posterior
        if self.grid.forgets:
            after = after * (1.0 - self.platform.filter.forget.take(concepts))[:, :, None]
        after = after + chance
        real = shares > 0  # an activity on fewer concepts than others is padded
        table[flat] = np.where(real[:, :, None], after, prior)

        share_new = (chance * self.weight).sum(axis=-1) / np.maximum((after * self.weight).sum(axis=-1), 1e-12)
        kept = np.where(correct, memory.lengthened(half_life, retention), half_life)
        mixed = 1.0 / ((1.0 - share_new) / kept + share_new / memory.new_days)
        self.half_life.ravel()[flat] = np.where(real, mixed, half_life)

    def _answer(
        self, activity: Int, prior: Float, retention: Float, shares: Float, answered: Bool, correct: Bool
    ) -> Float:
        """P(known | answer), (L, n, G), and the nodes' weights, in place; the prior where there was no answer."""
        lucky, span = (x.take(activity)[:, None] for x in self.platform.answers)
        recalled = prior * retention[:, :, None]
        # Chance of the answer seen: c + d x, x how far the activity is recalled.
        c = np.where(correct[:, None], lucky, 1.0 - lucky)
        d = np.where(correct[:, None], span, -span)
        if self.platform.filter.conjunctive:
            evidence = c + d * all_of(recalled, shares[:, :, None])
            posterior = (prior * c + recalled * (d * others(recalled, shares[:, :, None]))) / evidence
        else:
            part = prior * (retention * shares)[:, :, None]
            total = part.sum(axis=0)
            evidence = c + d * total
            without = c + d * (total - part)
            posterior = (prior * without + recalled * (d * shares[:, :, None])) / evidence
        seen = answered[:, None]
        if self.weight.shape[1] > 1:
            self.weight *= np.where(seen, evidence, 1.0)
            self.weight /= self.weight.sum(axis=1, keepdims=True)
        return np.where(seen, posterior, prior)

    def _readiness(self, concepts: Int) -> Float:
        """Believed readiness of the practised concepts, (L, n)."""
        parents, strengths = self.platform.curriculum.parents
        if len(parents) == 0:
            return np.ones(concepts.shape)
        flat = parents.take(concepts, axis=1) + self.rows  # (P, L, n)
        table = self.known.reshape(-1, self.known.shape[2])
        recall = (table.take(flat, axis=0) * self.weight).sum(axis=-1)
        recall *= self.platform.memory.retention(self.now - self.last.take(flat), self.half_life.take(flat))
        ready: Float = (1.0 - strengths.take(concepts, axis=1) * (1.0 - recall)).prod(axis=0)
        leak = self.platform.leak
        return leak + (1.0 - leak) * ready

    def outlook(self) -> Outlook:
        """What it says about every concept: O(n K G). Who comes back after the test is as if it were now."""
        memory, test = self.platform.memory, np.maximum(self.platform.course.test_day, self.now)[:, None]
        stored = self.stored()
        days = self.now[:, None] - self.last
        retention = memory.retention(days, self.half_life)
        recall = stored * retention
        to_test = test - self.now[:, None]
        return Outlook(
            recall=recall,
            stored=stored,
            at_test=stored * memory.retention(test - self.last, self.half_life),
            readiness=self.readiness(recall),
            learn=_over_nodes(self.weight, self.grid.learn),
            fresh=np.broadcast_to(memory.retention(to_test, np.array(memory.new_days)), stored.shape),
            refreshed=memory.retention(to_test, memory.lengthened(self.half_life, retention)),
            kept=memory.retention(to_test, self.half_life),
        )

    def stored(self) -> Float:
        """P(known) of every concept, over the nodes, (n, K)."""
        if self.weight.shape[1] == 1:
            return self.known[:, :, 0].copy()
        mean: Float = np.matmul(self.known, self.weight[:, :, None])[:, :, 0]
        return mean

    def stored_of(self, flat: Int) -> Float:
        """P(known) of these concepts, (L, n), over the nodes."""
        table = self.known.reshape(-1, self.known.shape[2])
        stored: Float = (table.take(flat, axis=0) * self.weight).sum(axis=-1)
        return stored

    def write_features(self, concept: Float32, student: Float32) -> None:
        """Writes what the outlook says, how sure it is, and what practice now promises."""
        outlook = self.outlook()
        concept[:, 0] = self.goals
        np.divide(self.seen, self.seen + 4.0, out=concept[:, 1], casting="same_kind")
        concept[:, 2] = outlook.recall
        concept[:, 3] = outlook.stored
        concept[:, 4] = outlook.at_test
        concept[:, 5] = outlook.readiness
        concept[:, 6] = outlook.learn
        np.subtract(outlook.stored * outlook.refreshed, outlook.at_test, out=concept[:, 7], casting="same_kind")
        if self.weight.shape[1] > 1:
            square = np.matmul(self.known**2, self.weight[:, :, None])[:, :, 0]
            concept[:, 8] = 2.0 * np.sqrt(np.maximum(square - outlook.stored**2, 0.0))
        else:
            concept[:, 8] = 0.0
        value = goal_value(self.platform, self.goals)
        for i, plane in enumerate(prospects(outlook, self.platform, value, self.now), start=9):
            concept[:, i] = plane
        student[:] = _over_nodes(self.weight, self.grid.scaled.T)


def others(recall: Float, shares: Float) -> Float:
    """P(all concepts of an activity but this one are recalled), each for itself, (L, ...)."""
    each = np.where(shares > 0, recall, 1.0)
    rows = range(len(each))
    return np.stack([each[[j for j in rows if j != row]].prod(axis=0) for row in rows])


def _over_nodes(weight: Float, table: Float) -> Float:
    """The mean over the nodes, weights (n, G), of a table (X, G): (n, X).

    Node by node: a matrix product adds in an order that depends on n, and a student's path must not.
    """
    mean: Float = weight[:, :1] * table[:, 0]
    part = np.empty_like(mean)
    for node in range(1, weight.shape[1]):
        mean += np.multiply(weight[:, node, None], table[:, node], out=part)
    return mean


@dataclass(frozen=True)
class Grid:
    """Nodes of ability and rate for one platform's population, made once."""

    initial: Float  # (K, G) P(known) at first
    learn: Float  # (K, G) P(becomes known) at a medium problem when ready
    weight: Float  # (G,)
    scaled: Float  # (G, 2) ability and rate over three sds each, so that they stay within [-1, 1]
    forgets: bool

    @classmethod
    def of(cls, platform: Platform, nodes: int) -> Grid:
        """Gauss-Hermite nodes, `nodes` for ability times `nodes` for rate, correlated as the population's."""
        known = platform.filter
        x, w = np.polynomial.hermite_e.hermegauss(nodes)
        z1, z2 = (g.ravel() for g in np.meshgrid(x, x, indexing="ij"))
        z2 = known.correlation * z1 + np.sqrt(max(0.0, 1.0 - known.correlation**2)) * z2
        return cls(
            initial=expit(logit(known.initial)[:, None] + known.ability_sd * z1),
            learn=expit(logit(known.learn)[:, None] + known.rate_sd * z2),
            weight=np.outer(w, w).ravel() / w.sum() ** 2,
            scaled=np.clip(np.stack([z1, z2], axis=1) / 3.0, -1.0, 1.0),
            forgets=bool(np.any(known.forget > 0)),
        )


@dataclass(frozen=True)
class BKTFilter:
    """Attributes:
    nodes: of ability, and of rate; 1 takes every student for the average one, 3 gives nine nodes.
    """

    nodes: int = 1

    def __post_init__(self) -> None:
        check = Violations("bkt")
        check.number("nodes", self.nodes, at_least=1, at_most=9, whole=True)
        check.raise_all()

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return FilterBelief

    def start(self, platform: Platform, goals: Bool) -> FilterBelief:
        """The belief about n students whose goals are (n, K)."""
        grid = Grid.of(platform, self.nodes)
        n = len(goals)
        return FilterBelief(
            **blank_record(platform, goals),
            known=np.repeat(grid.initial[None], n, axis=0),
            weight=np.repeat(grid.weight[None], n, axis=0),
            half_life=np.full(goals.shape, platform.memory.known_days),
            grid=grid,
        )
