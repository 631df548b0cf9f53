"""What a policy may look at where the belief alone tells the time: in a log that is replayed, in an exported graph.

The day of the belief says which session it is, and the minutes since its start how much of that is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from curriculum_rl.course import MINUTES_PER_DAY
from curriculum_rl.envs.simulation import View
from curriculum_rl.trackers.tracker import Belief


def view_by_belief(belief: Belief, student: Any, mask: Any, tolerance: float) -> View:
    """The view of n students.

    Args:
        belief: what is believed of them.
        student: ids, (n,).
        mask: what may be chosen, (n, A).
        tolerance: days by which a rounded time may fall short of the start of the session that it is.
    """
    course = belief.platform.course
    days = np.asarray(course.days)
    session = np.maximum(np.searchsorted(days, belief.now + tolerance, side="right") - 1, 0)
    used = np.clip((belief.now - np.take(days, session)) * MINUTES_PER_DAY, 0.0, course.minutes)
    left = np.maximum(len(days) - 1 - session, 0)
    return View(student, belief, mask, left * course.minutes + (course.minutes - used), course.minutes - used, left)
