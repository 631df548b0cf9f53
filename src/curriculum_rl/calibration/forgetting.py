"""Forgetting fitted to the real times of a log: how far what was gained by practice holds over a gap.

    logit P(right) = first_k + R growth_k - ...      R = retention(days since the last try of concept k, h)
    h = new_days before the first try;   h' = min(h (1 + gain + spacing (1 - R)), cap_days) after a right answer

These are the equations of `students/memory/consolidation.py` on those of a model of growth, so that the population
that is written forgets as the one that was fitted. The first R counts from the student's first try in the log, as a
simulated course counts from its first session.

Why this can be told apart: growth is settled by the tries of one session, where R is 1; R by how far the same student
falls behind that growth at the first try after a gap; new_days by gaps after few right answers; gain and spacing by how
that fall shrinks with the number of right answers, massed or spaced. Half-lives depend on gaps and answers alone, both
in the log, so there is no hidden path to integrate over. Knowledge tracing is not fitted so: there the half-life hangs
on the unseen moment of learning, and a slip, a loss and a lapse all look alike. What no log of this kind settles stays
assumed: known_days (first knowledge is not forgotten in these models), cap_days, and how students' memories differ.

Gaps under `SESSION` days count as none: within a session the time since the last try holds the time spent on the item
itself, so that a hard item would pass for a forgotten one. The boundary is assumed.

Each parameter has a log-normal prior, wide, around the package's defaults; one step of Fisher scoring on their
logarithms goes with each iteration of EM (`growth.py`). Half-lives in a logistic regression of recall: Settles & Meeder
(2016), doi:10.18653/v1/P16-1174.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Chains
from curriculum_rl.calibration.fit import Prior
from curriculum_rl.students.memory.consolidation import Consolidation
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.memory.power import Power

Fitted = Literal["assumed", "none", "exponential", "power"]
"""What a model of growth is fitted with; with none, all is kept, and fitting stops by the rule of fitted memories."""

SESSION: Final = 0.5
"""Days: shorter gaps count as none; assumed."""
CAP_DAYS: Final = 365.0
"""No half-life passes a year; assumed."""
_FIRST: Final[dict[str, Consolidation]] = {
    "exponential": Exponential(known_days=CAP_DAYS, cap_days=CAP_DAYS),
    "power": Power(known_days=CAP_DAYS, cap_days=CAP_DAYS),
}
_PRIOR_SD: Final = 1.5  # of a logarithm: a factor of 20 either way within two sd
_NUDGE: Final = 1e-3
_LARGEST: Final = 0.5  # step of a logarithm in one iteration
_SETTLED: Final = 0.01  # of a logarithm
_BOUNDS: Final = {"new_days": (1e-3, CAP_DAYS), "decay": (0.05, 20.0)}  # the latter: what the power law takes
_OTHERS: Final = (1e-3, 99.0)


def first_guess(kind: str) -> Consolidation:
    """Where fitting starts."""
    return _FIRST[kind]


def fitted_names(memory: Consolidation) -> tuple[str, ...]:
    """The parameters that are fitted; the rest stays as it was."""
    return tuple(f.name for f in fields(memory) if f.name not in ("known_days", "cap_days"))


def counted(gap: Float) -> Float:
    """Days that count as a gap: those within a session do not."""
    return np.where(gap < SESSION, 0.0, gap)


def retention(memory: Consolidation, chains: Chains) -> Float:
    """R before each entry, (E,), from the gaps and answers of its chain so far."""
    assert chains.gap is not None, "the log has no times"
    gap, kept = counted(chains.gap), np.empty(len(chains.row))
    half_life = np.full(chains.count, memory.new_days)
    for t in range(len(chains.starts) - 1):
        a, b = chains.starts[t], chains.starts[t + 1]
        half_life = half_life[: b - a]
        kept[a:b] = memory.retention(gap[a:b], half_life)
        half_life = np.where(chains.right[a:b] > 0, memory.lengthened(half_life, kept[a:b]), half_life)
    return kept


@dataclass(frozen=True)
class Forgetting:
    """The memory of the moment, and R before each try of the students that are fitted.

    Attributes:
        memory: a rule of half-lives.
        kept: R, (E,).
        settled: whether no parameter moved by more than `_SETTLED` in the last step.
    """

    memory: Consolidation
    kept: Float
    settled: bool = False

    @classmethod
    def of(cls, memory: Consolidation, chains: Chains) -> Forgetting:
        """What the rule says of these chains."""
        return cls(memory, retention(memory, chains))

    def moved(self, chains: Chains, slope: Callable[[Float], tuple[Float, Float]]) -> Forgetting:
        """One step of Fisher scoring.

        Args:
            chains: of the fitted students.
            slope: from the change of R with each parameter, (P, E), the gradient of the expected log-likelihood, (P,),
                and its information, (P, P).
        """
        names = fitted_names(self.memory)
        now = np.log([getattr(self.memory, name) for name in names])
        nudged = (_with(self.memory, {n: v + _NUDGE}) for n, v in zip(names, now, strict=True))
        change = [(retention(memory, chains) - self.kept) / _NUDGE for memory in nudged]
        gradient, information = slope(np.stack(change))
        start = _FIRST[type(self.memory).__name__.lower()]
        priors = [Prior(float(np.log(getattr(start, name))), _PRIOR_SD) for name in names]
        gradient = gradient + np.array([p.gradient(v) for p, v in zip(priors, now, strict=True)])
        information = information + np.diag([p.curvature for p in priors])
        step = np.clip(np.linalg.solve(information, gradient), -_LARGEST, _LARGEST)
        low, high = np.log([_BOUNDS.get(name, _OTHERS) for name in names]).T
        after = np.clip(now + step, low, high)
        memory = _with(self.memory, dict(zip(names, after.tolist(), strict=True)))
        return Forgetting(memory, retention(memory, chains), bool(np.abs(after - now).max() < _SETTLED))


def _with(memory: Consolidation, logs: dict[str, float]) -> Consolidation:
    changes: dict[str, Any] = {name: float(np.exp(value)) for name, value in logs.items()}
    return replace(memory, **changes)
