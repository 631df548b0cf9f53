"""Logs of simulated students whose parameters are known, made with the package's own student models."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.knowledge.knowledge import At, Tried
from curriculum_rl.students.traits import Traits

ITEMS = 8
DIFFICULTY_SD = 0.6


def write_log(
    path: Path, model: Any, ability_sd: float, rate_sd: float, students: int, tries: int, seed: int = 0
) -> dict[str, float]:
    """Every student does `tries` items of every concept, one concept after the other; returns items' difficulty."""
    assert isinstance(model, ConceptModel)
    rng = np.random.default_rng(seed)
    concepts = len(getattr(model, model.concept_fields()[0]))
    difficulty = rng.normal(0.0, DIFFICULTY_SD, (concepts, ITEMS))
    zero = np.zeros(students)
    traits = Traits(
        np.zeros(students, np.int64), rng.normal(0, ability_sd, students), rng.normal(0, rate_sd, students), zero, zero
    )
    state = model.sample(traits, rng.random((students, concepts)))  # type: ignore[attr-defined]
    one, rows = np.ones((1, students)), []
    for k in range(concepts):
        at = At(np.full((1, students), k), np.arange(students)[None] * concepts + k)
        for t in range(tries):
            item = rng.integers(ITEMS, size=students)
            task = model.tasks(at.concepts, difficulty[k, item])  # type: ignore[attr-defined]
            chance = model.success(state, at, one, one, task)  # type: ignore[attr-defined]
            right = rng.random(students) < chance
            tried = Tried(np.zeros(students, np.int64), right, np.ones(students, np.bool_))
            u, v = rng.random((1, students)), rng.random((1, students))
            model.learn_from(state, at, one, u, v, tried)  # type: ignore[attr-defined]
            rows += [(f"u{i:05d}", k * tries + t, f"c{k}i{item[i]}", int(right[i]), f"c{k}") for i in range(students)]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "order", "item", "answer", "skills"])
        writer.writerows(rows)
    return {f"c{k}i{j}": float(difficulty[k, j]) for k in range(concepts) for j in range(ITEMS)}


def some_attempts(students: int, tries: int, days: bool = False, seed: int = 0) -> Attempts:
    """Tries in random order at six items of three concepts, the last two of two concepts; every fourth student unseen.

    Students differ and get better; with `days` some tries follow at once and some after days.
    """
    rng = np.random.default_rng(seed)
    student = np.repeat(np.arange(students), tries)
    item = rng.integers(0, 6, len(student))
    level = np.repeat(rng.normal(0.0, 1.0, students), tries) + 0.1 * np.tile(np.arange(tries), students) - 0.3 * item
    count = np.array([1, 1, 1, 1, 2, 2])
    return Attempts(
        students=tuple(f"u{i}" for i in range(students)),
        concepts=("a", "b", "c"),
        student=student,
        item=item,
        right=(rng.random(len(student)) < 1.0 / (1.0 + np.exp(-level))).astype(float),
        first=np.cumsum(count) - count,
        count=count,
        members=np.array([0, 0, 1, 2, 0, 1, 1, 2]),
        combination=np.array([0, 0, 1, 2, 3, 4]),
        unseen=np.arange(students) % 4 == 3,
        day=np.cumsum(rng.choice([0.0, 0.01, 0.9, 4.0], (students, tries)), axis=1).ravel() if days else None,
    )
