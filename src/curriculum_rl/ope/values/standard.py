"""Features on one scale, so that no regression depends on their units."""

from __future__ import annotations

from typing import Final

import numpy as np

from curriculum_rl.batch import Float, Int

_END: Final = 10.0
"""Standard deviations from the mean; assumed."""


def standardised(features: Float, known: Int, rows: Int) -> tuple[Float, Float]:
    """Features of `known` with mean 0 and standard deviation 1, constant ones 0, and those of `rows` on that scale.

    What is further out counts as at the end of the scale: a feature that hardly varied among a few must not decide
    what those are worth in whom it does.
    """
    seen, asked = (features[which].astype(np.float64) for which in (known, rows))  # logs may hold single precision
    mean, spread = seen.mean(axis=0), seen.std(axis=0)
    spread = np.where(spread > 1e-6 * (1.0 + np.abs(mean)), spread, np.inf)
    return ((seen - mean) / spread).clip(-_END, _END), ((asked - mean) / spread).clip(-_END, _END)
