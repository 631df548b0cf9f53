"""The canonical log: one row is one decision and its answer. Times are UTC, durations are seconds.

| Column | Meaning |
|---|---|
| `student_id` | pseudonym of the student; text, so that "007" and "7" are two students |
| `seq` | place of the row among the student's own rows: rises from row to row, gaps are allowed |
| `activity_id` | what was done: the logged action |
| `offered` | what was recommended, where that is another: the choice that `propensity` and `eligible` are about |
| `response` | the answer, 0 (wrong) to 1 (right), partial credit between; null where there was none |
| `timestamp` | when it was, microseconds UTC; null where the source tells no date |
| `t_rel_s` | seconds since a start that is the student's own or the log's; where there is no date |
| `skills` | what the activity practises |
| `goals` | concepts that the student is here for; null where that is all of them |
| `episode_id`, `course_id` | the run of decisions, and the course, that the row belongs to |
| `duration_s` | how long the answer took, seconds |
| `event_type` | attempt, hint, lesson, review or test |
| `attempt_no`, `hints` | number of the try at this activity, from 1; hints asked for |
| `n_trials`, `n_correct` | of a row that sums up several answers: how many, and how many were right |
| `eligible` | activities that could have been chosen, the chosen one among them; reweighting needs them |
| `propensity` | probability with which it was chosen, in (0, 1]; reweighting needs it |
| `logger_id` | what chose: name of the strategy, version of the service |
| `reward` | of this decision, in the unit of the manifest's objective |
| `terminated`, `truncated` | whether the episode ended here by itself, or was cut off |
| `end_reason` | why: mastery, dropout, deadline or censored |
| `group_*` | any number of columns of text: groups by which results are reported |
| `source_row` | line of the source (CSV, JSON lines; from 1) or row (Parquet; from 1) |

No column but `student_id`, `seq` and `activity_id` need have values. What a log has as a whole stands in its manifest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curriculum_rl.batch import Bool, Float
from curriculum_rl.violations import InvalidInput, Violations

SCHEMA: Final = pa.schema(
    [
        ("student_id", pa.string()),
        ("seq", pa.int64()),
        ("activity_id", pa.string()),
        ("offered", pa.string()),
        ("response", pa.float64()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("t_rel_s", pa.float64()),
        ("skills", pa.list_(pa.string())),
        ("goals", pa.list_(pa.string())),
        ("episode_id", pa.string()),
        ("course_id", pa.string()),
        ("duration_s", pa.float64()),
        ("event_type", pa.string()),
        ("attempt_no", pa.int64()),
        ("hints", pa.int64()),
        ("n_trials", pa.int64()),
        ("n_correct", pa.int64()),
        ("eligible", pa.list_(pa.string())),
        ("propensity", pa.float64()),
        ("logger_id", pa.string()),
        ("reward", pa.float64()),
        ("terminated", pa.bool_()),
        ("truncated", pa.bool_()),
        ("end_reason", pa.string()),
        ("source_row", pa.int64()),
    ]
)
"""Every column but the groups, which `schema` puts before `source_row`."""

NEEDED: Final = ("student_id", "seq", "activity_id")
EVENT_TYPES: Final = ("attempt", "hint", "lesson", "review", "test")
END_REASONS: Final = ("mastery", "dropout", "deadline", "censored")
GROUP: Final = "group_"


def schema(groups: Sequence[str] = ()) -> pa.Schema:
    """The columns of a log with these groups, named with or without their `group_`."""
    names = [name if name.startswith(GROUP) else GROUP + name for name in groups]
    last = SCHEMA.get_field_index("source_row")
    fields = list(SCHEMA)
    return pa.schema([*fields[:last], *(pa.field(name, pa.string()) for name in names), *fields[last:]])


def conform(table: pa.Table) -> pa.Table:
    """The table with every column of the schema, in its order and types; those it lacks are null.

    Raises:
        InvalidInput: a column is none of the log's, or of another type, or one that is needed is missing.
    """
    check = Violations("canonical log")
    names = table.column_names
    check.that(len(set(names)) == len(names), "a column stands twice")
    for name in NEEDED:
        check.that(name in names, f"column {name}: is missing")
    unknown = [n for n in names if n not in SCHEMA.names and not n.startswith(GROUP)]
    for name in unknown:
        check.that(False, f"column {name!r}: no column of the canonical log; groups are called group_NAME")
    check.raise_all()
    wanted = schema([n for n in names if n.startswith(GROUP)])
    columns = []
    for field in wanted:
        if field.name not in names:
            columns.append(pa.nulls(table.num_rows, field.type))
            continue
        try:
            columns.append(table.column(field.name).cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            found = table.schema.field(field.name).type
            check.that(False, f"column {field.name}: is {found}, and cannot be read as {field.type}")
    check.raise_all()
    return pa.table(columns, schema=wanted)


def seconds(table: pa.Table) -> Float:
    """When each row was, seconds from 1970 or wherever the log counts from; nan where it does not tell, (n,)."""
    dates = pc.cast(table.column("timestamp").cast(pa.int64()), pa.float64(), safe=False)
    both = pc.coalesce(pc.divide(dates, 1e6), table.column("t_rel_s"))
    out: Float = both.to_numpy(zero_copy_only=False).astype(np.float64)
    return out


def faults(table: pa.Table) -> dict[str, Bool]:
    """Which rows of a table in the schema break a rule of one row: rule to rows, (n,); only rules that are broken."""
    found: dict[str, Any] = {name: pc.is_null(table.column(name)) for name in NEEDED}
    for name in ("student_id", "activity_id"):
        found[name] = pc.or_kleene(found[name], pc.equal(table.column(name), ""))
    for name, low, high in (
        ("response", 0.0, 1.0),
        ("duration_s", 0.0, np.finfo(float).max),
        ("t_rel_s", np.finfo(float).min, np.finfo(float).max),
        ("reward", np.finfo(float).min, np.finfo(float).max),
        ("propensity", np.nextafter(0.0, 1.0), 1.0),
    ):
        column = table.column(name)  # nan fails both comparisons
        found[name] = pc.invert(pc.and_(pc.greater_equal(column, low), pc.less_equal(column, high)))
    for name in ("attempt_no", "hints", "n_trials", "n_correct"):
        found[name] = pc.less(table.column(name), 0)
    found["n_correct"] = pc.or_kleene(found["n_correct"], pc.greater(table["n_correct"], table["n_trials"]))
    for name, allowed in (("event_type", EVENT_TYPES), ("end_reason", END_REASONS)):
        column = table.column(name)
        found[name] = pc.and_(pc.is_valid(column), pc.invert(pc.is_in(column, pa.array(allowed))))
    broken = {name: np.asarray(pc.fill_null(bad, False)).astype(np.bool_) for name, bad in found.items()}
    choice = (table.column(name).combine_chunks() for name in ("eligible", "offered", "activity_id"))
    broken["eligible"] = ~among(*choice)
    return {name: bad for name, bad in broken.items() if bad.any()}


def among(eligible: pa.Array, offered: pa.Array, activity: pa.Array) -> Bool:
    """Whether what was chosen is one of those that could have been, where these are known, (n,)."""
    found: Bool = np.asarray(pc.is_null(eligible)).astype(np.bool_)
    if found.all():
        return found
    parent = pc.list_parent_indices(eligible)
    chosen = pc.coalesce(offered, activity)
    same = pc.equal(pc.list_flatten(eligible), pc.take(chosen, parent))
    found[np.asarray(parent)[np.asarray(pc.fill_null(same, False)).astype(np.bool_)]] = True
    return found


RULES: Final = {
    "student_id": "is missing",
    "seq": "is missing",
    "activity_id": "is missing",
    "response": "must be 0 to 1, or null",
    "duration_s": "must be seconds, at least 0",
    "t_rel_s": "must be a finite number of seconds",
    "reward": "must be a finite number",
    "propensity": "must be above 0 and at most 1",
    "attempt_no": "must be at least 0",
    "hints": "must be at least 0",
    "n_trials": "must be at least 0",
    "n_correct": "must be at least 0 and at most n_trials",
    "event_type": f"must be one of {', '.join(EVENT_TYPES)}",
    "end_reason": f"must be one of {', '.join(END_REASONS)}",
    "eligible": "must hold the logged activity",
}


def check_sorted(table: pa.Table) -> None:
    """Refuses rows, sorted by student, that break a rule; no value of a student is shown.

    Raises:
        InvalidInput: each rule that is broken, and by how many rows.
    """
    broken = faults(table)
    lines = [f"column {name}: {RULES[name]}; {int(bad.sum())} rows are not so" for name, bad in broken.items()]
    if not lines and table.num_rows > 1:
        student = table.column("student_id").combine_chunks()
        seq = np.asarray(table.column("seq"))
        same = np.asarray(pc.equal(student[1:], student[:-1])).astype(np.bool_)
        falls = int((same & (seq[1:] <= seq[:-1])).sum())
        if falls:
            lines.append(f"column seq: must rise from row to row of a student; {falls} rows repeat the one before")
    if lines:
        raise InvalidInput("canonical log", lines)
