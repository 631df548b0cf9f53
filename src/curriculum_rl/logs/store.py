"""Canonical logs on disk: Parquet buckets by hash of the student, and a manifest with their digests.

    FOLDER/log.json                 the manifest
    FOLDER/students-000.parquet     all rows of some students, sorted by student and seq
    FOLDER/students-001.parquet     of others

Neither writing nor reading ever holds more than a few buckets in memory. A folder is written under another name, and
gets its own once all of it is on the disk: it is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curriculum_rl.logs.manifest import About, Manifest, read_manifest
from curriculum_rl.logs.parts import Parts
from curriculum_rl.logs.schema import GROUP, check_sorted, conform, schema
from curriculum_rl.violations import InvalidInput

MEMORY_BYTES: Final = 1_000_000_000
_ROW_GROUP: Final = 131_072

Settle = Callable[[pa.Table], pa.Table]
"""What is still to be done with all rows of some students before they are sorted: merging, numbering, rejecting."""


class NoRows(InvalidInput):
    """There is nothing to write."""


def write_log(
    folder: Path,
    tables: Iterable[pa.Table],
    about: About,
    *,
    memory_bytes: int = MEMORY_BYTES,
    settle: Settle | None = None,
    finish: Callable[[Path, Manifest], None] | None = None,
) -> Manifest:
    """Writes a canonical log.

    Args:
        folder: to be made; it must not be there yet.
        tables: rows in any order, with columns of the schema (those that are left out are null), all with the same
            groups.
        about: what the manifest says besides what is counted.
        memory_bytes: how much may be held at a time.
        settle: what becomes of the rows of some students, all of them together, before they are checked. Where it is
            given, tables may have any columns as long as `student_id` is one.
        finish: gets the folder before it has its name, to put more into it or to refuse.

    Raises:
        InvalidInput: the folder is there, there are no rows, or rows break the rules of the schema.
    """
    if folder.exists():
        raise InvalidInput(str(folder), ["is there already; remove it, or choose another name"])
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        spill = building / "parts"
        spill.mkdir()
        parts = Parts(spill, memory_bytes)
        for table in tables:
            parts.add(table if settle else conform(table))
        manifest = _write_buckets(building, parts.buckets(), about, settle)
        spill.rmdir()
        if not manifest.rows:
            raise NoRows(str(folder), ["there is no row to write"])
        manifest.write(building)
        if finish:
            finish(building, manifest)
        os.chmod(building, 0o755)
        os.replace(building, folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return manifest


def _write_buckets(folder: Path, buckets: Iterable[pa.Table], about: About, settle: Settle | None) -> Manifest:
    digests: dict[str, str] = {}
    filled: dict[str, int] = {}
    activities: set[str] = set()
    groups: tuple[str, ...] = ()
    rows = students = 0
    for unsorted in buckets:
        table = _by_student(conform(settle(unsorted)) if settle else unsorted)
        if not table.num_rows:
            continue
        check_sorted(table)
        name = f"students-{len(digests):03d}.parquet"
        digests[name] = _write_bucket(folder / name, table)
        rows += table.num_rows
        students += len(table.column("student_id").unique())
        activities.update(table.column("activity_id").unique().to_pylist())
        groups = tuple(n for n in table.column_names if n.startswith(GROUP))
        for column in table.column_names:
            count = table.num_rows - table.column(column).null_count
            if count:
                filled[column] = filled.get(column, 0) + count
    return Manifest(about, rows, students, len(activities), filled, groups, digests)


def _by_student(table: pa.Table) -> pa.Table:
    """Sorted by student, then seq; the order of students is that of their ids."""
    encoded = table.column("student_id").combine_chunks().dictionary_encode()
    if encoded.null_count:
        check_sorted(table)
    ids = np.array(encoded.dictionary.to_pylist(), dtype=object)
    rank = np.argsort(np.argsort(ids))
    seq = table.column("seq").fill_null(0).to_numpy()
    return table.take(np.lexsort((seq, rank[np.asarray(encoded.indices)]))) if table.num_rows else table


def _write_bucket(path: Path, table: pa.Table) -> str:
    pq.write_table(table, path, row_group_size=_ROW_GROUP, compression="zstd")
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


@dataclass(frozen=True)
class Log:
    """A canonical log that is there and whole; its rows are read when they are asked for."""

    folder: Path
    manifest: Manifest

    @property
    def paths(self) -> list[Path]:
        """Of the buckets, in order."""
        return [self.folder / name for name in self.manifest.digests]

    def buckets(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows bucket by bucket, sorted by student and seq, all rows of a student in one bucket.

        Args:
            columns: which ones, where not all are needed.

        Raises:
            InvalidInput: the log has no such column.
        """
        known = schema(self.manifest.groups).names
        unknown = [name for name in columns or () if name not in known]
        if unknown:
            raise InvalidInput(str(self.folder), [f"column {name!r}: no column of this log" for name in unknown])
        for path in self.paths:
            yield pq.read_table(path, columns=None if columns is None else list(columns), partitioning=None)

    def sql(self, query: str, *, memory_bytes: int = MEMORY_BYTES) -> pa.Table:
        """What DuckDB answers to a query of the table `log`, within this memory; it fetches nothing."""
        import duckdb

        with tempfile.TemporaryDirectory() as spill:
            settings: dict[str, Any] = {
                "memory_limit": f"{memory_bytes // 1_000_000}MB",
                "temp_directory": spill,
                "threads": 1,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
            with duckdb.connect(config=settings) as connection:
                connection.read_parquet([str(path) for path in self.paths]).create_view("log")
                answer: pa.Table = connection.sql(query).to_arrow_table()
                return answer


def open_log(folder: Path) -> Log:
    """Opens a canonical log, and checks the digest of every bucket.

    Raises:
        InvalidInput: no log, one of another format, or a bucket that is missing or was changed.
    """
    manifest = read_manifest(folder)
    wrong = []
    for name, digest in manifest.digests.items():
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name}: is missing; import the log again")
            continue
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                wrong.append(f"{name}: is not what was written (its digest differs); import the log again")
    if wrong:
        raise InvalidInput(str(folder), wrong)
    return Log(folder, manifest)
