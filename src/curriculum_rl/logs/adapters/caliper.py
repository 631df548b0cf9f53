"""Caliper Analytics events, JSON lines: one event a line, or one envelope (`{"data": [...]}`) a line.

An AssessmentItemEvent (`Completed`, or `Submitted` as some senders say) is the answer: the student is `actor.id`,
written only as a pseudonym; the activity `object.id`; the course `group.id`; the duration that of
`generated.attempt`, ISO 8601. Whether it was right comes later, in the GradeEvent of the same attempt: `scoreGiven`
over `maxScore` of its `generated` Score. Other events, and grades of whole assessments, are left out.

Source: Caliper Analytics 1.2, https://www.imsglobal.org/spec/caliper/v1p2.
"""

from __future__ import annotations

from typing import Any

from curriculum_rl.logs.adapters.xapi import part, seconds
from curriculum_rl.logs.formats import Format


def event(item: dict[str, Any]) -> dict[str, Any] | str:
    """The roles of one event."""
    kind, action = part(item, "type"), part(item, "action")
    if kind == "GradeEvent":
        return _grade(item)
    if kind != "AssessmentItemEvent" or action not in ("Completed", "Submitted"):
        return "kind"
    attempt = part(item, "generated", "attempt")
    return {
        "student_id": _id(part(item, "actor")),
        "activity_id": _id(part(item, "object")),
        "event_id": _id(attempt),
        "timestamp": part(item, "eventTime"),
        "duration_s": seconds(part(attempt, "duration")),
        "attempt_no": part(attempt, "count"),
        "course_id": _id(part(item, "group")),
    }


def _grade(item: dict[str, Any]) -> dict[str, Any] | str:
    attempt, score = part(item, "object"), part(item, "generated")
    if part(attempt, "assignable", "type") not in (None, "AssessmentItem"):
        return "kind"
    given, most = part(score, "scoreGiven"), part(score, "maxScore")
    if not isinstance(given, int | float) or not isinstance(most, int | float) or most <= 0:
        return "response"
    return {"event_id": _id(attempt), "response": given / most, "late": True}


def _id(entity: Any) -> Any:
    """The id of an entity, which may stand for the entity itself."""
    return part(entity, "id") if isinstance(entity, dict) else entity


FORMAT = Format(
    columns={},
    event=event,
    inside="data",
    joins=True,
)
