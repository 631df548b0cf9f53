"""The last practices of each concept, for models that ask when each of them was: a ring of N, the newest first.

What falls out of the ring is dropped here; a model keeps of it what it needs. Arrays are (n, K, N); `flat` says which
concepts of which students, as positions in a raveled (n, K) array.
"""

from __future__ import annotations

import numpy as np

from curriculum_rl.batch import Bool, Float, Int

MOST = 256
"""The longest ring: a step costs as much as it is long."""


def taken(ring: Float, flat: Int) -> Float:
    """The rings of these concepts, (..., N)."""
    rows: Float = ring.reshape(-1, ring.shape[2]).take(flat, axis=0)
    return rows


def pushed(ring: Float, value: Float | float) -> Float:
    """The same rings, (..., N), with a value before the others, (...), and the oldest dropped."""
    out = np.empty_like(ring)
    out[..., 0] = value
    out[..., 1:] = ring[..., :-1]
    return out


def fresh(ring: Float, value: Float | float, nothing: float) -> Float:
    """Rings of the same shape with a value, (...), and nothing before it."""
    out = np.full_like(ring, nothing)
    out[..., 0] = value
    return out


def put(ring: Float, flat: Int, rows: Float, where: Bool) -> None:
    """Writes the rings of these concepts, (..., N), in place, where told, (...)."""
    whole = ring.reshape(-1, ring.shape[2])
    whole[flat] = np.where(where[..., None], rows, whole.take(flat, axis=0))
