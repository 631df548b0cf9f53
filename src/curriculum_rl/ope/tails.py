"""How heavy the tail of a set of weights is: the index k of a generalised Pareto fitted to the largest ones.

Moments of order 1/k and above are infinite: from k = 1/2 the weights have no variance, from k = 1 no mean, and means
of them are not to be trusted from about min(1 - 1 / log10 n, 0.7) on (`unreliable_from`). The largest
min(n / 5, 3 sqrt n) weights are fitted, by the posterior mean of Zhang & Stephens (2009), doi:10.1198/tech.2009.08017,
drawn to 1/2 as if ten more weights had said so. Source: Vehtari, Simpson, Gelman, Yao & Gabry (2024), Pareto smoothed
importance sampling, JMLR 25(72), arXiv:1507.02646.
"""

from __future__ import annotations

import math

import numpy as np

from curriculum_rl.batch import Float

_FEWEST = 5
"""Excesses of different sizes that a tail takes at least."""


def tail_index(weights: Float) -> float:
    """k, of weights of at least 0, (n,); 0, as of a tail that ends, where too few differ to fit one."""
    n = len(weights)
    largest = math.ceil(min(n / 5, 3 * math.sqrt(n)))
    ordered = np.sort(weights)
    excess = ordered[n - largest :] - ordered[max(n - largest - 1, 0)]
    excess = excess[excess > 1e-12 * ordered[-1]]
    if len(np.unique(excess)) < _FEWEST:
        return 0.0
    k = _fitted(excess)
    return (len(excess) * k + 10 * 0.5) / (len(excess) + 10)


def unreliable_from(n: int) -> float:
    """The k from which a mean of so many weights is not to be trusted."""
    return min(1.0 - 1.0 / math.log10(n), 0.7) if n > 10 else 0.0


def _fitted(x: Float) -> float:
    """k of a generalised Pareto with these values, rising, (m,): at the mean of b = -k / s over its likelihood."""
    m = len(x)
    grid = 30 + int(math.sqrt(m))
    quartile = x[int(m / 4 + 0.5) - 1]
    b = 1.0 / x[-1] + (1.0 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (3.0 * quartile)
    k = np.log1p(-b[:, None] * x).mean(axis=1)
    likelihood = m * (np.log(-b / k) - k - 1.0)
    share = np.exp(likelihood - likelihood.max())
    best = float((b * share).sum() / share.sum())
    return float(np.log1p(-best * x).mean())
