"""Into how many parts a course is told: a short one into fewer, so that none is empty."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.evaluation.outcomes import BINS
from curriculum_rl.studies.compare import _merged, _parts


def moments(steps: int) -> np.ndarray:
    """Of 100 students who each take so many steps of equal length."""
    part = (np.arange(steps) / steps * BINS).astype(np.int64)
    return np.bincount(part, minlength=BINS) * 100.0


@pytest.mark.parametrize(("steps", "parts"), [(1, 1), (2, 2), (4, 4), (5, 5), (10, 10), (19, 10), (20, 20), (120, 20)])
def test_no_part_of_a_short_course_is_empty(steps: int, parts: int) -> None:
    assert _parts([moments(120), moments(steps)]) == parts
    merged = _merged(moments(steps)[:, None], parts)
    assert merged.shape == (parts, 1)
    assert merged.min() > 0.0
    assert merged.sum() == 100.0 * steps


def test_a_course_that_many_leave_is_still_told_in_full() -> None:
    """Half of those who are there leave in each fifth."""
    assert _parts([np.repeat(0.5 ** np.arange(5), 4) * 1000.0]) == BINS
