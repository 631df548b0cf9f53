"""The journal holds every line that was written, in files by day and size, and never half a line."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from pathlib import Path

import pytest

from curriculum_rl.serve.journal import Journal, Position
from curriculum_rl.serve.ledger import FILE, Ledger
from curriculum_rl.violations import InvalidInput

DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = 20_000 * DAY

    def __call__(self) -> float:
        return self.now


def line(number: int) -> bytes:
    return json.dumps({"event_id": f"e{number}", "activity_id": "a", "request": "r"}).encode() + b"\n"


def test_files_turn_by_day_and_size_and_keep_the_order(tmp_path: Path):
    clock = Clock()
    journal = Journal(tmp_path, 200, clock=clock)
    for i in range(20):
        journal.write(line(i))
        clock.now += DAY / 8
    names = [path.name for path in journal.files()]
    assert names[0] == "decisions-2024-10-04-000000.jsonl"
    assert {name[10:20] for name in names} == {"2024-10-04", "2024-10-05", "2024-10-06"}
    assert all(path.stat().st_size <= 200 for path in journal.files())
    assert [one["event_id"] for one in journal.since(Position("", 0))] == [f"e{i}" for i in range(20)]
    middle = Position(names[2], len(line(0)))
    assert [one["event_id"] for one in journal.since(middle)][-1] == "e19"
    journal.close()
    clock.now -= 3 * DAY  # a clock that was set back writes no file that sorts before the last
    again = Journal(tmp_path, 200, clock=clock)
    again.write(line(20))
    assert [one["event_id"] for one in again.since(Position("", 0))] == [f"e{i}" for i in range(21)]
    again.close()


def test_a_line_longer_than_a_file_has_one_of_its_own(tmp_path: Path):
    journal = Journal(tmp_path, 10, clock=Clock())
    for i in range(3):
        journal.write(line(i))
    assert len(journal.files()) == 3
    journal.close()


@pytest.mark.parametrize("call", ["write", "fsync", "open"])
def test_what_cannot_be_written_leaves_nothing_and_what_comes_next_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
):
    journal = Journal(tmp_path, 2 * len(line(0)), fsync=True, clock=Clock())
    for i in range(2):
        journal.write(line(i))

    def fails(*given: object) -> int:
        raise OSError(errno.EIO, "it is broken")

    monkeypatch.setattr(f"curriculum_rl.serve.journal.os.{call}", fails)
    for _ in range(3):
        with pytest.raises(OSError, match="broken"):
            journal.write(line(2))
    monkeypatch.undo()
    journal.write(line(3))
    assert [one["event_id"] for one in journal.since(Position("", 0))] == ["e0", "e1", "e3"]
    assert journal.position.offset == journal.files()[-1].stat().st_size
    journal.close()


@pytest.mark.parametrize("kept", [0, 1, 3])
@pytest.mark.parametrize("torn", [b"", b"{", line(9)[:-1], b"x" * 3_000_000])
def test_half_a_line_is_cut_off_when_the_folder_is_opened(tmp_path: Path, kept: int, torn: bytes):
    clock = Clock()
    whole = b"".join(line(i) for i in range(kept))
    (tmp_path / "decisions-2024-10-04-000000.jsonl").write_bytes(whole + torn)
    journal = Journal(tmp_path, 10_000_000, clock=clock)
    assert journal.torn == len(torn)
    journal.write(line(7))
    assert journal.files()[0].read_bytes() == whole + line(7)
    journal.close()


def test_a_folder_has_one_writer(tmp_path: Path):
    journal = Journal(tmp_path, 1000)
    with pytest.raises(InvalidInput, match="another service"):
        Journal(tmp_path, 1000)
    journal.close()
    Journal(tmp_path, 1000).close()


def test_only_the_owner_can_read_it(tmp_path: Path):
    journal = Journal(tmp_path / "log", 1000, fsync=True)
    ledger = Ledger(journal)
    journal.write(line(0))
    ledger.take({"event_id": "e1", "activity_id": "a"})
    ledger.commit()
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o700
    files = list((tmp_path / "log").iterdir())
    assert len(files) == 5
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    ledger.close()
    journal.close()


def test_the_index_is_what_the_journal_says_however_much_of_it_is_left(tmp_path: Path):
    journal = Journal(tmp_path, 300, clock=Clock())
    ledger = Ledger(journal)

    def write(content: dict[str, object]) -> None:
        journal.write(json.dumps(content).encode() + b"\n")
        ledger.take(content)

    deferred = {"event_id": "d", "activity_id": "a2", "request": "r"}
    for i in range(9):
        write({"event_id": f"e{i}", "activity_id": "a", "request": f"r{i}"})
        write({"event_id": f"e{i}", "response": 1})
        if i == 4:
            ledger.commit()
        if i % 2:
            write({"event_id": f"e{i}", "reward": 0.5})
    write({"event_id": "d", "activity_id": None, "reason": "deferred", "request": "r", "deferred": deferred})
    write({"event_id": "n", "activity_id": None, "reason": "no_eligible", "request": "r"})
    write(deferred | {"event_id": "x"})
    names = [*(f"e{i}" for i in range(10)), "d", "n", "x"]
    wanted = [ledger.event(name) for name in names]
    assert json.loads(wanted[10].deferred) == deferred
    assert wanted[9] is None
    ledger._base.rollback()  # as in a process that is killed
    ledger._base.close()
    index, missed = tmp_path / FILE, {"killed": 13, "whole": 0, "lost": 25, "broken": 25, "ahead": 25}
    for damage, count in missed.items():
        if damage == "lost":
            index.unlink()
        elif damage == "broken":
            index.write_bytes(os.urandom(5000))
        elif damage == "ahead":
            with sqlite3.connect(index) as base:
                base.execute("update position set offset = 100000")
            base.close()
        again = Ledger(journal)
        assert [again.event(name) for name in names] == wanted, damage
        assert again.caught_up == count, damage
        again.close()
    journal.close()


@pytest.mark.parametrize("fails", ["take", "commit"])
def test_an_index_that_cannot_be_written_loses_no_line(tmp_path: Path, fails: str):
    journal = Journal(tmp_path, 10_000_000, clock=Clock())
    ledger = Ledger(journal)
    pages = ledger._base.execute("pragma page_count").fetchone()[0]
    ledger._base.execute(f"pragma max_page_count = {pages + 20}")  # as on a disk that is nearly full
    ids = [f"e{i}-{'x' * 500}" for i in range(400)]
    for name in ids:
        journal.write(json.dumps({"event_id": name, "activity_id": "a", "request": "r"}).encode() + b"\n")
        ledger.take({"event_id": name, "activity_id": "a", "request": "r"})
    with pytest.raises(sqlite3.Error, match="full"):
        ledger.commit() if fails == "commit" else ledger.event(ids[0])
    ledger._base.execute("pragma max_page_count = 100000")
    assert all(ledger.event(name) is not None for name in ids)
    ledger.commit()
    ledger.close()
    again = Ledger(journal)
    assert again.caught_up == 0
    assert all(again.event(name) is not None for name in ids)
    again.close()
    journal.close()


def test_files_of_other_names_are_nobodys_log(tmp_path: Path):
    (tmp_path / "decisions-backup.jsonl").write_bytes(b"x")
    journal = Journal(tmp_path, 200, clock=Clock())
    for i in range(20):
        journal.write(line(i))
    assert (tmp_path / "decisions-backup.jsonl").read_bytes() == b"x"
    assert len([*journal.since(Position("", 0))]) == 20
    journal.close()
