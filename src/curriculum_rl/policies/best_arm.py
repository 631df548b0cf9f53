"""The chance that each of several independent Gaussians is the greatest: what Thompson sampling would choose, undrawn.

    P(k) = integral of f_k(t) prod over j != k of F_j(t) dt,   f_k, F_k density and distribution of N(mean_k, sd_k^2)

by the midpoint rule at t = low + (high - low) u^2 for 16 even u in (0, 1), scaled to sum to 1; low and high are the
highest of all mean - 3.5 sd and mean + 3.5 sd. Under `low` somebody else is surely above, so an arm that matters is as
wide as it reaches from there, and points are denser near it. No sd is taken for less than a tenth of the widest.

F is taken as (1 + tanh y) / 2, y = sqrt(2 / pi) (z + .044715 z^3), within .0002 of the normal one (as in Hendrycks &
Gimpel 2016, arXiv:1606.08415), and f / F as its own slope, (1 - tanh y) dy / dz. P is then within .002.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from curriculum_rl.batch import Bool, Float

POINTS: Final = 16
REACH: Final = 3.5
NARROWEST: Final = 0.1
BLOCK: Final = 64
"""Students at a time, so that a table of students, arms and points stays in the cache."""
LINEAR: Final = float(np.sqrt(2.0 / np.pi))
CUBIC: Final = 0.044715 * LINEAR


def chance_of_best(mean: Float, sd: Float, arms: Bool) -> Float:
    """P(each arm is the greatest), (n, K); 0 everywhere for a student without arms.

    Args:
        mean, sd: of each arm, (n, K).
        arms: which there are, (n, K).
    """
    chance = np.empty(mean.shape)
    for start in range(0, len(mean), BLOCK):
        part = slice(start, start + BLOCK)
        chance[part] = _chance(mean[part], sd[part], arms[part])
    return chance


def _chance(mean: Float, sd: Float, arms: Bool) -> Float:
    widest = (sd * arms).max(axis=1, keepdims=True)
    sd = np.maximum(sd, np.maximum(NARROWEST * widest, 1e-12))
    reach = REACH * sd
    low = np.where(arms, mean - reach, -np.inf).max(axis=1, keepdims=True)
    high = np.where(arms, mean + reach, -np.inf).max(axis=1, keepdims=True)
    none = np.isinf(low)
    low[none], high[none] = 0.0, 1.0
    mean = np.where(arms, mean, low - 40.0 * sd)  # surely below: its F is 1 throughout
    u = (np.arange(POINTS) + 0.5) / POINTS
    z = (low + (high - low) * u**2)[:, None, :] - mean[:, :, None]
    z *= (1.0 / sd)[:, :, None]
    slope = z * z
    y = slope * CUBIC
    y += LINEAR
    y *= z
    np.tanh(y, out=y)
    slope *= 3.0 * CUBIC
    slope += LINEAR
    slope *= 1.0 - y
    y *= 0.5
    y += 0.5
    slope *= (y.prod(axis=1) * u)[:, None, :]  # u: of dt / du
    chance: Float = slope.sum(axis=2)
    chance /= sd
    chance *= arms
    total = chance.sum(axis=1, keepdims=True)
    total[none] = 1.0
    chance /= total
    return chance
