"""From the dictionary of `results.json` to `Results`: everything that is wrong with it is said in one message."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curriculum_rl.evaluation.kept import Kept
from curriculum_rl.evaluation.rollout import OUTCOMES
from curriculum_rl.evaluation.statistics import Comparison
from curriculum_rl.evaluation.subgroups import Cell, Gap
from curriculum_rl.report.schema import (
    GAIN,
    KINDS,
    ConceptTime,
    Curve,
    Policy,
    Results,
    Series,
    Table,
)
from curriculum_rl.violations import Violations

SCHEMA = 1


def read_results(results: Mapping[str, object], where: str = "results.json") -> Results:
    """The study as typed values; raises one `InvalidInput` that lists every violation.

    Required: `schema`, `policies` (each with name, kind, mean, ci_low, ci_high) and `comparisons` (every field of
    `Comparison`). Unknown keys are left alone.
    """
    check = Violations(where)
    top = _Record(results, "", check)
    if results.get("schema") != SCHEMA:
        check.add("schema", results.get("schema"), f"must be {SCHEMA}", "Run the study again with this version.")
    policies = [_policy(record) for record in top.records("policies", required=True)]
    comparisons = [_comparison(record) for record in top.records("comparisons", required=True)]
    check.that("policies" not in results or bool(policies), "policies = []: must hold at least one policy")
    names = [policy.name for policy in policies]
    kept = [_kept(record) for record in top.records("kept")]
    pairs = {"comparisons": [(c.policy, c.baseline) for c in comparisons], "kept": [(k.policy, k.native) for k in kept]}
    _check_names(check, names, pairs)
    found = Results(
        experiment=top.text("experiment", "study"),
        world=top.mapping("world"),
        objective=top.text("objective"),
        outcome=_outcome(top),
        students=top.count("students"),
        seeds=tuple(int(seed) for seed in top.numbers("seeds")),
        policies=tuple(sorted(policies, key=lambda policy: (-policy.mean, policy.name))),
        comparisons=tuple(comparisons),
        kept=tuple(kept),
        subgroups=tuple(_cell(record) for record in top.records("subgroups")),
        gaps=tuple(_gap(record) for record in top.records("subgroup_gaps")),
        curves=tuple(_curve(record) for record in top.records("curves")),
        concept_map=_concept_time(top.record("concept_map")),
        mastery_over_time=_concept_time(top.record("mastery_over_time")),
        provenance=top.mapping("provenance"),
        diaries=_diaries(top.record("diaries")),
    )
    check.raise_all()
    return found


def _check_names(check: Violations, names: Sequence[str], pairs: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        check.add("policies", name, "must be named once")
    fields = {"comparisons": ("policy", "baseline"), "kept": ("policy", "native")}
    for where, listed in pairs.items():
        for i, pair in enumerate(listed):
            for field, name in zip(fields[where], pair, strict=True):
                if name and name not in names:
                    check.add(f"{where}[{i}].{field}", name, "must be the name of one of the policies")


@dataclass(frozen=True)
class _Record:
    """A JSON object at a place in the file, whose reads note what is wrong and go on."""

    values: Mapping[str, object]
    place: str
    check: Violations

    def at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def text(self, key: str, default: str | None = "") -> str:
        """A text; `default=None` makes it required."""
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (default is None and not value):
            self.check.add(self.at(key), value, "must be a text")
            return ""
        return value

    def number(self, key: str) -> float:
        """A required, finite number."""
        value = self.values.get(key)
        return _plain(value) if self.check.number(self.at(key), value) else 0.0

    def maybe(self, key: str) -> float | None:
        """A number, or None where it is missing, null or not a number at all (NaN)."""
        value = self.values.get(key)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        return self.number(key)

    def count(self, key: str) -> int | None:
        value = self.maybe(key)
        return None if value is None else int(value)

    def sequence(self, key: str) -> Sequence[object]:
        value = self.values.get(key)
        if value is None:
            return ()
        if isinstance(value, str) or not isinstance(value, Sequence):
            self.check.add(self.at(key), value, "must be a list")
            return ()
        return value

    def numbers(self, key: str) -> tuple[float, ...]:
        values = self.sequence(key)
        return tuple(float(str(v)) for v in values) if self.check.each(self.at(key), values) else ()

    def series(self, key: str, length: int) -> Series:
        """Numbers with gaps, `length` of them; empty if nothing was measured."""
        values = self.sequence(key)
        if values and len(values) != length:
            self.check.add(self.at(key), f"{len(values)} values", f"must have one for each of {length} frames")
        gap = [value is None or (isinstance(value, float) and math.isnan(value)) for value in values]
        known = [value for value, missing in zip(values, gap, strict=True) if not missing]
        if not self.check.each(self.at(key), known):
            return ()
        return tuple(None if m else _plain(v) for v, m in zip(values, gap, strict=True))

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.sequence(key)
        if not all(isinstance(value, str) for value in values):
            self.check.add(self.at(key), values, "must be a list of texts")
        return tuple(str(value) for value in values)

    def mapping(self, key: str) -> Mapping[str, object]:
        value = self.values.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.check.add(self.at(key), value, "must be an object with named fields")
            return {}
        return {str(name): entry for name, entry in value.items()}

    def record(self, key: str) -> _Record | None:
        return _Record(self.mapping(key), self.at(key), self.check) if self.values.get(key) else None

    def records(self, key: str, required: bool = False) -> list[_Record]:
        if required and self.values.get(key) is None:
            self.check.add(self.at(key), None, "is missing: must be a list")
        found = []
        for i, value in enumerate(self.sequence(key)):
            if isinstance(value, Mapping):
                found.append(_Record(value, f"{self.at(key)}[{i}]", self.check))
            else:
                self.check.add(f"{self.at(key)}[{i}]", value, "must be an object with named fields")
        return found


def _outcome(top: _Record) -> str:
    outcome = top.text("outcome", GAIN)
    if outcome not in OUTCOMES:
        top.check.add("outcome", outcome, f"must be one of {', '.join(OUTCOMES)}")
    return outcome


def _plain(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else float(str(value))


def _policy(record: _Record) -> Policy:
    name, kind = record.text("name", None), record.text("kind", None)
    if kind and kind not in KINDS:
        record.check.add(record.at("kind"), kind, f"must be one of {', '.join(KINDS)}")
    forms = _Record(record.mapping("forms"), record.at("forms"), record.check)
    return Policy(
        name=name,
        label=record.text("label") or name,
        kind=kind,
        tracker=record.text("tracker"),
        mean=record.number("mean"),
        ci_low=record.number("ci_low"),
        ci_high=record.number("ci_high"),
        iqm=record.maybe("iqm"),
        sampled_mean=record.maybe("sampled_mean"),
        forms={form: forms.number(form) for form in forms.values},
        minutes_mean=record.maybe("minutes_mean"),
        decisions_mean=record.maybe("decisions_mean"),
        delayed_test_gain_mean=record.maybe("delayed_test_gain_mean"),
        mastery_gain_mean=record.maybe("mastery_gain_mean"),
        seed_means=record.numbers("seed_means"),
    )


def _kept(record: _Record) -> Kept:
    return Kept(
        policy=record.text("policy", None),
        native=record.text("native", None),
        share=record.maybe("share"),
        ci_low=record.maybe("ci_low"),
        ci_high=record.maybe("ci_high"),
    )


def _comparison(record: _Record) -> Comparison:
    return Comparison(
        policy=record.text("policy", None),
        baseline=record.text("baseline", None),
        difference=record.number("difference"),
        ci_low=record.number("ci_low"),
        ci_high=record.number("ci_high"),
        p=record.number("p"),
        p_adjusted=record.number("p_adjusted"),
        probability_of_improvement=record.number("probability_of_improvement"),
        smallest_visible_effect=record.number("smallest_visible_effect"),
    )


def _cell(record: _Record) -> Cell:
    # A suppressed cell's numbers are not read at all, so that no slip further on can print them.
    suppressed = record.values.get("suppressed") is True
    empty = _Record({}, record.place, record.check) if suppressed else record
    return Cell(
        by=record.text("by", "group"),
        group=record.text("group", None),
        policy=record.text("policy", None),
        students=empty.count("students"),
        mean=empty.maybe("mean"),
        ci_low=empty.maybe("ci_low"),
        ci_high=empty.maybe("ci_high"),
        suppressed=suppressed,
    )


def _gap(record: _Record) -> Gap:
    return Gap(
        by=record.text("by", "group"),
        policy=record.text("policy", None),
        worst=record.text("worst", None),
        best=record.text("best", None),
        gap=record.number("gap"),
        ci_low=record.number("ci_low"),
        ci_high=record.number("ci_high"),
    )


def _curve(record: _Record) -> Curve:
    frames = record.numbers("frames")
    forms = _Record(record.mapping("forms"), record.at("forms"), record.check)
    return Curve(
        policy=record.text("policy", None),
        seed=record.count("seed") or 0,
        frames=frames,
        train_return=record.series("train_return", len(frames)),
        validation_return=record.series("validation_return", len(frames)),
        entropy=record.series("entropy", len(frames)),
        forms={form: forms.series(form, len(frames)) for form in forms.values},
    )


def _diaries(record: _Record | None) -> Mapping[str, Any] | None:
    """The courses of single students, as `evaluation/diary.py` tells them."""
    if record is None:
        return None
    record.text("policy", None)
    record.count("students")
    record.mapping("attendance")
    for name in ("stuck", "courses"):
        record.sequence(name)
    return record.values


def _concept_time(record: _Record | None) -> ConceptTime | None:
    if record is None:
        return None
    concepts = record.texts("concepts")
    policies = _Record(record.mapping("policies"), record.at("policies"), record.check)
    return ConceptTime(concepts, {name: _table(policies, name, len(concepts)) for name in policies.values})


def _table(record: _Record, key: str, width: int) -> Table:
    rows: list[tuple[float, ...]] = []
    for i, row in enumerate(record.sequence(key)):
        place = f"{record.at(key)}[{i}]"
        if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != width:
            record.check.add(place, row, f"must be a list of {width} numbers, one for each concept")
        elif record.check.each(place, row):
            rows.append(tuple(_plain(value) for value in row))
    return tuple(rows)
