"""Events that complete earlier ones of the same event id, as a reward completes its decision.

They may stand anywhere in the source: rows are taken apart by event id, so that few need be in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

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
    event = bucket.column("event_id").to_pandas()
    row = np.arange(len(late))
    order = np.lexsort((bucket.column("source_row").to_numpy(), bucket.column("file").to_numpy()))
    first = pd.Series(order, index=event.to_numpy()[order])[~late[order]]
    first = first[first.index.notna()]
    first = first[~first.index.duplicated()]
    target = first.reindex(event).to_numpy()  # nan: no event has this id
    known = ~np.isnan(target)
    main = np.where(known, target, -1).astype(np.int64)
    taken = ~late & event.notna().to_numpy() & (main != row)
    _reject(bucket, taken & ~_same(bucket, row, main), "event_id", "differs", tally)
    _reject(bucket, late & ~known & ~void, "event_id", "orphan", tally)
    _reject(bucket, void, "event_id", "kind", tally)
    voided = np.zeros(len(late), dtype=np.bool_)
    voided[main[void & known]] = True
    _reject(bucket, voided, "event_id", "voided", tally)
    tally.merged += int((taken & _same(bucket, row, main)).sum())
    later = order[(late & known & ~void)[order]]
    columns = {name: bucket.column(name).to_pandas() for name in _COMPLETES}
    clash = np.zeros(len(late), dtype=np.bool_)
    for column in columns.values():
        told = later[column.iloc[later].notna().to_numpy()]
        value = column.iloc[told].to_numpy()
        earliest = ~pd.Index(main[told]).duplicated()
        fresh = earliest & column.iloc[main[told]].isna().to_numpy()
        column.iloc[main[told[fresh]]] = value[fresh]
        clash[told] |= column.iloc[main[told]].to_numpy() != value
    _reject(bucket, clash, "event_id", "differs", tally)
    tally.merged += len(later) - int(clash.sum())
    kept = pa.array(~late & ~taken & ~voided)
    for name, column in columns.items():
        place = bucket.schema.get_field_index(name)
        field = bucket.schema.field(name)
        bucket = bucket.set_column(place, field, pa.array(column, field.type, from_pandas=True))
    return bucket.filter(kept)


def _same(bucket: pa.Table, row: np.ndarray, main: np.ndarray) -> np.ndarray:
    """Which rows say what the event they repeat says, (n,)."""
    same = np.ones(len(row), dtype=np.bool_)
    other = pa.array(np.where(main < 0, row, main))
    for name in ("student_id", "activity_id", "propensity", "seq", "timestamp", "t_rel_s", "response"):
        column = bucket.column(name).to_pandas()
        there = column.iloc[other.to_numpy()].reset_index(drop=True)
        same &= ((column == there) | (column.isna() & there.isna())).to_numpy()
    return same


def _reject(bucket: pa.Table, bad: np.ndarray, column: str, code: str, tally: Tally) -> None:
    rows = bucket.filter(pa.array(bad))
    files = rows.column("file").to_numpy()
    for file in np.unique(files):
        tally.reject(int(file), rows.column("source_row").to_numpy()[files == file], column, code)
