"""Cells made rows of the canonical log, with the pseudonym in the place of the student's id.

A draft is such a table before all rows of a student were seen together: its `seq` is the source's own order, or null,
and it has more columns: `file` (its number), `event_id` (of sources whose events complete each other), `late` (whether
the row completes another one), `void` (whether it strikes the other one out), `waits` (whether it is nothing until the
other one is there) and `groups` (by name, as JSON).
"""

from __future__ import annotations

import json
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curriculum_rl.batch import Bool
from curriculum_rl.logs.cells import SECONDS, Cells, answer, boolean, one_of, true
from curriculum_rl.logs.formats import Format, ImportConfig
from curriculum_rl.logs.pseudonyms import pseudonyms
from curriculum_rl.logs.schema import END_REASONS, EVENT_TYPES, GROUP, SCHEMA, among
from curriculum_rl.logs.tally import Tally

MIN_PROPENSITY = 1e-9
"""Assumed: a logged choice that was less likely is a slip of the logger, and would outweigh a billion others."""
NO_LOT: Final = ("teacher", "platform")
"""Who chooses without a known probability: a teacher, or the platform by itself."""


_DRAFT: Final = pa.schema(
    [
        *SCHEMA,
        ("file", pa.int64()),
        ("event_id", pa.string()),
        ("late", pa.bool_()),
        ("void", pa.bool_()),
        ("waits", pa.bool_()),
        ("groups", pa.string()),
    ]
)


def draft(
    cells: Cells,
    format_: Format,
    config: ImportConfig,
    key: bytes,
    skills_of: dict[str, tuple[str, ...]] | None,
    tally: Tally,
) -> pa.Table:
    """The good rows of a block.

    Args:
        cells: as the source has them; faulty rows are rejected.
        format_: of the source.
        config: what was asked for.
        key: of the pseudonyms.
        skills_of: skills of each item, where they stand apart; rows of other items are rejected.
        tally: sees whether units are plausible.
    """
    late, void = _flag(cells, "late"), _flag(cells, "void")
    for role in ("student_id", "activity_id"):
        cells.refuse(role, "missing", _blank(cells, role) & ~late)
    columns: dict[str, pa.Array] = {}
    for name in ("activity_id", "offered", "episode_id", "course_id", "logger_id", "event_id"):
        columns[name] = cells.words(name)
    columns["seq"] = cells.whole("seq", "order")
    columns["response"] = cells.mapped("response", "response", answer(config.max_score), pa.float64())
    seconds, columns["timestamp"] = cells.times("timestamp", SECONDS[config.time_unit or format_.time_unit])
    columns["t_rel_s"] = pa.array(seconds, from_pandas=True)
    if "seq" in cells.text:
        cells.refuse("seq", "missing", true(columns["seq"].is_null()) & ~late)
    elif not (format_.by_rows or config.by_rows):
        cells.refuse("timestamp", "missing", true(columns["timestamp"].is_null()) & np.isnan(seconds) & ~late)
    duration = cells.number("duration_s", "duration", SECONDS[config.duration_unit or format_.duration_unit])
    cells.refuse("duration_s", "duration", duration < 0)
    columns["duration_s"] = pa.array(duration, from_pandas=True)
    tally.units(duration[cells.good], seconds[cells.good])
    if not late.all():
        tally.orders.add("seq" in cells.text)
    _counts(cells, columns)
    _choice(cells, columns, format_, late)
    for name, allowed in (("event_type", EVENT_TYPES), ("end_reason", END_REASONS)):
        columns[name] = cells.mapped(name, name, one_of(allowed), pa.string())
    columns["event_type"] = pc.fill_null(columns["event_type"], format_.event_type)
    for name in ("terminated", "truncated"):
        columns[name] = cells.mapped(name, "boolean", boolean, pa.bool_())
    columns["skills"] = _skills(cells, skills_of)
    columns["goals"] = cells.listed("goals", ordered=False)
    columns["groups"] = _groups(cells, tally)
    columns["student_id"] = pseudonyms(cells.text["student_id"], key)
    columns["source_row"] = pa.array(cells.lines)
    columns["file"] = pa.array(np.full(len(cells), cells.file))
    columns["late"] = pa.array(late)
    columns["void"] = pa.array(void)
    columns["waits"] = pa.array(_flag(cells, "waits"))
    table = pa.table([columns[name] for name in _DRAFT.names], schema=_DRAFT)
    return table if cells.good.all() else table.filter(pa.array(cells.good))


def _groups(cells: Cells, tally: Tally) -> pa.Array:
    """Names and values of the groups of each row, as JSON: blocks need not name the same ones."""
    names = sorted(role for role in cells.text if role.startswith(GROUP))
    tally.groups.update(names)
    if not names:
        return pa.repeat("{}", len(cells))
    table = pa.table({name: cells.words(name) for name in names})
    codes = np.stack([np.asarray(c.combine_chunks().dictionary_encode().indices.fill_null(-1)) for c in table])
    _, first, inverse = np.unique(codes, axis=1, return_index=True, return_inverse=True)
    texts = [json.dumps(row) for row in table.take(first).to_pylist()]
    return pa.array(texts, pa.string()).take(pa.array(inverse.ravel()))


def _flag(cells: Cells, role: str) -> Bool:
    if role in cells.text:
        return true(pc.equal(cells.text[role], "true"))
    return np.zeros(len(cells), dtype=np.bool_)


def _blank(cells: Cells, role: str) -> Bool:
    if role not in cells.text:
        return np.ones(len(cells), dtype=np.bool_)
    return true(pc.equal(pc.utf8_trim_whitespace(cells.text[role]), ""))


def _counts(cells: Cells, columns: dict[str, pa.Array]) -> None:
    for name in ("attempt_no", "hints", "n_trials", "n_correct"):
        columns[name] = cells.whole(name, "count")
        cells.refuse(name, "count", true(pc.less(columns[name], 0)))
    cells.refuse("n_correct", "trials", true(pc.greater(columns["n_correct"], columns["n_trials"])))


def _choice(cells: Cells, columns: dict[str, pa.Array], format_: Format, late: Bool) -> None:
    """Propensity, eligible set and reward. Where no lot decided there is no propensity; `logger_id` says so."""
    propensity = cells.number("propensity", "propensity")
    if "propensity" in cells.text:
        no_lot = true(pc.is_in(columns["logger_id"], pa.array(NO_LOT)))
        cells.refuse("propensity", "propensity", np.isnan(propensity) & ~no_lot & ~late)
        cells.refuse("propensity", "propensity", (propensity < MIN_PROPENSITY) | (propensity > 1.0))
    columns["propensity"] = pa.array(propensity, from_pandas=True)
    columns["reward"] = pa.array(cells.number("reward"), from_pandas=True)
    columns["eligible"] = cells.listed("eligible", ordered=True)
    cells.refuse("eligible", "eligible", ~among(columns["eligible"], columns["offered"], columns["activity_id"]))


def _skills(cells: Cells, skills_of: dict[str, tuple[str, ...]] | None) -> pa.Array:
    if skills_of is None:
        return cells.listed("skills", ordered=False)

    def of(item: str) -> list[str] | None:
        if item and item not in skills_of:
            raise ValueError(item)
        return list(skills_of[item]) if item else None

    return cells.mapped("activity_id", "item", of, pa.list_(pa.string()))
