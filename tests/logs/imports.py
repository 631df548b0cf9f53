"""Small imports for tests: a file with this content, and the rows that come of it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from curriculum_rl.logs.formats import ImportConfig
from curriculum_rl.logs.importing import Imported, import_log
from curriculum_rl.logs.store import open_log

HEADER = "student,order,item,answer,skills"


def imported(
    folder: Path, content: bytes | str, source: str = "table", name: str = "log.csv", **options: Any
) -> Imported:
    """Imports one file of this content into FOLDER/out, any share of rejects allowed unless said otherwise."""
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return imported_files(folder, [file], source, **options)


def imported_files(folder: Path, files: list[Path], source: str = "table", **options: Any) -> Imported:
    """The same of files that are there."""
    settings: dict[str, Any] = {"columns": {}, "groups": {}, "reject_limit": 1.0, **options}
    skills_of = settings.pop("skills_of", None)
    return import_log(ImportConfig(source, tuple(files), folder / "out", **settings), skills_of)


def rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of FOLDER/out by student and seq, without columns that are null."""
    found = [row for bucket in open_log(folder / "out").buckets() for row in bucket.to_pylist()]
    return [{name: value for name, value in row.items() if value is not None} for row in found]


def rejects(folder: Path) -> list[tuple[int, str, str]]:
    """Line, column and code of every reject, in order of lines."""
    path = folder / "out.rejects.csv"
    if not path.exists():
        return []
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(newline="") as file:
        return sorted((int(row["line"]), row["column"], row["code"]) for row in csv.DictReader(file))
