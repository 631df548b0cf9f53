"""All that is known of an estimate beside its value: on whom it rests, and what the log cannot speak of."""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.intervals.student_t import carrying
from curriculum_rl.ope.leaving import Leaving, leaving
from curriculum_rl.ope.overlap import Overlap, StepWeights, by_step, overlap
from curriculum_rl.ope.support import Support, support


@dataclass(frozen=True)
class Diagnostics:
    """Of one estimate.

    Attributes:
        overlap: of the estimate's own weights; of the weights at the last decision where it has none.
        support: what of the target's choices the log cannot speak of.
        steps: the weights after every decision.
        carrying: how many students, or clusters, carry the spread of the estimate.
        leaving: how students' courses ended.
    """

    overlap: Overlap
    support: Support
    steps: tuple[StepWeights, ...]
    carrying: float
    leaving: Leaving


def diagnose(
    episodes: Episodes, estimate: Estimate, discount: float = 1.0, chances: Float | None = None
) -> Diagnostics:
    """Of these episodes; `chances`, (N, A), are the logged policy's where they were estimated."""
    seen = support(episodes, chances)
    return Diagnostics(
        overlap=overlap(episodes, estimate.weights),
        support=seen,
        steps=by_step(episodes, seen.mass),
        carrying=carrying(episodes, estimate),
        leaving=leaving(episodes, discount),
    )
