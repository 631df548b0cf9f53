"""Ridge-penalised logistic regression on sparse features, to its optimum.

    minimise  sum_i [ln(1 + e^(x_i w)) - y_i x_i w] + ridge / 2 sum_j w_j^2,     the intercept, w_0, not penalised

Columns differ by orders of magnitude in how much of the log they touch (an intercept and a rare item), so L-BFGS runs
on each weight divided by its own scale, 1 / sqrt(sum_i x_ij^2 / 8 + ridge): without, it stops hundreds of steps short.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from curriculum_rl.batch import Float

RIDGE: Final = 1.0
"""As in the reference implementation of Gervet et al. (2020), which takes its library's default."""
_STEPS: Final = 2000


def fit_logistic(design: sparse.csr_matrix, right: Float, ridge: float = RIDGE) -> Float:
    """The weights, (columns,), of features (n, columns), whose first column is the intercept, and answers, (n,)."""
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    squares = np.asarray(design.multiply(design).sum(axis=0), dtype=np.float64).ravel()
    scale = 1.0 / np.sqrt(squares / 8.0 + ridge)
    scaled = (design @ sparse.diags(scale)).tocsr()
    transposed, penalty = scaled.T.tocsr(), penalty * scale**2

    def loss(weights: Float) -> tuple[float, Float]:
        logits = scaled @ weights
        value = np.logaddexp(0.0, logits).sum() - right @ logits + 0.5 * penalty @ weights**2
        return float(value), transposed @ (expit(logits) - right) + penalty * weights

    options = {"maxiter": _STEPS, "ftol": 1e-9, "gtol": 1e-3}
    found = minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B", options=options)
    weights: Float = found.x * scale
    return weights
