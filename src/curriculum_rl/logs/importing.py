"""From files of any source to a canonical log: read, mark, join, settle, write; or nothing at all.

What is held in memory does not grow with the files. Every row read is accepted, rejected or merged into another one.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from curriculum_rl.logs.drafting import draft
from curriculum_rl.logs.events import event_cells
from curriculum_rl.logs.formats import AnswerKey, Format, ImportConfig, find
from curriculum_rl.logs.joining import joined
from curriculum_rl.logs.manifest import About, Manifest
from curriculum_rl.logs.pseudonyms import secret
from curriculum_rl.logs.rejects import RowCounts
from curriculum_rl.logs.settling import Settler
from curriculum_rl.logs.sources import Source
from curriculum_rl.logs.store import write_log
from curriculum_rl.logs.tabular import table_cells
from curriculum_rl.logs.tally import Tally
from curriculum_rl.violations import InvalidInput

Tick = Callable[[str, int], None]
"""Told what is being done, and how many rows were read."""

EPOCH: Final = 1e8
"""Seconds (March 1973): numbers above it count from 1970, those below from the start of a course."""
FAR: Final = 1e11
"""Seconds (the year 5138): numbers above it are no seconds."""
PLAUSIBLE: Final = (0.05, 900.0)
"""Seconds, assumed: the median of how long answers take lies between these, or the unit is another one."""

Finish = Callable[[Path, "Imported"], None]


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes:
        manifest: of the log.
        counts: what became of the rows.
        rejects: how many were rejected, by code.
        rejects_file: their list; None where there are none.
        unordered: rows that were sorted into their place.
        key: file of the secret key.
    """

    manifest: Manifest
    counts: RowCounts
    rejects: dict[str, int]
    rejects_file: Path | None
    unordered: int
    key: Path


def import_log(
    config: ImportConfig,
    skills_of: dict[str, tuple[str, ...]] | None = None,
    finish: Finish | None = None,
    tick: Tick = lambda what, rows: None,
) -> Imported:
    """Imports a log.

    Args:
        config: what, and how.
        skills_of: skills of each item, where they stand apart.
        finish: gets the folder just before it has its name, to put a page into it.
        tick: for a progress bar.

    Raises:
        InvalidInput: something cannot be read at all, or units are implausible; nothing was written.
        OverRejectLimit: too many rows are faulty; nothing was written but the list of them.
    """
    format_, out = find(config.source), config.out
    if out.exists():
        raise InvalidInput(str(out), ["is there already; remove it, or choose another name"])
    sources = _sources(config, format_)
    answers = _answer_key(config.answer_key) if config.answer_key else {}
    out.parent.mkdir(parents=True, exist_ok=True)
    key_file = config.key or out.parent / f"{out.name}.key"
    key = secret(key_file, out)
    tally = Tally(out.parent / f"{out.name}.rejects.csv", config.reject_limit)
    where = config.title or ", ".join(str(path) for path in config.files[:3])
    by_rows = config.by_rows or format_.by_rows
    spill = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    memory = config.memory_mb * 1_000_000
    settled: list[Settler] = []
    result: list[Imported] = []

    def drafts() -> Iterator[pa.Table]:
        for source in sources:
            read = event_cells if format_.event else table_cells
            for cells in read(source, format_, config, tally):
                if format_.prepare:
                    format_.prepare(cells, answers)
                yield draft(cells, format_, config, key, skills_of, tally)
                tick("reading", tally.read)

    def rows() -> Iterator[pa.Table]:
        yield from joined(drafts(), spill, memory, tally) if format_.joins else drafts()
        tally.check_limit(where)
        _check_durations(where, tally, config)
        settled.append(Settler(by_rows, *_times(where, tally, config), tally))

    def settle(table: pa.Table) -> pa.Table:
        tick("sorting", tally.read)
        return settled[0](table)

    def done(folder: Path, manifest: Manifest) -> None:
        tally.check_limit(where)
        counts = RowCounts(tally.read, manifest.rows, tally.rejected, tally.merged)
        path = tally.path if tally.rejected else None
        result.append(Imported(manifest, counts, dict(tally.by_code), path, tally.unordered, key_file))
        if finish:
            finish(folder, result[0])

    about = About(
        source=config.title or f"{config.source}: {', '.join(path.name for path in config.files[:3])}",
        behaviour=config.behaviour,
        aggregated=format_.aggregated,
        randomised=True if config.randomised else None,
        notes=(*format_.notes, *(("Where nothing else tells, rows are in the order of the source.",) * by_rows)),
    )
    try:
        write_log(out, rows(), about, memory_bytes=memory, settle=settle, finish=done)
        tally.publish()
    except InvalidInput as error:
        if "there is no row to write" in error.violations and tally.rejected:
            tally.publish()
            raise InvalidInput(where, [f"none of its {tally.read} rows can be used: see {tally.path}"]) from None
        raise
    finally:
        tally.close()
        shutil.rmtree(spill, ignore_errors=True)
    return result[0]


