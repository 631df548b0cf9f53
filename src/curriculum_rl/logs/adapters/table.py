"""Any table, CSV or Parquet, with a row for each answer; columns are recognised by name or given by role.

    curriculum-rl import --from table tries.csv --out log --column student=who --column answer=points --max-score 5

A time that is a number counts seconds: from 1970 where it is large enough to be a date, from the start of the
student's course or of the log otherwise.
"""

from curriculum_rl.logs.formats import Format
from curriculum_rl.logs.table import ALIASES

FORMAT = Format(
    columns={
        "student_id": ALIASES["student"],
        "seq": ("seq", *ALIASES["order"]),
        "activity_id": ("activity_id", "activity", *ALIASES["item"]),
        "response": ("response", *ALIASES["answer"]),
        "skills": ALIASES["skills"],
        "timestamp": ALIASES["time"],
        "episode_id": ("episode_id",),
        "course_id": ("course_id",),
        "duration_s": ALIASES["duration"],
        "event_type": ("event_type",),
        "attempt_no": ("attempt_no",),
        "hints": ("hints", "hint_count"),
        "n_trials": ("n_trials",),
        "n_correct": ("n_correct",),
        "offered": ("offered",),
        "goals": ("goals",),
        "eligible": ("eligible",),
        "propensity": ("propensity",),
        "logger_id": ("logger_id",),
        "reward": ("reward",),
        "terminated": ("terminated",),
        "truncated": ("truncated",),
        "end_reason": ("end_reason",),
    },
)
