"""How well predictions of right and wrong answers fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from curriculum_rl.batch import Float


@dataclass(frozen=True)
class Scores:
    """n predictions judged.

    Attributes:
        auc: P(a right answer was predicted higher than a wrong one), ties counted half.
        rmse: root mean squared error.
        log_loss: mean negative log-likelihood, nats.
        calibration: for tenths of the predictions, (mean predicted, share right, number).
    """

    n: int
    auc: float
    rmse: float
    log_loss: float
    calibration: tuple[tuple[float, float, int], ...]

    @property
    def calibration_error(self) -> float:
        """Mean distance of predicted from observed over the bins, weighted by their numbers."""
        return sum(abs(p - y) * m for p, y, m in self.calibration) / self.n


def scores(predicted: Float, right: Float, bins: int = 10) -> Scores:
    """Judges P(right), (n,) each strictly between 0 and 1, by the answers, (n,) of 0 and 1."""
    positive = right > 0
    p, q = int(positive.sum()), int((~positive).sum())
    ranks = rankdata(predicted)
    auc = (ranks[positive].sum() - p * (p + 1) / 2) / (p * q) if p and q else float("nan")
    order = np.argsort(predicted, kind="stable")
    groups = [g for g in np.array_split(order, bins) if len(g)]
    return Scores(
        n=len(right),
        auc=float(auc),
        rmse=float(np.sqrt(np.mean((right - predicted) ** 2))),
        log_loss=float(log_losses(predicted, right).mean()),
        calibration=tuple((float(predicted[g].mean()), float(right[g].mean()), len(g)) for g in groups),
    )


def log_losses(predicted: Float, right: Float) -> Float:
    """Negative log-likelihood of each answer, nats, (n,)."""
    losses: Float = -np.log(np.where(right > 0, predicted, 1.0 - predicted))
    return losses
