"""Why this activity now, for one student: the choice, its reasons, what else there was, and what would change it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from curriculum_rl.runner.reasons import Reasons
from curriculum_rl.runner.runner import Event, Runner, State, Step
from curriculum_rl.violations import Violations

Allowed = npt.NDArray[np.bool_]  # (1, A)


@dataclass(frozen=True)
class Explanation:
    """What can be said of a decision. Activities and concepts are positions in the catalogue.

    Attributes:
        choice: the likeliest activity; None where nothing is eligible.
        chance: with which the policy chooses it.
        reasons: sentences.
        ranking: what has a chance, likeliest first, with it.
        mastery: P(known) of each concept.
        moved: concepts whose mastery the last event changed by a hundredth or more: before, after.
        otherwise: the choice, had the last answer been the other one; None where there was none.
    """

    choice: int | None
    chance: float
    reasons: list[str]
    ranking: list[tuple[int, float]]
    mastery: list[float]
    moved: dict[int, tuple[float, float]]
    otherwise: int | None


def explain(
    runner: Runner, events: Sequence[Event], goals: Iterable[str] | None = None, excluded: Iterable[str] = ()
) -> Explanation:
    """What the policy would choose after these events, and why.

    Raises:
        InvalidInput: an unknown goal or activity is named.
    """
    shut, check = set(excluded), Violations("exclude")
    for name in sorted(shut - set(runner.activities)):
        check.that(False, f"{name!r}: is no activity of the catalogue")
    check.raise_all()
    allowed = np.array([[name not in shut for name in runner.activities]])
    before = runner.after(events[:-1], goals)
    step = _after(runner, before, events[-1:], allowed)
    chances = step.probabilities[0]
    order = [int(a) for a in np.argsort(-chances, kind="stable") if chances[a] > 0]
    choice = order[0] if order else None
    earlier = _after(runner, before, [], allowed).mastery[0]
    moved = np.flatnonzero(np.abs(step.mastery[0] - earlier) >= 0.01)
    return Explanation(
        choice=choice,
        chance=0.0 if choice is None else float(chances[choice]),
        reasons=[] if choice is None else Reasons.of(runner.bundle.catalogue).why(step, 0, choice),
        ranking=[(a, float(chances[a])) for a in order],
        mastery=step.mastery[0].tolist(),
        moved={int(k): (float(earlier[k]), float(step.mastery[0, k])) for k in moved},
        otherwise=_otherwise(runner, before, events, allowed),
    )


def _after(runner: Runner, state: State, last: Sequence[Event], allowed: Allowed) -> Step:
    """The step from a state, with one event or none."""
    event = last[0] if last else Event(-1, 0.0, 0.0)
    return runner.step(state, [event.activity], [event.correct], [event.elapsed_s], allowed)


def _otherwise(runner: Runner, before: State, events: Sequence[Event], allowed: Allowed) -> int | None:
    """The likeliest activity, had the last answer been the other one."""
    if not events or not runner.bundle.catalogue["activities"][events[-1].activity]["answered"]:
        return None
    other = replace(events[-1], correct=0.0 if events[-1].correct >= 0.5 else 1.0)
    chances = _after(runner, before, [other], allowed).probabilities[0]
    return int(chances.argmax()) if chances.any() else None
