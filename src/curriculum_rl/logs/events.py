"""JSON lines, one event or one list of events a line, as blocks of cells of text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import numpy as np
import pyarrow as pa

from curriculum_rl.logs.cells import Cells
from curriculum_rl.logs.formats import Event, Format, ImportConfig
from curriculum_rl.logs.lines import good_lines
from curriculum_rl.logs.sources import Source, blocks
from curriculum_rl.logs.tally import Tally
from curriculum_rl.violations import InvalidInput

_ROWS: Final = 20_000
_LISTS: Final = ("skills", "goals", "eligible")
_TEXT: Final = ("student_id", "activity_id", "offered", "episode_id", "course_id", "logger_id", "event_id")


def event_cells(source: Source, format_: Format, config: ImportConfig, tally: Tally) -> Iterator[Cells]:
    """The events of one file, some thousands at a time.

    Raises:
        InvalidInput: the file holds no JSON lines.
    """
    if source.kind == "parquet":
        raise InvalidInput(source.name, ["is Parquet; JSON lines were expected, one object a line"])
    before = tally.read
    rows: list[tuple[int, dict[str, Any]]] = []
    for first, block in blocks(source):
        _refuse_one_document(source, first, block)
        lines = good_lines(block, first, source.number, config.encoding or format_.encoding, False, tally)
        for number, line in zip(lines.numbers.tolist(), lines.text.split(b"\n"), strict=False):
            rows.extend((number, row) for row in _events(line, number, source.number, format_, tally))
            if len(rows) >= _ROWS:
                yield _cells(rows, source.number, tally)
                rows = []
    if rows:
        yield _cells(rows, source.number, tally)
    if tally.read == before:
        raise InvalidInput(source.name, ["the file has no events"])


def _refuse_one_document(source: Source, first: int, block: bytes) -> None:
    begins = block.lstrip()
    if first == 1 and (begins[:1] == b"[" or begins.split(b"\n", 1)[0].strip() == b"{"):
        remedy = "write one object a line, as by `jq -c '.[]' FILE` (a list) or `jq -c . FILE`"
        raise InvalidInput(source.name, [f"is one JSON document, and JSON lines were expected; {remedy}"])


def _events(line: bytes, number: int, file: int, format_: Format, tally: Tally) -> Iterator[dict[str, Any]]:
    """What one line says; faults are rejected."""
    try:
        item = json.loads(line, parse_constant=_no_number)
        if b"\\u" in line:
            json.dumps(item, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError):
        tally.reject(file, [number], "", "json")
        return
    items = [item]
    if format_.inside and isinstance(item, dict) and isinstance(item.get(format_.inside), list):
        items = item[format_.inside]
        tally.read += len(items) - 1  # the line was counted as one row
    assert format_.event is not None
    for one in items:
        found = _read(one, format_.event)
        if isinstance(found, dict):
            yield found
        else:
            tally.reject(file, [number], *found)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _read(item: Any, event: Event) -> dict[str, Any] | tuple[str, str]:
    """Roles of one event, or the column at fault and why."""
    if not isinstance(item, dict):
        return "", "json"
    found = event(item)
    if isinstance(found, str):
        return "", found
    for role, value in found.items():
        if role in _LISTS:
            if value is not None and not (isinstance(value, list) and set(map(type, value)) <= {str}):
                return role, "list"
        elif role in _TEXT or role.startswith("group_"):
            if not isinstance(value, str | None):
                return role, "id"
        elif not isinstance(value, str | int | float | None):
            return role, "number"
    return found


def _cells(rows: list[tuple[int, dict[str, Any]]], file: int, tally: Tally) -> Cells:
    """Events as cells: numbers as text, so that one set of rules reads every source."""
    roles = dict.fromkeys(["student_id", *(role for _, row in rows for role in row)])
    columns = {role: [row.get(role) for _, row in rows] for role in roles}
    lists: dict[str, list[Any]] = {role: columns.pop(role) for role in _LISTS if role in columns}
    text = {role: pa.array([_as_text(value) for value in column], pa.string()) for role, column in columns.items()}
    lines = np.array([number for number, _ in rows], dtype=np.int64)
    return Cells(text, lists, {}, lines, file, tally)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
