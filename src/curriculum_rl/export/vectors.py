"""The test vectors of a bundle: courses of students that every runner, in any language, must be able to repeat.

Beside what students usually meet: nothing but wrong answers, everything locked, a year away, and goals of one's own.
The form is told in `runner/replay.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from curriculum_rl.batch import Bool, Int
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.export.courses import Observation, Plan, courses
from curriculum_rl.policies.policy import Policy
from curriculum_rl.runner.reasons import Reasons
from curriculum_rl.runner.replay import TOLERANCE
from curriculum_rl.runner.runner import Step
from curriculum_rl.world import Platform

STUDENTS: Final = 200
STEPS: Final = 8
EXPLAINED: Final = 20
"""Students whose last choice comes with its reasons."""
CASES: Final = ("all wrong", "everything locked", "a year between", "own goals", *["played"] * 6)
"""Each student's is the next of these."""


def vectors(
    policy: Policy, platform: Platform, catalogue: dict[str, Any], gate: Gate | None = None
) -> Iterator[dict[str, Any]]:
    """The vectors, a student each."""
    cases = [CASES[i % len(CASES)] for i in range(STUDENTS)]
    concepts = len(platform.curriculum.concepts)
    plan = Plan(
        goals=_goals(cases, concepts),
        wrong=_those(cases, "all wrong"),
        away=_those(cases, "a year between"),
        shut=_those(cases, "everything locked"),
    )
    seen = list(courses(policy, platform, plan, STEPS, gate, seed=1))
    reasons = Reasons.of(catalogue)
    for row, case in enumerate(cases):
        steps = [_step(one, row) for one in seen]
        steps[-1]["mastery"] = [_short(x) for x in seen[-1].mastery[row]]
        if row < EXPLAINED:
            steps[-1] |= _explained(reasons, seen[-1], row)
        goals = None if plan.goals[row].all() else np.flatnonzero(plan.goals[row]).tolist()
        yield {"case": case, "goals": goals, "steps": steps}


def _those(cases: list[str], case: str) -> Bool:
    return np.array([one == case for one in cases])


def _goals(cases: list[str], concepts: int) -> Bool:
    """Everything, or some concepts and at least one."""
    rng = np.random.default_rng(2)
    some = rng.random((len(cases), concepts)) < 0.5
    some[np.arange(len(cases)), rng.integers(0, concepts, len(cases))] = True
    own: Bool = some | ~_those(cases, "own goals")[:, None]
    return own


def _step(one: Observation, row: int) -> dict[str, Any]:
    """What goes in and what comes out; only what is not 0."""
    given = {name: one.inputs[name][row].tolist() for name in ("last_activity", "correct", "elapsed_s")}
    locked, shut = np.flatnonzero(~one.inputs["allowed"][row]), np.flatnonzero(~one.eligible[row])
    chances = one.probabilities[row]
    told = {**given, "locked": locked.tolist(), "probs": {str(a): _short(chances[a]) for a in _given(chances)}}
    if len(shut) > len(locked):
        told["shut"] = shut.tolist()
    return told | {"level": bool(one.level[row])}


def _given(chances: Any) -> Int:
    return np.flatnonzero(chances)


def _explained(reasons: Reasons, one: Observation, row: int) -> dict[str, Any]:
    """The likeliest choice and its reasons; nothing where nothing is eligible, or a last digit decides what is said."""
    if one.level[row] or not one.eligible[row].any():
        return {}
    choice = int(one.probabilities[row].argmax())
    said = [_reasons(reasons, one, row, choice, shift) for shift in (0.0, -TOLERANCE, TOLERANCE)]
    return {"choice": choice, "reasons": said[0]} if said[0] == said[1] == said[2] else {}


def _reasons(reasons: Reasons, one: Observation, row: int, choice: int, shift: float) -> list[str]:
    """What is said where all numbers are off by so much."""
    part = slice(row, row + 1)
    chances = (one.probabilities[part] + shift * one.eligible[part]).astype(np.float32)
    mastery = (one.mastery[part] + shift).astype(np.float32)
    return reasons.why(Step(one.inputs["state"][part], chances, one.eligible[part], mastery), 0, choice)


def _short(x: float) -> float:
    return float(f"{x:.6f}")  # a twentieth of the tolerance at most; more digits would be most of a bundle
