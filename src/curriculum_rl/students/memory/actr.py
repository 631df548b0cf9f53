"""ACT-R with decay that depends on activation: a practice that comes while much is still active is soon lost.

    m = ln sum_k t_k^(-d_k),  d_k = scale e^(m when k was practised) + intercept
    R = 1 / (1 + e^((threshold - m) / noise))

over all practices k, t_k seconds since each: right, wrong or merely shown, all count alike. Pavlik & Anderson (2005),
doi:10.1207/s15516709cog0000_14, with their c, a, tau and s; time between sessions counts `between` times as much as
time within one, here what is beyond `session_minutes`.

The last `size` practices are kept with their times. Earlier ones are taken to lie evenly between the first and the
last of them, with their mean decay, after Petrov (2006), "Computationally efficient approximation of the base-level
learning equation in ACT-R": exact for whoever practises a concept no more than `size` times. A student who remembers
f times longer than average reads times f times as short; decays are those of an average student.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.special import expit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.memory.history import MOST, fresh, pushed, put, taken
from curriculum_rl.students.memory.memory import Draw
from curriculum_rl.students.memory.nearest import nearest
from curriculum_rl.violations import Violations

SECONDS: Final = 86_400.0
"""In a day."""


@dataclass
class Traces:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    times: Float  # (n, K, N) days of the last practices, the newest first; -inf: none
    decays: Float  # (n, K, N) of each
    older: Float  # (n, K) practices before those
    older_decay: Float  # (n, K) sum of their decays
    older_first: Float  # (n, K) day of the first of them
    older_last: Float  # (n, K) day of the last of them
    factor: Float  # (n,) how many times longer than average the student remembers


@dataclass(frozen=True)
class ActR:
    """Attributes:
    scale: c, how much activation adds to decay.
    intercept: a, the decay of a first practice.
    threshold: tau, the activation at which half is recalled.
    noise: s, of activation.
    between: seconds that a second between sessions counts for.
    session_minutes: within which seconds count in full.
    least_seconds: no practice is more recent than this.
    known_tries, known_days: what was known before the course was practised so often, in as many days before it.
    size: N, the practices that are kept with their times.
    """

    scale: float = 0.217
    intercept: float = 0.177
    threshold: float = -0.704
    noise: float = 0.255
    between: float = 0.025
    session_minutes: float = 60.0
    least_seconds: float = 1.0
    known_tries: float = 10.0
    known_days: float = 60.0
    size: int = 16

    def __post_init__(self) -> None:
        check = Violations("actr")
        check.number("scale", self.scale, at_least=0.0, at_most=10.0)
        check.number("intercept", self.intercept, above=0.0, at_most=10.0)
        check.number("threshold", self.threshold, at_least=-20.0, at_most=20.0)
        check.number("noise", self.noise, above=0.0, at_most=10.0)
        check.number("between", self.between, above=0.0, at_most=1.0)
        check.number("session_minutes", self.session_minutes, above=0.0, at_most=1e6)
        check.number("least_seconds", self.least_seconds, above=0.0, at_most=SECONDS)
        check.number("known_tries", self.known_tries, at_least=0.0, at_most=1e6)
        check.number("known_days", self.known_days, at_least=0.0, at_most=1e5)
        check.number("size", self.size, at_least=1, at_most=MOST, whole=True)
        check.raise_all()

    @cached_property
    def forgetting(self) -> Exponential:
        """The exponential rule with the half-lives of this memory from a day on: its first minutes are far steeper."""
        return nearest(self, after=1.0)

    @property
    def wrong_matters(self) -> bool:
        """Every practice counts alike."""
        return False

    def start(self, factor: Float, held: Bool, day: float, draw: Draw) -> Traces:
        """What is known was practised evenly until the first day."""
        ring, older = (*held.shape, self.size), np.where(held, self.known_tries, 0.0)
        return Traces(
            times=np.full(ring, -np.inf),
            decays=np.full(ring, self.intercept),
            older=older,
            older_decay=older * self.intercept,
            older_first=np.full(held.shape, day - self.known_days),
            older_last=np.full(held.shape, float(day)),
            factor=factor.copy(),
        )

    def recalled(self, state: Traces, flat: Int, day: float | Float) -> Float:
        """R on a day, of the shape of `flat`."""
        factor = state.factor.take(flat // state.older.shape[1])
        with np.errstate(divide="ignore"):  # what was never practised has activation -inf, and is not recalled
            activation = np.log(self._strength(state, flat, day, factor))
        chance: Float = expit((activation - self.threshold) / self.noise)
        return chance

    def practise(
        self,
        state: Traces,
        flat: Int,
        day: Float,
        recalled: Float,
        held: Bool,
        correct: Bool,
        answered: Bool,
        new: Bool,
    ) -> None:
        """One practice more of what is held; what is new was practised once, and nothing before."""
        decay = self.scale * self._strength(state, flat, day, np.ones(flat.shape)) + self.intercept
        times, decays = taken(state.times, flat), taken(state.decays, flat)
        full = held & ~new & np.isfinite(times[..., -1])
        older = state.older.take(flat)
        for array, more in (
            (state.older_first, np.where(older > 0, state.older_first.take(flat), times[..., -1])),
            (state.older_last, times[..., -1]),
            (state.older_decay, state.older_decay.take(flat) + decays[..., -1]),
            (state.older, older + 1.0),
        ):
            array.ravel()[flat] = np.where(full, more, array.take(flat))
        for array in (state.older, state.older_decay):
            array.ravel()[flat] = np.where(new, 0.0, array.take(flat))
        put(state.times, flat, pushed(times, day), held)
        put(state.decays, flat, pushed(decays, decay), held)
        put(state.times, flat, fresh(times, day, -np.inf), new)
        put(state.decays, flat, fresh(decays, self.intercept, self.intercept), new)

    def _strength(self, state: Traces, flat: Int, day: float | Float, factor: Float) -> Float:
        """e^m: the sum over all practices, of the shape of `flat`."""
        age = (np.asarray(day)[..., None] - taken(state.times, flat)) / factor[..., None]
        strength: Float = (self._seconds(age) ** -taken(state.decays, flat)).sum(axis=-1)
        older = state.older.take(flat)
        if older.any():
            near, far = (self._seconds((day - x.take(flat)) / factor) for x in (state.older_last, state.older_first))
            power = 1.0 - state.older_decay.take(flat) / np.maximum(older, 1.0)
            strength += np.where(older > 0, older * _mean_power(near, far, power), 0.0)
        return strength

    def _seconds(self, days: Float) -> Float:
        """How long ago it counts for, any shape."""
        seconds, session = days * SECONDS, 60.0 * self.session_minutes
        counted = np.minimum(seconds, session) + self.between * np.maximum(seconds - session, 0.0)
        return np.maximum(counted, self.least_seconds)


def _mean_power(near: Float, far: Float, power: Float) -> Float:
    """Mean of x^(power - 1) over x from near to far, any shape."""
    power = np.where(np.abs(power) < 1e-6, 1e-6, power)  # the logarithm is its limit
    wide = far > near * (1.0 + 1e-6)
    span = np.where(wide, far - near, 1.0)
    return np.where(wide, (far**power - near**power) / (power * span), near ** (power - 1.0))
