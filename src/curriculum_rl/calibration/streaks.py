"""Practice that stops at three right in a row, as skill builders do: how it goes, and who spins their wheels.

A *pair* is one student and one set of concepts, the unit that such an assignment practises. Whatever the log holds
after the third right in a row is left out of every figure, for real and simulated students alike. A student *spins the
wheels* on a pair (Beck & Gong 2013) with ten tries and never three right in a row; a pair is determinate if it has
ten tries or reached three in a row within them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.calibration.attempts import opportunities

IN_A_ROW = 3
WITHIN = 10
MANY = 3
LEAST = 10
"""Tries below which a student's share right says too little to be compared with others'."""


@dataclass(frozen=True)
class Practice:
    """How pairs went, up to the stop.

    Attributes:
        right, tries: by opportunity up to `WITHIN`, over pairs that were still going, (WITHIN,) each.
        spinning, determinate: numbers of pairs.
        between: standard deviation between students of their share right.
    """

    right: Float
    tries: Int
    spinning: int
    determinate: int
    between: float

    @property
    def accuracy(self) -> Float:
        """Share right by opportunity, (WITHIN,)."""
        return self.right / np.maximum(self.tries, 1)

    @property
    def wheel_spinning(self) -> float:
        """Share of determinate pairs that spin their wheels."""
        return self.spinning / self.determinate if self.determinate else float("nan")


def streaks(right: Bool, opportunity: Int) -> Int:
    """Right answers in a row up to each try, (n,), for tries sorted by pair and opportunity."""
    position = np.arange(len(right))
    broken = np.where(~right, position, np.where(opportunity == 0, position - 1, -1))
    run: Int = position - np.maximum.accumulate(broken)
    return run


def stopped(run: Int, opportunity: Int) -> Bool:
    """Which tries come after the stop, (n,), for tries sorted by pair and opportunity."""
    position = np.arange(len(run))
    pair = np.cumsum(opportunity == 0) - 1
    done = np.full(pair[-1] + 1 if len(pair) else 0, len(run), dtype=np.int64)
    ends = np.flatnonzero(run >= IN_A_ROW)
    np.minimum.at(done, pair[ends], ends)
    after: Bool = position > done[pair]
    return after


def between_students(student: Int, right: Bool) -> float:
    """Standard deviation of the share right between those with `LEAST` tries or more; nan where fewer than two have."""
    tries = np.bincount(student)
    enough = tries >= LEAST
    shares = np.bincount(student, weights=right)[enough] / tries[enough]
    return float(shares.std(ddof=1)) if len(shares) > 1 else float("nan")


def practice(pair: Int, right: Bool, student: Int) -> Practice:
    """Tallies tries in order of time, (n,) each, up to the stop; `student` is the same for all tries of a pair."""
    opportunity = opportunities(pair)
    order = np.lexsort((opportunity, pair))
    right, opportunity, pair, student = right[order], opportunity[order], pair[order], student[order]
    run = streaks(right, opportunity)
    counted = ~stopped(run, opportunity) & (opportunity < WITHIN)
    reached = np.unique(pair[counted & (run >= IN_A_ROW)])
    full = np.unique(pair[counted & (opportunity == WITHIN - 1)])
    spinning = len(np.setdiff1d(full, reached))
    return Practice(
        right=np.bincount(opportunity[counted], weights=right[counted], minlength=WITHIN).astype(np.float64),
        tries=np.bincount(opportunity[counted], minlength=WITHIN).astype(np.int64),
        spinning=spinning,
        determinate=len(reached) + spinning,
        between=between_students(student[counted], right[counted]),
    )


def leaving(pair: Int, right: Bool, kind: Int, shrink: float = 20.0) -> Float:
    """P(the pair's log ends here | still going), by kind of pair and by how the pair has gone so far.

    Each cell is shrunk to that of all kinds together, which counts as `shrink` tries.

    Args:
        pair, right, kind: of each try, in order of time, (n,); `kind` is the same for all tries of a pair.

    Returns:
        (kinds, WITHIN + 1, MANY + 1, IN_A_ROW): by opportunity (the last stands for any later one), right answers so
        far (likewise) and current run of right answers.
    """
    opportunity = opportunities(pair)
    order = np.lexsort((opportunity, pair))
    right, opportunity, kind = right[order], opportunity[order], kind[order]
    run = streaks(right, opportunity)
    begin = np.maximum.accumulate(np.where(opportunity == 0, np.arange(len(right)), 0))
    total = np.cumsum(right)
    so_far: Int = total - (total - right)[begin]
    last = np.r_[opportunity[1:] == 0, True]
    going = ~stopped(run, opportunity) & (run < IN_A_ROW)
    shape = (int(kind.max()) + 1, WITHIN + 1, MANY + 1, IN_A_ROW)
    state = (kind, np.minimum(opportunity, WITHIN), np.minimum(so_far, MANY), run)
    cell = np.ravel_multi_index(tuple(part[going] for part in state), shape)
    size = int(np.prod(shape))
    tries = np.bincount(cell, minlength=size).reshape(shape)
    left = np.bincount(cell, weights=last[going], minlength=size).reshape(shape)
    pooled = left.sum(axis=0) / np.maximum(tries.sum(axis=0), 1)
    chance: Float = (left + shrink * pooled) / (tries + shrink)
    return chance
