"""Worlds of a few joint states, solved exactly: what a policy is worth, and the best that any could be.

With M_a[s, s'] = P(state s' after activity a in s), m_a its minutes, and w(s) what a state is worth at the end,

    V_T(s) = w(s),   V_t(s) = sum over a of P(a | t, s) * sum over s' of M_a[s, s'] V_{t + m_a}(s')

the expectation of a policy; the maximum over a in place of the mean over P gives the best one that sees the state:
a bound, privileged. The best that sees answers alone knows no state, only how likely each is (a belief, b):

    U_T(b) = b . w,   U_t(b) = max over a of sum over answers y of U_{t + m_a}(b'),   b'(s') = sum over s of
             b(s) P(y | a, s) M_a[s, s']

Bellman (1957); beliefs: Smallwood & Sondik (1973), doi:10.1287/opre.21.5.1071. Exact where time is minutes without
noise, nothing is forgotten, and students differ in nothing but their first state: `Process.of` says what else is
there. O(T A S^2); over beliefs O((2 A)^steps).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.knowledge.tabular import Tabular
from curriculum_rl.students.memory.none import NoForgetting
from curriculum_rl.students.population import Goals
from curriculum_rl.students.student import TIE
from curriculum_rl.trackers.tracker import readiness
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import World

MOST_BELIEFS = 20_000
"""Beliefs that `best_seen` looks at before it gives up."""


@dataclass(frozen=True)
class Process:
    """A world as a Markov decision process: S states, A activities, T units of time.

    Attributes:
        matrices: P(state -> state) of each activity, (A, S, S), readiness and form taken in.
        right: P(right answer) to each activity in each state, before it teaches, (A, S).
        answered: which activities are answered, (A,).
        start: P(state) at first, (S,).
        worth: of a state, skills held, (S,).
        done: states in which nothing is left to learn, (S,).
        after: the time after each activity, from each time on, (T, A); a session's end is the next one's start.
        unit: minutes of a unit of time.
    """

    matrices: Float
    right: Float
    answered: Bool
    start: Float
    worth: Float
    done: Bool
    after: Int
    unit: float

    @classmethod
    def of(cls, world: World) -> Process:
        """The process of a world.

        Raises:
            InvalidInput: something in the world is more than a state can tell, each said with what it would have to be.
        """
        check = Violations(f"dynamic programming in {world.name}")
        model = world.population.knowledge
        if not isinstance(model, Tabular):
            check.add("knowledge", type(model).__name__, "must be Tabular")
            check.raise_all()
            raise AssertionError
        _check_rest(world, check)
        check.raise_all()
        curriculum, population, groups = world.curriculum, world.population, world.population.groups
        concepts, shares = curriculum.loads
        held = model.held_by.astype(np.float64)
        ready = readiness(curriculum, population.leak, held)  # (S, K)
        strength = (ready[:, concepts] * shares).sum(axis=1).T * curriculum.learning[:, None]
        recalled = np.where(shares > 0, held[:, concepts], 1.0).prod(axis=1).T
        yes, no = ((shares * x).sum(axis=0)[:, None] for x in model.tasks(concepts, curriculum.difficulty))
        after, unit = _times(world)
        return cls(
            matrices=model.moves(strength, groups[0].rate_mean),
            right=no + (yes - no) * recalled,
            answered=curriculum.answered,
            start=np.array([g.share for g in groups]) @ model.first(np.array([g.ability_mean for g in groups])),
            worth=held.sum(axis=1),
            done=held.mean(axis=1) >= world.course.mastered - TIE,
            after=after,
            unit=unit,
        )

    def time_of(self, world: World, session: Int, used: Float) -> Int:
        """The time of students who stand there in the calendar, (n,)."""
        time: Int = np.rint((session * world.course.minutes + used) / self.unit).astype(np.int64)
        return time

    def next_values(self, later: Float, time: int) -> Float:
        """Worth of each activity done at a time, (A, S), from the values of all later times, (T + 1, S)."""
        onward = np.where(self.done, self.worth, later[self.after[time]])
        worth: Float = np.einsum("ast,at->as", self.matrices, onward)
        return worth

    def values(self, policy: Float | None = None) -> Float:
        """Expected skills held at the end, from each time and state, (T + 1, S).

        Args:
            policy: P(activity), of a shape that broadcasts to (T, S, A); None is the best there is, seeing the state.
        """
        times, activities = self.after.shape
        states = len(self.worth)
        chance = None if policy is None else np.broadcast_to(policy, (times, states, activities))
        values = np.empty((times + 1, states))
        values[times] = self.worth
        for time in range(times - 1, -1, -1):
            each = self.next_values(values, time)
            values[time] = each.max(axis=0) if chance is None else (chance[time] * each.T).sum(axis=1)
        return values

    @cached_property
    def best(self) -> Float:
        """`values()` of the best policy that sees the state: a bound, privileged."""
        return self.values()

    def gain(self, values: Float) -> float:
        """Expected gain in skills held over a course, from the values of its first time."""
        return float(self.start @ (values[0] - self.worth))

    def best_seen(self) -> float:
        """Expected gain of the best policy that sees answers alone.

        Raises:
            InvalidInput: more than `MOST_BELIEFS` beliefs can come up.
        """
        times, activities = self.after.shape
        known: dict[tuple[int, bytes], float] = {}

        def value(belief: Float, time: int) -> float:
            """Of students who are there with these chances, which need not sum to 1."""
            total = float(belief.sum())
            if time == times or total == 0.0:
                return float(belief @ self.worth)
            key = time, np.round(belief / total, 12).tobytes()
            if key not in known:
                if len(known) >= MOST_BELIEFS:
                    raise InvalidInput("best_seen", [f"there are more than {MOST_BELIEFS} beliefs in so long a course"])
                known[key] = max(tried(belief / total, a, int(self.after[time, a])) for a in range(activities))
            return total * known[key]

        def tried(belief: Float, activity: int, later: int) -> float:
            right = self.right[activity]
            parts = (belief * right, belief * (1.0 - right)) if self.answered[activity] else (belief,)
            after = [part @ self.matrices[activity] for part in parts]
            ended = sum(float((x * self.done) @ self.worth) for x in after)
            return ended + sum(value(x * ~self.done, later) for x in after)

        return value(self.start, 0) - float(self.start @ self.worth)


def _check_rest(world: World, check: Violations) -> None:
    """Notes what of a world the state of knowledge does not tell."""
    population, groups = world.population, world.population.groups
    if not isinstance(population.memory, NoForgetting):
        check.add("memory", type(population.memory).__name__, "must be NoForgetting")
    check.that(population.faculties.plain, "faculties: must all be off")
    if population.pace.residual_sd:
        check.add("pace.residual_sd", population.pace.residual_sd, "must be 0")
    if population.goals != Goals(1.0):
        check.add("goals", population.goals, "must be everyone's: a share of 1")
    for name in ("ability_sd", "rate_sd", "pace_mean", "pace_sd"):
        for i, group in enumerate(groups):
            if getattr(group, name):
                check.add(f"groups[{i}].{name}", getattr(group, name), "must be 0")
    rates = {g.rate_mean for g in groups}
    if len(rates) > 1:
        check.add("groups[].rate_mean", sorted(rates), "must be the same in all")


def _times(world: World) -> tuple[Int, float]:
    """The time after each activity, from each time on, (T, A), in units of so many minutes."""
    course = world.course
    exact = [Fraction(str(float(x))) for x in (course.minutes, *world.curriculum.minutes)]
    scale = int(np.lcm.reduce([x.denominator for x in exact]))
    whole = [int(x * scale) for x in exact]
    step = gcd(*whole)
    session, *minutes = (x // step for x in whole)
    time = np.arange(session * len(course.days))[:, None]
    end = (time // session + 1) * session
    return np.minimum(time + np.array(minutes), end), step / scale
