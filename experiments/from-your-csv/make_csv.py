"""A table of decisions such as a platform might export: python make_csv.py decisions.csv

2,000 simulated students do four activities each of `simulators/fractions`; a rule that explores with probability 1/2
chooses. The table says who, when, what, whether it was right, what else was open and how likely the choice was.
"""

from __future__ import annotations

import csv
import datetime
import sys

import pyarrow as pa

from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.record import Recording, record
from curriculum_rl.policies.load import load_policy
from curriculum_rl.studies.evaluate import find_objective
from curriculum_rl.world import load_world

HEADER = ("learner", "when", "exercise", "topics", "right", "seconds", "open", "chance", "points", "school")
BEGAN = datetime.datetime(2026, 9, 1, 8, tzinfo=datetime.UTC)


def main() -> None:
    """Writes the table."""
    how = Recording(horizon=4, explore=0.5)
    tables = record(
        load_world("fractions"), load_policy("mastery"), first(TEST, 2000), find_objective("mastery_gain"), how
    )
    rows = pa.concat_tables(tables).sort_by([("t_rel_s", "ascending"), ("student_id", "ascending")]).to_pylist()
    with open(sys.argv[1], "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for row in rows:
            when = BEGAN + datetime.timedelta(seconds=row["t_rel_s"] + row["seq"])
            right = "" if row["response"] is None else int(row["response"])
            lists = ";".join(row["skills"]), ";".join(row["eligible"])
            school = f"school {int(row['student_id']) % 3 + 1}"
            taken = f"{row['duration_s']:.1f}"
            cells = (f"L{row['student_id']}", when.isoformat(), row["activity_id"], lists[0], right, taken, lists[1])
            writer.writerow((*cells, row["propensity"], row["reward"], school))


if __name__ == "__main__":
    main()
