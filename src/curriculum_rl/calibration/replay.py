"""Simulated students who do just what the students of the log did, beside them.

Every student is drawn anew from the fitted population and does the same items at the same moments; answers alone
differ. It shows whether a fitted population learns as fast as the real one, and, where the log has times, whether it
falls as far after a gap: the checks for a log in which practice does not stop at three right in a row. Posterior
predictive checks: Gelman, Meng & Stern (1996). The dynamics are those of the package's own models of knowledge and
memory, at the real times; the rule of `forgetting.py` that gaps within a session count as none is the fit's alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from scipy.special import expit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.fit import Fit, summed
from curriculum_rl.calibration.predictive import draw_traits, loads, pairs_of
from curriculum_rl.calibration.streaks import WITHIN
from curriculum_rl.students.knowledge.knowledge import At, Knowledge, Tried
from curriculum_rl.students.traits import Traits

GAPS: Final = (0.0, 0.5, 1.5, 3.5, 7.5, 15.0, 30.0, 60.0, np.inf)
"""Days between two tries of a concept: the bounds of the bins that are told apart."""


@dataclass(frozen=True)
class Replay:
    """What n tries came to, really and in several simulations; of items of several concepts, the first counts.

    Attributes:
        right: the real answers, (n,).
        simulated: those of the simulations, (repeats, n).
        concept, opportunity: of each try, (n,); opportunities count from 0.
        gap: days since the concept's last try, nan at its first, (n,); None where the log has no times.
        student, pair: whose each try is, and of which student and set of concepts, (n,).
    """

    right: Float
    simulated: Float
    concept: Int
    opportunity: Int
    gap: Float | None
    student: Int
    pair: Int

    def by_opportunity(self) -> list[tuple[str, float, float, int]]:
        """Opportunity, share right really and in the simulations, and tries, for the first `WITHIN`."""
        return self._rows([(str(t + 1), self.opportunity == t) for t in range(WITHIN)])

    def by_gap(self) -> list[tuple[str, float, float, int]]:
        """The same by the days since the last try of the concept."""
        assert self.gap is not None, "the log has no times"
        return self._rows(by_days(self.gap))

    def _rows(self, parts: list[tuple[str, Bool]]) -> list[tuple[str, float, float, int]]:
        return [
            (name, float(self.right[own].mean()), float(self.simulated[:, own].mean()), int(own.sum()))
            for name, own in parts
            if own.any()
        ]

    @property
    def furthest(self) -> float:
        """Largest distance between simulated and real accuracy over the first `WITHIN` opportunities."""
        return max(abs(real - simulated) for _, real, simulated, _ in self.by_opportunity())

    def slopes(self) -> tuple[float, float, float]:
        """Logits a try over the first `WITHIN`, really, in the simulations, and the latter's standard deviation."""
        own = self.opportunity < WITHIN
        of = [slope(right[own], self.opportunity[own], self.concept[own]) for right in (self.right, *self.simulated)]
        return of[0], float(np.mean(of[1:])), float(np.std(of[1:]))


def by_days(gap: Float) -> list[tuple[str, Bool]]:
    """The bins of `GAPS`: what each is called, and which gaps are in it."""
    names = [f"{low:g} to {high:g}" if np.isfinite(high) else f"over {low:g}" for low, high in pairwise(GAPS)]
    return [(name, (gap >= low) & (gap < high)) for name, (low, high) in zip(names, pairwise(GAPS), strict=True)]


def slope(right: Float, opportunity: Int, concept: Int) -> float:
    """b of logit P(right) = level_concept + b * opportunity, by Newton's method; levels have the prior N(0, 3^2)."""
    k, ridge = int(concept.max()) + 1, 1.0 / 9.0
    level, b = np.zeros(k), 0.0
    for _ in range(50):
        chance = expit(level[concept] + b * opportunity)
        mass, surprise = chance * (1.0 - chance), right - chance
        of_level, own = summed(concept, surprise, k) - ridge * level, summed(concept, mass, k) + ridge
        cross = summed(concept, mass * opportunity, k)
        step = (surprise @ opportunity - cross @ (of_level / own)) / (mass @ opportunity**2 - cross @ (cross / own))
        level, b = level + np.clip((of_level - cross * step) / own, -1.0, 1.0), b + float(np.clip(step, -0.5, 0.5))
        if abs(step) < 1e-10:
            break
    return b


def replay(attempts: Attempts, fit: Fit, seed: int, repeats: int, own_answers: bool) -> Replay:
    """Real answers beside `repeats` simulations of the same tries.

    Traits are drawn from what each student's own answers in the log say (the posterior), or without looking at any
    answer, from the population of students who met as many concepts (the prior).
    """
    rng = np.random.default_rng(seed)
    weight, grid = fit.posterior(attempts) if own_answers else fit.prior(attempts)
    present = np.unique(attempts.student)
    simulated = [_lived(attempts, fit, present, draw_traits(weight[present], grid, rng), rng) for _ in range(repeats)]
    chains, entry = attempts.chains, attempts.leading
    opportunity = np.repeat(np.arange(len(chains.starts) - 1), np.diff(chains.starts))[entry]
    concept, pair = chains.concept[entry], pairs_of(attempts)
    return Replay(attempts.right, np.array(simulated), concept, opportunity, attempts.gap, attempts.student, pair)


def _lived(attempts: Attempts, fit: Fit, present: Int, traits: Traits, rng: np.random.Generator) -> Float:
    """One life of every student of `present`, whose traits are in its order; the answers, (n,)."""
    k, n = len(attempts.concepts), len(present)
    # One concept more takes what is not practised: the places of items with fewer concepts, and of idle students.
    knowledge: Knowledge[object] = fit.knowledge.subset(np.r_[np.arange(k), 0])  # type: ignore[assignment]
    memory: Any = fit.memory
    concepts, shares = loads(attempts, k)
    state = knowledge.sample(traits, rng.random((n, k + 1)))
    remembered = memory and memory.start(np.ones(n), knowledge.held(state), 0.0, lambda kind: np.empty(0))
    begin = np.searchsorted(attempts.student, present)
    length = np.searchsorted(attempts.student, present, side="right") - begin
    day = np.zeros(len(attempts.student)) if attempts.day is None else attempts.day - attempts.day[attempts.begins]
    width, base = int(attempts.count.max()), np.arange(n) * (k + 1)
    answers = np.zeros(len(attempts.student))
    for t in range(int(length.max())):
        active = t < length
        row = np.where(active, begin + t, begin)
        item, now = attempts.item[row], day[row]
        load, share = np.where(active, concepts[:, item], k), np.where(active, shares[:, item], 0.0)
        at = At(load, load + base)
        kept = memory.recalled(remembered, at.flat, now) if memory else np.ones(load.shape)
        chance = knowledge.success(state, at, share, kept, knowledge.tasks(load, fit.difficulty[item]))
        correct = rng.random(n) < chance
        u, v = rng.random((2, width, n))
        held, new = knowledge.learn_from(state, at, (share > 0).astype(np.float64), u, v, Tried(item, correct, active))
        if memory:
            held &= share > 0
            memory.practise(remembered, at.flat, now, kept, held, held & correct, active, new)
        answers[row[active]] = correct[active]
    return answers
