"""Logs as they come: other names, bad rows, repeated rows, and files that are no log."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from curriculum_rl.logs.fitting_log import FittingLog, read_log
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
