"""The page of an imported log says what it can answer, and shows no small group."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from curriculum_rl import cli
from curriculum_rl.logs.store import open_log
from curriculum_rl.logs.summary import Part, shown, summarise
from curriculum_rl.report.log_summary import answers, page
from tests.logs.imports import imported, rows

HEADER = "student,order,time,item,answer,skills,duration,class"


def content(students: int) -> str:
    lines = [
        f"s{s},{i},{86_400 * i * i + s},i{i % 3},{(s + i) % 2},k{i % 2},{i + 1},{'big' if s % 12 else '<b>small</b>'}"
        for s in range(students)
        for i in range(5)
    ]
    return "\n".join([HEADER, *lines]) + "\n"


def test_the_summary_counts_what_is_there(tmp_path: Path) -> None:
    imported(tmp_path, content(40), groups={"class": "class"})
    summary = summarise(open_log(tmp_path / "out"))
    table = rows(tmp_path)
    assert (summary.whole.rows, summary.whole.students, summary.whole.rate) == (200, 40, 0.5)
    assert summary.per_student.tolist() == [5] * 40
    for name, part in summary.skills.items():
        mine = [row for row in table if name in row["skills"]]
        assert part == Part(len(mine), 40, len(mine), sum(row["response"] for row in mine))
    assert {name: part.rows for name, part in summary.items.items()} == {"i0": 80, "i1": 80, "i2": 40}
    assert summary.groups["group_class"]["big"].students == 36
    assert summary.gaps.tolist() == [0, 0, 40, 120, 0]
    assert (summary.first, summary.last) == (0.0, 86_400 * 16 + 39)
    assert sorted(summary.durations) == sorted(row["duration_s"] for row in table)


def test_the_page_shows_no_group_that_is_small_or_could_be_told(tmp_path: Path) -> None:
    found = imported(tmp_path, content(40), groups={"class": "class"})
    html = page(found, summarise(open_log(tmp_path / "out")))
    assert "small&lt;" not in html
    assert ">big<" not in html  # else the total would tell the one that is left
    assert "None has 10 students or more" in html
    many = imported_again(tmp_path)
    assert ">big<" in many
    assert "&lt;b&gt;small&lt;/b&gt;" in many


def imported_again(tmp_path: Path) -> str:
    folder = tmp_path / "many"
    folder.mkdir()
    found = imported(folder, content(150), groups={"class": "class"})
    return page(found, summarise(open_log(folder / "out")))


def test_one_small_group_takes_the_next_with_it() -> None:
    parts = {"a": Part(9, 40), "b": Part(9, 20), "c": Part(9, 12), "d": Part(9, 3)}
    assert [name for name, _ in shown(parts, 10, 9)] == ["a", "b"]
    parts["e"] = Part(9, 2)
    assert [name for name, _ in shown(parts, 10, 9)] == ["a", "b", "c"]
    assert [name for name, _ in shown(parts, 10, 1)] == ["a"]


CHOICES = "student,order,item,answer,eligible,propensity,reward"


@pytest.mark.parametrize(
    ("header", "cells", "source", "verdict", "words"),
    [
        (CHOICES, "i,1,i;j,.5,1", "table", "yes", "known probability"),
        (CHOICES, "i,1,i;j,.5,", "table", "yes", "no reward"),
        (CHOICES, "i,1,i;j,1,1", "table", "no", "every logged choice was certain"),
        ("student,order,item,answer,eligible", "i,1,i;j", "table", "not by itself", "propensity"),
        ("student,order,item,answer", "i,1", "table", "not by itself", "eligible"),
        (
            "user_id,timestamp,lexeme_id,p_recall,session_seen,session_correct",
            "i,1,4,4",
            "duolingo",
            "no",
            "sums up several answers",
        ),
    ],
)
def test_whether_another_strategy_can_be_judged(
    tmp_path: Path, header: str, cells: str, source: str, verdict: str, words: str
) -> None:
    text = "\n".join([header, *(f"s{i % 5},{i},{cells}" for i in range(20))]) + "\n"
    found = imported(tmp_path, text, source)
    question, answer, why = answers(found.manifest, summarise(open_log(tmp_path / "out")))[-1]
    assert question == "Would another strategy have taught better?"
    assert (answer, words in why) == (verdict, True)


def test_of_a_probability_that_only_some_choices_have_it_is_said_how_many(tmp_path: Path) -> None:
    """A teacher stepped in once."""
    line = {"student_id": "s", "activity_id": "i", "eligible": ["i", "j"], "propensity": 0.5, "logger_id": "p"}
    lines = [line | {"event_id": f"e{i}", "timestamp": f"2026-01-01T00:00:{i:02}+00:00"} for i in range(20)]
    lines[3] |= {"propensity": None, "logger_id": "teacher"}
    found = imported(tmp_path, "".join(f"{json.dumps(line)}\n" for line in lines), "decisions", "log.jsonl")
    _, answer, why = answers(found.manifest, summarise(open_log(tmp_path / "out")))[-1]
    assert answer == "not by itself"
    assert "how likely each choice was (propensity, on 19 of 20 rows)" in why


def test_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "tries.csv", tmp_path / "log"
    file.write_text(content(30).replace("time", "zeit", 1))
    typed = ["import", "--from", "table", str(file), "--out", str(out), "--column", "time=zeit", "--group", "c=class"]
    assert cli.main(typed) == cli.DONE
    said = capsys.readouterr().out
    assert "150 rows of 30 students and 3 items" in said
    assert "Would another strategy have taught better? Not by itself" in said
    assert (out / "summary.html").read_text().startswith("<!doctype html>")
    assert len(np.concatenate([b["seq"] for b in open_log(out).buckets()])) == 150
    assert cli.main(typed) == cli.INVALID
    assert "is there already" in capsys.readouterr().err


def test_the_verb_s_exit_codes_for_bad_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tries.csv"
    file.write_text(content(30) + "s1,9,9,i,7,k,1,big\n")
    typed = ["import", "--from", "table", str(file), "--out", str(tmp_path / "log")]
    assert cli.main([*typed, "--reject-limit", "0"]) == 4
    assert "1 of 151 rows" in capsys.readouterr().err
    assert not (tmp_path / "log").exists()
    assert cli.main(typed) == 3
    assert "1 response: must be 0 to 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["--from", "moodle"], "must be one of assistments"),
        (["--from", "table", "--column", "colour=x"], "column = 'colour'"),
        (["--from", "table", "--column", "student"], "two names with = between"),
        (["--from", "table", "--group", "who=Email"], "no such column is written"),
        (["--from", "table", "--max-score", "0"], "max-score = 0.0"),
        (["--from", "table", "--reject-limit", "nan"], "reject-limit = nan"),
        (["--from", "table", "--memory-mb", "1"], "memory-mb = 1"),
    ],
)
def test_what_cannot_be_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], typed: list[str], words: str
) -> None:
    assert cli.main(["import", "x.csv", "--out", str(tmp_path / "log"), *typed]) == cli.INVALID
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err
