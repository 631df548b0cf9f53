"""From the dictionary of `results.json` to `Results`: everything that is wrong with it is said in one message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curriculum_rl.evaluation.kept import Kept
from curriculum_rl.evaluation.outcomes import OUTCOMES
from curriculum_rl.evaluation.statistics import Comparison
from curriculum_rl.evaluation.subgroups import Cell, Gap
from curriculum_rl.report.record import Record, plain
from curriculum_rl.report.schema import (
    GAIN,
    KINDS,
    ConceptTime,
    Curve,
    Policy,
    Results,
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
    top = Record(results, "", check)
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
        slate=top.count("slate") or 1,
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


def _outcome(top: Record) -> str:
    outcome = top.text("outcome", GAIN)
    if outcome not in OUTCOMES:
        top.check.add("outcome", outcome, f"must be one of {', '.join(OUTCOMES)}")
    return outcome


def _policy(record: Record) -> Policy:
    name, kind = record.text("name", None), record.text("kind", None)
    if kind and kind not in KINDS:
        record.check.add(record.at("kind"), kind, f"must be one of {', '.join(KINDS)}")
    forms = Record(record.mapping("forms"), record.at("forms"), record.check)
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
        kept_going=_kept_going(record),
        seed_means=record.numbers("seed_means"),
        trained_in=record.text("trained_in") or None,
    )


def _kept(record: Record) -> Kept:
    return Kept(
        policy=record.text("policy", None),
        native=record.text("native", None),
        share=record.maybe("share"),
        ci_low=record.maybe("ci_low"),
        ci_high=record.maybe("ci_high"),
    )


def _comparison(record: Record) -> Comparison:
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


def _cell(record: Record) -> Cell:
    # A suppressed cell's numbers are not read at all, so that no slip further on can print them.
    suppressed = record.values.get("suppressed") is True
    empty = Record({}, record.place, record.check) if suppressed else record
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


def _gap(record: Record) -> Gap:
    return Gap(
        by=record.text("by", "group"),
        policy=record.text("policy", None),
        worst=record.text("worst", None),
        best=record.text("best", None),
        gap=record.number("gap"),
        ci_low=record.number("ci_low"),
        ci_high=record.number("ci_high"),
    )


def _curve(record: Record) -> Curve:
    frames = record.numbers("frames")
    forms = Record(record.mapping("forms"), record.at("forms"), record.check)
    multipliers = Record(record.mapping("multipliers"), record.at("multipliers"), record.check)
    return Curve(
        policy=record.text("policy", None),
        seed=record.count("seed") or 0,
        frames=frames,
        train_return=record.series("train_return", len(frames)),
        validation_return=record.series("validation_return", len(frames)),
        entropy=record.series("entropy", len(frames)),
        forms={form: forms.series(form, len(frames)) for form in forms.values},
        multipliers={name: multipliers.series(name, len(frames)) for name in multipliers.values},
    )


def _kept_going(record: Record) -> Mapping[str, tuple[float, float]]:
    found = Record(record.mapping("kept_going"), record.at("kept_going"), record.check)
    pairs = {name: found.numbers(name) for name in found.values}
    for name, pair in pairs.items():
        record.check.that(len(pair) == 2, f"{found.at(name)}: must be a mean and its standard error")
    return {name: (pair[0], pair[1]) for name, pair in pairs.items() if len(pair) == 2}


def _diaries(record: Record | None) -> Mapping[str, Any] | None:
    """The courses of single students, as `evaluation/diary.py` tells them."""
    if record is None:
        return None
    record.text("policy", None)
    record.count("students")
    record.mapping("attendance")
    for name in ("stuck", "courses"):
        record.sequence(name)
    return record.values


def _concept_time(record: Record | None) -> ConceptTime | None:
    if record is None:
        return None
    concepts = record.texts("concepts")
    policies = Record(record.mapping("policies"), record.at("policies"), record.check)
    return ConceptTime(concepts, {name: _table(policies, name, len(concepts)) for name in policies.values})


def _table(record: Record, key: str, width: int) -> Table:
    rows: list[tuple[float, ...]] = []
    for i, row in enumerate(record.sequence(key)):
        place = f"{record.at(key)}[{i}]"
        if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != width:
            record.check.add(place, row, f"must be a list of {width} numbers, one for each concept")
        elif record.check.each(place, row):
            rows.append(tuple(plain(value) for value in row))
    return tuple(rows)
