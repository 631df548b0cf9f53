"""A table of text from a canonical log, or from a Parquet or CSV file under whatever names sources use for columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from curriculum_rl.batch import Int
from curriculum_rl.logs.rejects import Rejects
from curriculum_rl.logs.store import open_log
from curriculum_rl.violations import InvalidInput, Violations

Text = npt.NDArray[np.object_]

ALIASES: dict[str, tuple[str, ...]] = {
    "student": ("student", "student_id", "user_id", "user", "anon_student_id", "studentid", "userid"),
    "order": ("order", "order_id", "position", "row", "attempt_order"),
    "item": ("item", "item_id", "problem_id", "question_id", "problem", "itemid", "problemid"),
    "answer": ("answer", "correct", "is_correct", "outcome", "correct_first_attempt"),
    "skills": ("skills", "skill", "skill_id", "skill_ids", "concept", "concepts", "kc", "kc_default"),
    "time": ("time", "timestamp", "start_time"),
    "duration": ("duration_s", "duration", "latency_s", "response_time", "elapsed_s"),
    "split": ("split", "fold"),
}
"""What each column of a log may be called; case, spaces and punctuation do not matter."""

REQUIRED = ("student", "order", "item", "answer")


@dataclass(frozen=True)
class Table:
    """Columns of text by role, and the line (CSV) or row number (Parquet, from 1) of each row."""

    columns: dict[str, Text]
    names: dict[str, str]  # what the file calls each role
    line: Int
    read: int  # rows in the file, those already rejected included


def read_table(path: Path, mapping: Mapping[str, str], needs_skills: bool, rejects: Rejects) -> Table:
    """Reads a log as text.

    Args:
        path: the folder of a canonical log, a `.parquet` file, or CSV under any other name.
        mapping: role (a key of `ALIASES`) to the file's own column name, where the aliases do not fit.
        needs_skills: whether a skills column is required (there is no q-matrix).
        rejects: gets the rows whose cells do not match the header.

    Raises:
        InvalidInput: the file is missing, empty, not a table, or lacks a required column.
    """
    if path.is_dir():
        return _read_canonical(path, mapping, needs_skills)
    if not path.is_file():
        raise InvalidInput(str(path), ["there is no such file; give the path of a Parquet or CSV log"])
    if path.stat().st_size == 0:
        raise InvalidInput(str(path), ["the file is empty; a log needs a header and rows"])
    read = _read_parquet if path.suffix.lower() in (".parquet", ".pq") else _read_csv
    table = read(path, mapping, needs_skills, rejects)
    if table.read == 0:
        raise InvalidInput(str(path), ["the log has a header and no rows"])
    return table


def _read_parquet(path: Path, mapping: Mapping[str, str], needs_skills: bool, rejects: Rejects) -> Table:
    try:
        file = pq.ParquetFile(path)
        names = _find(path, file.schema_arrow.names, mapping, needs_skills)
        table = file.read(columns=list(names.values()))
    except (pa.ArrowException, OSError) as error:
        raise InvalidInput(str(path), [f"this is no readable Parquet file ({type(error).__name__})"]) from None
    columns = {role: _as_text(table.column(name)) for role, name in names.items()}
    return Table(columns, names, np.arange(1, table.num_rows + 1), table.num_rows)


def _read_canonical(path: Path, mapping: Mapping[str, str], needs_skills: bool) -> Table:
    """The answered rows of a canonical log; lessons, hints and choices without an answer are no tries."""
    log = open_log(path)
    check = Violations(str(path))
    filled = log.manifest.filled
    check.that(not mapping, "columns: a canonical log names its own; leave out --column")
    check.that("response" in filled, "column response: no row has an answer; nothing can be fitted")
    if needs_skills:
        check.that("skills" in filled, "column skills: no row names a skill; give a q-matrix, or import with skills")
    check.raise_all()
    names = {"student": "student_id", "order": "seq", "item": "activity_id", "answer": "response", "skills": "skills"}
    names["time"] = "timestamp" if "timestamp" in filled else "t_rel_s"
    names["duration"] = "duration_s"
    names = {role: name for role, name in names.items() if name in filled}
    table = pa.concat_tables(log.buckets(list(names.values())))
    row = np.arange(1, table.num_rows + 1)
    answered = table.column("response").is_valid()
    table, row = table.filter(answered), row[answered.to_numpy()]
    columns = {role: _as_text(table.column(name)) for role, name in names.items()}
    return Table(columns, names, row, table.num_rows)


def _as_text(column: pa.ChunkedArray) -> Text:
    """Cells as text; null becomes empty. Lists of skills are joined by semicolons."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        cells = [";".join(map(str, cell)) if cell is not None else "" for cell in column.to_pylist()]
        return np.array(cells, dtype=object)
    try:
        cells = column.cast(pa.string()).fill_null("").to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        cells = ["" if cell is None else str(cell) for cell in column.to_pylist()]
    return np.array(cells, dtype=object)


