"""A log at a glance: how many, how right, how far apart, in which groups. One bucket in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curriculum_rl.batch import Float, Int
from curriculum_rl.logs.schema import seconds
from curriculum_rl.logs.store import Log

GAPS: Final = (("a minute", 60.0), ("an hour", 3_600.0), ("a day", 86_400.0), ("a week", 604_800.0))
"""Times between a student's rows are counted up to each of these, and beyond the last."""


@dataclass
class Part:
    """Rows that have something in common: a skill, an item, a group."""

    rows: int = 0
    students: int = 0
    answered: int = 0
    right: float = 0.0

    @property
    def rate(self) -> float | None:
        """Mean answer; None where there is none."""
        return self.right / self.answered if self.answered else None


@dataclass
class Summary:
    """What a log holds.

    Attributes:
        whole: all rows.
        events: rows of each event type.
        per_student: rows of each student, (U,).
        rates: mean answer of each student who answered, (V,).
        items, skills: by name.
        groups: by column, then by value.
        gaps: how many times between rows of a student are up to each of `GAPS`, and beyond.
        first, last: seconds of the first and last row, from 1970 or wherever the log counts from.
        durations: how long answers took, seconds, of a sample of rows.
        chosen_by_chance: rows whose propensity is below 1.
        no_choice: rows whose propensity is 1.
        ended: rows that say how an episode ended.
    """

    whole: Part = field(default_factory=Part)
    events: dict[str, int] = field(default_factory=dict)
    per_student: Int = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    rates: Float = field(default_factory=lambda: np.zeros(0))
    items: dict[str, Part] = field(default_factory=dict)
    skills: dict[str, Part] = field(default_factory=dict)
    groups: dict[str, dict[str, Part]] = field(default_factory=dict)
    gaps: Int = field(default_factory=lambda: np.zeros(len(GAPS) + 1, dtype=np.int64))
    first: float | None = None
    last: float | None = None
    durations: Float = field(default_factory=lambda: np.zeros(0))
    chosen_by_chance: int = 0
    no_choice: int = 0
    ended: int = 0


def summarise(log: Log) -> Summary:
    """Reads a log once, and counts."""
    summary = Summary()
    counts: list[Int] = []
    rates: list[Float] = []
    durations: list[Float] = []
    for bucket in log.buckets():
        student = _codes(bucket.column("student_id"))[0]
        answer = bucket.column("response").to_numpy(zero_copy_only=False).astype(np.float64)
        n = int(student.max()) + 1
        counts.append(np.bincount(student, minlength=n))
        answered = np.bincount(student, ~np.isnan(answer), n)
        right = np.bincount(student, np.nan_to_num(answer), n)
        rates.append(right[answered > 0] / answered[answered > 0])
        _add(summary.whole, bucket.num_rows, n, answer)
        _by(summary.items, *_codes(bucket.column("activity_id")), student, answer)
        _skills(summary, bucket, student, answer)
        for name in log.manifest.groups:
            values = bucket.column(name).fill_null("not told")
            _by(summary.groups.setdefault(name, {}), *_codes(values), student, answer)
        for pair in pc.value_counts(bucket.column("event_type")).to_pylist():
            kind = pair["values"] or "not told"
            summary.events[kind] = summary.events.get(kind, 0) + pair["counts"]
        _times(summary, bucket, student)
        took = bucket.column("duration_s").to_numpy(zero_copy_only=False).astype(np.float64)
        durations.append(took[~np.isnan(took)][:: 1 + len(took) // 100_000])
        chance = bucket.column("propensity").to_numpy(zero_copy_only=False).astype(np.float64)
        summary.chosen_by_chance += int((chance < 1.0).sum())
        summary.no_choice += int((chance == 1.0).sum())
        summary.ended += bucket.num_rows - bucket.column("end_reason").null_count
    summary.per_student, summary.rates = np.concatenate(counts), np.concatenate(rates)
    summary.durations = np.concatenate(durations)
    return summary


def _codes(column: pa.ChunkedArray) -> tuple[Int, list[str]]:
    encoded = column.combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices).astype(np.int64), encoded.dictionary.to_pylist()


def _add(part: Part, rows: int, students: int, answer: Float) -> None:
    part.rows += rows
    part.students += students
    part.answered += int((~np.isnan(answer)).sum())
    part.right += float(np.nansum(answer))


def _by(parts: dict[str, Part], code: Int, names: list[str], student: Int, answer: Float) -> None:
    """Adds rows to the part that each belongs to; a student counts once in each."""
    rows = np.bincount(code, minlength=len(names))
    answered = np.bincount(code, ~np.isnan(answer), len(names))
    right = np.bincount(code, np.nan_to_num(answer), len(names))
    pairs = np.unique(code * (int(student.max(initial=0)) + 1) + student)
    students = np.bincount(pairs // (int(student.max(initial=0)) + 1), minlength=len(names))
    for i, name in enumerate(names):
        part = parts.setdefault(name, Part())
        part.rows += int(rows[i])
        part.students += int(students[i])
        part.answered += int(answered[i])
        part.right += float(right[i])


def _skills(summary: Summary, bucket: pa.Table, student: Int, answer: Float) -> None:
    skills = bucket.column("skills").combine_chunks()
    parent = np.asarray(pc.list_parent_indices(skills))
    if len(parent):
        encoded = pc.list_flatten(skills).dictionary_encode()
        code = np.asarray(encoded.indices).astype(np.int64)
        _by(summary.skills, code, encoded.dictionary.to_pylist(), student[parent], answer[parent])


def _times(summary: Summary, bucket: pa.Table, student: Int) -> None:
    now = seconds(bucket)
    if np.isnan(now).all():
        return
    first, last = float(np.nanmin(now)), float(np.nanmax(now))
    summary.first = first if summary.first is None else min(first, summary.first)
    summary.last = last if summary.last is None else max(last, summary.last)
    gap = np.diff(now)[np.diff(student) == 0]
    gap = gap[~np.isnan(gap)]
    place = np.searchsorted([bound for _, bound in GAPS], gap, side="left")
    summary.gaps += np.bincount(place, minlength=len(GAPS) + 1)


def shown(parts: dict[str, Part], least: int, most: int) -> Iterator[tuple[str, Part]]:
    """The largest parts, none with fewer students than `least`.

    Where just one is too small, the next one is kept back as well: what is missing from the total must not tell it.
    """
    named = sorted(parts.items(), key=lambda pair: (-pair[1].students, pair[0]))
    fit = [pair for pair in named if pair[1].students >= least]
    if len(named) - len(fit) == 1:
        fit = fit[:-1]
    yield from fit[:most]
