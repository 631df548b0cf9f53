"""How an activity is drawn: a decision that can be made again from the name of its event, in any language.

    p = (1 - e) pi + e / |eligible|        of what is eligible; exactly 0 elsewhere
    u = first 53 bits of SHA-256("<digest of the bundle>/<id of the event>") / 2^53
    the first activity, in the order of the catalogue, at which the sum of p passes u

Sums are in double precision, one after the other, so that every language draws the same.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


def explored(probabilities: npt.NDArray[Any], eligible: npt.NDArray[np.bool_], rate: float) -> Numbers:
    """What an activity is drawn from, (..., A); rows sum to 1, or are all 0 where nothing is eligible.

    Args:
        probabilities: of the policy, (..., A).
        eligible: what may be chosen, (..., A).
        rate: share of decisions that are drawn evenly from what is eligible, 0 to 1.
    """
    kept = np.where(eligible, probabilities, 0.0).astype(np.float64)
    count = eligible.sum(axis=-1, keepdims=True)
    even = eligible / np.maximum(count, 1)
    total = np.cumsum(kept, axis=-1)[..., -1:]  # one after the other
    policy = np.divide(kept, total, out=even.copy(), where=total > 0)  # rounded probabilities do not sum to 1
    mixed: Numbers = (1.0 - rate) * policy + rate * even
    return mixed


def uniform(digest: str, event: str) -> float:
    """The draw of an event, in [0, 1)."""
    first = hashlib.sha256(f"{digest}/{event}".encode()).digest()[:8]
    return (int.from_bytes(first, "big") >> 11) / 2.0**53


def drawn(probabilities: Numbers, draw: float) -> int | None:
    """Which of the probabilities, (A,), is drawn; None where all are 0."""
    chances = np.flatnonzero(probabilities)
    if not len(chances):
        return None
    passed = np.cumsum(probabilities)[chances] > draw
    return int(chances[passed.argmax()] if passed.any() else chances[-1])
