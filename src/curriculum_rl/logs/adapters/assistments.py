"""ASSISTments 2009-10, `skill_builder_data.csv` and its kin: latin-1, one row for each answer and skill.

Columns used: `order_id` (chronological over the whole file), `user_id`, `problem_id`, `original` (1 a main problem, 0
a scaffolding question), `correct` (on the first attempt), `ms_first_response` (milliseconds), `hint_count`,
`skill_name` or `skill_id`, `tutor_mode` (tutor or test), `student_class_id`, `school_id`. A problem of several skills
has a row for each, with the same `order_id`: they become one row.

Source: https://sites.google.com/site/assistmentsdata (2009-2010 data, "How to interpret"); Feng, Heffernan & Koedinger
2009, doi:10.1007/s11257-009-9063-7.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curriculum_rl.logs.cells import Cells
from curriculum_rl.logs.formats import AnswerKey, Format


def prepare(cells: Cells, answers: Mapping[str, AnswerKey]) -> None:
    """Leaves scaffolding questions out, and tells tests from tutoring."""
    if "original" in cells.text:
        scaffold = pc.is_in(pc.utf8_trim_whitespace(cells.text["original"]), value_set=_ZERO)
        cells.refuse("original", "scaffold", np.asarray(scaffold).astype(np.bool_))
    if "mode" in cells.text:
        test = pc.equal(cells.text["mode"], "test")
        cells.text["event_type"] = pc.if_else(test, "test", "attempt")


_ZERO = pa.array(["0", "0.0"])

FORMAT = Format(
    columns={
        "student_id": ("user_id",),
        "seq": ("order_id",),
        "activity_id": ("problem_id",),
        "response": ("correct",),
        "original": ("original",),
        "mode": ("tutor_mode",),
        "duration_s": ("ms_first_response", "ms_first_response_time"),
        "hints": ("hint_count",),
        "skills": ("skill_name", "skill_id", "skill"),
        "group_class": ("student_class_id", "class_id"),
        "group_school": ("school_id",),
    },
    needed=("student_id", "seq", "activity_id", "response"),
    encoding="latin-1",
    duration_unit="ms",
    prepare=prepare,
    notes=("ASSISTments: only main problems; the answer is that of the first attempt.",),
)
