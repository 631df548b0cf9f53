"""What estimators ask of a model of values: what each logged decision was worth, and what the target's would be.

Q(s, a) is the expected return from a decision on, if a is given there and the target chooses from then on; V(s) is the
sum over a of pi(a | s) Q(s, a).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes


@dataclass(frozen=True)
class Values:
    """What a model says of each decision.

    Attributes:
        q: Q of what was logged, (N,).
        v: V before the decision, (N,).
    """

    q: Float
    v: Float


class ActionValues(Protocol):
    """A frozen dataclass of settings: the same episodes always give the same values."""

    def fit(self, episodes: Episodes, discount: float) -> Values:
        """Values of the target policy, as learnt from these episodes."""
