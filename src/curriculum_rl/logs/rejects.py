"""Rows of a log that could not be used: counted, explained, and written to a file that only its owner can read.

No raw value of a row is ever written: a line number, a column, a code and a reason are enough to find it.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from curriculum_rl.files import write_whole
from curriculum_rl.violations import InvalidInput

REASONS = {
    "cells": "the row has another number of cells than the header",
    "missing": "the cell is empty",
    "order": "must be a finite number: the position of the try among the student's tries",
    "time": "must be seconds, or a date and time, and not before that of the student's earlier tries",
    "answer": "must be 0 or 1 (or false or true)",
    "item": "the q-matrix gives this item no skill",
    "conflict": "the same student, order and item stand in an earlier row with another answer",
}


class OverRejectLimit(InvalidInput):
    """More of the log is unusable than the limit allows, so nothing is published."""


@dataclass(frozen=True)
class Reject:
    """One row left out: its line in the file (row number for Parquet), the column at fault, and why."""

    line: int
    column: str
    code: str


@dataclass
class Rejects:
    """The rows left out so far, one reject for each row."""

    found: list[Reject] = field(default_factory=list)

    def add(self, line: int, column: str, code: str) -> None:
        """Notes one row; the code is a key of `REASONS`."""
        self.found.append(Reject(line, column, code))

    def by_code(self) -> dict[str, int]:
        """How many rows were left out for each code."""
        counts: dict[str, int] = {}
        for reject in self.found:
            counts[reject.code] = counts.get(reject.code, 0) + 1
        return dict(sorted(counts.items()))

    def write(self, path: Path) -> None:
        """Writes line, column, code and reason as CSV with mode 0600, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["line", "column", "code", "reason"])
        for r in sorted(self.found, key=lambda r: r.line):
            writer.writerow([r.line, _inert(r.column), r.code, REASONS[r.code]])
        write_whole(path, out.getvalue(), mode=0o600)


def _inert(cell: str) -> str:
    """A column's name comes from the file: a spreadsheet must not take it for a formula."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


@dataclass(frozen=True)
class RowCounts:
    """What became of the rows of a log: every row read was accepted, rejected, or merged into an earlier one."""

    read: int
    accepted: int
    rejected: int
    merged: int

    def __post_init__(self) -> None:
        if self.read != self.accepted + self.rejected + self.merged:
            raise AssertionError(f"rows went missing while the log was read: {self}")
