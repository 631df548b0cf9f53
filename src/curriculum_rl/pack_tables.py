"""The tables of a pack: CSV files read strictly, each cell with its place for messages."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curriculum_rl.config import nearest
from curriculum_rl.curriculum import Activity, Concept, Prerequisite
from curriculum_rl.violations import Violations

Cells = dict[str, str]


@dataclass(frozen=True)
class Table:
    """The rows of one file, (line, cells by column) each; `label` names the columns that say which row it is."""

    file: str
    label: tuple[str, ...]
    rows: tuple[tuple[int, Cells], ...] = ()

    def place(self, row: int) -> str:
        """Where a row is, such as `concepts.csv line 5 (fractions)`."""
        line, cells = self.rows[row]
        return f"{self.file} line {line} ({' -> '.join(cells[name] for name in self.label)})"

    def places(self) -> Iterator[tuple[str, Cells]]:
        """Every row with its place."""
        return ((self.place(i), cells) for i, (_, cells) in enumerate(self.rows))


def read_concepts(
    path: Path, parameters: Sequence[str] | None, check: Violations
) -> tuple[Table, tuple[Concept, ...], dict[str, list[float]]]:
    """The concepts, and those parameters (None: unknown) that are columns of the file."""
    table = _read(path, ("id",), ("id",), None if parameters is None else ("name", "tries", *parameters), check)
    columns: dict[str, list[float]] = {}
    concepts = []
    for place, row in table.places():
        tries = number(row.get("tries") or "0", f"{place}: tries", check)
        sound = check.number(f"{place}: tries", tries, at_least=0.0) if tries == tries else False
        concepts.append(Concept(row["id"], row.get("name", ""), int(tries) if sound else 0))
        for name in (p for p in parameters or () if p in row):
            columns.setdefault(name, []).append(number(row[name], f"{place}: {name}", check))
    return table, tuple(concepts), columns


def read_activities(path: Path, check: Violations) -> tuple[Table, tuple[Activity, ...]]:
    """The activities."""
    required = ("id", "form", "concepts", "difficulty", "minutes", "learning", "answered")
    table = _read(path, ("id",), required, ("name", "needs"), check)
    activities = []
    for place, row in table.places():
        if row["answered"] not in ("0", "1"):
            check.add(f"{place}: answered", row["answered"], "must be 0 or 1")
        activities.append(
            Activity(
                id=row["id"],
                name=row.get("name", ""),
                form=row["form"],
                loads=_loads(row["concepts"], f"{place}: concepts", check),
                difficulty=number(row["difficulty"], f"{place}: difficulty", check),
                minutes=number(row["minutes"], f"{place}: minutes", check),
                learning=number(row["learning"], f"{place}: learning", check),
                answered=row["answered"] == "1",
                needs=tuple(need.strip() for need in row.get("needs", "").split(";") if need.strip()),
            )
        )
    return table, tuple(activities)


def read_prerequisites(path: Path, check: Violations) -> tuple[Table, tuple[Prerequisite, ...]]:
    """The prerequisites."""
    required = ("prerequisite", "concept", "strength")
    table = _read(path, ("prerequisite", "concept"), required, (), check)
    return table, tuple(
        Prerequisite(row["prerequisite"], row["concept"], number(row["strength"], f"{place}: strength", check))
        for place, row in table.places()
    )


def number(text: str, where: str, check: Violations) -> float:
    """The number that a cell holds; not-a-number, with a violation noted, where it holds none."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if value != value:
        check.add(where, text, "must be a number")
    return value


def _read(
    path: Path, label: tuple[str, ...], required: tuple[str, ...], optional: tuple[str, ...] | None, check: Violations
) -> Table:
    """The rows of a CSV file; notes columns that are missing, unknown or given twice, and ragged rows.

    `optional` None lets any further column be.
    """
    empty = Table(path.name, label)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        check.that(False, f"{path.name}: is not UTF-8 text (byte {error.start}): save it as UTF-8")
        return empty
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
    rows = []
    try:
        header = [str(name) for name in reader.fieldnames or []]
        if not _header(path.name, header, required, optional, check):
            return empty
        for row in reader:
            if None in row or None in row.values():
                check.that(False, f"{path.name} line {reader.line_num}: must have {len(header)} cells")
            else:
                rows.append((reader.line_num, {name: cell.strip() for name, cell in row.items()}))
    except csv.Error as error:
        check.that(False, f"{path.name} line {reader.line_num}: is not CSV: {error}")
    return Table(path.name, label, tuple(rows))


def _header(
    file: str, header: list[str], required: tuple[str, ...], optional: tuple[str, ...] | None, check: Violations
) -> bool:
    known = header if optional is None else (*required, *optional)
    for name in [c for c in required if c not in header]:
        check.add(f"{file}: columns", header, f"must have a column {name!r}")
    for name in dict.fromkeys(c for c in header if c not in known):
        check.add(f"{file}: column", name, "no such column", nearest(name, known))
    for name in {c for c in header if header.count(c) > 1}:
        check.add(f"{file}: column", name, "stands twice", "Delete one of the two.")
    return all(c in header for c in required)


def _loads(text: str, where: str, check: Violations) -> dict[str, float]:
    """`a` or `a:0.7;b:0.3`."""
    if ";" not in text and ":" not in text:
        return {text: 1.0} if text else {}
    loads: dict[str, float] = {}
    for part in text.split(";"):
        concept, _, share = part.strip().rpartition(":")
        if not concept or concept in loads:
            check.add(where, text, 'must read "concept" or "concept:share;concept:share", each concept once')
            return {}
        loads[concept] = number(share, f"{where}[{concept}]", check)
    return loads
