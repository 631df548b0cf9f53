"""What can be decided only once all rows of a student are together: repeats, ties, order.

The key of a row is the student's order number, or the time where the source has none. Rows with the same student, key
and item are the same event: they are merged where they say the same (their skills are joined, as sources that repeat
a row for each skill need), and rejected where they do not. Rows of other items with the same order number are a tie,
which is rejected unless rows are known to be in order. Rows that stand out of order are sorted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.logs.schema import seconds
from curriculum_rl.logs.tally import Tally

EPOCH: Final = 1e8
"""Seconds (March 1973): numbers above it count from 1970, those below from the start of a course."""
FAR: Final = 1e11
"""Seconds (the year 5138): numbers above it are no seconds."""

_SAYS: Final = ("response", "duration_s", "reward", "propensity", "n_trials", "n_correct", "attempt_no", "hints")
"""Where rows of one event must agree."""


@dataclass(frozen=True)
class Settler:
    """Settles the rows of some students, all of them together.

    Attributes:
        by_rows: whether rows stand in the order of events where nothing else tells.
        ordered: whether rows have the source's own order number.
        epoch: whether times that are numbers count from 1970.
        untimed: whether times mean nothing, being all the same.
        tally: gets rejects and merged rows.
    """

    by_rows: bool
    ordered: bool
    epoch: bool
    untimed: bool
    tally: Tally

    def __call__(self, table: pa.Table) -> pa.Table:
        """Rows in the schema of the log from drafts."""
        table = self._timed(_grouped(table, sorted(self.tally.groups)))
        encoded = table.column("student_id").combine_chunks().dictionary_encode()
        student = np.asarray(encoded.indices).astype(np.int64)
        file, line = (table.column(name).to_numpy() for name in ("file", "source_row"))
        moment = seconds(table)
        key: Any = table.column("seq").to_numpy() if self.ordered else np.nan_to_num(moment)
        activity = np.asarray(table.column("activity_id").combine_chunks().dictionary_encode().indices)
        place = np.lexsort((line, file, activity, key, student))
        repeat = np.zeros(len(place), dtype=np.bool_)
        repeat[1:] = (np.diff(student[place]) == 0) & (np.diff(key[place]) == 0) & (np.diff(activity[place]) == 0)
        if not self.ordered:
            repeat &= ~np.isnan(moment[place])  # what stands nowhere repeats nothing
        table, place = self._merged(table, place, repeat)
        place = place[np.lexsort((line[place], file[place], key[place], student[place]))]
        if self.ordered and not self.by_rows:
            place = self._untied(table, place, student, key)
        if self.ordered:
            place = self._forward(table, place, student, moment)
        turned = (np.diff(student[place]) == 0) & (np.diff(file[place]) == 0) & (np.diff(line[place]) < 0)
        self.tally.unordered += int(turned.sum())
        table = table.take(place)
        if self.by_rows or not self.ordered:
            starts = np.flatnonzero(np.diff(student[place], prepend=-1))
            number = np.arange(len(place)) - np.repeat(starts, np.diff(starts, append=len(place)))
            table = table.set_column(table.schema.get_field_index("seq"), "seq", pa.array(number))
        return table.drop_columns(["file", "event_id", "late", "void", "waits", "groups"])

    def _timed(self, table: pa.Table) -> pa.Table:
        """Times that are numbers as dates, if they count from 1970; or no times at all."""
        if not self.epoch and not self.untimed:
            return table
        dates = table.column("timestamp")
        if self.untimed:
            dates = pa.nulls(table.num_rows, dates.type)
        else:
            counted = table.column("t_rel_s").to_numpy(zero_copy_only=False)
            bad = (counted < EPOCH) | (counted > FAR)  # neither a date of this log nor of any other
            self._reject(table, np.flatnonzero(bad), "time")
            table = table.filter(pa.array(~bad))
            micro = pc.cast(pc.round(pc.multiply(table.column("t_rel_s"), 1e6)), pa.int64())
            dates = pc.coalesce(table.column("timestamp"), micro.cast(dates.type))
        nothing = pa.nulls(table.num_rows, pa.float64())
        table = table.set_column(table.schema.get_field_index("timestamp"), "timestamp", dates)
        return table.set_column(table.schema.get_field_index("t_rel_s"), "t_rel_s", nothing)

    def _merged(self, table: pa.Table, place: Int, repeat: Bool) -> tuple[pa.Table, Int]:
        """Without the rows that repeat the one before, in this order; the first of each event is kept."""
        if not repeat.any():
            return table, place
        head = place[np.maximum.accumulate(np.where(repeat, 0, np.arange(len(place))))]
        differs = np.zeros(len(place), dtype=np.bool_)
        for name in _SAYS:
            values = table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
            own, first = values[place], values[head]
            differs |= repeat & ~((own == first) | (np.isnan(own) & np.isnan(first)))
        self._reject(table, place[differs], "differs")
        merged = repeat & ~differs
        self.tally.merged += int(merged.sum())
        skills = table.column("skills")
        joined: dict[int, set[str]] = {}
        for row, into in zip(place[merged].tolist(), head[merged].tolist(), strict=True):
            own = skills[row].as_py()
            if own:
                joined.setdefault(into, set(skills[into].as_py() or ())).update(own)
        if joined:
            lists = skills.to_pylist()
            for into, names in joined.items():
                lists[into] = sorted(names)
            column = pa.array(lists, pa.list_(pa.string()))
            table = table.set_column(table.schema.get_field_index("skills"), "skills", column)
        return table, place[~repeat]

    def _untied(self, table: pa.Table, place: Int, student: Int, seq: Int) -> Int:
        """Without rows in the place of another one."""
        tied = np.zeros(len(place), dtype=np.bool_)
        tied[1:] = (np.diff(student[place]) == 0) & (np.diff(seq[place]) == 0)
        self._reject(table, place[tied], "tie")
        return place[~tied]

    def _forward(self, table: pa.Table, place: Int, student: Int, moment: Float) -> Int:
        """Without rows that are dated before an earlier one, by order number, of the same student."""
        known = place[~np.isnan(moment[place])]
        if not len(known):
            return place
        rank = np.unique(moment[known], return_inverse=True)[1].astype(np.int64)
        # Students stand one after the other: lifted apart, one running maximum does for all of them.
        lifted = rank + np.cumsum(np.r_[0, np.diff(student[known]) != 0]) * (int(rank.max()) + 1)
        back = lifted < np.maximum.accumulate(lifted)
        self._reject(table, known[back], "time")
        bad = np.zeros(table.num_rows, dtype=np.bool_)
        bad[known[back]] = True
        return place[~bad[place]]

    def _reject(self, table: pa.Table, rows: Int, code: str) -> None:
        files, lines = table.column("file").to_numpy()[rows], table.column("source_row").to_numpy()[rows]
        for file in np.unique(files):
            self.tally.reject(int(file), lines[files == file], "timestamp" if code == "time" else "seq", code)


def _grouped(table: pa.Table, names: list[str]) -> pa.Table:
    """With a column for each group that any row of the log names."""
    encoded = table.column("groups").combine_chunks().dictionary_encode()
    values = [json.loads(text) for text in encoded.dictionary.to_pylist()]
    for name in names:
        column = pa.array([groups.get(name) for groups in values], pa.string()).take(encoded.indices)
        table = table.append_column(name, column)
    return table
