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
    "long": "the line is longer than a megabyte",
    "control": "the line holds a NUL byte, or a carriage return that ends no line",
    "quote": "a quotation mark is not closed on its line; a row must stand on one line",
    "encoding": "the line is not in the expected encoding; say --encoding latin-1 if the file is",
    "json": "the line is no JSON object",
    "id": "must be text",
    "number": "must be a finite number",
    "whole": "must be a whole number",
    "count": "must be a whole number, at least 0",
    "trials": "must be a whole number, at most that of the answers",
    "boolean": "must be true or false",
    "list": "must be a list of text",
    "response": "must be 0 to 1, or true or false; say --max-score if more can be scored",
    "duration": "must be a number, at least 0",
    "propensity": "must be at least 1e-9 and at most 1, and be given: what was logged could happen",
    "eligible": "must hold the logged activity",
    "event_type": "must be attempt, hint, lesson, review or test",
    "end_reason": "must be mastery, dropout, deadline or censored",
    "answer_key": "the answer key does not have this item",
    "differs": "the same event stands in an earlier row with other values",
    "tie": "another item stands in the same place of the student's order; say --by-rows if rows are in order",
    "orphan": "no decision has this event id",
    "voided": "a later statement voids this one",
    "scaffold": "a scaffolding question, no answer of the student's own (original is 0)",
    "kind": "no event of a student and an activity",
    "deferred": "a decision that was asked for ahead of time, and never activated",
}

BY_RULE = ("voided", "scaffold", "kind", "deferred")
"""Rows that the source's own rules leave out: they are listed, but are no faults that count against a limit."""


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
            writer.writerow([r.line, inert(r.column), r.code, REASONS[r.code]])
        write_whole(path, out.getvalue(), mode=0o600)


def inert(cell: str) -> str:
    """The cell, marked as text: a column's name comes from the file: a spreadsheet must not take it for a formula."""
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
