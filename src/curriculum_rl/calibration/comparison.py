"""Predictions of the same tries of unseen students, each beside Best-LR.

The interval of a difference is the percentile interval of a bootstrap that draws whole students with replacement, the
same draws for every model: answers of one student go together, and two models miss the same tries. Intervals are for
these fits: what another draw of fitted students would have given is not in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.reference import BEST
from curriculum_rl.calibration.scores import Scores, log_losses, scores
from curriculum_rl.evaluation.bootstrap import Interval

REPLICATES: Final = 1000
LEVEL: Final = 0.95


@dataclass(frozen=True)
class Judged:
    """One model on the unseen students.

    Attributes:
        scores: its own.
        auc, log_loss: less those of Best-LR; None for Best-LR itself.
    """

    scores: Scores
    auc: Interval | None = None
    log_loss: Interval | None = None


def judge(predicted: Mapping[str, Float], unseen: Attempts, seed: int = 0) -> dict[str, Judged]:
    """Judges models by their P(right) of each try, (n,) each; one of them is Best-LR."""
    present, student = np.unique(unseen.student, return_inverse=True)
    tries = np.bincount(student)
    ranked = {name: Ranked.of(own, unseen.right, student) for name, own in predicted.items()}
    lost = {name: np.bincount(student, log_losses(own, unseen.right)) for name, own in predicted.items()}
    auc, loss = ({name: np.empty(REPLICATES) for name in predicted} for _ in range(2))
    rng, even = np.random.default_rng(seed), np.full(len(present), 1.0 / len(present))
    for b in range(REPLICATES):
        drawn = rng.multinomial(len(present), even).astype(np.float64)
        for name in predicted:
            auc[name][b] = ranked[name].area(drawn)
            loss[name][b] = drawn @ lost[name] / (drawn @ tries)
    own = {name: scores(p, unseen.right) for name, p in predicted.items()}
    best, found = own[BEST], {BEST: Judged(own[BEST])}
    for name in [name for name in predicted if name != BEST]:
        found[name] = Judged(
            own[name],
            _interval(own[name].auc - best.auc, auc[name] - auc[BEST]),
            _interval(own[name].log_loss - best.log_loss, loss[name] - loss[BEST]),
        )
    return {name: found[name] for name in predicted}


@dataclass(frozen=True)
class Ranked:
    """n tries from the lowest prediction to the highest.

    Attributes:
        right: the answer, (n,).
        student: of each try, (n,).
        begins: where each value of the predictions begins, for ties.
    """

    right: Bool
    student: Int
    begins: Int

    @classmethod
    def of(cls, predicted: Float, right: Float, student: Int) -> Ranked:
        """Sorted by the prediction."""
        order = np.argsort(predicted, kind="stable")
        begins = np.flatnonzero(np.r_[True, np.diff(predicted[order]) > 0])
        return cls(right[order] > 0, student[order], begins)

    def area(self, weight: Float) -> float:
        """Area under the ROC curve, ties counted half, students weighted, (U,); nan if all answers agree."""
        of_try = weight[self.student]
        won = np.add.reduceat(np.where(self.right, of_try, 0.0), self.begins)
        lost = np.add.reduceat(of_try, self.begins) - won
        pairs = won.sum() * lost.sum()
        return float(won @ (np.cumsum(lost) - 0.5 * lost) / pairs) if pairs else float("nan")


def _interval(value: float, replicates: Float) -> Interval:
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.nanquantile(replicates, [tail, 1.0 - tail])
    return Interval(value, float(low), float(high))
