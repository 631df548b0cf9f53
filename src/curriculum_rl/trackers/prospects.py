"""What practising a concept now promises, as features for networks: a plain problem's worth in four lights.

    gain    = value [(1 - s) readiness learn F + s L - R]          points on the delayed test
    unlocks = ahead [(1 - s) readiness learn + s - r]              points through what needs the concept
    lasting = gain where later reviews bring back a share of what would be forgotten (`with_reviews`)
    tells   = value (c r (1 - s))^2 / (p (1 - p)),  c = 1 - slip - guess,  p = guess + c r     (`telling`)

with the letters of `planning.py`, `ahead` from its `unlocking`, and each squeezed into [0, 1) by x / (1 + x). A network
could work these out, except for what lies more than one link away. O(n K) for each prerequisite.
"""

from __future__ import annotations

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.trackers.planning import unlocking, with_reviews
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.world import Platform

DISCOUNT = 0.6
"""Of what lies one link further; assumed, near where the tuned heuristics settle."""
UPKEEP = 0.4
"""Share of forgetting that reviews make good at the start of the course, falling to none; assumed, likewise."""


def prospects(outlook: Outlook, platform: Platform, value: Float, now: Float) -> tuple[Float, Float, Float, Float]:
    """Gain, unlocks, lasting and tells of every concept, squeezed, (n, K) each.

    Args:
        outlook: what is believed, or true.
        platform: the population's parameters and the calendar.
        value: points for each unit of recall at the test, (n, K).
        now: the day, (n,).
    """
    known = platform.filter
    ahead = unlocking(outlook, platform, value, DISCOUNT)
    learned = (1.0 - outlook.stored) * outlook.readiness * outlook.learn
    days = platform.course.days
    left = np.clip((days[-1] - now) / max(days[-1] - days[0], 1.0), 0.0, 1.0)
    span = 1.0 - known.slip - known.guess
    told = value * span**2 * (outlook.recall * (1.0 - outlook.stored)) ** 2
    right = known.guess + span * outlook.recall
    return (
        _squeezed(_gain(outlook, value, learned)),
        _squeezed(ahead * (learned + outlook.stored - outlook.recall)),
        _squeezed(_gain(with_reviews(outlook, UPKEEP * left), value, learned)),
        _squeezed(told / (right * (1.0 - right))),
    )


def _gain(outlook: Outlook, value: Float, learned: Float) -> Float:
    gain: Float = value * (learned * outlook.fresh + outlook.stored * outlook.refreshed - outlook.at_test)
    return gain


def _squeezed(points: Float) -> Float:
    points = np.maximum(points, 0.0)
    points /= 1.0 + points
    return points
