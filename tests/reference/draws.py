"""The draws of `curriculum_rl.streams`, one at a time, in Python's own integers."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

M = (1 << 64) - 1
G = 0x9E3779B97F4A7C15
M1 = 0xBF58476D1CE4E5B9
M2 = 0x94D049BB133111EB
SLOTS = 32
PERSON, LIFE, POLICY, SPARE = 1, 2, 3, 4


def mix(z: int) -> int:
    """The finaliser of splitmix64."""
    z = ((z ^ (z >> 30)) * M1) & M
    z = ((z ^ (z >> 27)) * M2) & M
    return z ^ (z >> 31)


@dataclass(frozen=True)
class Key:
    """The two keys of one stream."""

    a: int
    b: int

    def ahead(self, counters: int) -> Key:
        """The same stream so many counters on."""
        return Key((self.a + counters * G) & M, self.b)

    def bits(self, counter: int) -> int:
        """64 random bits."""
        return mix(((mix((self.a + counter * G) & M) ^ self.b) * G) & M)

    def uniform(self, counter: int) -> float:
        """A number in [0, 1) from the top 53 bits."""
        return (self.bits(counter) >> 11) / (1 << 53)

    def normal(self, counter: int) -> float:
        """A standard normal from one uniform."""
        return INVERSE(max(self.uniform(counter), 2.0**-54))


INVERSE = NormalDist().inv_cdf


def key(seed: int, purpose: int, student: int) -> Key:
    """The keys of one (seed, purpose, student)."""
    base = mix((mix((seed * G + purpose) & M) + G) & M)
    a = mix(mix((student * G + base) & M) ^ base)
    b = mix((a + mix(((student ^ M1) * G + mix(base ^ M2)) & M)) & M)
    return Key(a, b)


def step_counter(step: int, slot: int) -> int:
    """The counter of one slot of one step."""
    return step * SLOTS + slot
