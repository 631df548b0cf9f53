"""What a student did, from a file: to make a state again, or to ask why.

JSON lines, or CSV with a header; a row an event, in order:

    {"activity": "a17", "correct": 1, "elapsed_s": 95}

`elapsed_s` is the time from the decision for this activity to the next decision; where it is left out, `timestamp` (ISO
8601) tells it, and after the last event no time has gone by. `correct` is empty or null where the activity asks for no
answer. The names of the canonical log, `activity_id` and `response`, are read too.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from curriculum_rl.runner.runner import Event
from curriculum_rl.violations import InvalidInput, Violations

_NAMES = {
    "activity": ("activity", "activity_id"),
    "correct": ("correct", "response"),
    "elapsed_s": ("elapsed_s", "timestamp"),
}


def read_history(path: Path, activities: Sequence[str]) -> list[Event]:
    """The events of a file.

    Args:
        activities: ids, in the order of the catalogue.

    Raises:
        InvalidInput: every line that cannot be read.
    """
    check = Violations(str(path))
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = _csv(text, check) if path.suffix == ".csv" else _lines(text, check)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(str(path), [f"cannot be read: {error}"]) from None
    if missing := _missing([row for _, row in rows]):
        raise InvalidInput(str(path), [*missing, *check.found])
    found = events([row for _, row in rows], activities, [f"line {line}" for line, _ in rows], check)
    check.raise_all()
    return found


def events(
    rows: Sequence[Mapping[str, Any]], activities: Sequence[str], places: Sequence[str], check: Violations
) -> list[Event]:
    """The events of rows; what is wrong is noted by the place of its row."""
    index = {name: a for a, name in enumerate(activities)}
    found, times = [], [_time(row.get("timestamp"), place, check) for row, place in zip(rows, places, strict=True)]
    for i, (row, place) in enumerate(zip(rows, places, strict=True)):
        activity = _either(row, "activity")
        known = isinstance(activity, str) and activity in index
        check.that(known, f"{place}: activity = {activity!r:.80}: is none of the catalogue's")
        correct = _number(_either(row, "correct"), f"{place}: correct", 0.0, check, at_most=1.0)
        after = times[i + 1] if i + 1 < len(times) else times[i]
        between = None if times[i] is None or after is None else after - times[i]  # type: ignore[operator]
        given = row.get("elapsed_s")
        elapsed = _number(between if given in (None, "") else given, f"{place}: elapsed_s", 0.0, check)
        found.append(Event(index[activity] if known else 0, correct, elapsed))
    return found


def _missing(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What no row names: a misspelt name would pass for answers that were wrong, or for no time gone by."""
    if not rows:
        return ["holds no event. Leave --history out to ask about a student of whom nothing is known"]
    named = {name: None for row in rows for name in row if name}
    seen = f"{', '.join(named)!r:.80}"
    return [f"no row has `{a}` or `{b}`; there is: {seen}" for a, b in _NAMES.values() if not {a, b} & named.keys()]


def _csv(text: str, check: Violations) -> list[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(text.splitlines())
    found = []
    for row in reader:
        check.that(None not in row, f"line {reader.line_num}: has more cells than the header")
        found.append((reader.line_num, row))
    return found


def _lines(text: str, check: Violations) -> list[tuple[int, dict[str, Any]]]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            found.append((number, row))
        else:
            check.that(False, f"line {number}: is no JSON object")
    return found


def _either(row: Mapping[str, Any], name: str) -> Any:
    return next((row[key] for key in _NAMES[name] if row.get(key) not in (None, "")), None)


def _time(value: Any, place: str, check: Violations) -> float | None:
    if value in (None, ""):
        return None
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        check.that(False, f"{place}: timestamp: is no ISO 8601 date and time")
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _number(value: Any, name: str, default: float, check: Violations, at_most: float | None = None) -> float:
    """A number of at least 0; the default where there is none."""
    if value in (None, ""):
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    return number if check.number(name, number, at_least=0.0, at_most=at_most) else default
