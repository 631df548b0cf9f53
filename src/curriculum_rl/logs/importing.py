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
from curriculum_rl.logs.formats import AnswerKey, ImportConfig, find
from curriculum_rl.logs.joining import joined
from curriculum_rl.logs.manifest import About, Manifest
from curriculum_rl.logs.pseudonyms import secret
from curriculum_rl.logs.rejects import RowCounts
from curriculum_rl.logs.settling import EPOCH, FAR, Settler
from curriculum_rl.logs.sources import Source
from curriculum_rl.logs.store import NoRows, write_log
from curriculum_rl.logs.tabular import table_cells
from curriculum_rl.logs.tally import Tally
from curriculum_rl.violations import InvalidInput

Tick = Callable[[str, int], None]
"""Told what is being done, and how many rows were read."""

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
    out = config.out
    if out.exists():
        raise InvalidInput(str(out), ["is there already; remove it, or choose another name"])
    sources = _sources(config)
    out.parent.mkdir(parents=True, exist_ok=True)
    tally = Tally(out.parent / f"{out.name}.rejects.csv", config.reject_limit)
    run = _Import(config, sources, tally, skills_of, tick)
    result: list[Imported] = []

    def done(folder: Path, manifest: Manifest) -> None:
        result.append(run.result(manifest))
        if finish:
            finish(folder, result[0])

    spill = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    memory = config.memory_mb * 1_000_000
    try:
        write_log(out, run.tables(spill, memory), run.about, memory_bytes=memory, settle=run.settle, finish=done)
        tally.publish()
    except NoRows:
        tally.publish()
        message = f"none of its {tally.read} rows can be used: see {tally.path}"
        raise InvalidInput(run.where, [message]) from None
    finally:
        tally.close()
        shutil.rmtree(spill, ignore_errors=True)
    return result[0]


class _Import:
    """One import while it runs."""

    def __init__(
        self,
        config: ImportConfig,
        sources: list[Source],
        tally: Tally,
        skills_of: dict[str, tuple[str, ...]] | None,
        tick: Tick,
    ) -> None:
        self._config, self._sources, self._tally, self._skills_of, self._tick = config, sources, tally, skills_of, tick
        self._format = find(config.source)
        self._by_rows = config.by_rows or self._format.by_rows
        self._answers = _answer_key(config.answer_key) if config.answer_key else {}
        self._key_file = config.key or config.out.parent / f"{config.out.name}.key"
        self._key = secret(self._key_file, config.out)
        self._settler: Settler | None = None
        names = [path.name for path in config.files[:3]] if not self._format.student_from_name else []
        self.where = config.title or f"{config.source}: {', '.join(names) or f'{len(sources)} students'}"

    @property
    def about(self) -> About:
        """What the manifest says besides what is counted."""
        notes = self._format.notes
        if self._by_rows:
            notes = (*notes, "Where nothing else tells, rows are in the order of the source.")
        return About(
            source=self.where,
            behaviour=self._config.behaviour,
            aggregated=self._format.aggregated,
            randomised=True if self._config.randomised else None,
            notes=notes,
        )

    def tables(self, spill: Path, memory_bytes: int) -> Iterator[pa.Table]:
        """All drafts; once they were read, what they have in common is known."""
        yield from joined(self._drafts(), spill, memory_bytes, self._tally) if self._format.joins else self._drafts()
        self._tally.check_limit(self.where)
        if len(self._tally.orders) > 1:
            raise InvalidInput(self.where, ["column order: some of the files have one, others have none"])
        _check_durations(self.where, self._tally, self._config)
        ordered = True in self._tally.orders
        self._settler = Settler(self._by_rows, ordered, *_times(self.where, self._tally), self._tally)

    def _drafts(self) -> Iterator[pa.Table]:
        read = event_cells if self._format.event else table_cells
        for source in self._sources:
            for cells in read(source, self._format, self._config, self._tally):
                if self._format.prepare:
                    self._format.prepare(cells, self._answers)
                yield draft(cells, self._format, self._config, self._key, self._skills_of, self._tally)
                self._tick("reading", self._tally.read)

    def settle(self, table: pa.Table) -> pa.Table:
        """What becomes of all rows of some students."""
        assert self._settler is not None
        self._tick("sorting", self._tally.read)
        return self._settler(table)

    def result(self, manifest: Manifest) -> Imported:
        """What came of it, unless too many rows were faulty."""
        tally = self._tally
        tally.check_limit(self.where)
        counts = RowCounts(tally.read, manifest.rows, tally.rejected, tally.merged)
        path = tally.path if tally.rejected else None
        return Imported(manifest, counts, dict(tally.by_code), path, tally.unordered, self._key_file)


def _sources(config: ImportConfig) -> list[Source]:
    """The files, looked at before anything is read; a folder stands for its CSV files where each is one student's."""
    paths: list[Path] = []
    of_students = find(config.source).student_from_name
    for path in config.files:
        paths += sorted(path.glob("*.csv")) if of_students and path.is_dir() else [path]
    sources = [Source(path, number, of_students) for number, path in enumerate(paths, start=1)]
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


def _times(where: str, tally: Tally) -> tuple[bool, bool]:
    """Whether times that are numbers count from 1970, and whether they are all the same and so mean nothing."""
    seen = np.concatenate(tally.times) if tally.times else np.zeros(0)
    if not len(seen):
        return False, False
    median = float(np.median(seen))
    if median > FAR:
        unit = "us" if median > FAR * 1e3 else "ms"
        raise InvalidInput(where, [f"column time: as seconds they are past the year 5000; say --time-unit {unit}"])
    return median >= EPOCH, tally.read > 1 and tally.span[0] == tally.span[1]
