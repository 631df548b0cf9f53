"""One step of improvement on any heuristic: try its best few activities, each followed by the heuristic, on a belief.

    a = argmax over candidates of  V(a) - sure * error(V(a) - V(its own choice))
    V(a) = believed points of the delayed test after a, then the base for `horizon` decisions

This is the rollout algorithm of Tesauro & Galperin (1996) and Bertsekas, Tsitsiklis & Wu (1997),
doi:10.1023/A:1009635226865: with exact values it would be no worse than its base. The candidates are the best activity
of each of the concepts that the base ranks highest; the base's own choice is the first of them, and wins a tie.

Without copies the belief moves on by its mean (`futures.py`): nothing is drawn, and there is no error. With copies,
students are drawn from the belief and answer (`imagined.py`): unbiased in the platform's model, but it takes many to
tell candidates apart. Either costs decisions * candidates * (2 or copies) * horizon choices of the base for each
student, too long for it to be in every study (`python -m benchmarks.policies lookahead --decisions 20`).

It helps where its base errs by more than the values are sure of. In the world of configs/world/new_material.yaml the
tuned `greedy_credit` on nine nodes leaves it nothing to find: its gain over it is within its interval of 0
(experiments/does-rl-beat-planning-ahead). Seen once, by a script that was not kept: the best three concepts are worth
the same within .15 points at the fifth decision and less later (192 copies each), as whichever is put off is done next;
the mean, which never learns from later answers, is off by more than that.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from curriculum_rl.batch import Float, Int, take_rows
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.futures import Expected, Futures
from curriculum_rl.policies.greedy_credit import GreedyCredit
from curriculum_rl.policies.imagined import Imagined
from curriculum_rl.policies.policy import Policy, Ranked, best
from curriculum_rl.trackers.bkt import FilterBelief
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations

BLOCK = 512
"""Futures played at a time, so that they stay in the cache."""


@dataclass(frozen=True)
class Lookahead:
    """Attributes:
    base: what is improved on, over a Bayesian filter; where it plays at random, its likeliest activity is followed.
        Candidates are ranked by its scores or probabilities, so a learned policy is to be given `drawn()`.
    candidates: activities tried at each decision; 1 is the base.
    horizon: decisions foreseen after the candidate; null: to the end of the course.
    copies: of the student for each candidate; 0: the mean alone.
    sure: standard errors by which a candidate must be better than the base's own choice.
    """

    base: Policy = field(default_factory=GreedyCredit)
    candidates: int = 3
    horizon: int | None = 20
    copies: int = 0
    sure: float = 0.0

    def __post_init__(self) -> None:
        check = Violations("lookahead")
        check.number("candidates", self.candidates, at_least=1, at_most=1000, whole=True)
        if self.horizon is not None:
            check.number("horizon", self.horizon, at_least=0, at_most=100_000, whole=True)
        check.number("copies", self.copies, at_least=0, at_most=10_000, whole=True)
        check.number("sure", self.sure, at_least=0.0, at_most=100.0)
        if not issubclass(self.base.tracker.belief, FilterBelief):
            remedy = "Give it curriculum_rl.trackers.bkt.BKTFilter, whose model the future is foreseen by."
            check.add("base.tracker", type(self.base.tracker).__name__, "must be a Bayesian filter", remedy)
        check.raise_all()

    @property
    def tracker(self) -> Tracker:
        """The base's."""
        return self.base.tracker

    def probabilities(self, view: View) -> Float:
        """All on the best, (n, A)."""
        return best(self.scores(view), view.mask)

    def scores(self, view: View) -> Float:
        """Points of the delayed test, less what is not sure, of what was tried, (n, A); -inf of all else."""
        scores = np.full(view.mask.shape, -np.inf)
        size = max(1, BLOCK // (self.candidates * (self.copies or 2)))
        for start in range(0, len(scores), size):
            part = slice(start, start + size)
            some = _part(view, part)
            candidate = self.tried(some)
            value = self._values(some, candidate)
            value[~np.take_along_axis(some.mask, candidate, axis=1)] = -np.inf
            # The first comes last, so that it stands where few are allowed and candidates repeat it.
            for i in range(self.candidates - 1, -1, -1):
                scores[np.arange(start, start + len(value)), candidate[:, i]] = value[:, i]
        return scores

    def tried(self, view: View) -> Int:
        """The base's best activity of each of its best concepts, (n, candidates), the best first."""
        concepts, shares = view.platform.curriculum.loads
        main = concepts[shares.argmax(axis=0), np.arange(concepts.shape[1])]
        ranked = self.base.scores(view) if isinstance(self.base, Ranked) else self.base.probabilities(view)
        left = np.where(view.mask, ranked, -np.inf)
        found: list[Int] = []
        for _ in range(self.candidates):
            found.append(left.argmax(axis=1))
            left = np.where(main == main[found[-1]][:, None], -np.inf, left)
        return np.stack(found, axis=1)

    def _values(self, view: View, candidate: Int) -> Float:
        """V of each candidate, less what is not sure, (n, candidates)."""
        copies = self.copies
        futures = Imagined.after(view, candidate, copies) if copies else Expected.after(view, candidate)
        points = self.play(futures)
        mean: Float = (futures.weight * points).reshape(*candidate.shape, -1).sum(axis=2)
        if copies < 2 or self.sure == 0.0:
            return mean
        points = points.reshape(*candidate.shape, copies)
        mean -= self.sure * (points - points[:, :1]).std(axis=2) / np.sqrt(copies - 1)
        return mean

    def play(self, futures: Futures) -> Float:
        """Points at the end of each future, (m,), where the base goes on; those that have ended go on unseen."""
        course, points = futures.belief.platform.course, np.zeros(len(futures))
        done, left = np.zeros(len(futures), dtype=np.bool_), -1 if self.horizon is None else self.horizon
        while left:
            activity = self.base.probabilities(futures.view()).argmax(axis=1)
            share = np.where(course.over(futures.clock), 0.0, futures.fitting(activity))
            ends, before = ~done & (share < 1.0), futures.points()
            futures.step(activity)
            if ends.any():  # a last activity counts by its share
                points = np.where(ends, before + share * (futures.points() - before), points)
                done = done | ends
            if done.all():
                return points
            left -= 1
        return np.where(done, points, futures.points())


def _part(view: View, part: slice) -> View:
    """These students alone."""
    return replace(
        view,
        student=view.student[part],
        belief=take_rows(view.belief, part),
        mask=view.mask[part],
        minutes_left=view.minutes_left[part],
        session_left=view.session_left[part],
        sessions_left=view.sessions_left[part],
    )
