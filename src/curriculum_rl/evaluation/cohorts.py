"""Ranges of student ids, apart from one another: nobody is trained on, tuned on and judged on."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from curriculum_rl.batch import Int
from curriculum_rl.violations import InvalidInput

_SIZE: Final = 1 << 40

TRAIN: Final = range(_SIZE)
TUNE: Final = range(_SIZE, 2 * _SIZE)
VALIDATE: Final = range(2 * _SIZE, 3 * _SIZE)
TEST: Final = range(3 * _SIZE, 4 * _SIZE)


def first(cohort: range, count: int, skip: int = 0) -> Int:
    """The first students of a cohort after those passed over, (count,)."""
    if not (count >= 1 and skip >= 0 and skip + count <= len(cohort)):
        reason = f"count = {count}, skip = {skip}: must be at least 1 and 0, and no more than {len(cohort)} together"
        raise InvalidInput("students", [reason])
    return np.arange(cohort.start + skip, cohort.start + skip + count, dtype=np.int64)


def check_classes(count: int, size: int) -> None:
    """Refuses to judge so many students, before anything is played, where they sit in classes and fill no two.

    Nothing tells the luck of one class from what a policy does, so there is no interval.
    """
    if size > 1 and count < 2 * size:
        raise InvalidInput("evaluation", [f"students = {count}: must be at least {2 * size}, two classes of {size}"])


def apart(*groups: Int | range) -> bool:
    """Whether no student is in two of these groups, each of consecutive ids."""
    spans = sorted((int(g[0]), int(g[-1])) for g in groups if len(g))
    return all(before[1] < after[0] for before, after in pairwise(spans))
