"""A fitted population written as a simulator pack (see `packs.py` for the format): parameters and counts, no rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.fit import Fit
from curriculum_rl.calibration.prerequisites import Edge
from curriculum_rl.calibration.response_times import ResponseTimes
from curriculum_rl.calibration.spread import Spread
from curriculum_rl.files import write_whole
from curriculum_rl.students.dropout import Dropout
from curriculum_rl.students.memory.consolidation import Consolidation
from curriculum_rl.students.memory.exponential import Exponential

DIGITS = 5
"""Significant digits of every number in a pack."""


@dataclass(frozen=True)
class Form:
    """A kind of activity that every concept gets; all but the quantile is assumed.

    Attributes:
        name: what the form is called.
        quantile: its difficulty is this quantile of the concept's fitted item difficulties, weighted by tries.
        minutes: of a student of average pace.
        learning: multiplies the chance or rate of learning.
        answered: whether the student answers.
    """

    name: str
    quantile: float
    minutes: float
    learning: float
    answered: bool = True


PROBLEM = Form("problem", 0.5, 2.0, 1.0)
FORMS = (
    Form("easy problem", 0.15, 1.8, 0.7),
    PROBLEM,
    Form("hard problem", 0.85, 2.4, 1.25),
    Form("worked example", 0.5, 2.0, 1.7, answered=False),
)


def forms_of(attempts: Attempts) -> tuple[Form, ...]:
    """The forms that a pack gets: easy and hard problems only where the log tells items of a concept apart."""
    if attempts.items > len(attempts.concepts):
        return FORMS
    return tuple(form for form in FORMS if form.quantile == 0.5)


@dataclass(frozen=True)
class Subgroup:
    """A named part of the population: its share, and its mean ability in population standard deviations."""

    name: str
    share: float
    mean: float


SUBGROUPS = (
    Subgroup("behind", 0.25, -0.8),
    Subgroup("on track", 0.5, 0.0),
    Subgroup("ahead", 0.25, 0.8),
)


def short(value: float) -> float:
    """The number to `DIGITS` significant digits, with no trailing zeros when printed."""
    return float(f"{value:.{DIGITS}g}")


PACE_SD = 0.25
"""Of the logarithm, where a log has no durations: within .18 to .37, van der Linden (2006)."""
RESIDUAL_SD = 0.5
"""Likewise."""


def groups(spread: Spread, memory_sd: float = 0.3, pace_sd: float = PACE_SD) -> list[dict[str, Any]]:
    """The subgroups as settings: a mixture with the fitted variances of ability and rate, and their covariance.

    With means m_g sd apart, the sd within is sd * sqrt(1 - sum_g share_g m_g^2). Rates have the same mean in every
    group: a gap is modelled as prior knowledge, not as speed of learning.
    """
    within = np.sqrt(1.0 - sum(g.share * g.mean**2 for g in SUBGROUPS))
    correlation = float(np.clip(spread.correlation / within, -0.99, 0.99))
    return [
        {
            "name": g.name,
            "share": g.share,
            "ability_mean": short(g.mean * spread.ability_sd),
            "ability_sd": short(within * spread.ability_sd),
            "rate_mean": 0.0,
            "rate_sd": short(spread.rate_sd),
            "correlation": short(correlation),
            "pace_mean": 0.0,
            "pace_sd": short(pace_sd),
            "memory_mean": 0.0,
            "memory_sd": memory_sd,
        }
        for g in SUBGROUPS
    ]


def concepts_csv(attempts: Attempts, fit: Fit, kept: Int, tries: Int) -> str:
    """id, name, tries and the fitted parameters of each kept concept (positions)."""
    fields = fit.knowledge.concept_fields()
    rows = [
        [
            concept_id(attempts.concepts[k]),
            f"skill {attempts.concepts[k]}",
            int(tries[k]),
            *(short(getattr(fit.knowledge, name)[k]) for name in fields),
        ]
        for k in kept
    ]
    return _table(["id", "name", "tries", *fields], rows)


def activities_csv(attempts: Attempts, fit: Fit, kept: Int, times: ResponseTimes | None = None) -> str:
    """Each concept's activities, one of every form; fitted times are those of a problem."""
    chains = attempts.chains
    rows = []
    for k in kept:
        own = chains.concept == k
        values = fit.difficulty[chains.item[own]]
        concept = attempts.concepts[k]
        usual = times.minutes[k] / PROBLEM.minutes if times else 1.0
        for form in forms_of(attempts):
            difficulty = quantile(values, chains.share[own], form.quantile)
            rows.append(
                [
                    f"{concept_id(concept)}-{form.name.replace(' ', '-')}",
                    f"skill {concept}: {form.name}",
                    form.name,
                    concept_id(concept),
                    short(difficulty),
                    short(form.minutes * usual),
                    form.learning,
                    int(form.answered),
                ]
            )
    header = ["id", "name", "form", "concepts", "difficulty", "minutes", "learning", "answered"]
    return _table(header, rows)


