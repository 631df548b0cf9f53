"""Hostile input: every row is accepted, merged, or rejected with its reason; a file is read whole or not at all."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curriculum_rl.logs import sources
from curriculum_rl.logs.rejects import OverRejectLimit
from curriculum_rl.violations import InvalidInput
from tests.logs.imports import HEADER, imported, imported_files, rejects, rows

GOOD = ["a,1,i,1,k", "a,2,j,0,k", "b,1,i,0,k;l"]


def text(*lines: str, header: str = HEADER, end: str = "\n") -> str:
    return end.join([header, *lines]) + end


def what(folder: Path) -> list[tuple[int, str, float, list[str]]]:
    found = [(row["seq"], row["activity_id"], row["response"], row["skills"]) for row in rows(folder)]
    return sorted(found)


EXPECTED = sorted([(1, "i", 1.0, ["k"]), (2, "j", 0.0, ["k"]), (1, "i", 0.0, ["k", "l"])])


@pytest.mark.parametrize(
    "content",
    [
        text(*GOOD).encode(),
        b"\xef\xbb\xbf" + text(*GOOD).encode(),
        text(*GOOD, end="\r\n").encode(),
        text(*GOOD).encode().rstrip(b"\n"),
        text(*GOOD).replace(";", "~~").replace(",", ";").encode(),
        text(*GOOD).replace(",", "\t").encode(),
        text(*GOOD).replace(",", "|").replace(";", "~~").encode(),
        gzip.compress(text(*GOOD).encode(), mtime=0),
        text(GOOD[0], "", GOOD[2], "", GOOD[1]).encode(),
        text('"a","1","i","1","k"', *GOOD[1:]).encode(),
        text(*GOOD, header="student_id,seq,activity_id,response,skills").encode(),
    ],
    ids=[
        "plain",
        "bom",
        "crlf",
        "no last newline",
        "semicolons",
        "tabs",
        "bars",
        "gzip",
        "blanks, unordered",
        "quoted",
        "the log's own names",
    ],
)
def test_the_same_log_in_other_clothes(tmp_path: Path, content: bytes) -> None:
    found = imported(tmp_path, content)
    assert (found.counts.read, found.counts.accepted, found.rejects) == (3, 3, {})
    assert what(tmp_path) == EXPECTED


def test_blocks_of_any_size_give_the_same_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = text(*(f"s{i % 7},{i},i{i % 5},{i % 2},k" for i in range(200)), '"x,1,i,1,k')
    logs = []
    for block in (1, 13, 1000, 1 << 20):
        monkeypatch.setattr(sources, "BLOCK", block)
        folder = tmp_path / str(block)
        folder.mkdir()
        imported(folder, content, key=tmp_path / "key")
        assert rejects(folder) == [(202, "", "quote")]
        logs.append(rows(folder))
    assert all(log == logs[0] for log in logs[1:])


BAD = {
    "a,3,i,1": ("", "cells"),
    "a,3,i,1,k,z": ("", "cells"),
    '"a,3,i,1,k': ("", "quote"),
    'x"y,"z,i,1,k': ("", "quote"),
    'a,3,i,x"1,"k': ("", "quote"),
    "a,3,i\0,1,k": ("", "control"),
    "a,3,i\r,1,k": ("", "control"),
    "a,3,i,1," + "k" * (1 << 20): ("", "long"),
    ",3,i,1,k": ("student", "missing"),
    "a,,i,1,k": ("order", "missing"),
    "a,3,  ,1,k": ("item", "missing"),
    "a,three,i,1,k": ("order", "order"),
    "a,3.5,i,1,k": ("order", "order"),
    "a,inf,i,1,k": ("order", "order"),
    "a,1e300,i,1,k": ("order", "order"),
    "a,3,i,2,k": ("answer", "response"),
    "a,3,i,-1,k": ("answer", "response"),
    "a,3,i,perhaps,k": ("answer", "response"),
    "a,2,i,1,k": ("seq", "tie"),
}


@pytest.mark.parametrize("line", BAD, ids=lambda line: repr(line[:20]))
def test_a_bad_row_is_rejected_with_its_reason_and_its_neighbours_are_not(tmp_path: Path, line: str) -> None:
    found = imported(tmp_path, text(GOOD[0], GOOD[1], line, GOOD[2]))
    column, code = BAD[line]
    place = 3 if code == "tie" else 4  # of two items in one place, the one that sorts second
    assert rejects(tmp_path) in ([(4, column, code)], [(place, column, code)])
    assert found.counts.accepted == 3
    if code != "tie":
        assert what(tmp_path) == EXPECTED


def test_a_quote_that_is_not_closed_on_the_last_line(tmp_path: Path) -> None:
    imported(tmp_path, text(*GOOD, 'a,3,i,x"1,"k'))
    assert rejects(tmp_path) == [(5, "", "quote")]
    assert what(tmp_path) == EXPECTED


def test_latin_1_in_the_middle_of_utf_8(tmp_path: Path) -> None:
    lines = [f"é{i},1,ü,1,k".encode() for i in range(50)]
    lines[20] = "é,1,ü,1,k".encode("latin-1")
    found = imported(tmp_path, b"\n".join([HEADER.encode(), *lines]) + b"\n")
    assert rejects(tmp_path) == [(22, "", "encoding")]
    assert found.counts.accepted == 49
    assert {row["activity_id"] for row in rows(tmp_path)} == {"ü"}


def test_a_latin_1_file_that_is_said_to_be_one(tmp_path: Path) -> None:
    imported(tmp_path, text("é,1,ü,1,k").encode("latin-1"), encoding="latin-1")
    assert rows(tmp_path)[0]["activity_id"] == "ü"


@pytest.mark.slow
def test_an_unclosed_quote_in_row_2_of_a_million_costs_that_row_alone(tmp_path: Path) -> None:
    lines = [f"s{i % 999},{i},i{i % 50},{i % 2},k" for i in range(1_000_000)]
    lines[1] = 's1,1,"i1,1,k'
    found = imported(tmp_path, text(*lines))
    assert rejects(tmp_path) == [(3, "", "quote")]
    assert found.counts.accepted == 999_999


def test_ids_are_never_merged(tmp_path: Path) -> None:
    found = imported(tmp_path, text("007,1,i,1,k", "7,1,i,0,k", " 7,1,i,1,k", '" 7",2, i,1,k', "7,2,i ,1,k"))
    assert found.manifest.students == 3
    assert {row["activity_id"] for row in rows(tmp_path)} == {"i", " i", "i "}
    assert not {"007", "7", " 7"} & {row["student_id"] for row in rows(tmp_path)}


def test_ids_of_any_parquet_type_are_text(tmp_path: Path) -> None:
    table = pa.table(
        {"student": pa.array([7, 7, 10]), "order": [2, 1, 1], "item": ["i", "i", "j"], "answer": [1, 0, 1]}
    )
    pq.write_table(table, tmp_path / "log.bin")
    found = imported_files(tmp_path, [tmp_path / "log.bin"])
    assert (found.manifest.students, found.unordered) == (2, 1)
    assert sorted(row["source_row"] for row in rows(tmp_path)) == [1, 2, 3]


def test_events_out_of_order_are_sorted_and_counted(tmp_path: Path) -> None:
    found = imported(tmp_path, text("a,3,i,1,k", "a,1,j,0,k", "b,1,i,0,k", "a,2,l,1,k"))
    assert [row["activity_id"] for row in rows(tmp_path) if row["skills"] and row["source_row"] != 4] == ["j", "l", "i"]
    assert found.unordered == 1


def test_repeats_that_agree_are_merged_and_others_rejected(tmp_path: Path) -> None:
    found = imported(
        tmp_path,
        text("a,1,i,1,k", "a,1,i,1,m", "a,1,i,1,k", "a,1,i,0,k", "a,2,i,1,k", "b,1,i,1,"),
    )
    assert (found.counts.merged, found.rejects) == (2, {"differs": 1})
    assert rejects(tmp_path) == [(5, "seq", "differs")]
    assert sorted(tuple(row.get("skills", ())) for row in rows(tmp_path)) == [(), ("k",), ("k", "m")]


def test_rows_in_order_where_nothing_else_tells(tmp_path: Path) -> None:
    content = text("a,i,1,k", "a,i,1,k", "a,h,0,k", header="student,item,answer,skills")
    with pytest.raises(InvalidInput, match="column order, or time: is missing"):
        imported(tmp_path, content)
    found = imported(tmp_path, content, by_rows=True)
    assert [(row["seq"], row["activity_id"]) for row in rows(tmp_path)] == [(0, "i"), (1, "i"), (2, "h")]
    assert found.counts.merged == 0
    assert "order of the source" in found.manifest.about.notes[0]


def test_ties_keep_the_order_of_rows_if_that_is_said(tmp_path: Path) -> None:
    imported(tmp_path, text("a,2,i,1,k", "a,1,z,0,k", "a,1,b,0,k"), by_rows=True)
    assert [(row["seq"], row["activity_id"]) for row in rows(tmp_path)] == [(0, "z"), (1, "b"), (2, "i")]


TIMED = "student,time,item,answer"


@pytest.mark.parametrize(
    ("times", "options", "expected"),
    [
        (("2020-01-01T00:00:01Z", "2020-01-01 01:00:00+01:00"), {}, [0.0, 1.0]),
        (("1577836801", "1577836800"), {}, [0.0, 1.0]),
        (("1577836801000", "1577836800000"), {"time_unit": "ms"}, [0.0, 1.0]),
        (("2020-01-01T00:00:00.000001", "2020-01-01"), {}, [0.0, 1e-6]),
    ],
)
def test_times_as_dates(tmp_path: Path, times: tuple[str, str], options: dict[str, str], expected: list[float]) -> None:
    imported(tmp_path, text(*(f"a,{t},i{n},1" for n, t in enumerate(times)), header=TIMED), **options)
    found = [row["timestamp"].timestamp() - 1577836800 for row in rows(tmp_path)]
    assert found == pytest.approx(expected, abs=1e-7)
    assert [row["seq"] for row in rows(tmp_path)] == [0, 1]


def test_times_from_the_start_of_a_course_stay_seconds(tmp_path: Path) -> None:
    imported(tmp_path, text("a,90,i,1", "a,30.5,j,1", header=TIMED))
    assert [row["t_rel_s"] for row in rows(tmp_path)] == [30.5, 90.0]


def test_times_that_are_all_the_same_are_none(tmp_path: Path) -> None:
    found = imported(tmp_path, text("a,1,0,i,1", "a,2,0,j,1", header="student,order,time,item,answer"))
    assert found.manifest.order_only


def test_a_time_that_turns_back_is_rejected(tmp_path: Path) -> None:
    header = "student,order,time,item,answer"
    imported(tmp_path, text("a,1,100,i,1", "a,2,90,j,1", "a,3,100,k,1", "b,1,5,i,1", header=header))
    assert rejects(tmp_path) == [(3, "timestamp", "time")]


def test_what_is_no_time_is_rejected(tmp_path: Path) -> None:
    imported(tmp_path, text("a,yesterday,i,1", "a,5,j,1", "a,1e400,k,1", "a,,k,1", header=TIMED))
    assert rejects(tmp_path) == [(2, "time", "time"), (4, "time", "time"), (5, "time", "missing")]


LONG = "student,order,item,answer,duration"


@pytest.mark.parametrize(
    ("header", "cells", "words"),
    [
        (LONG, "1,1500", "--duration-unit ms"),
        (LONG, "1,.004", "--duration-unit s"),
        ("student,order,item,answer,time", "1,1577836801000", "--time-unit ms"),
        ("student,order,item,answer,time", "1,1577836801000000", "--time-unit us"),
    ],
)
def test_implausible_units_are_refused_with_the_remedy(tmp_path: Path, header: str, cells: str, words: str) -> None:
    content = text(*(f"a,{i},i,{cells}" for i in range(5)), header=header)
    with pytest.raises(InvalidInput, match=words):
        imported(tmp_path, content)
    assert not (tmp_path / "out").exists()


def test_a_unit_that_is_named_is_believed(tmp_path: Path) -> None:
    imported(tmp_path, text("a,1,i,1,1500", header=LONG), duration_unit="s")
    assert rows(tmp_path)[0]["duration_s"] == 1500.0


def test_durations(tmp_path: Path) -> None:
    imported(tmp_path, text("a,1,i,1,-2", "a,2,i,1,7", "a,3,i,1,NA", "a,4,i,1,soon", header=LONG))
    assert rejects(tmp_path) == [(2, "duration", "duration"), (5, "duration", "duration")]
    assert [row.get("duration_s") for row in rows(tmp_path)] == [7.0, None]


def test_propensities(tmp_path: Path) -> None:
    header = "student,order,item,answer,propensity,eligible"
    cells = ["0,i;j", "1e-300,i;j", "1.01,i;j", ",i;j", "nan,i;j", "maybe,i;j", ".5,j;k", ".5,j;i", "1,i", "1e-9,i;j"]
    found = imported(tmp_path, text(*(f"a,{n},i,1,{cell}" for n, cell in enumerate(cells)), header=header))
    assert found.rejects == {"propensity": 6, "eligible": 1}
    assert [line for line, _, _ in rejects(tmp_path)] == [2, 3, 4, 5, 6, 7, 8]
    assert [row["propensity"] for row in rows(tmp_path)] == [0.5, 1.0, 1e-9]
    assert rows(tmp_path)[0]["eligible"] == ["j", "i"]


def test_other_columns(tmp_path: Path) -> None:
    header = "student,order,item,answer,event_type,attempt_no,n_trials,n_correct,terminated,end_reason,reward"
    good = "a,1,i,.5,Review,1,4,3,true,dropout,-2.5"
    bad = {
        "a,2,i,1,quiz,1,4,3,true,dropout,1": "event_type",
        "a,3,i,1,test,-1,4,3,true,dropout,1": "count",
        "a,4,i,1,test,1,4,5,true,dropout,1": "trials",
        "a,5,i,1,test,1,4,3,maybe,dropout,1": "boolean",
        "a,6,i,1,test,1,4,3,true,boredom,1": "end_reason",
        "a,7,i,1,test,1,4,3,true,,inf": "number",
        "a,8,i,1,test,1.5,4,3,true,,1": "count",
    }
    imported(tmp_path, text(good, *bad, header=header))
    assert [code for _, _, code in rejects(tmp_path)] == list(bad.values())
    (row,) = rows(tmp_path)
    assert {k: row[k] for k in ("response", "event_type", "n_correct", "terminated", "end_reason", "reward")} == {
        "response": 0.5,
        "event_type": "review",
        "n_correct": 3,
        "terminated": True,
        "end_reason": "dropout",
        "reward": -2.5,
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (text().encode(), "a header and no rows"),
        (text("", "").encode(), "a header and no rows"),
        (b"\n\n\n", "no header"),
        (gzip.compress(text(*GOOD * 100).encode(), mtime=0)[:-20], "damaged or cut short"),
        (gzip.compress(text(*GOOD * 100).encode(), mtime=0)[:40], "damaged or cut short"),
        (b"PK\x03\x04....", "ZIP"),
        (b"PAR1....", "no readable Parquet"),
        (text(*GOOD).encode("utf-16"), "UTF-16"),
        (text(*GOOD).replace("\n", "\r").encode(), "carriage returns alone"),
        (b"\x00\x01\x02\x03\n\x04", "no header"),
        (text(*GOOD, header="student,order,item,answer,answer").encode(), "2 times"),
        (text("a,1", header="student,order").encode(), "column response: is missing"),
    ],
)
def test_files_that_are_no_log(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        imported(tmp_path, content)
    assert {path.name for path in tmp_path.iterdir()} <= {"log.csv", "out.key"}


def test_places_that_are_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is a folder"):
        imported_files(tmp_path, [tmp_path])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="no such file"):
        imported_files(tmp_path, [tmp_path / "pipe", tmp_path / "nowhere"])
    (tmp_path / "out").mkdir()
    with pytest.raises(InvalidInput, match="is there already"):
        imported(tmp_path, text(*GOOD))


def test_over_the_limit_nothing_is_published_but_the_list(tmp_path: Path) -> None:
    content = text(*(f"a,{i},i,{1 if i else 2},k" for i in range(100)))
    imported(tmp_path, content, reject_limit=0.01)
    (tmp_path / "second").mkdir()
    with pytest.raises(OverRejectLimit, match=r"2 of 101 rows \(2\.0%\)"):
        imported(tmp_path / "second", content + "a,0,i,2,k\n", reject_limit=0.01)
    assert {path.name for path in (tmp_path / "second").iterdir()} == {"log.csv", "out.key", "out.rejects.csv"}
    assert len(rejects(tmp_path / "second")) == 2


def test_a_log_without_one_good_row_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="none of its 2 rows can be used"):
        imported(tmp_path, text("a,1,i,7,k", "a,2"))
    assert rejects(tmp_path) == [(2, "answer", "response"), (3, "", "cells")]


def test_a_clean_import_takes_an_old_list_away(tmp_path: Path) -> None:
    (tmp_path / "out.rejects.csv").write_text("old")
    assert imported(tmp_path, text(*GOOD)).rejects_file is None
    assert rejects(tmp_path) == []


def test_pseudonyms_agree_under_one_key_and_no_id_is_left_anywhere(tmp_path: Path) -> None:
    content = text(*(f"secret-{i % 4},{i},i,{1 if i else 7},k" for i in range(60)), "secret-9,1,secret-9")
    key = tmp_path / "elsewhere" / "key"
    found = []
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        imported(tmp_path / name, content, key=key if name != "c" else None)
        found.append({row["student_id"] for row in rows(tmp_path / name)})
        (tmp_path / name / "log.csv").unlink()
    assert found[0] == found[1]
    assert not found[0] & found[2]
    assert key.stat().st_mode & 0o777 == 0o600
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"secret-" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [("00" * 32, 0o644, "chmod 600"), ("hello", 0o600, "is no key"), ("00" * 31, 0o600, "is no key")],
)
def test_keys_that_are_refused(tmp_path: Path, content: str, mode: int, words: str) -> None:
    key = tmp_path / "key"
    key.write_text(content)
    key.chmod(mode)
    with pytest.raises(InvalidInput, match=words):
        imported(tmp_path, text(*GOOD), key=key)


def test_a_key_inside_the_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="must not lie in the folder"):
        imported(tmp_path, text(*GOOD), key=tmp_path / "out" / "key")


@pytest.mark.parametrize("column", ["email", "Student Name", "user_email", "mbox", "Last-Name", "phone"])
def test_columns_of_people_are_refused(tmp_path: Path, column: str) -> None:
    with pytest.raises(InvalidInput, match="names or addresses people"):
        imported(tmp_path, text(*GOOD), groups={"who": column})


def test_order_numbers_of_any_size_are_told_apart(tmp_path: Path) -> None:
    big = 2**62
    found = imported(tmp_path, text(f"a,{big + 1},i,1,k", f"a,{big},i,1,k", f"a,{big + 2},j,1,k"))
    assert (found.counts.merged, [row["seq"] for row in rows(tmp_path)]) == (0, [big, big + 1, big + 2])


def test_times_that_are_no_dates_of_this_log(tmp_path: Path) -> None:
    good = [f"a,{1_500_000_000 + n},i,1" for n in range(4)]
    imported(tmp_path, text(*good, "a,0,i,1", "a,1e300,i,1", "a,9999-12-31,i,1", "a,0001-01-01,i,1", header=TIMED))
    assert rejects(tmp_path) == [(6, "timestamp", "time"), (7, "timestamp", "time")]
    assert [row["timestamp"].year for row in rows(tmp_path)] == [1, 2017, 2017, 2017, 2017, 9999]


def test_files_of_one_log_may_have_other_groups_but_not_other_orders(tmp_path: Path) -> None:
    parts = {
        "1.csv": "user_id,order_id,problem_id,correct,school_id\na,1,i,1,s\n",
        "2.csv": "user_id,order_id,problem_id,correct,student_class_id\na,2,i,1,c\n",
    }
    for name, content in parts.items():
        (tmp_path / name).write_text(content)
    imported_files(tmp_path, [tmp_path / name for name in parts], "assistments")
    assert [(row.get("group_class"), row.get("group_school")) for row in rows(tmp_path)] == [(None, "s"), ("c", None)]
    (tmp_path / "3.csv").write_text("student,time,item,answer\na,9,i,1\n")
    (tmp_path / "4.csv").write_text(text(*GOOD))
    with pytest.raises(InvalidInput, match="others have none"):
        imported_files(tmp_path / "other", [tmp_path / "3.csv", tmp_path / "4.csv"])


@pytest.mark.parametrize("seed", range(12))
def test_damage_of_any_kind_never_loses_a_row(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    content = bytearray(text(*(f"s{i % 5},{i},i{i % 3},{i % 2},k;l" for i in range(60))).encode())
    for _ in range(int(rng.integers(1, 40))):
        place = int(rng.integers(len(HEADER) + 1, len(content)))
        new = bytes(rng.choice(list(b'"\0\r\n,;\xe9\xff a1-.e'), int(rng.integers(0, 4))).astype(np.uint8))
        content[place : place + int(rng.integers(0, 3))] = new
    found = imported(tmp_path, bytes(content))  # `RowCounts` asserts that read = accepted + rejected + merged
    lines = [line for line in bytes(content).replace(b"\r\n", b"\n").split(b"\n")[1:] if line]
    assert found.counts.read == len(lines)
    assert found.counts.rejected == len(rejects(tmp_path))
    assert found.counts.accepted == len(rows(tmp_path))


def test_groups_are_columns(tmp_path: Path) -> None:
    content = text("a,1,i,1,red", "b,1,i,1,", header="student,order,item,answer,Team colour")
    found = imported(tmp_path, content, groups={"team": "Team colour"})
    assert found.manifest.groups == ("group_team",)
    assert Counter(row.get("group_team") for row in rows(tmp_path)) == {"red": 1, None: 1}


def test_memory_does_not_change_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    content = text(*(f"s{s},{i},i{i % 9},{i % 2},k" for i, s in enumerate(rng.integers(0, 400, 20_000))))
    monkeypatch.setattr(sources, "BLOCK", 50_000)
    logs = []
    for memory in (100, 1000):
        folder = tmp_path / str(memory)
        folder.mkdir()
        imported(folder, content, key=tmp_path / "key", memory_mb=memory)
        logs.append(rows(folder))
    assert logs[0] == logs[1]