def _sources(config: ImportConfig, format_: Format) -> list[Source]:
    """The files, looked at before anything is read; a folder stands for its CSV files where each is one student's."""
    paths: list[Path] = []
    for path in config.files:
        if format_.student_from_name and path.is_dir():
            paths += sorted(path.glob("*.csv"))
        else:
            paths.append(path)
    sources = [Source(path, number) for number, path in enumerate(paths, start=1)]
    faults: list[str] = []
    for source in sources:
        try:
            _ = source.kind
        except InvalidInput as error:
            faults += [f"{error.where}: {violation}" for violation in error.violations]
    if not sources:
        faults.append("there is no CSV file in it")
    if faults:
        raise InvalidInput("import", faults)
    return sources


def _answer_key(path: Path) -> dict[str, AnswerKey]:
    """The right answer and the skills of each question, as in EdNet's questions.csv."""
    if not path.is_file():
        raise InvalidInput(str(path), ["there is no such file; give the answer key"])
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return {row["question_id"]: _of_row(row) for row in csv.DictReader(file)}
    except (KeyError, AttributeError, UnicodeDecodeError, csv.Error):
        raise InvalidInput(str(path), ["must be CSV with the columns question_id and correct_answer"]) from None


def _of_row(row: dict[str, str]) -> AnswerKey:
    tags = (row.get("tags") or "").split(";")
    return AnswerKey(row["correct_answer"].strip(), tuple(sorted({tag for tag in tags if tag not in ("", "-1")})))


def _check_durations(where: str, tally: Tally, config: ImportConfig) -> None:
    seen = np.concatenate(tally.durations) if tally.durations else np.zeros(0)
    if config.duration_unit or not len(seen):
        return
    median = float(np.median(seen))
    if median > 0 and not PLAUSIBLE[0] <= median <= PLAUSIBLE[1]:
        unit = "ms" if median > 1 else "s"
        raise InvalidInput(
            where,
            [
                f"column duration: the median answer would take {median:.3g} seconds, so the unit is probably another "
                f"one: say --duration-unit {unit} (or whichever it is; the unit that you name is believed)"
            ],
        )


def _times(where: str, tally: Tally, config: ImportConfig) -> tuple[bool, bool]:
    """Whether times that are numbers count from 1970, and whether they are all the same and so mean nothing."""
    seen = np.concatenate(tally.times) if tally.times else np.zeros(0)
    if not len(seen):
        return False, False
    median = float(np.median(seen))
    if median > FAR:
        unit = "us" if median > FAR * 1e3 else "ms"
        raise InvalidInput(where, [f"column time: as seconds they are past the year 5000; say --time-unit {unit}"])
    return median >= EPOCH, tally.read > 1 and tally.span[0] == tally.span[1]
