"""Ratios of weighted sums, written as a mean over students: what WIS, PDWIS and WDR are made of.

For weights w and x of n students, R = sum_i w_i x_i / sum_i w_i. To first order in both sums, student i moves R by
w_i (x_i - R) / mean w, so that R + w_i (x_i - R) / mean w has the mean R, and its spread is that of the ratio.
"""

from __future__ import annotations

import numpy as np

from curriculum_rl.batch import Float


def self_normalised(weights: Float, x: Float) -> Float:
    """Each student's part in each column's ratio, (n, T) of (n, T): column means are the ratios; nan if no weight."""
    mean = weights.mean(axis=0)
    with np.errstate(invalid="ignore"):
        ratio = (weights * x).mean(axis=0) / mean
        parts: Float = ratio + weights * (x - ratio) / mean
    return parts
