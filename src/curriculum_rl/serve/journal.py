"""The log on the disk: JSON lines that are only ever appended, in files by day and size.

    decisions-2026-11-22-000000.jsonl, decisions-2026-11-22-000001.jsonl, ...    names sort as time goes by

Lines that belong together are written by one call to the system before their answer leaves, so that a process that is
killed takes no answered line with it; a machine that stops may, unless each write waits for the disk (`fsync`). What
was being written at that moment has no answer, and is cut off when the folder is opened again.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from curriculum_rl.violations import InvalidInput

_DIGIT: Final = "[0-9]"
PATTERN: Final = f"decisions-{_DIGIT * 4}-{_DIGIT * 2}-{_DIGIT * 2}-{_DIGIT * 6}.jsonl"
_OPEN: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, order=True)
class Position:
    """Where the next line goes: a file's name, and how many bytes it has."""

    file: str
    offset: int


class Journal:
    """The log of one folder, which belongs to one process at a time.

    Args:
        folder: made, for its owner alone, if it is not there.
        most_bytes: of a file, after which the next one is begun.
        fsync: whether each write waits for the disk.
        clock: seconds since 1970.

    Attributes:
        torn: bytes of an unanswered line that were cut off when the folder was opened.

    Raises:
        InvalidInput: another process writes there.
    """

    def __init__(
        self, folder: Path, most_bytes: int, fsync: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder, self._most, self._fsync, self._clock = folder, most_bytes, fsync, clock
        self._lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            told = "another service writes its log here. Stop it, or name another folder with --log"
            raise InvalidInput(str(folder), [told]) from None
        self._file, self._size, self._path = -1, 0, Path()
        self.torn = 0
        if files := self.files():
            self._open(files[-1])
            self.torn = self._mend()

    def files(self) -> list[Path]:
        """Oldest first."""
        return sorted(self.folder.glob(PATTERN))

    @property
    def position(self) -> Position:
        """Where the next line goes, unless a new file is begun."""
        return Position(self._path.name, self._size)

    def write(self, lines: bytes) -> None:
        """Appends whole lines, all of them or none.

        Raises:
            OSError: they cannot be written.
        """
        self._turn(len(lines))
        try:
            if os.write(self._file, lines) < len(lines):
                raise OSError(errno.ENOSPC, "the disk is full", str(self._path))
            if self._fsync:
                os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)  # half a line is no line
            raise
        self._size += len(lines)

    def since(self, after: Position) -> Iterator[dict[str, Any]]:
        """All lines behind a position."""
        for path in self.files():
            if path.name >= after.file:
                yield from _lines(path, after.offset if path.name == after.file else 0)

    def close(self) -> None:
        """Lets another process have the folder."""
        if self._file >= 0:
            os.close(self._file)
        os.close(self._lock)

    def _turn(self, more: int) -> None:
        """Begins a new file where it is time to."""
        today = datetime.fromtimestamp(self._clock(), UTC).date().isoformat()
        day, number = self._path.stem[10:20], self._path.stem[21:]
        if self._file >= 0 and today <= day and (self._size + more <= self._most or not self._size):
            return
        after, full = int(number) + 1 if today <= day else 0, self._file
        self._open(self.folder / f"decisions-{max(today, day)}-{after:06}.jsonl")
        if full >= 0:
            os.close(full)

    def _open(self, path: Path) -> None:
        self._file = os.open(path, _OPEN, 0o600)
        self._path, self._size = path, os.fstat(self._file).st_size
        if self._fsync:
            entry = os.open(self.folder, os.O_RDONLY)
            os.fsync(entry)
            os.close(entry)

    def _mend(self) -> int:
        """Cuts off what stands after the last whole line of the newest file; returns how much."""
        block, at, start = _BLOCK, -1, self._size
        with self._path.open("rb") as file:
            while at < 0 < start:
                start, block = max(0, self._size - block), 2 * block
                file.seek(start)
                at = file.read().rfind(b"\n")
        whole = start + at + 1
        torn = self._size - whole
        if torn:
            os.ftruncate(self._file, whole)
            self._size = whole
        return torn


def _lines(path: Path, offset: int) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            try:
                found = json.loads(line)
            except ValueError:
                continue  # somebody else's doing: an import lists it among its rejects
            if isinstance(found, dict):
                yield found
