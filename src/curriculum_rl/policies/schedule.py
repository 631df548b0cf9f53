"""What comes next where every concept has a day on which it is due: the order shared by all schedulers.

First reviews that are due, the longest overdue before the others; then a new goal in the order of the curriculum, as
long as few are being learned; then those, the longest untouched before the others; then goals that are still new; then
what is due next.
"""

from __future__ import annotations

import numpy as np

from curriculum_rl.batch import Bool, Float
from curriculum_rl.policies.order import goals_alone, position
from curriculum_rl.trackers.tracker import Belief

TIER = 1e6
"""Apart from one another by more than any number of days or concepts."""


def scheduled(belief: Belief, overdue: Float, learning: Bool, at_a_time: int) -> Float:
    """Priority of each concept, (n, K).

    Args:
        belief: the record of what was done when.
        overdue: days since each concept was due, (n, K); below 0 where it is not yet.
        learning: what is still being learned, and so has no such day, (n, K); new concepts may be among it.
        at_a_time: goals being learned at which no new one is begun.
    """
    new = belief.seen == 0
    begun = learning & ~new
    few = (belief.goals & begun).sum(axis=1, keepdims=True) < at_a_time
    place = position(belief.platform.curriculum)
    priority = np.where(overdue >= 0, 4 * TIER + overdue, overdue)
    priority = np.where(begun, 2 * TIER + (belief.now[:, None] - belief.last), priority)
    priority = np.where(new, np.where(few, 3 * TIER, TIER) - place, priority)
    return goals_alone(priority, belief.goals)
