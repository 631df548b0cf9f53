"""The exponential rule that a platform takes a memory for, where that is no rule of half-lives itself.

A median item of an average student is followed: its half-life is the time in which recall falls to half of what it is
just after practice. That of what is new is taken after the first try, that of what is known at the start; then come
ten right answers, each as soon as half is forgotten, and gain = (last half-life / first)^(1/10) - 1, spacing = 0.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.memory.memory import Memory

ANSWERS: Final = 10
SHORTEST, LONGEST = 1e-6, 1e4
"""Days within which half-lives are looked for; what falls to half later, or never, is taken for the longest."""
_BISECTIONS: Final = 50  # of the logarithm: to 14 digits


def nearest(memory: Memory[Any]) -> Exponential:
    """The rule with the half-lives of the memory's median item."""
    yes, no = np.ones((1, 1), dtype=np.bool_), np.zeros((1, 1), dtype=np.bool_)
    place = np.zeros((1, 1), dtype=np.int64)

    def median(kind: int) -> Float:
        return np.full((1, 1), 0.5)

    def half_life(state: Any, day: float) -> float:
        half = 0.5 * float(memory.recalled(state, place, day)[0, 0])
        low, high = np.log(SHORTEST), np.log(LONGEST)
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            above = memory.recalled(state, place, day + float(np.exp(middle)))[0, 0] > half
            low, high = (middle, high) if above else (low, middle)
        return float(np.exp(high))

    def practise(state: Any, day: float, *, new: bool) -> float:
        """The half-life after a right answer on this day."""
        recalled = memory.recalled(state, place, day)
        memory.practise(state, place, np.full(1, day), recalled, yes, yes, yes[0], yes if new else no)
        return half_life(state, day)

    known_days = half_life(memory.start(np.ones(1), yes, 0.0, median), 0.0)
    state, day = memory.start(np.ones(1), no, 0.0, median), 0.0
    lives = [practise(state, day, new=True)]
    for _ in range(ANSWERS):
        day += lives[-1]
        lives.append(practise(state, day, new=False))
    gain = float((lives[-1] / lives[0]) ** (1.0 / ANSWERS)) - 1.0
    return Exponential(lives[0], known_days, gain=min(max(gain, 0.0), 100.0), spacing=0.0, cap_days=LONGEST)
