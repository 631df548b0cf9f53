"""Parameters of a policy, tuned on students who are neither trained on nor judged.

Every setting plays the same students with the same luck. From the policy's own settings, its `variants` are tried one
after the other, each from the best so far, and all of them again until none is better: coordinate ascent. What is
clearly behind on the first quarter of the students does not play the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.evaluation.cohorts import TUNE, first
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.policies.policy import Tunable
from curriculum_rl.world import World

P = TypeVar("P", bound=Tunable)


CLEARLY = 3.0
"""Standard errors of the paired difference behind the best at which a setting is given up."""


@dataclass(frozen=True)
class Trial(Generic[P]):
    """One setting that was tried.

    Attributes:
        policy: with this setting.
        students: who played it.
        score: mean over them, and `error` its standard error.
        behind: how far it is behind the best, mean over the same students, and `behind_error` its standard error.
    """

    policy: P
    students: int
    score: float
    error: float
    behind: float
    behind_error: float


@dataclass(frozen=True)
class Tuned(Generic[P]):
    """Attributes:
    policy: with the settings that scored highest.
    trials: all that were tried, the best first.
    """

    policy: P
    trials: tuple[Trial[P], ...]

    @property
    def table(self) -> list[dict[str, Any]]:
        """One row a trial: every setting by its dotted name, then the scores."""
        scores = ("students", "score", "error", "behind", "behind_error")
        return [_settings(t.policy) | {name: getattr(t, name) for name in scores} for t in self.trials]


def tune(
    world: World,
    policy: P,
    students: int | Int = 1000,
    seed: int = 0,
    *,
    objective: Objective | None = None,
    gate: Gate | None = None,
    rounds: int = 8,
    progress: Callable[[P, float], None] = lambda policy, score: None,
) -> Tuned[P]:
    """Tunes a policy in a world.

    Args:
        students: ids, or how many of the TUNE cohort.
        objective: whose outcome is to be high; the delayed test unless told.
        gate: masks activities as in the environments.
        rounds: at most so many times through all variants.
        progress: called with each setting that was tried and its mean score.
    """
    ids = first(TUNE, students) if isinstance(students, int) else students
    aim = objective or DelayedTest()
    scores: dict[P, Float] = {}

    def play(tried: P, part: Int) -> Float:
        points: Float = getattr(rollout(world, tried, part, seed, gate=gate, objective=aim), aim.outcome)
        return points

    def better(tried: P, best: P) -> bool:
        if tried in scores:
            return False
        quarter = max(2, len(ids) // 4)
        points = play(tried, ids[:quarter])
        if not _clearly_behind(points, scores[best][:quarter]):
            points = np.concatenate([points, play(tried, ids[quarter:])])
        scores[tried] = points
        progress(tried, float(points.mean()))
        return len(points) == len(ids) and bool(points.mean() > scores[best].mean())

    best = policy
    scores[best] = play(best, ids)
    progress(best, float(scores[best].mean()))
    for _ in range(rounds):
        start = best
        for i in range(len(list(start.variants()))):
            tried = list(best.variants())[i]
            best = tried if better(tried, best) else best
        if best == start:
            break
    trials = [_trial(tried, points, scores[best]) for tried, points in scores.items()]
    return Tuned(best, tuple(sorted(trials, key=lambda trial: trial.behind)))


def _clearly_behind(points: Float, best: Float) -> bool:
    gap = best - points
    return bool(gap.mean() > CLEARLY * gap.std() / np.sqrt(len(gap)))


def with_settings(policy: P, settings: Mapping[str, Any]) -> P:
    """The policy with the settings of a row of `Tuned.table`, by their dotted names; other columns are passed over."""
    changes: dict[str, Any] = {}
    for field in fields(policy):  # type: ignore[arg-type]
        value = getattr(policy, field.name)
        if is_dataclass(value):
            inner = f"{field.name}."
            part = {name.removeprefix(inner): x for name, x in settings.items() if name.startswith(inner)}
            changes[field.name] = with_settings(value, part)  # type: ignore[type-var]
        elif field.name in settings:
            given = settings[field.name]
            changes[field.name] = tuple(given) if isinstance(value, tuple) else given  # JSON has lists alone
    return replace(policy, **changes)  # type: ignore[type-var]


def _settings(policy: Any, path: str = "") -> dict[str, Any]:
    """The numbers of a policy by their dotted names, those of its parts included."""
    found: dict[str, Any] = {}
    for field in fields(policy):
        value = getattr(policy, field.name)
        found |= _settings(value, f"{path}{field.name}.") if is_dataclass(value) else {f"{path}{field.name}": value}
    return found


def _trial(policy: P, points: Float, best: Float) -> Trial[P]:
    gap, root = best[: len(points)] - points, np.sqrt(len(points))
    return Trial(
        policy,
        len(points),
        float(points.mean()),
        float(points.std() / root),
        float(gap.mean()),
        float(gap.std() / root),
    )
