"""The canonical log: what is written is what is read, whatever the order and the memory; what is damaged is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curriculum_rl.logs.manifest import About
from curriculum_rl.logs.schema import SCHEMA, schema
from curriculum_rl.logs.store import open_log, write_log
from curriculum_rl.violations import InvalidInput


def rows(n: int = 3000, students: int = 70) -> pa.Table:
    rng = np.random.default_rng(3)
    student = rng.integers(0, students, n)
    seq = np.arange(n)
    activity = rng.integers(0, 9, n)
    return pa.table(
        {
            "student_id": [f"s{i}" for i in student],
            "seq": seq,
            "activity_id": [f"a{i}" for i in activity],
            "response": rng.integers(0, 2, n).astype(float),
            "eligible": [[f"a{i}" for i in range(9)]] * n,
            "propensity": np.full(n, 1 / 9),
            "group_class": [f"c{i % 3}" for i in student],
            "source_row": seq + 1,
        }
    )


def shuffled(table: pa.Table) -> list[pa.Table]:
    table = table.take(np.random.default_rng(5).permutation(table.num_rows))
    return [table.slice(start, 700) for start in range(0, table.num_rows, 700)]


@pytest.mark.parametrize("memory", [10_000_000, 2_500_000])
def test_what_is_written_is_read_sorted_with_each_student_in_one_bucket(tmp_path: Path, memory: int) -> None:
    table = rows()
    manifest = write_log(tmp_path / "log", shuffled(table), About("test"), memory_bytes=memory)
    log = open_log(tmp_path / "log")
    assert log.manifest == manifest
    buckets = list(log.buckets())
    assert (len(buckets) > 1) == (memory < 10_000_000)
    seen = [set(bucket["student_id"].to_pylist()) for bucket in buckets]
    assert len(set().union(*seen)) == sum(map(len, seen)) == manifest.students == 70
    for bucket in buckets:
        keys = list(zip(bucket["student_id"].to_pylist(), bucket["seq"].to_pylist(), strict=True))
        assert keys == sorted(keys)
        assert bucket.schema.names == schema(["class"]).names
    back = pa.concat_tables(buckets).sort_by("source_row")
    for name in table.column_names:
        assert back[name].to_pylist() == table[name].to_pylist(), name
    assert (manifest.rows, manifest.activities, manifest.groups) == (3000, 9, ("group_class",))
    assert manifest.propensity
    assert manifest.eligible
    assert manifest.order_only
    assert not manifest.reward


def test_the_bytes_do_not_depend_on_the_order_of_the_rows(tmp_path: Path) -> None:
    once = write_log(tmp_path / "a", [rows()], About("test"))
    again = write_log(tmp_path / "b", shuffled(rows()), About("test"))
    assert once.digests == again.digests


def test_sql_over_all_buckets(tmp_path: Path) -> None:
    write_log(tmp_path / "log", [rows()], About("test"), memory_bytes=2_500_000)
    log = open_log(tmp_path / "log")
    assert log.sql("select count(*) as n, sum(response) as r from log").to_pylist() == [
        {"n": 3000, "r": float(np.asarray(rows()["response"]).sum())}
    ]
    assert next(log.buckets(["seq"])).column_names == ["seq"]
    with pytest.raises(InvalidInput, match="no column of this log"):
        next(log.buckets(["colour"]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seq": 1}, "must rise"),
        ({"response": 1.5}, "column response"),
        ({"response": float("nan")}, "column response"),
        ({"propensity": 0.0}, "column propensity"),
        ({"propensity": 1.01}, "column propensity"),
        ({"duration_s": -1.0}, "column duration_s"),
        ({"eligible": ["b", "c"]}, "must hold the logged activity"),
        ({"eligible": []}, "must hold the logged activity"),
        ({"n_trials": 2, "n_correct": 3}, "column n_correct"),
        ({"event_type": "quiz"}, "attempt, hint, lesson"),
        ({"end_reason": "boredom"}, "mastery, dropout"),
        ({"reward": float("inf")}, "column reward"),
        ({"student_id": None}, "student_id: is missing"),
        ({"activity_id": ""}, "activity_id: is missing"),
        ({"colour": "red"}, "no column of the canonical log"),
        ({"seq": "later"}, "cannot be read as int64"),
    ],
)
def test_rows_that_break_a_rule_are_refused_and_nothing_is_left(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    good = {"student_id": "secret", "seq": 1, "activity_id": "a", "eligible": ["b", "a"], "propensity": 1e-300}
    bad = {**good, "seq": 2, **change}
    # What fits no schema is given as it is, alone.
    fits = change.keys() <= set(SCHEMA.names) and change.get("seq") != "later"
    table = pa.Table.from_pylist([good, bad], schema=SCHEMA) if fits else pa.Table.from_pylist([bad])
    with pytest.raises(InvalidInput, match=words) as caught:
        write_log(tmp_path / "log", [table], About("test"))
    assert "secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_kept(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is there already"):
        write_log(tmp_path, [rows()], About("test"))
    with pytest.raises(InvalidInput, match="no row to write"):
        write_log(tmp_path / "log", [], About("test"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_log(tmp_path / "log", [rows()], About("test"))
    return tmp_path / "log"


def test_every_flipped_byte_and_every_lost_file_is_seen(folder: Path) -> None:
    bucket = folder / "students-000.parquet"
    whole = bucket.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 20)):
        bucket.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InvalidInput, match="digest differs"):
            open_log(folder)
    bucket.unlink()
    with pytest.raises(InvalidInput, match="is missing"):
        open_log(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "something else"}, "this reads"),
        ({"version": 2}, "this reads"),
        ({"digests": {"../other.parquet": "0"}}, "is damaged"),
        ({"about": 3}, "is damaged"),
        ({"about": {"source": "", "world": 7, "notes": []}}, "is damaged"),
        ({"rows": "x"}, "is damaged"),
        ({"filled": {"reward": "a"}}, "is damaged"),
    ],
)
def test_foreign_manifests_are_refused(folder: Path, change: dict[str, object], words: str) -> None:
    path = folder / "log.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InvalidInput, match=words):
        open_log(folder)


def test_folders_that_hold_no_log(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(InvalidInput, match="no such folder"):
        open_log(tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match=r"no log\.json"):
        open_log(tmp_path)
    (folder / "log.json").write_text("[" * 100_000)
    with pytest.raises(InvalidInput, match="is damaged"):
        open_log(folder)
