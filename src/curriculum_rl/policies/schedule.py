"""What comes next where every concept has an interval after which it is due: the order shared by all schedulers.

First reviews that are due, the longest overdue before the others; then a new goal in the order of the curriculum, as
long as few are being learned; then those, the longest untouched before the others; then goals that are still new; then
what is due next. An interval of 0 days marks what is being learned: it was begun, and is due at once.
"""

from __future__ import annotations

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.policies.order import goals_alone, position
from curriculum_rl.trackers.tracker import Belief

TIER = 1e6
"""Apart from one another by more than any number of days or concepts."""


def scheduled(belief: Belief, interval: Float, learning: int) -> Float:
    """Priority of each concept, (n, K).

    Args:
        belief: the record of what was done when.
        interval: days from the last practice of each concept until it is due, (n, K), at least 0.
        learning: goals being learned at which no new one is begun.
    """
    since = belief.now[:, None] - belief.last
    overdue = since - interval
    new = belief.seen == 0
    begun = (interval <= 0) & ~new
    few = (belief.goals & begun).sum(axis=1, keepdims=True) < learning
    place = position(belief.platform.curriculum)
    priority = np.where(overdue >= 0, 4 * TIER + overdue, overdue)
    priority = np.where(begun, 2 * TIER + since, priority)
    priority = np.where(new, np.where(few, 3 * TIER, TIER) - place, priority)
    return goals_alone(priority, belief.goals)
