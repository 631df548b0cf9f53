"""Logs as they come: other names, bad rows, repeated rows, and files that are no log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from curriculum_rl.logs.fitting_log import FittingLog, read_log
from curriculum_rl.logs.manifest import About
from curriculum_rl.logs.store import write_log
from curriculum_rl.violations import InvalidInput

HEADER = "student,order,item,answer,skills"


def read(folder: Path, *rows: str, header: str = HEADER) -> FittingLog:
    path = folder / "log.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return read_log(path)


def test_tries_are_sorted_by_student_and_order_as_a_number(tmp_path: Path) -> None:
    log = read(tmp_path, "a,10,i,1,k", "b,1,i,0,k", "a,9,j,0,k")
    assert [log.students[s] for s in log.student] == ["a", "a", "b"]
    assert log.right.tolist() == [False, True, False]


def test_ids_stay_text(tmp_path: Path) -> None:
    log = read(tmp_path, "007,1,i,1,k", "7,1,i,1,k", " 7,1,i,1,k")
    assert log.students == ("007", "7", " 7")


def test_every_bad_row_is_counted_with_its_reason(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "a,1,i,1,k",
        "a,2,i,2,k",
        "a,inf,i,1,k",
        ",4,i,1,k",
        "a,5,i,1",
        "",
        "a,7,i,,k",
        "a,8,i,1,",
        "a,1,i,0,k",
        "a,1,i,1,k",
    )
    found = {(r.line, r.column, r.code) for r in log.rejects.found}
    assert found == {
        (3, "answer", "answer"),
        (4, "order", "order"),
        (5, "student", "missing"),
        (6, "", "cells"),
        (8, "answer", "missing"),
        (9, "skills", "missing"),
        (10, "answer", "conflict"),
    }
    counts = log.counts
    assert (counts.read, counts.accepted, counts.rejected, counts.merged) == (9, 1, 7, 1)


def test_rows_repeated_for_each_skill_are_one_try(tmp_path: Path) -> None:
    log = read(tmp_path, "a,1,i,1,k2", "a,1,i,1,k1", "a,2,j,0,k1~~k3")
    assert log.counts.merged == 1
    assert [log.skills[i] for i in log.item] == [("k1", "k2"), ("k1", "k3")]


def test_the_q_matrix_says_which_items_count(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("user_id,Order Id,problem-id,Correct\na,1,i,1\na,2,x,true\n")
    log = read_log(path, items_with_skills=frozenset({"i"}))
    assert [(r.line, r.column, r.code) for r in log.rejects.found] == [(3, "problem-id", "item")]


def test_parquet_with_numbers_nulls_and_lists(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    frame = pd.DataFrame(
        {
            "user_id": [1, 1, 2],
            "order": [0, 1, 0],
            "item_id": [5, 6, None],
            "correct": [True, False, True],
            "skill": [["a", "b"], ["a"], ["a"]],
        }
    )
    frame.to_parquet(path)
    log = read_log(path)
    assert log.students == ("1",)
    assert [log.skills[i] for i in log.item] == [("a", "b"), ("a",)]
    assert [(r.line, r.code) for r in log.rejects.found] == [(3, "missing")]


def test_a_split_keeps_whole_students_apart(tmp_path: Path) -> None:
    header = f"{HEADER},split"
    log = read(tmp_path, "a,1,i,1,k,train", "b,1,i,1,k,test", header=header)
    assert log.unseen is not None
    assert log.unseen.tolist() == [False, True]
    with pytest.raises(InvalidInput, match="divides 1 student"):
        read(tmp_path, "a,1,i,1,k,train", "a,2,i,1,k,test", header=header)


def test_all_missing_columns_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as error:
        read(tmp_path, "a,1", header="who,order")
    assert [line.split(":")[0] for line in error.value.violations] == [
        "column student",
        "column item",
        "column answer",
        "column skills",
    ]


def test_columns_can_be_mapped(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("who,when,what,well,why\na,1,i,1,k\n")
    mapping = {"student": "who", "order": "when", "item": "what", "answer": "well", "skills": "why"}
    assert read_log(path, mapping).counts.accepted == 1
    with pytest.raises(InvalidInput, match=r"columns\.answer = 'wel': no such column"):
        read_log(path, mapping | {"answer": "wel"})


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "no such file"),
        ("empty.csv", b"", "the file is empty"),
        ("header.csv", HEADER.encode() + b"\n", "no rows"),
        ("bad.csv", HEADER.encode() + b"\na,1,i,x,k\n", "none of its 1 rows can be used: rejected for 1 answer"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "this is no log"),
        ("prose.csv", b"Once upon a time there was no log at all.\n", "column student: is missing"),
        ("prose.parquet", b"Once upon a time", "no readable Parquet"),
    ],
)
def test_files_that_are_no_log(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput, match=words) as error:
        read_log(path)
    assert str(path) in str(error.value)


def test_times_that_can_be_used_are_kept_and_others_are_not_missed(tmp_path: Path) -> None:
    header = f"{HEADER},time"
    whole = read(tmp_path, "a,1,i,1,k,0", "a,2,i,0,k,86400", "b,1,i,1,k,0", header=header)
    assert whole.day is not None
    assert whole.day.tolist() == [0.0, 1.0, 0.0]
    for rows in (
        ("a,1,i,1,k,0", "a,2,i,0,k,"),  # one is missing
        ("a,1,i,1,k,5", "a,2,i,0,k,5"),  # all the same
        ("a,1,i,1,k,9", "a,2,i,0,k,5"),  # back in time
    ):
        found = read(tmp_path, *rows, header=header)
        assert found.day is None
        assert found.counts.accepted == 2


def test_durations_are_seconds(tmp_path: Path) -> None:
    header = f"{HEADER},latency_s"
    log = read(tmp_path, "a,1,i,1,k,30", "a,2,i,0,k,0", "a,3,i,0,k,?", "a,4,i,0,k,-3", "a,5,i,1,k,90", header=header)
    assert log.minutes is not None
    np.testing.assert_array_equal(log.minutes, [0.5, np.nan, np.nan, np.nan, 1.5])
    assert log.counts.accepted == 5
    assert read(tmp_path, "a,1,i,1,k,", header=header).minutes is None
    assert read(tmp_path, "a,1,i,1,k").minutes is None
    for milliseconds in ("31000", "0.031"):
        with pytest.raises(InvalidInput, match=r"median try would take .* `curriculum-rl import --duration-unit`"):
            read(tmp_path, f"a,1,i,1,k,{milliseconds}", header=header)


def test_times_in_milliseconds_are_no_seconds(tmp_path: Path) -> None:
    rows = [f"a,{t},i,1,k,{1_700_000_000_000 + 1000 * t}" for t in range(3)]
    with pytest.raises(InvalidInput, match=r"past the year 5000; .* `curriculum-rl import --time-unit`"):
        read(tmp_path, *rows, header=f"{HEADER},time")


def canonical(folder: Path, **columns: list[object]) -> Path:
    """A log of two students, four rows, one of them a lesson."""
    rows: dict[str, list[object]] = {
        "student_id": ["007", "007", "7", "007"],
        "seq": [1, 2, 1, 5],
        "activity_id": ["i", "j", "i", "i"],
        "response": [1.0, 0.0, 1.0, None],
        "skills": [["k"], ["k", "m"], ["k"], ["k"]],
        "event_type": ["attempt", "attempt", "attempt", "lesson"],
    }
    write_log(folder, [pa.table(rows | columns)], About(source="made for a test"))
    return folder


def test_a_canonical_log_is_read_as_it_is(tmp_path: Path) -> None:
    log = read_log(canonical(tmp_path / "log", duration_s=[30.0, None, 90.0, 5.0], t_rel_s=[0.0, 86400.0, 0.0, 9e5]))
    assert (log.students, log.items) == (("007", "7"), ("i", "j"))
    assert log.skills == (("k",), ("k", "m"))
    assert log.right.tolist() == [True, False, True]
    assert log.counts.read == log.counts.accepted == 3
    assert log.minutes is not None
    np.testing.assert_array_equal(log.minutes, [0.5, np.nan, 1.5])
    assert log.day is not None
    assert log.day.tolist() == [0.0, 1.0, 0.0]


def test_dates_of_a_canonical_log(tmp_path: Path) -> None:
    when = [datetime(2024, 2, day, 12, tzinfo=UTC) for day in (1, 3, 1, 9)]
    log = read_log(canonical(tmp_path / "log", timestamp=list(when)))
    assert log.day is not None
    assert np.diff(log.day[:2]).tolist() == [2.0]


def test_partial_credit_is_rejected_row_by_row(tmp_path: Path) -> None:
    log = read_log(canonical(tmp_path / "log", response=[1.0, 0.5, 0.0, None]))
    assert [(r.line, r.column, r.code) for r in log.rejects.found] == [(2, "response", "answer")]


def test_a_canonical_log_without_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no row has an answer"):
        read_log(canonical(tmp_path / "unanswered", response=[None] * 4))
    bare = canonical(tmp_path / "bare", skills=[None] * 4)
    with pytest.raises(InvalidInput, match="no row names a skill"):
        read_log(bare)
    assert read_log(bare, items_with_skills=frozenset({"i", "j"})).counts.accepted == 3
    with pytest.raises(InvalidInput, match="names its own"):
        read_log(bare, {"item": "activity_id"})
    with pytest.raises(InvalidInput, match="column time: is missing"):
        read_log(bare, items_with_skills=frozenset({"i", "j"}), timed=True)
