"""The project's own log of decisions: JSON lines, a decision as it is made, and later what came of it.

    {"event_id": "e1", "student_id": "p7", "timestamp": "2026-11-21T10:00:00Z", "activity_id": "a42",
     "eligible": ["a3", "a42"], "propensity": 0.31, "logger_id": "sha256:..."}
    {"event_id": "e1", "response": 1, "reward": 0.7, "duration_s": 12.5}

A line with an `activity_id` is a decision, and may have any column of the canonical log; its order is `seq`, or the
`timestamp`. Any other line completes the decision of its `event_id`, before or after it in the file, once for each
column; where it names an activity as `done`, the student did that one instead of what was `offered`. The propensity
must be given; null is allowed only where no lot decided (`logger_id` is "teacher" or "platform"). A line without an
activity gives its `reason`: "no_eligible", or "deferred" until a line with the activity says that it was activated.
"""

from __future__ import annotations

from typing import Any

from curriculum_rl.logs.formats import Format
from curriculum_rl.logs.schema import GROUP, SCHEMA

_KNOWN = {*SCHEMA.names, "event_id"} - {"source_row", "t_rel_s"}


def event(line: dict[str, Any]) -> dict[str, Any] | str:
    """The columns of one line; unknown keys are left out."""
    roles = {role: value for role, value in line.items() if role in _KNOWN or role.startswith(GROUP)}
    if line.get("activity_id") is None and line.get("reason") == "no_eligible":
        return "kind"
    if line.get("activity_id") is None and line.get("reason") == "deferred":
        return {"event_id": line.get("event_id"), "student_id": line.get("student_id"), "late": True, "waits": True}
    if "activity_id" in line:
        return roles | {"late": False, "propensity": line.get("propensity")}
    return roles | {"late": True, "student_id": line.get("student_id"), "activity_id": line.get("done")}


FORMAT = Format(
    columns={},
    event=event,
    event_type="attempt",
    joins=True,
)
