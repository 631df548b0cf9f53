"""What fitted forgetting adds to predictions of students that no fit saw, over a fit in which nothing is forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.fit import summed
from curriculum_rl.calibration.replay import GAPS, by_days
from curriculum_rl.calibration.scores import log_losses


@dataclass(frozen=True)
class Gain:
    """Log-loss without forgetting less log-loss with it, nats a try.

    Attributes:
        all, error: over all tries, and its standard error with students as the units.
        later, later_error: the same over tries at least half a day after the concept's last.
        students, tries, later_tries: how many.
        by_gap: days since the last try of the item's first concept, tries, share right, and predicted with and without
            forgetting.
    """

    all: float
    error: float
    later: float
    later_error: float
    students: int
    tries: int
    later_tries: int
    by_gap: tuple[tuple[str, int, float, float, float], ...]

    def __str__(self) -> str:
        """In one line."""
        return (
            f"on {self.students} unseen students {self.all:+.4f} nats a try (standard error {self.error:.4f}), "
            f"{self.later:+.4f} ({self.later_error:.4f}) after gaps of half a day or more"
        )


def gain_of(unseen: Attempts, predicted: Float, forgetless: Float) -> Gain:
    """Compares two predictions of each try, (n,) each, of students that neither fit saw; some gap is of half a day."""
    gap, right = unseen.gap, unseen.right
    assert gap is not None, "the log has no times"
    better = log_losses(forgetless, right) - log_losses(predicted, right)
    later = gap >= GAPS[1]
    rows = []
    for name, own in by_days(gap):
        if own.any():
            shares = (float(x[own].mean()) for x in (unseen.right, predicted, forgetless))
            rows.append((name, int(own.sum()), *shares))
    return Gain(
        *_mean(better, unseen, np.ones(len(right), dtype=np.bool_)),
        *_mean(better, unseen, later),
        students=len(np.unique(unseen.student)),
        tries=len(right),
        later_tries=int(later.sum()),
        by_gap=tuple(rows),  # type: ignore[arg-type]
    )


def _mean(better: Float, unseen: Attempts, own: np.ndarray) -> tuple[float, float]:
    """Mean over these tries, and its standard error: of a ratio, with students as clusters."""
    users = len(unseen.students)
    tries = summed(unseen.student[own], np.ones(int(own.sum())), users)
    mean = float(better[own].mean())
    off = summed(unseen.student[own], better[own] - mean, users)
    clusters = max(int((tries > 0).sum()), 2)
    return mean, float(np.sqrt((off**2).sum() * clusters / (clusters - 1)) / tries.sum())
