"""Multinomial logistic regression of what was given on what was believed about the student, over the eligible set.

    b(a | x) = exp(c_a + w_a'x) / sum over eligible a' of exp(c_a' + w_a''x)

x the standardised features. The coefficients minimise -ln likelihood + ridge (|c|^2 / 100 + |w|^2) / 2: the intercepts
are all but free, so that shares are those that were logged. McFadden (1974), conditional logit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from curriculum_rl.batch import Bool, Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.values.standard import standardised
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Logistic:
    """Odds that are log-linear in the features.

    Attributes:
        ridge: penalty on squared coefficients, as of so many observations (assumed).
        folds: parts of the students whose probabilities are learnt from the other parts; 0 learns all from all.
        iterations: of the minimiser, at most.
    """

    ridge: float = 1.0
    folds: int = 5
    iterations: int = 200

    def __post_init__(self) -> None:
        check = Violations("logistic model of the logged policy")
        check.number("ridge", self.ridge, above=0.0)
        check.number("folds", self.folds, at_least=0, whole=True)
        check.that(self.folds != 1, "folds = 1: one part has no others to learn from. Give 0, or 2 or more")
        check.number("iterations", self.iterations, at_least=1, whole=True)
        check.raise_all()

    def fit(self, episodes: Episodes, known: Bool, rows: Bool) -> Float:
        """See `BehaviourModel`."""
        x, there = standardised(episodes.features, np.flatnonzero(known), np.flatnonzero(rows))
        x, there = np.column_stack([np.ones(len(x)), x]), np.column_stack([np.ones(len(there)), there])
        shut = np.where(episodes.eligible, 0.0, -np.inf)
        action, activities = episodes.action[known], episodes.eligible.shape[1]
        penalty = self.ridge * np.append(0.01, np.ones(x.shape[1] - 1))
        chosen = np.zeros((len(x), activities))
        chosen[np.arange(len(x)), action] = 1.0

        def loss(flat: Float) -> tuple[float, Float]:
            coefficients = flat.reshape(activities, x.shape[1])
            scores = x @ coefficients.T + shut[known]
            fit = float((logsumexp(scores, axis=1) - scores[np.arange(len(x)), action]).sum())
            slope = (softmax(scores, axis=1) - chosen).T @ x + penalty * coefficients
            return fit + 0.5 * float((penalty * coefficients**2).sum()), slope.ravel()

        start = np.zeros(activities * x.shape[1])
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": self.iterations})
        chances: Float = softmax(there @ found.x.reshape(activities, -1).T + shut[rows], axis=1)
        return chances
