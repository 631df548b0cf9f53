"""Scores as arrays: points of every student, for every training seed, in the same order for all policies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curriculum_rl.violations import InvalidInput, Violations

Float = NDArray[np.float64]


def as_table(name: str, scores: ArrayLike) -> Float:
    """Scores as (seeds, students) float64; refuses what is not finite or has fewer than two students."""
    table = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    check = Violations(f"scores of {name}")
    if table.ndim != 2:
        check.add("shape", table.shape, "must be (students,) or (seeds, students)")
    elif table.shape[1] < 2 or table.shape[0] < 1:
        check.add("shape", table.shape, "must have at least one seed and two students")
    else:
        bad = int(np.count_nonzero(~np.isfinite(table)))
        check.that(bad == 0, f"{bad} of {table.size} scores are not finite: every student needs a score")
    check.raise_all()
    return table


def as_tables(scores: Mapping[str, ArrayLike]) -> dict[str, Float]:
    """Every policy's scores as (seeds, students); refuses policies that were not given the same students."""
    tables = {name: as_table(name, values) for name, values in scores.items()}
    same_students(tables)
    return tables


def same_students(tables: Mapping[str, Float]) -> None:
    """Refuses tables of scores, (seeds, students) each, that differ in the number of students."""
    counts = {name: table.shape[1] for name, table in tables.items()}
    if len(set(counts.values())) != 1:
        seen = ", ".join(f"{name}: {n}" for name, n in counts.items()) or "no policy at all"
        raise InvalidInput(
            "paired scores",
            [f"students = {seen}: must be one number. Score every policy on the same students."],
        )


def paired_difference(policy_scores: ArrayLike, baseline_scores: ArrayLike) -> Float:
    """Policy minus baseline, (seeds, students): seed against seed, or each seed against the one baseline."""
    policy, baseline = as_table("policy", policy_scores), as_table("baseline", baseline_scores)
    same_students({"policy": policy, "baseline": baseline})
    if len(policy) != len(baseline) and min(len(policy), len(baseline)) > 1:
        raise InvalidInput(
            "paired difference",
            [
                f"seeds = {len(policy)} of the policy, {len(baseline)} of the baseline: must be equal, "
                "or one of them 1. Train both on the same seeds."
            ],
        )
    return policy - baseline
