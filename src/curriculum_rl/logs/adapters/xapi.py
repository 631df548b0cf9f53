"""xAPI statements, JSON lines: one statement a line, or one StatementResult (`{"statements": [...]}`) a line.

The student is `actor.account` (home page and name), else the hash or address that identifies the actor; it is
written only as a pseudonym, and name and address of the actor are dropped. The activity is `object.id`. The answer is
`result.success`, else `result.score.scaled` (0 to 1), else `raw` over `max`. The duration is ISO 8601
(`result.duration`), the time `timestamp`, else `stored`. A statement without an answer is a lesson if its verb says
that something was experienced or completed, and is left out otherwise. A voided statement is left out.

Source: xAPI 1.0.3, https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Data.md; IEEE 9274.1.1-2023.
"""

from __future__ import annotations

import re
from typing import Any, Final

from curriculum_rl.logs.formats import Format

_LESSONS: Final = frozenset(["experienced", "completed", "progressed", "viewed", "watched", "read", "interacted"])
_DURATION: Final = re.compile(
    r"P(?:(?P<d>[0-9.]+)D)?(?:T(?:(?P<h>[0-9.]+)H)?(?:(?P<m>[0-9.]+)M)?(?:(?P<s>[0-9.]+)S)?)?"
)


def seconds(duration: Any) -> str | None:
    """Seconds of an ISO 8601 duration of days or less, as text; what is none stays as it is, to be rejected."""
    if not isinstance(duration, str):
        return None
    found = _DURATION.fullmatch(duration)
    if not found or not any(found.groups()):
        return duration
    try:
        parts = {unit: float(number or 0.0) for unit, number in found.groupdict().items()}
    except ValueError:
        return duration
    return repr(86_400.0 * parts["d"] + 3_600.0 * parts["h"] + 60.0 * parts["m"] + parts["s"])


def part(value: Any, *keys: str) -> Any:
    """What is inside an object under these keys; None where there is nothing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def event(statement: dict[str, Any]) -> dict[str, Any] | str:
    """The roles of one statement."""
    verb = part(statement, "verb", "id")
    verb = verb.rstrip("/").rsplit("/", 1)[-1] if isinstance(verb, str) else ""
    if verb == "voided":
        return {"event_id": part(statement, "object", "id"), "void": True, "late": True}
    if part(statement, "object", "objectType") not in (None, "Activity"):
        return "kind"
    answer = _answer(part(statement, "result"))
    if answer is None and verb not in _LESSONS:
        return "kind"
    return {
        "student_id": _identity(part(statement, "actor")),
        "activity_id": part(statement, "object", "id"),
        "event_id": part(statement, "id"),
        "response": answer,
        "duration_s": seconds(part(statement, "result", "duration")),
        "timestamp": part(statement, "timestamp") or part(statement, "stored"),
        "event_type": "lesson" if answer is None else "attempt",
        "course_id": _course(statement),
    }


def _identity(actor: Any) -> str | None:
    """What tells this actor from others; a pseudonym is made of it."""
    account = part(actor, "account")
    if isinstance(part(account, "name"), str):
        return f"{part(account, 'homePage')} {part(account, 'name')}"
    return next((v for k in ("mbox_sha1sum", "mbox", "openid") if isinstance(v := part(actor, k), str)), None)


def _answer(result: Any) -> Any:
    for found in (part(result, "success"), part(result, "score", "scaled")):
        if found is not None:
            return found
    raw, most = part(result, "score", "raw"), part(result, "score", "max")
    return raw / most if isinstance(raw, int | float) and isinstance(most, int | float) and most > 0 else None


def _course(statement: dict[str, Any]) -> Any:
    for place in ("grouping", "parent"):
        among = part(statement, "context", "contextActivities", place)
        first = among[0] if isinstance(among, list) and among else among
        if part(first, "id") is not None:
            return part(first, "id")
    return None


FORMAT = Format(
    columns={},
    event=event,
    inside="statements",
    joins=True,
)
