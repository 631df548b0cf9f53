"""Events that complete earlier ones of the same event id, as a reward completes its decision.

They may stand anywhere in the source: rows are taken apart by event id, so that few need be in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curriculum_rl.batch import Bool, Int
from curriculum_rl.logs.cells import true
from curriculum_rl.logs.parts import Parts
from curriculum_rl.logs.tally import Tally

_COMPLETES: Final = (
    "response",
    "reward",
    "duration_s",
    "attempt_no",
    "hints",
    "n_trials",
    "n_correct",
    "terminated",
    "truncated",
    "end_reason",
)
"""What a later event can tell of an earlier one."""


def joined(tables: Iterable[pa.Table], folder: Path, memory_bytes: int, tally: Tally) -> Iterator[pa.Table]:
    """Drafts without late rows: these were merged into theirs, or rejected.

    A late row that repeats what is known is merged; one that says something else is rejected, as is one of an unknown
    event, and an event whose id is taken. An event that is voided is left out.
    """
    parts = Parts(folder, memory_bytes, "event_id")
    for table in tables:
        alone = pc.and_(pc.is_null(table.column("event_id")), pc.invert(table.column("late")))
        yield table.filter(alone)
        parts.add(table.filter(pc.invert(alone)))
    for bucket in parts.buckets():
        yield _joined(bucket, tally)


def _joined(bucket: pa.Table, tally: Tally) -> pa.Table:
    late, void = bucket.column("late").to_numpy(), bucket.column("void").to_numpy()
    row = np.arange(bucket.num_rows)
    order = np.lexsort((bucket.column("source_row").to_numpy(), bucket.column("file").to_numpy()))
    main = _first(bucket.column("event_id"), order[~late[order]])
    known = main >= 0
    taken = ~late & (main != row)
    same = _same(bucket, np.where(known, main, row))
    _reject(bucket, taken & ~same, "differs", tally)
    waits = bucket.column("waits").to_numpy()
    _reject(bucket, late & ~known & ~void & ~waits, "orphan", tally)
    _reject(bucket, waits & ~known, "deferred", tally)
    _reject(bucket, void, "kind", tally)
    voided = np.zeros(len(row), dtype=np.bool_)
    voided[main[void & known]] = True
    _reject(bucket, voided, "voided", tally)
    later = order[(late & known & ~void)[order]]
    bucket = _instead(bucket, main, later)
    done = bucket.column("activity_id").combine_chunks()
    clash = np.zeros(len(row), dtype=np.bool_)
    clash[later] = true(pc.not_equal(done.take(later), done.take(main[later])))
    for name in _COMPLETES:
        column = bucket.column(name).combine_chunks()
        given = true(column.is_valid())
        told = later[given[later]]
        # The first row that tells what its event does not is where the value comes from.
        _, first = np.unique(main[told], return_index=True)
        fresh = told[first][~given[main[told[first]]]]
        source = row.copy()
        source[main[fresh]] = fresh
        filled = column.take(source)
        clash[told] |= true(pc.not_equal(filled.take(main[told]), column.take(told)))
        bucket = bucket.set_column(bucket.schema.get_field_index(name), name, filled)
    _reject(bucket, clash, "differs", tally)
    tally.merged += int((taken & same).sum()) + len(later) - int(clash.sum())
    return bucket.filter(pa.array(~late & ~taken & ~voided))


def _instead(bucket: pa.Table, main: Int, later: Int) -> pa.Table:
    """Where a later row names another activity, the student did that one: its event keeps its own as `offered`."""
    activity = bucket.column("activity_id").combine_chunks()
    other = later[true(pc.not_equal(activity.take(later), activity.take(main[later])))]
    if not len(other):
        return bucket
    changed, first = np.unique(main[other], return_index=True)
    source = np.arange(bucket.num_rows)
    source[changed] = other[first]
    offered = np.full(len(source), -1)
    offered[changed] = changed
    taken = {name: bucket.column(name).combine_chunks().take(source) for name in ("activity_id", "skills")}
    taken["offered"] = pc.coalesce(bucket.column("offered"), activity.take(pa.array(offered, mask=offered < 0)))
    for name, column in taken.items():
        bucket = bucket.set_column(bucket.schema.get_field_index(name), name, column)
    return bucket


def _first(event: pa.ChunkedArray, events: Int) -> Int:
    """Of each row the first of `events`, rows in order, that has its event id; -1 where none has, (n,)."""
    encoded = event.combine_chunks().dictionary_encode()
    code = np.asarray(encoded.indices.fill_null(len(encoded.dictionary))).astype(np.int64)
    first = np.full(len(encoded.dictionary) + 1, -1)
    first[code[events][::-1]] = events[::-1]
    first[-1] = -1
    return first[code]


def _same(bucket: pa.Table, other: Int) -> Bool:
    """Which rows say what those other rows say of the decision, (n,)."""
    same = np.ones(len(other), dtype=np.bool_)
    for name in ("student_id", "activity_id", "propensity", "seq", "timestamp", "t_rel_s", "response"):
        column = bucket.column(name).combine_chunks()
        there = column.take(other)
        same &= true(pc.equal(column, there)) | true(pc.and_(column.is_null(), there.is_null()))
    return same


def _reject(bucket: pa.Table, bad: Bool, code: str, tally: Tally) -> None:
    rows = bucket.filter(pa.array(bad))
    files = rows.column("file").to_numpy()
    for file in np.unique(files):
        tally.reject(int(file), rows.column("source_row").to_numpy()[files == file], "event_id", code)
