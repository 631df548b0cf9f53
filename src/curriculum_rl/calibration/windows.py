"""How many of a student's earlier tries lie within windows of time before each try, and how many were right.

Windows of an hour, a day, a week, 30 days, and ever: Lindsey et al. (2014), doi:10.1177/0956797613504302; Choffin et
al. (2019), arXiv:1905.06873.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from curriculum_rl.batch import Float, Int

WINDOWS: Final = (1.0 / 24.0, 1.0, 7.0, 30.0, np.inf)
"""Days."""


def counts_within(key: Int, day: Float, right: Float) -> list[tuple[Float, Float]]:
    """Earlier right answers and earlier tries of the same key in each window, (n,) each.

    Args:
        key: whose tries are counted together, (n,); those of one key are in order of time.
        day: of each try, (n,).
        right: the answer, 1.0 or 0.0, (n,).
    """
    order = np.argsort(key, kind="stable")
    _, group = np.unique(key[order], return_inverse=True)
    # Keys are set so far apart on one line of time that no window reaches from one into another.
    since = day[order] - day.min()
    line = group * (since.max() + WINDOWS[-2] + 1.0) + since
    place, begin = np.arange(len(key)), np.searchsorted(group, group)
    won = np.r_[0.0, np.cumsum(right[order])]
    found = []
    for window in WINDOWS:
        first = begin if np.isinf(window) else np.maximum(begin, np.searchsorted(line, line - window))
        wins, tries = np.empty(len(key)), np.empty(len(key))
        wins[order], tries[order] = won[place] - won[first], place - first
        found.append((wins, tries))
    return found
