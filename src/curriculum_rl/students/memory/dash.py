"""DASH: recall from a student's ability, an item's difficulty, and the study history, counted in windows of time.

    logit R = ability - delta + sum_w [right_w ln(1 + rights in w) - tries_w ln(1 + tries in w)]
    delta ~ Normal(difficulty, difficulty_sd^2) of each item of each student

Windows are the last so many days, and ever. Lindsey, Shroyer, Pashler & Mozer (2014), doi:10.1177/0956797613504302, in
the form of DAS3H for one item (Choffin et al. 2019, arXiv:1905.06873), whose windows are an hour, a day, a week and a
month. The weights are assumed. It says nothing of practice without an answer, which leaves no trace here.

The last `size` answers are kept with their times; earlier ones count in "ever" alone. So it is exact for whoever
answers no more than `size` times within the longest window; who does is taken to have done it `size` times.
A student who remembers f times longer than average has windows f times as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.memory.history import MOST, fresh, pushed, put, taken
from curriculum_rl.students.memory.memory import Draw
from curriculum_rl.students.memory.nearest import nearest
from curriculum_rl.violations import Violations


@dataclass
class Answers:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    times: Float  # (n, K, N) days of the last answers, the newest first; -inf: none
    rights: Float  # (n, K, N) 1 where it was right
    tries_ever: Float  # (n, K)
    rights_ever: Float  # (n, K)
    difficulty: Float  # (n, K) delta, logits
    factor: Float  # (n,) how many times longer than average the student remembers


@dataclass(frozen=True)
class Dash:
    """Attributes:
    windows: how many days each reaches back, rising; "ever" comes after them.
    right: weight of right answers in each window and ever, at least that of tries.
    tries: weight of tries, likewise, at least 0.
    ability: of students, logits.
    difficulty, difficulty_sd: of items, logits.
    known_tries: answers, all right and all long ago, that what was known before the course counts for.
    size: N, the answers that are kept with their times.
    """

    windows: tuple[float, ...] = (1 / 24, 1.0, 7.0, 30.0)
    right: tuple[float, ...] = (0.8, 0.8, 0.8, 0.8, 0.8)
    tries: tuple[float, ...] = (0.2, 0.2, 0.2, 0.2, 0.2)
    ability: float = 0.0
    difficulty: float = 0.5
    difficulty_sd: float = 0.5
    known_tries: float = 50.0
    size: int = 16

    def __post_init__(self) -> None:
        check = Violations("dash")
        for name in ("windows", "right", "tries"):
            if not isinstance(getattr(self, name), tuple):
                check.add(name, getattr(self, name), "must be a list of numbers")
        if not check.found:
            self._check_windows(check)
        for name in ("ability", "difficulty"):
            check.number(name, getattr(self, name), at_least=-20.0, at_most=20.0)
        check.number("difficulty_sd", self.difficulty_sd, at_least=0.0, at_most=10.0)
        check.number("known_tries", self.known_tries, at_least=0.0, at_most=1e6)
        check.number("size", self.size, at_least=1, at_most=MOST, whole=True)
        check.raise_all()

    def _check_windows(self, check: Violations) -> None:
        numeric = check.each("windows", self.windows, above=0.0, at_most=1e5)
        if numeric and np.any(np.diff(self.windows) <= 0):
            check.add("windows", self.windows, "must rise from window to window", "Sort them and drop repeats.")
        numeric = check.each("right", self.right, at_least=0.0, at_most=100.0)
        numeric = check.each("tries", self.tries, at_least=0.0, at_most=100.0) and numeric
        for name in ("right", "tries"):
            if len(getattr(self, name)) != len(self.windows) + 1:
                check.add(name, getattr(self, name), f"must have {len(self.windows) + 1} numbers: windows, then ever")
        for i, (right, tries) in enumerate(zip(self.right, self.tries, strict=False)):
            if numeric and tries > right:
                check.add(f"tries[{i}]", tries, f"must be at most right[{i}] = {right}", "Being right must not hurt.")

    @cached_property
    def forgetting(self) -> Exponential:
        """The exponential rule with the half-lives of the median item."""
        return nearest(self)

    @property
    def wrong_matters(self) -> bool:
        """A wrong answer is a try."""
        return True

    def start(self, factor: Float, held: Bool, day: float, draw: Draw) -> Answers:
        """Items drawn; what is known was answered long ago."""
        ring, ever = (*held.shape, self.size), np.where(held, self.known_tries, 0.0)
        difficulty = self.difficulty + self.difficulty_sd * streams.normal(draw(0))
        return Answers(np.full(ring, -np.inf), np.zeros(ring), ever, ever.copy(), difficulty, factor.copy())

    def recalled(self, state: Answers, flat: Int, day: float | Float) -> Float:
        """R on a day, of the shape of `flat`."""
        factor = state.factor.take(flat // state.difficulty.shape[1])
        age = (np.asarray(day)[..., None] - taken(state.times, flat)) / factor[..., None]
        rights = taken(state.rights, flat)
        logit = self.ability - state.difficulty.take(flat)
        for days, right, tries in zip(self.windows, self.right, self.tries, strict=False):
            inside = age < days
            logit += right * np.log1p((inside * rights).sum(axis=-1)) - tries * np.log1p(inside.sum(axis=-1))
        logit += self.right[-1] * np.log1p(state.rights_ever.take(flat))
        logit -= self.tries[-1] * np.log1p(state.tries_ever.take(flat))
        chance: Float = expit(logit)
        return chance

    def practise(
        self,
        state: Answers,
        flat: Int,
        day: Float,
        recalled: Float,
        held: Bool,
        correct: Bool,
        answered: Bool,
        new: Bool,
    ) -> None:
        """Writes down the answers on what is held; what is new has been right once, and nothing before."""
        review = held & answered & ~new
        right = correct.astype(np.float64)
        for ring, value, first, nothing in ((state.times, day, day, -np.inf), (state.rights, right, 1.0, 0.0)):
            before = taken(ring, flat)
            put(ring, flat, pushed(before, value), review)
            put(ring, flat, fresh(before, first, nothing), new)
        for ever, more in ((state.tries_ever, review), (state.rights_ever, review & correct)):
            ever.ravel()[flat] = np.where(new, 1.0, ever.take(flat) + more)
