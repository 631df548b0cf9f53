"""The individualised additive factors model fitted to a log (equations in `students/knowledge/afm.py`).

x = ability + intercept_k + tries_k * max(0, slope_k + rate), everything ready and retained; ln slope is fitted, so that
a slope is never negative. Cen, Koedinger & Junker (2006); a rate of each student: Liu & Koedinger (2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Attempts, Chains
from curriculum_rl.calibration.config import USUAL_SLOPE
from curriculum_rl.calibration.fit import Fit, Prior, Tick
from curriculum_rl.calibration.forgetting import Fitted
from curriculum_rl.calibration.growth import fit_growth
from curriculum_rl.calibration.spread import LEAST, Nodes, Spread
from curriculum_rl.students.knowledge.afm import AFM
from curriculum_rl.students.knowledge.concept_model import ConceptModel

_SMALLEST = 1e-3


@dataclass(frozen=True)
class _AFM:
    """Columns: intercept, ln slope."""

    start: float = USUAL_SLOPE

    def priors(self) -> list[Prior]:
        return [Prior(0.5, 1.0), Prior(float(np.log(self.start)), 0.8)]

    def spread(self) -> Spread:
        return Spread(1.0, 0.5 * self.start, 0.0)

    def logits(self, values: Float, chains: Chains, grid: Nodes) -> Float:
        slope = np.maximum(0.0, np.exp(values[:, [1]]) + grid.rate)[chains.concept]
        level = (values[:, [0]] + grid.ability)[chains.concept]
        tries = np.repeat(np.arange(len(chains.starts) - 1), np.diff(chains.starts))
        x: Float = level + tries[:, None] * slope
        return x

    def slope(self, values: Float) -> Float:
        return np.ones(len(values))

    def luck(self, values: Float) -> Float:
        return np.zeros(len(values))

    def luck_column(self) -> int | None:
        return None

    def absorb(self, values: Float, mean: Float) -> Float:
        slope = np.maximum(np.exp(values[:, 1]) + mean[1], _SMALLEST)
        return np.stack([values[:, 0] + mean[0], np.log(slope)], axis=1)

    def finish(self, values: Float) -> tuple[ConceptModel, tuple[str, ...]]:
        model = AFM(intercept=tuple(values[:, 0].tolist()), slope=tuple(np.exp(values[:, 1]).tolist()))
        return model, ("",) * len(values)


def fit_afm(
    attempts: Attempts, iterations: int, tick: Tick, memory: Fitted = "assumed", start: float = USUAL_SLOPE
) -> Fit:
    """Fits the population to all tries of `attempts`, and its memory unless assumed; slopes begin at `start`."""
    least = LEAST * np.array([1.0, (start / USUAL_SLOPE) ** 2])  # of the spread of rates, in proportion
    return fit_growth(_AFM(start), attempts, iterations, tick, memory, least)
