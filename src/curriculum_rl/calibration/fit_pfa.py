"""Performance factors analysis fitted to a log (equations in `students/knowledge/pfa.py`).

    x = ability + intercept_k + right answers_k * max(0, right_k + rate) + wrong answers_k * wrong_k

everything ready and retained, the counts of the student's earlier answers on the concept; ln right is fitted, so that
right answers never take away. Pavlik, Cen & Koedinger (2009); students who differ in ability and rate, as in
`fit_afm.py`, and items are added. Where ability is in the model, what answers say of it is no longer in the steps:
these come out other than in the plain regression, which `reference.py` fits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Attempts, Chains
from curriculum_rl.calibration.fit import Fit, Prior, Tick
from curriculum_rl.calibration.growth import fit_growth
from curriculum_rl.calibration.reference import earlier_answers
from curriculum_rl.calibration.spread import Nodes, Spread
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.knowledge.pfa import PFA

_SMALLEST = 1e-3


@dataclass(frozen=True)
class _PFA:
    """Columns: intercept, ln right, wrong."""

    def priors(self) -> list[Prior]:
        return [Prior(0.5, 1.0), Prior(float(np.log(0.1)), 0.8), Prior(-0.05, 0.3, floor=0.05)]

    def spread(self) -> Spread:
        return Spread(1.0, 0.05, 0.0)

    def logits(self, values: Float, chains: Chains, grid: Nodes) -> Float:
        right, wrong = earlier_answers(chains)
        step = np.maximum(0.0, np.exp(values[:, [1]]) + grid.rate)[chains.concept]
        level = (values[:, [0]] + grid.ability)[chains.concept]
        x: Float = level + right[:, None] * step
        x += (wrong * values[:, 2][chains.concept])[:, None]
        return x

    def slope(self, values: Float) -> Float:
        return np.ones(len(values))

    def luck(self, values: Float) -> Float:
        return np.zeros(len(values))

    def luck_column(self) -> int | None:
        return None

    def absorb(self, values: Float, mean: Float) -> Float:
        step = np.maximum(np.exp(values[:, 1]) + mean[1], _SMALLEST)
        return np.stack([values[:, 0] + mean[0], np.log(step), values[:, 2]], axis=1)

    def finish(self, values: Float) -> tuple[ConceptModel, tuple[str, ...]]:
        model = PFA(
            intercept=tuple(values[:, 0].tolist()),
            right=tuple(np.exp(values[:, 1]).tolist()),
            wrong=tuple(values[:, 2].tolist()),
        )
        return model, ("",) * len(values)


def fit_pfa(attempts: Attempts, iterations: int, tick: Tick) -> Fit:
    """Fits the population to all tries of `attempts`."""
    return fit_growth(_PFA(), attempts, iterations, tick)
