"""EdNet KT1: a folder of files `u123.csv`, one for each student, and the answer key `questions.csv` beside it.

Columns: `timestamp` (milliseconds since 1970, when the question was given), `solving_id`, `question_id`,
`user_answer` (a to d), `elapsed_time` (milliseconds). The student is the name of the file. The key has `question_id`,
`correct_answer` and `tags` (skills, separated by semicolons; -1 is none).

    curriculum-rl import --from ednet KT1/ --answer-key contents/questions.csv --out log

Source: Choi et al. 2020, doi:10.1007/978-3-030-52240-7_13; https://github.com/riiid/ednet.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from curriculum_rl.logs.cells import Cells
from curriculum_rl.logs.formats import AnswerKey, Format


def prepare(cells: Cells, answers: Mapping[str, AnswerKey]) -> None:
    """Marks the answers."""
    items = cells.text["activity_id"].to_pylist()
    given = cells.text["given"].to_pylist()
    cells.refuse("activity_id", "answer_key", np.array([item not in answers for item in items], dtype=np.bool_))
    right = [
        "" if not answer.strip() or item not in answers else str(float(answers[item].answer == answer.strip()))
        for item, answer in zip(items, given, strict=True)
    ]
    cells.text["response"] = pa.array(right, pa.string())
    cells.lists["skills"] = [list(answers[item].skills) or None if item in answers else None for item in items]


FORMAT = Format(
    columns={
        "timestamp": ("timestamp",),
        "activity_id": ("question_id",),
        "given": ("user_answer",),
        "duration_s": ("elapsed_time",),
    },
    needed=("timestamp", "activity_id", "given"),
    time_unit="ms",
    duration_unit="ms",
    student_from_name=True,
    answer_key=True,
    prepare=prepare,
)
