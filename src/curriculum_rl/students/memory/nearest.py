"""The exponential rule that a platform takes a memory for, where that is no rule of half-lives itself.

A median item of an average student is followed: its half-life is the time in which recall falls to half of what it is
just after practice, or `after` so many days where the first minutes are much steeper than what follows; where more is
left after a month, the half-life that leaves as much then. That of what is new is taken after the first try, that of
what is known at the start; then come ten right answers, each a half-life after the one before, and
gain = (last half-life / first)^(1/10) - 1, spacing = 0.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.memory.memory import Memory

ANSWERS: Final = 10
SHORTEST, MONTH, LONGEST = 1e-6, 30.0, 1e4
"""Days: half-lives from the first to the second are looked for; none is longer than the last."""
_BISECTIONS: Final = 50  # of the logarithm: to 14 digits


def nearest(memory: Memory[Any], after: float = 0.0) -> Exponential:
    """The rule with the half-lives of the memory's median item, counted from so many days after practice."""
    yes, no = np.ones((1, 1), dtype=np.bool_), np.zeros((1, 1), dtype=np.bool_)
    place = np.zeros((1, 1), dtype=np.int64)

    def median(kind: int) -> Float:
        return np.full((1, 1), 0.5)

    def half_life(state: Any, day: float) -> float:
        def left(days: float) -> float:
            return float(memory.recalled(state, place, day + after + days)[0, 0])

        just_after, in_a_month = left(0.0), left(MONTH)
        if in_a_month > 0.5 * just_after:
            return float(min(MONTH / np.log2(max(just_after / in_a_month, 1.0 + 1e-12)), LONGEST))
        low, high = np.log(SHORTEST), np.log(MONTH)
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if left(float(np.exp(middle))) > 0.5 * just_after else (low, middle)
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
