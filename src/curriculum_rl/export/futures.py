"""A lookahead as a graph: the futures of every student side by side, as if each were a student, up to its horizon.

While they are played there are so many times more students: `widened` says so to whatever traces.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import numpy as np

from curriculum_rl.batch import take_rows
from curriculum_rl.envs.simulation import View
from curriculum_rl.export import functions, indexing, lanes, traced, tracing
from curriculum_rl.export.graph import STUDENTS
from curriculum_rl.export.traced import Traced
from curriculum_rl.policies.futures import Expected, clock_of
from curriculum_rl.policies.lookahead import Lookahead
from curriculum_rl.policies.policy import best

_ARANGE = np.arange  # while code is traced, it makes traced arrays


def probabilities(policy: Lookahead, view: View) -> Any:
    """P(each activity) of traced students, (n, A).

    Raises:
        TypeError: it draws copies of students, or has no last step.
    """
    if policy.copies or policy.horizon is None:
        raise TypeError("a lookahead is a graph on the mean alone (copies: 0) and up to a horizon")
    tried: Any = policy.tried(view)
    each = 2 * policy.candidates
    rows: Any = np.repeat(np.arange(STUDENTS), each)
    clock, student = clock_of(view, rows), view.student[rows]
    belief: Any = take_rows(view.belief, slice(None))
    for name, value in vars(belief).items():
        if isinstance(value, Traced):
            setattr(belief, name, np.repeat(value, each, axis=0))
    with widened(each):
        futures = Expected.begun(belief, clock, student, tried)
        weighted: Any = futures.weight * policy.play(futures)
    value = weighted.reshape((STUDENTS, policy.candidates, 2)).sum(axis=2)
    value = np.where(np.take_along_axis(view.mask, tried, axis=1), value, -np.inf)
    places, scores = _ARANGE(view.mask.shape[1]), np.full((STUDENTS, view.mask.shape[1]), -np.inf)
    for i in range(policy.candidates - 1, -1, -1):  # the first comes last, as in `Lookahead.scores`
        scores = np.where(tried[:, i : i + 1] == places, value[:, i : i + 1], scores)
    return best(scores, view.mask)


@contextmanager
def widened(times: int) -> Iterator[None]:
    """Inside, there are so many times more students."""
    many = STUDENTS * times
    with ExitStack() as replaced:
        for module in (functions, indexing, lanes, traced, tracing):
            replaced.enter_context(mock.patch.object(module, "STUDENTS", many))
        replaced.enter_context(mock.patch.object(traced, "_COUNT", _ARANGE(many)))
        yield
