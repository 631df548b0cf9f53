"""What became of each event, to be looked up by its id: an index over the journal, kept in SQLite beside it.

The journal is what counts. Every line that it gets goes through `take`, when it is written and again when the service
comes back and finds lines that the index has not yet seen; an index that is damaged or lost is made again from all the
lines that are there. So it may write late, and memory does not grow with the number of events. What cannot be kept, as
on a full disk, is not lost: the index says that it is behind, and asks the journal again before it answers.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from curriculum_rl.serve.journal import Journal, Position

FILE: Final = "events.sqlite"
_CACHE_KIB: Final = 4096
_TABLES: Final = """
    create table if not exists events (
        id text primary key, request text, activity text, deferred text, answer text, reward text
    ) without rowid;
    create table if not exists position (one integer primary key check (one = 1), file text, offset integer);
"""


@dataclass(frozen=True)
class Known:
    """What became of an event.

    Attributes:
        request: digest of what was asked.
        activity: what was decided; None: nothing was, or not yet.
        deferred: the line of a decision that waits to be activated.
        answer, reward: what was told of it afterwards; None: nothing yet.
    """

    request: str
    activity: str | None
    deferred: str | None
    answer: str | None
    reward: str | None


class Ledger:
    """The index over a journal.

    Attributes:
        caught_up: lines that the journal had and the index had not.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        path = journal.folder / FILE
        try:
            self._open(path)
        except sqlite3.DatabaseError:
            self._drop(path)
            self._open(path)
        if not self._fits():
            self._drop(path)
            self._open(path)
        self.caught_up, self._behind = 0, True
        self.commit()

    def event(self, name: str) -> Known | None:
        """What is known of an event.

        Raises:
            sqlite3.Error: the index is behind the journal, and cannot be written.
        """
        self._catch_up()
        row = self._base.execute(
            "select request, activity, deferred, answer, reward from events where id = ?", (name,)
        ).fetchone()
        return None if row is None else Known(*row)

    def take(self, line: Mapping[str, Any]) -> None:
        """Takes in a line of the journal, now or, where that fails, before the index is next asked."""
        try:
            self._take(line)
        except sqlite3.Error:
            self._fall_behind()

    def commit(self) -> None:
        """Writes what was taken in, and how far in the journal that is.

        Raises:
            sqlite3.Error: it cannot be written.
        """
        self._catch_up()
        at = self._journal.position
        try:
            self._base.execute("insert or replace into position values (1, ?, ?)", (at.file, at.offset))
            self._base.commit()
        except sqlite3.Error:
            self._fall_behind()
            raise

    def close(self) -> None:
        """Writes the rest, if it can be written."""
        with contextlib.suppress(sqlite3.Error):
            self.commit()
        self._base.close()

    def _catch_up(self) -> None:
        """Takes in what the journal has and the index has not."""
        if not self._behind:
            return
        try:
            for line in self._journal.since(self._position()):
                self._take(line)
                self.caught_up += 1
        except sqlite3.Error:
            self._fall_behind()
            raise
        self._behind = False

    def _fall_behind(self) -> None:
        """Forgets what was not written: the journal has it, and the index how far it had come."""
        self._behind = True
        with contextlib.suppress(sqlite3.Error):
            self._base.rollback()

    def _take(self, line: Mapping[str, Any]) -> None:
        """Takes in a line; lines of other kinds say nothing here."""
        name = line.get("event_id")
        if not isinstance(name, str):
            return
        if "activity_id" in line:
            self._base.execute(
                "insert into events (id, request, activity, deferred) values (?, ?, ?, ?) on conflict (id) do update"
                " set activity = excluded.activity, deferred = excluded.deferred",
                (name, line.get("request"), line["activity_id"], _text(line.get("deferred"))),
            )
        elif "reward" in line:
            self._base.execute("update events set reward = ? where id = ?", (told(line), name))
        elif "response" in line:
            self._base.execute("update events set answer = ? where id = ?", (told(line), name))

    def _open(self, path: Path) -> None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite's other files have its permissions
        self._base = sqlite3.connect(path, isolation_level="DEFERRED")
        self._base.execute("pragma journal_mode = wal")
        self._base.execute("pragma synchronous = off")  # what a machine that stops takes with it is made again
        self._base.execute(f"pragma cache_size = -{_CACHE_KIB}")
        if self._base.execute("pragma quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("damaged")
        self._base.executescript(_TABLES)

    def _drop(self, path: Path) -> None:
        self._base.close()
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)

    def _position(self) -> Position:
        row = self._base.execute("select file, offset from position").fetchone()
        return Position(*row) if row else Position("", 0)

    def _fits(self) -> bool:
        """Whether the journal still has what the index has seen of it."""
        at = self._position()
        path = self._journal.folder / at.file
        return not at.file or not path.is_file() or at.offset <= path.stat().st_size


def _text(deferred: Mapping[str, Any] | None) -> str | None:
    return None if deferred is None else json.dumps(deferred)


def told(line: Mapping[str, Any]) -> str:
    """What a line tells of its event, to be compared with another telling."""
    return repr(sorted((key, value) for key, value in line.items() if key != "event_id"))
