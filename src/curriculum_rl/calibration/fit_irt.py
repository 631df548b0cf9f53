"""Item response theory with growth fitted to a log (equations in `students/knowledge/irt.py`).

x = a_k (ability + level_k + growth_k), everything ready and retained, with growth from each try of
rise_k * exp(rate) * (1 - logistic(x)). A log-normal prior on discrimination fixes the scale of ability; luck has a
logit-normal one around 1 in 10. Discrimination also scales the spread of item difficulty, so that a concept of many
rare items can push it without end: it is kept within a factor of `LARGEST` of 1 (assumed), and flagged there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Attempts, Chains
from curriculum_rl.calibration.fit import Fit, Prior, Tick
from curriculum_rl.calibration.forgetting import Fitted
from curriculum_rl.calibration.growth import fit_growth
from curriculum_rl.calibration.spread import Nodes, Spread
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.knowledge.irt import IRT

LARGEST = 2.5


class _Fixed(Prior):
    """A prior that does not follow the concepts: it settles what the log alone cannot."""

    def follow(self, value: Float) -> None:
        """Stays where it is."""


@dataclass(frozen=True)
class _IRT:
    """Columns: level, ln rise, ln discrimination, logit luck."""

    def priors(self) -> list[Prior]:
        return [
            Prior(0.5, 1.0),
            Prior(float(np.log(0.3)), 0.8),
            _Fixed(0.0, 0.1),
            _Fixed(float(logit(0.1)), 0.7),
        ]

    def spread(self) -> Spread:
        return Spread(1.0, 0.5, 0.0)

    def logits(self, values: Float, chains: Chains, grid: Nodes) -> Float:
        first = chains.concept[: chains.count]
        slope = np.exp(values[:, [2]])[first]
        now = (slope * (values[:, [0]][first] + grid.ability)).astype(np.float64)
        gain = slope * np.exp(values[:, [1]] + grid.rate)[first]
        x = np.empty((len(chains.row), len(grid.weight)))
        for t in range(len(chains.starts) - 1):
            a, b = chains.starts[t], chains.starts[t + 1]
            now = now[: b - a]
            x[a:b] = now
            now = now + gain[: b - a] * expit(-now)
        return x

    def slope(self, values: Float) -> Float:
        return np.asarray(np.exp(values[:, 2]), dtype=np.float64)

    def luck(self, values: Float) -> Float:
        return np.asarray(expit(values[:, 3]), dtype=np.float64)

    def luck_column(self) -> int | None:
        return 3

    def absorb(self, values: Float, mean: Float) -> Float:
        moved = values + np.array([mean[0], mean[1], 0.0, 0.0])
        moved[:, 2] = np.clip(moved[:, 2], -np.log(LARGEST), np.log(LARGEST))
        return np.asarray(moved, dtype=np.float64)

    def finish(self, values: Float) -> tuple[ConceptModel, tuple[str, ...]]:
        luck = self.luck(values)
        model = IRT(
            level=tuple(values[:, 0].tolist()),
            rise=tuple(np.exp(values[:, 1]).tolist()),
            discrimination=tuple(self.slope(values).tolist()),
            guess=tuple(luck.tolist()),
        )
        at_bound = np.abs(values[:, 2]) > np.log(LARGEST) - 1e-6
        faults = np.where(luck > 0.5, "guess above .5", np.where(at_bound, "discrimination at its bound", ""))
        return model, tuple(str(fault) for fault in faults)


def fit_irt(attempts: Attempts, iterations: int, tick: Tick, memory: Fitted = "assumed") -> Fit:
    """Fits the population to all tries of `attempts`, and its memory unless that is assumed."""
    return fit_growth(_IRT(), attempts, iterations, tick, memory)
