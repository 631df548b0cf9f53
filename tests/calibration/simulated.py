"""Logs of simulated students whose parameters are known, made with the package's own student models."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

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
