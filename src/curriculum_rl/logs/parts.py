"""Tables of any size, taken apart by student into parts on disk that are small enough to be sorted in memory.

A student belongs to the part that the first byte of the BLAKE2 hash of the id names, so that all rows of a student
are in one part whatever order they come in, and the parts are about equally large.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from curriculum_rl.batch import Int
from curriculum_rl.violations import InvalidInput

PARTS: Final = 256


def part_of(ids: pa.ChunkedArray) -> Int:
    """Of each row the part of its id, (n,)."""
    encoded = ids.fill_null("").combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    parts = [hashlib.blake2b(t.encode("utf-8", "surrogatepass"), digest_size=1).digest()[0] for t in texts]
    numbers: Int = np.array(parts, dtype=np.int64)[np.asarray(encoded.indices)]
    return numbers


class Parts:
    """Rows on disk by part of their student, or of another id.

    Args:
        folder: for the files; it must be there and be empty.
        memory_bytes: how much may be held in memory, sorting included.
        key: the column whose equal values belong together.
    """

    def __init__(self, folder: Path, memory_bytes: int, key: str = "student_id") -> None:
        self._key = key
        self._folder = folder
        self._memory = memory_bytes
        self._held: list[pa.Table] = []
        self._held_bytes = 0
        self._writers: dict[int, Any] = {}
        self._bytes: dict[int, int] = {}

    def add(self, table: pa.Table) -> None:
        """Takes rows; all tables have one schema, with `student_id`."""
        if table.num_rows:
            self._held.append(table)
            self._held_bytes += table.nbytes
        if self._held_bytes > self._memory // 16:
            self._spill()

    def _spill(self) -> None:
        table = pa.concat_tables(self._held).combine_chunks()
        self._held, self._held_bytes = [], 0
        part = part_of(table.column(self._key))
        table = table.take(np.argsort(part, kind="stable"))
        ends = np.cumsum(np.bincount(part, minlength=PARTS))
        for number, rows in enumerate(np.diff(ends, prepend=0)):
            if rows:
                self._append(number, table.slice(int(ends[number] - rows), int(rows)))

    def _append(self, number: int, rows: pa.Table) -> None:
        if number not in self._writers:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._writers[number] = pa.ipc.new_stream(self._path(number), rows.schema, options=options)
        self._writers[number].write_table(rows)
        self._bytes[number] = self._bytes.get(number, 0) + rows.nbytes

    def _path(self, number: int) -> str:
        return str(self._folder / f"{number:03d}.arrow")

    def buckets(self) -> Iterator[pa.Table]:
        """All rows, a few whole parts at a time, each part once; call it once, after the last `add`.

        Raises:
            InvalidInput: a part is too large for the memory allowed.
        """
        if self._held:
            self._spill()
        for writer in self._writers.values():
            writer.close()
        largest = max(self._bytes.values(), default=0)
        if largest > self._memory // 3:
            seen = f"{largest / 1e6:.0f} MB of rows belong to students that must be sorted together"
            raise InvalidInput("memory", [f"{seen}; allow at least {4 * largest / 1e6:.0f} MB with --memory-mb"])
        for numbers in self._runs():
            tables = []
            for number in numbers:
                with pa.OSFile(self._path(number)) as file, pa.ipc.open_stream(file) as reader:
                    tables.append(reader.read_all())
                Path(self._path(number)).unlink()
            yield pa.concat_tables(tables).combine_chunks()

    def _runs(self) -> Iterable[list[int]]:
        """Neighbouring parts that together are of a good size."""
        run: list[int] = []
        total = 0
        for number in sorted(self._bytes):
            if run and total + self._bytes[number] > self._memory // 10:
                yield run
                run, total = [], 0
            run.append(number)
            total += self._bytes[number]
        if run:
            yield run
