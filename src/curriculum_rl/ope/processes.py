"""Small made-up courses whose value is known exactly: what estimators and intervals are measured against.

S situations, A activities. A student starts in situation s with probability first(s), is given a with probability
pi(a | s), earns reward(s, a) +- spread(s, a) (each sign with probability 1/2, so that rewards are bounded), leaves for
good with probability leave(s, a), else goes to s' with probability move(s, a, s'). Who left earns nothing more. Over T
decisions, by dynamic programming,

    Q_t(s, a) = reward(s, a) + g (1 - leave(s, a)) sum_s' move(s, a, s') V_{t+1}(s')
    V_t(s)    = sum_a pi(a | s) Q_t(s, a)

with V_T = 0, and the value of pi is sum_s first(s) V_0(s). All numbers of the three processes are assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Process:
    """A course of S situations and A activities, the policy that was logged and the one to be judged.

    Attributes:
        first: probability of each situation at the start, (S,).
        move: probability of each next situation, (S, A, S).
        reward: mean reward, (S, A).
        spread: how far rewards are from their mean, (S, A).
        leave: probability of leaving after the decision, (S, A).
        behaviour: of the logged policy, (S, A): 0 where it never does this.
        target: of the judged policy, (S, A). What either may do is eligible.
    """

    first: Float
    move: Float
    reward: Float
    spread: Float
    leave: Float
    behaviour: Float
    target: Float

    def __post_init__(self) -> None:
        check = Violations("process")
        for name in ("first", "move", "behaviour", "target"):
            value = getattr(self, name)
            ok = bool((value >= 0).all()) and np.allclose(value.sum(axis=-1), 1.0)
            check.that(ok, f"{name}: probabilities must be at least 0 and sum to 1")
        check.that((self.leave >= 0) & (self.leave <= 1), "leave: probabilities must be in [0, 1]")
        check.raise_all()

    def values(self, horizon: int, discount: float = 1.0, policy: Float | None = None) -> Float:
        """Q_t(s, a) of the target, or of another policy (S, A), (T, S, A)."""
        policy = self.target if policy is None else policy
        q = np.zeros((horizon + 1, *self.reward.shape))
        for t in reversed(range(horizon)):
            ahead = self.move @ (policy * q[t + 1]).sum(axis=1)
            q[t] = self.reward + discount * (1.0 - self.leave) * ahead
        return q[:-1]

    def value(self, horizon: int, discount: float = 1.0, policy: Float | None = None) -> float:
        """Expected discounted return of the target, or of another policy (S, A), over this many decisions."""
        policy = self.target if policy is None else policy
        return float(self.first @ (policy * self.values(horizon, discount, policy)[0]).sum(axis=1))

    def simulate(self, rng: np.random.Generator, students: int, horizon: int, policy: Float | None = None) -> Episodes:
        """Logs of so many students under the logged policy, or another one (S, A), of at most `horizon` decisions.

        Features are the situation, one-hot; those who left before the horizon are censored.
        """
        policy = self.behaviour if policy is None else policy
        shape = (students, horizon)
        state, action = np.empty(shape, np.int64), np.empty(shape, np.int64)
        taken = np.zeros(shape, np.bool_)
        here, there = drawn(rng, np.tile(self.first, (students, 1))), np.ones(students, np.bool_)
        for t in range(horizon):
            state[:, t], taken[:, t] = here, there
            action[:, t] = drawn(rng, policy[here])
            there = there & (rng.random(students) >= self.leave[here, action[:, t]])
            here = drawn(rng, self.move[here, action[:, t]])
        s, a = state[taken], action[taken]
        return Episodes(
            student=np.nonzero(taken)[0],
            action=a,
            reward=self.reward[s, a] + self.spread[s, a] * rng.choice([-1.0, 1.0], len(s)),
            behaviour=policy[s, a],
            choice=self.target[s],
            eligible=((self.behaviour > 0) | (self.target > 0))[s],
            features=np.eye(len(self.first))[s],
            state=s,
            cluster=np.arange(students),
            censored=~taken[:, -1],
        )


def drawn(rng: np.random.Generator, probabilities: Float) -> Int:
    """One draw from each row of probabilities, (n, K), (n,)."""
    below = rng.random((len(probabilities), 1)) >= np.cumsum(probabilities[:, :-1], axis=1)
    draws: Int = below.sum(axis=1)
    return draws


def _policy(*first_action: float) -> Float:
    """Of two activities, by the probability of the first in each situation."""
    first = np.array(first_action)
    return np.stack([first, 1.0 - first], axis=1)


_NEXT: Final = np.eye(3)[np.array([[1, 0], [2, 0], [2, 1]])]  # 0 novice, 1 learning, 2 fluent; practise or rest
_PAY: Final = np.array([[0.2, 0.1], [0.6, 0.3], [1.0, 0.5]])

DETERMINISTIC: Final = Process(
    first=np.array([1.0, 0.0, 0.0]),
    move=_NEXT,
    reward=_PAY,
    spread=np.zeros((3, 2)),
    leave=np.zeros((3, 2)),
    behaviour=_policy(0.5, 0.5, 0.5),
    target=_policy(0.7, 0.65, 0.6),
)
"""Nothing is left to chance but the choice of activities."""

STOCHASTIC: Final = Process(
    first=np.array([0.5, 0.3, 0.2]),
    move=0.7 * _NEXT + 0.3 / 3.0,
    reward=_PAY,
    spread=np.full((3, 2), 0.3),
    leave=np.zeros((3, 2)),
    behaviour=_policy(0.6, 0.5, 0.4),
    target=_policy(0.4, 0.7, 0.6),
)
"""Where students start and go, and what they earn, is left to chance too."""

DROPOUT: Final = Process(
    first=np.array([0.5, 0.3, 0.2]),
    move=0.7 * _NEXT + 0.3 / 3.0,
    reward=_PAY,
    spread=np.full((3, 2), 0.3),
    leave=np.array([[0.12, 0.04], [0.06, 0.03], [0.02, 0.02]]),
    behaviour=_policy(0.6, 0.5, 0.4),
    target=_policy(0.4, 0.7, 0.6),
)
"""As stochastic, but students leave, novices who are made to practise most of all."""

PROCESSES: Final[Mapping[str, Process]] = {
    "deterministic": DETERMINISTIC,
    "stochastic": STOCHASTIC,
    "dropout": DROPOUT,
}
