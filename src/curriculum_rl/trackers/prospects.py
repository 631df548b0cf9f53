"""What practising a concept now promises, as features for networks: a plain problem's worth, and what it unlocks.

    gain    = value [(1 - s) readiness learn F + s L - R]          points on the delayed test
    unlocks = ahead [(1 - s) readiness learn + s - r]              points through what needs the concept

with the letters of `planning.py`, `ahead` from its `unlocking`, and both squeezed into [0, 1) by x / (1 + x). A network
could work these out, except for what lies more than one link away; given them, it learns several times faster.
O(n K) for each prerequisite.
"""

from __future__ import annotations

import numpy as np

from curriculum_rl.batch import Bool, Float
from curriculum_rl.trackers.planning import goal_value, unlocking
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.world import Platform

DISCOUNT = 0.6
"""Of what lies one link further; assumed, near where the tuned heuristics settle."""


def prospects(outlook: Outlook, platform: Platform, goals: Bool) -> tuple[Float, Float]:
    """Gain and unlocks of every concept, squeezed, (n, K) each."""
    value = goal_value(platform, goals)
    ahead = unlocking(outlook, platform, value, DISCOUNT)
    learned = (1.0 - outlook.stored) * outlook.readiness * outlook.learn
    gain = value * (learned * outlook.fresh + outlook.stored * outlook.refreshed - outlook.at_test)
    return _squeezed(gain), _squeezed(ahead * (learned + outlook.stored - outlook.recall))


def _squeezed(points: Float) -> Float:
    points = np.maximum(points, 0.0)
    points /= 1.0 + points
    return points
