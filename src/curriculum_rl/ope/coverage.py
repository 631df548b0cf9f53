"""How often an interval holds the truth, where the truth is known, and whether the tool warned where it does not.

Logs are simulated again and again from a process whose value is known exactly; each is judged as any log would be.
What is wanted of an interval is that the truth is inside or a warning stands beside it: that nobody is told something
wrong in good faith.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.ope.estimators.estimator import Estimator
from curriculum_rl.ope.intervals.interval import Interval
from curriculum_rl.ope.intervals.student_t import carrying
from curriculum_rl.ope.overlap import overlap
from curriculum_rl.ope.processes import Process
from curriculum_rl.ope.thresholds import Thresholds
from curriculum_rl.ope.verdict import too_few


@dataclass(frozen=True)
class Coverage:
    """What became of one estimator in all repeats.

    Attributes:
        truth: exact value of the target.
        bias, bias_error: mean estimate less the truth, with its standard error.
        error: root mean squared error.
        width: mean width of the interval.
        covered: share of intervals that hold the truth.
        warned: share of estimates that were withheld or warned about because too few students carry them.
        told_right: share that holds the truth or was warned about.
    """

    truth: float
    bias: float
    bias_error: float
    error: float
    width: float
    covered: float
    warned: float
    told_right: float


def coverage(
    process: Process,
    estimators: Mapping[str, Estimator],
    interval: Interval,
    students: int,
    horizon: int,
    repeats: int = 500,
    seed: int = 0,
    thresholds: Thresholds | None = None,
) -> dict[str, Coverage]:
    """Of every estimator by name, on the same logs of so many students with at most `horizon` decisions."""
    limits = thresholds or Thresholds()
    truth = process.value(horizon)
    seen: dict[str, list[tuple[float, float, bool, bool]]] = {name: [] for name in estimators}
    for repeat in range(repeats):
        episodes = process.simulate(np.random.default_rng([seed, students, horizon, repeat]), students, horizon)
        for name, estimator in estimators.items():
            estimate = estimator.estimate(episodes)
            low, high = interval.of(estimator, episodes, estimate)
            warned = False
            if estimate.weights is not None:
                rests_on = overlap(episodes, estimate.weights)
                warned = any(too_few(rests_on, carrying(episodes, estimate), horizon, limits))
            seen[name].append((estimate.value, high - low, low <= truth <= high, warned))
    return {name: _of(truth, np.array(rows, dtype=np.float64)) for name, rows in seen.items()}


def _of(truth: float, rows: Float) -> Coverage:
    """From the value, the width, whether it is covered and whether it was warned about, (repeats, 4)."""
    errors = rows[:, 0] - truth
    return Coverage(
        truth=truth,
        bias=float(errors.mean()),
        bias_error=float(errors.std(ddof=1) / np.sqrt(len(errors))),
        error=float(np.sqrt((errors**2).mean())),
        width=float(rows[:, 1].mean()),
        covered=float(rows[:, 2].mean()),
        warned=float(rows[:, 3].mean()),
        told_right=float(rows[:, 2:].max(axis=1).mean()),
    )
