"""Real logs, none of which travels with the package, become canonical logs; skipped where they are not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curriculum_rl.calibration.q_matrix import read_q_matrix
from curriculum_rl.logs.formats import ImportConfig
from curriculum_rl.logs.importing import Imported, import_log
from curriculum_rl.logs.store import open_log
from curriculum_rl.violations import InvalidInput

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("CURRICULUM_RL_DATA", ROOT.parent / "shared" / "data"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the logs are not here; set CURRICULUM_RL_DATA to their folder"),
]


def take(folder: Path, name: str, columns: dict[str, str] | None = None, **options: Any) -> Imported:
    skills = None
    if "q_matrix" in options:
        q = read_q_matrix(options["q_matrix"])
        skills = {item: tuple(q.concepts[k] for k in held) for item, held in q.skills.items()}
    settings: dict[str, Any] = {"groups": {}, **options}
    return import_log(ImportConfig("table", (DATA / name,), folder / "log", columns or {}, **settings), skills)


def rows(folder: Path) -> pa.Table:
    return pa.concat_tables(open_log(folder / "log").buckets())


def test_assistments09(tmp_path: Path) -> None:
    groups = {"split": "split"}
    found = take(tmp_path, "assistments09.parquet", groups=groups, q_matrix=DATA / "assistments09_qmatrix.npz")
    assert (found.manifest.rows, found.manifest.students, found.manifest.activities) == (278_336, 3_114, 17_708)
    assert found.manifest.order_only
    table = rows(tmp_path)
    source = pq.read_table(DATA / "assistments09.parquet").take(np.asarray(table["source_row"]) - 1)
    assert np.array_equal(np.asarray(table["response"]), np.asarray(source["correct"]))
    assert np.array_equal(np.asarray(table["seq"]), np.asarray(source["order"]))
    assert len({skill for skills in table["skills"].to_pylist() for skill in skills}) == 123
    pairs = set(zip(table["student_id"].to_pylist(), np.asarray(source["user_id"]).tolist(), strict=True))
    assert len(pairs) == 3_114


def test_algebra05(tmp_path: Path) -> None:
    found = take(tmp_path, "algebra05_test20.parquet", q_matrix=DATA / "algebra05_test20_qmatrix.npz")
    assert (found.manifest.rows, found.manifest.students) == (129_998 - found.counts.rejected, 114)
    assert found.counts.rejected < 1_300
    assert found.manifest.has("t_rel_s")


def test_glops(tmp_path: Path) -> None:
    columns = {"activity_id": "problem_set"}  # the items' own ids are stripped
    found = take(tmp_path, "assistments_glops_random_order.parquet", columns, by_rows=True)
    assert (found.counts.read, found.counts.accepted + found.counts.merged) == (70_668, 70_668)
    assert (found.manifest.students, found.manifest.activities) == (4_354, 42)


def test_latin_square(tmp_path: Path) -> None:
    columns = {"seq": "block_position"}
    with pytest.raises(InvalidInput, match="tie"):  # the order inside a block is unknown
        take(tmp_path, "spatial_rotation_latin_square.parquet", columns)
    groups = {"version": "test_version", "block": "block_id"}
    found = take(tmp_path, "spatial_rotation_latin_square.parquet", columns, by_rows=True, groups=groups)
    assert (found.manifest.rows, found.manifest.students, found.manifest.activities) == (17_500, 350, 50)
    table = rows(tmp_path)
    assert np.array_equal(np.asarray(table["seq"]), np.tile(np.arange(50), 350))
    first = table.filter(np.asarray(table["seq"]) == 0)["group_version"].value_counts().to_pylist()
    assert sorted(pair["counts"] for pair in first) == [62, 65, 74, 74, 75]
    assert found.manifest.has("duration_s")


def test_oulad(tmp_path: Path) -> None:
    columns = {
        "student_id": "id_student",
        "activity_id": "id_assessment",
        "response": "score",
        "timestamp": "date_submitted",
    }
    found = take(tmp_path, "oulad_student_assessment.parquet", columns, time_unit="d", max_score=100.0)
    assert found.counts.read == 173_912
    assert found.counts.accepted + found.counts.merged + found.counts.rejected == 173_912
    assert found.counts.rejected < 1_740
    assert found.manifest.rows - found.manifest.filled["response"] == 173


def test_tables_that_are_no_logs_of_answers(tmp_path: Path) -> None:
    for name, words in (
        ("oulad_student_info.parquet", "column activity_id: is missing"),
        ("junyi_exercise_prerequisites.csv.gz", "column student_id: is missing"),
        ("spatial_rotation_test_order.csv", "column response: is missing"),
        ("assistments09_qmatrix.npz", "ZIP archive"),
    ):
        with pytest.raises(InvalidInput, match=words):
            take(tmp_path, name)
    assert not (tmp_path / "log").exists()