def _read_csv(path: Path, mapping: Mapping[str, str], needs_skills: bool, rejects: Rejects) -> Table:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = _numbered(file)
            _, header = next(rows, (0, []))
            names = _find(path, header, mapping, needs_skills)
            places = [header.index(name) for name in names.values()]
            return _cells(rows, len(header), places, names, rejects)
    except (UnicodeDecodeError, csv.Error):
        message = "this is no log: a CSV file in UTF-8 or a .parquet file was expected"
        raise InvalidInput(str(path), [message]) from None


def _numbered(file: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line each begins on; blank lines hold no row."""
    reader = csv.reader(file)
    line = 0
    for row in reader:
        first, line = line + 1, reader.line_num
        if row:
            yield first, row


def _cells(
    rows: Iterator[tuple[int, list[str]]], width: int, places: list[int], names: dict[str, str], rejects: Rejects
) -> Table:
    kept: list[list[str]] = []
    lines: list[int] = []
    read = 0
    for line, row in rows:
        read += 1
        if len(row) != width:
            rejects.add(line, "", "cells")
            continue
        kept.append([row[i] for i in places])
        lines.append(line)
    cells = np.array(kept, dtype=object).reshape(len(kept), len(places))
    columns = {role: cells[:, i] for i, role in enumerate(names)}
    return Table(columns, names, np.array(lines, dtype=np.int64), read)


def plain(name: str) -> str:
    """A column's name without what does not matter: case, spaces and punctuation."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def _find(path: Path, header: list[str], mapping: Mapping[str, str], needs_skills: bool) -> dict[str, str]:
    """The file's name of each role, or one message that says all that is missing."""
    check = Violations(str(path))
    by_plain = {plain(name): name for name in reversed(header)}
    found: dict[str, str] = {}
    for role, own in mapping.items():
        if role not in ALIASES:
            check.add("columns", role, f"must be one of {', '.join(ALIASES)}")
        elif own not in header:
            check.add(f"columns.{role}", own, "no such column", f"The file has: {shown(header)}.")
        else:
            found[role] = own
    for role, aliases in ALIASES.items():
        if role in mapping:
            continue
        name = next((by_plain[a] for a in aliases if a in by_plain), None)
        if name is not None:
            found[role] = name
        elif role in REQUIRED or (role == "skills" and needs_skills):
            remedy = ", or give a q-matrix" if role == "skills" else ""
            check.that(
                False,
                f"column {role}: is missing; call it one of {', '.join(aliases)}, or map it{remedy}. "
                f"The file has: {shown(header)}.",
            )
    check.raise_all()
    return found


def shown(header: list[str]) -> str:
    """The first names of a header, for messages."""
    # A file that is no log may hold anything in its first line: show little of it.
    names = [repr(name[:30]) for name in header[:12]]
    return ", ".join(names) + (", ..." if len(header) > 12 else "") if header else "nothing"
