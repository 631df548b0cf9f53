"""Random draws that depend only on (seed, student, step, slot).

A draw is a pure function, so batch size, order and number of workers cannot change a student's luck, two policies
meet the same luck, and a run resumes exactly. Counter-based generation after Salmon et al. (2011),
doi:10.1145/2063384.2063405, with the splitmix64 finaliser of Steele, Lea & Flood (2014),
doi:10.1145/2660193.2660195:

    z = mix(ka + (step * SLOTS + slot) * G);  u = top 53 bits of mix((z ^ kb) * G), over 2^53

with two hashed keys for each (seed, purpose, student):

    base = mix(mix(seed * G + purpose) + G)
    ka   = mix(mix(student * G + base) ^ base)
    kb   = mix(ka + mix((student ^ M1) * G + mix(base ^ M2)))

where mix(z) is z ^= z >> 30; z *= M1; z ^= z >> 27; z *= M2; z ^= z >> 31. All arithmetic is modulo 2^64.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

U64 = npt.NDArray[np.uint64]
Float = npt.NDArray[np.float64]

SLOTS: Final = 32
"""Draws that one step of one student may use. Frozen: changing it changes every path."""

GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_M1: Final = np.uint64(0xBF58476D1CE4E5B9)
_M2: Final = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_STRIDE: Final = np.uint64(SLOTS * int(GOLDEN) % 2**64)
_UNIT: Final = 2.0**-53
_SMALLEST: Final = 2.0**-54  # stands for a uniform of exactly 0, where the inverse is infinite


class Purpose:
    """What a stream is for. Frozen: a new purpose takes the next number."""

    PERSON: Final = 1  # who the student is: traits, goals, what is known at first
    LIFE: Final = 2  # what happens while the student learns
    POLICY: Final = 3  # which activity a random policy picks
    SPARE: Final = 4  # experiments and tests


def _mix(z: U64, out: U64) -> U64:
    """The splitmix64 finaliser, written to `out` (which may be `z`)."""
    a = z >> _S30
    np.bitwise_xor(z, a, out=out)
    np.multiply(out, _M1, out=out)
    np.right_shift(out, _S27, out=a)
    np.bitwise_xor(out, a, out=out)
    np.multiply(out, _M2, out=out)
    np.right_shift(out, _S31, out=a)
    np.bitwise_xor(out, a, out=out)
    return out


def _hash(z: U64) -> U64:
    return _mix(z, np.empty_like(z))


@dataclass
class Keys:
    """The two 64-bit keys of each student's stream, (n,) each."""

    a: U64
    b: U64


def keys(seed: int, purpose: int, students: npt.NDArray[np.int64]) -> Keys:
    """Keys of the students (ids, (n,)) for one seed (any non-negative integer below 2^63) and purpose."""
    base, other = _bases(seed, purpose)
    ids = students.astype(np.uint64)
    a = _hash(_hash(ids * GOLDEN + base) ^ base)
    b = _hash(a + _hash((ids ^ _M1) * GOLDEN + other))
    return Keys(a, b)


@lru_cache(maxsize=64)
def _bases(seed: int, purpose: int) -> tuple[np.uint64, np.uint64]:
    """The parts of the keys that are the same for all students."""
    base = _hash(np.array([seed], dtype=np.uint64) * GOLDEN + np.uint64(purpose))
    base = _hash(base + GOLDEN)
    return base[0], _hash(base ^ _M2)[0]


def ahead(key: Keys, counters: int | npt.NDArray[np.int64]) -> Keys:
    """Keys whose draw at any counter is that of `key` so many counters on: a stretch of the same stream."""
    return Keys(key.a + np.asarray(counters).astype(np.uint64) * GOLDEN, key.b)


def uniform(key: Keys, counters: U64) -> Float:
    """Uniform draws in [0, 1); `counters` broadcasts against the keys, (n,): for example (slots, n)."""
    return _draw(counters * GOLDEN + key.a, key.b)


def at_step(key: Keys, step: npt.NDArray[np.int64], slots: U64) -> Float:
    """Uniform draws, (slots, n), of these slots (each below SLOTS) at each student's own step, (n,)."""
    start = step.astype(np.uint64) * _STRIDE + key.a
    return _draw(start + (slots * GOLDEN)[:, None], key.b)


def _draw(z: U64, b: U64) -> Float:
    """The end of the formula above, from ka + counter * G, which it overwrites."""
    _mix(z, z)
    z ^= b
    z *= GOLDEN
    _mix(z, z)
    z >>= _S11
    u: Float = z.astype(np.float64)
    u *= _UNIT
    return u


def normal(u: Float) -> Float:
    """Standard normals by the inverse distribution function: one uniform each, never rejection."""
    z: Float = ndtri(np.maximum(u, _SMALLEST))
    return z