STRENGTH = 1
"""Of every inferred prerequisite: assumed. What can be learned without it is the population's leak."""


def prerequisites_csv(attempts: Attempts, edges: Iterable[Edge]) -> str:
    """prerequisite, concept, strength."""
    ids = [concept_id(c) for c in attempts.concepts]
    rows = [[ids[e.prerequisite], ids[e.concept], STRENGTH] for e in edges]
    return _table(["prerequisite", "concept", "strength"], rows)


def population_yaml(
    fit: Fit, provenance: Mapping[str, str], times: ResponseTimes | None = None, dropout: Dropout | None = None
) -> str:
    """The settings of the population; concepts.csv holds the knowledge model's numbers."""
    model = type(fit.knowledge)
    files = {setting: name for setting, (name, _) in fit.knowledge.files().items()}
    settings = {
        "knowledge": {"_target_": f"{model.__module__}.{model.__qualname__}", **files},
        "memory": _settings_of(fit.memory or Exponential()),
        "pace": {
            "_target_": "curriculum_rl.students.pace.Pace",
            "residual_sd": short(times.residual_sd) if times else RESIDUAL_SD,
        },
        "groups": groups(fit.spread, 0.3 if fit.memory is None else 0.0, times.pace_sd if times else PACE_SD),
        "goals": {"share": 0.4},
        "leak": 0.1,
        "course": {
            "days": [0, 4, 7, 11, 14, 18, 21, 25],
            "minutes": 30,
            "test_days": 7,
            "mastered": 0.95,
        },
        **({"faculties": {"dropout": asdict(dropout)}} if dropout else {}),
        "provenance": dict(provenance),
    }
    return yaml.safe_dump(settings, sort_keys=False, width=110, allow_unicode=True)


def _settings_of(memory: Consolidation) -> dict[str, Any]:
    """A memory as settings; what was fitted is rounded."""
    kind = type(memory)
    return {"_target_": f"{kind.__module__}.{kind.__qualname__}"} | {k: short(v) for k, v in asdict(memory).items()}


def concept_id(concept: str) -> str:
    """An id for a concept of the log; what the pack's format gives a meaning to is replaced."""
    return "s" + concept.replace(":", "_").replace(";", "_").replace("+", "+s").strip()


def quantile(values: Float, weights: Float, q: float) -> float:
    """Weighted quantile: the smallest value with at least a share q of the weight at or under it."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, q * reached[-1]))
    return float(values[order[min(place, len(values) - 1)]])


def enough_evidence(attempts: Attempts, min_students: int, min_tries: int) -> tuple[Int, Int, Bool]:
    """Students and tries of each concept, (K,) each, and which concepts have enough of both."""
    chains, k = attempts.chains, len(attempts.concepts)
    tries = np.bincount(chains.concept, minlength=k).astype(np.int64)
    students = np.bincount(chains.concept[: chains.count], minlength=k).astype(np.int64)
    return students, tries, (students >= min_students) & (tries >= min_tries)


def write_pack(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Writes every file to a temporary name and renames it, so that none is ever half there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_whole(folder / name, text)


def _table(header: list[str], rows: Iterable[list[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([[_inert(cell) for cell in row] for row in rows])
    return out.getvalue()


def _inert(cell: Any) -> Any:
    """Text of the log must not be taken for a formula by a spreadsheet."""
    return "'" + cell if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell
