"""Ridge regression at several penalties at once, each with its leave-one-out errors.

    b = (X'X + k I)^-1 X'y = X' (XX' + k I)^-1 y,    left-out error of row i = (y_i - x_i'b) / (1 - h_i) = c_i / d_i

with h_i the diagonal of X (X'X + k I)^-1 X', c = (XX' + k I)^-1 y and d_i the diagonal of (XX' + k I)^-1. One
eigendecomposition, of the smaller of the two matrices, serves all penalties.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from curriculum_rl.batch import Float

RIDGES: Final = (1.0, 10.0, 100.0, 1000.0, 10000.0)
"""From hardly any to hardly anything left, for features on one scale; assumed."""


def ridge_path(x: Float, y: Float, ridges: Float) -> tuple[Float, Float]:
    """Coefficients (K, F) and left-out errors (K, m) of y (m,) on x (m, F), at K penalties."""
    if len(x) < x.shape[1]:
        squares, basis = np.linalg.eigh(x @ x.T)
        shrunk = 1.0 / (squares.clip(0.0) + ridges[:, None])
        dual = (shrunk * (basis.T @ y)) @ basis.T
        return dual @ x, dual / (shrunk @ (basis**2).T)
    squares, basis = np.linalg.eigh(x.T @ x)
    turned = x @ basis
    shrunk = 1.0 / (squares.clip(0.0) + ridges[:, None])
    along = shrunk * (turned.T @ y)
    return along @ basis.T, (y - along @ turned.T) / (1.0 - shrunk @ (turned**2).T)


def least(errors: Float) -> int:
    """Which penalty leaves the least squares out, of errors (K, m)."""
    with np.errstate(over="ignore"):
        return int(np.argmin((errors**2).sum(axis=1)))
