"""Rows of the canonical log as arrays over a catalogue: what a platform saw of each student, in order.

Time is told in days since a student's course began: by `t_rel_s`, or else by `timestamp` from the student's first row
on; a log that has only an order gets the calendar of the course, in which each activity takes the time that was logged
for it, or what the catalogue says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.course import SECONDS_PER_DAY
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import Platform

SLICE = 8192
"""Rows whose lists are looked up at a time."""
SHOWN = 5
"""Unknown ids that a message names."""


@dataclass(frozen=True)
class Logged:
    """N rows of n students, sorted by student, then by time; K concepts, A activities.

    Attributes:
        ids: of the students, (n,).
        student: index of each row's, (N,), rising.
        offered, activity: what was recommended and what was done, (N,); the same unless the student chose otherwise.
        correct: whether at least half of the answer was right, (N,).
        seen: whether the answer says anything: it is there, or the activity asks for none, (N,).
        now: days since the course began, (N,).
        goals: concepts that each student is here for, (n, K).
        eligible: what could have been recommended, (N, A); None where the log does not say.
        propensity: of what was recommended, (N,); nan where the log does not say.
        reward: of the decision, (N,); nan where the log does not say.
        left: who ended for a reason that may depend on what was taught: dropout or censoring, (n,).
        groups: by axis, the group of each student, (n,); empty where it is not known.
    """

    ids: tuple[str, ...]
    student: Int
    offered: Int
    activity: Int
    correct: Bool
    seen: Bool
    now: Float
    goals: Bool
    eligible: Bool | None
    propensity: Float
    reward: Float
    left: Bool
    groups: dict[str, npt.NDArray[np.object_]]

    @property
    def starts(self) -> Int:
        """The first row of each student, and the number of rows, (n + 1,)."""
        return np.searchsorted(self.student, np.arange(len(self.ids) + 1))


def read_logged(table: pa.Table, platform: Platform) -> Logged:
    """The rows of a bucket of a log.

    Raises:
        InvalidInput: it names activities or concepts that the catalogue lacks.
    """
    catalogue = _Catalogue(platform)
    rows = len(table)
    student, ids = _numbered(table["student_id"])
    activity = catalogue.activities(table["activity_id"], "activity_id")
    offered = activity
    if _given(table, "offered"):
        offered = catalogue.activities(pc.coalesce(table["offered"], table["activity_id"]), "offered")
    starts = np.searchsorted(student, np.arange(len(ids)))
    goals = np.ones((len(ids), len(platform.curriculum.concepts)), dtype=np.bool_)
    if _given(table, "goals"):
        first = table["goals"].take(pa.array(starts))
        goals = catalogue.members(first, "goals", platform.curriculum.concept_index)
        goals[~goals.any(axis=1)] = True
    eligible = None
    if _given(table, "eligible"):
        eligible = catalogue.members(table["eligible"], "eligible", catalogue.index)
        eligible[~eligible.any(axis=1)] = True  # a row that was no decision, such as a test before the course
    catalogue.raise_unknown()
    response = _numbers(table, "response")
    answered = platform.curriculum.answered[activity]
    ends = np.append(starts[1:], rows) - 1
    reasons = np.array(table["end_reason"].take(pa.array(ends)).to_pylist() if rows else [], dtype=object)
    return Logged(
        ids=ids,
        student=student,
        offered=offered,
        activity=activity,
        correct=np.where(np.isnan(response), 0.0, response) >= 0.5,
        seen=~answered | ~np.isnan(response),
        now=_days(table, platform, student, starts, activity),
        goals=goals,
        eligible=eligible,
        propensity=_numbers(table, "propensity"),
        reward=_numbers(table, "reward"),
        left=np.isin(reasons, ("dropout", "censored")),
        groups={
            name.removeprefix("group_"): np.array(
                ["" if g is None else g for g in table[name].take(pa.array(starts)).to_pylist()], dtype=object
            )
            for name in table.column_names
            if name.startswith("group_")
        },
    )


class _Catalogue:
    """Ids to positions; what it lacks is noted."""

    def __init__(self, platform: Platform) -> None:
        self.index = {a.id: i for i, a in enumerate(platform.curriculum.activities)}
        self.unknown: dict[str, set[str]] = {}

    def activities(self, column: pa.ChunkedArray, name: str) -> Int:
        """Position of each, (N,)."""
        return self._positions(column, name, self.index)

    def members(self, column: pa.ChunkedArray, name: str, index: dict[str, int]) -> Bool:
        """Which of the ids each list holds, (N, len(index))."""
        found = np.zeros((len(column), len(index)), dtype=np.bool_)
        row = 0
        for chunk in column.chunks:
            for start in range(0, len(chunk), SLICE):  # lists take many times the room of the mask
                lists = chunk.slice(start, SLICE)
                own = row + start + np.asarray(pc.list_parent_indices(lists))
                found[own, self._positions(pc.list_flatten(lists), name, index)] = True
            row += len(chunk)
        return found

    def _positions(self, column: Any, name: str, index: dict[str, int]) -> Int:
        coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.combine_chunks()
        if isinstance(coded, pa.ChunkedArray):  # of no rows
            return np.zeros(0, dtype=np.int64)
        place = pc.index_in(coded.dictionary, value_set=pa.array(list(index), type=pa.string()))
        if place.null_count:
            self.unknown.setdefault(name, set()).update(coded.dictionary.filter(pc.is_null(place)).to_pylist())
        positions: Int = np.asarray(pc.fill_null(place, 0)).astype(np.int64)[np.asarray(coded.indices)]
        return positions

    def raise_unknown(self) -> None:
        """Refuses what the catalogue lacks."""
        check = Violations("log")
        for name, ids in self.unknown.items():
            some = sorted(ids)[:SHOWN]
            shown = ", ".join(repr(u)[:40] for u in some) + (", ..." if len(ids) > SHOWN else "")
            remedy = "Name the world that the log comes from, or one made from it"
            check.found.append(f"{name}: {len(ids)} ids are not in the catalogue ({shown}). {remedy}.")
        check.raise_all()


def _given(table: pa.Table, name: str) -> bool:
    return name in table.column_names and table[name].null_count < len(table)


def _numbers(table: pa.Table, name: str) -> Float:
    """A column of numbers, nan where there is none, (N,)."""
    if not _given(table, name):
        return np.full(len(table), np.nan)
    column: Float = np.asarray(pc.fill_null(table[name].cast(pa.float64()), np.nan), dtype=np.float64)
    return column


def _numbered(column: pa.ChunkedArray) -> tuple[Int, tuple[str, ...]]:
    """Students by order of appearance; each one's rows stand together."""
    coded = column.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    student = np.asarray(coded.indices).astype(np.int64)
    if len(student) and not np.isin(np.diff(student), (0, 1)).all():
        raise InvalidInput("log", ["student_id: the rows of a student do not stand together. Write the log again"])
    return student, tuple(coded.dictionary.to_pylist())


def _days(table: pa.Table, platform: Platform, student: Int, starts: Int, activity: Int) -> Float:
    """Days since each student's course began, (N,)."""
    if _given(table, "t_rel_s"):
        return _numbers(table, "t_rel_s") / SECONDS_PER_DAY
    first_day = platform.course.days[0]
    if _given(table, "timestamp"):
        seconds = np.asarray(table["timestamp"].cast(pa.int64())).astype(np.float64) / 1e6
        return first_day + (seconds - seconds[starts][student]) / SECONDS_PER_DAY
    taken = _numbers(table, "duration_s") / 60.0
    minutes = np.where(np.isnan(taken), platform.curriculum.minutes[activity], taken)
    return _by_calendar(platform, student, starts, minutes)


def _by_calendar(platform: Platform, student: Int, starts: Int, minutes: Float) -> Float:
    """The day of each row if activities followed each other through the course's sessions, (N,)."""
    now = np.empty(len(student))
    lengths = np.diff(starts, append=len(student))
    lanes = lanes_of(lengths)
    clock = platform.course.start(len(lengths))
    for step in range(int(lengths.max(initial=0))):
        going = lanes[: int((lengths > step).sum())]
        rows = starts[going] + step
        spent = np.zeros(len(lengths))
        spent[going] = minutes[rows]
        now[rows] = clock.now[going]
        platform.course.spend(clock, spent)
    return now


def lanes_of(lengths: Int) -> Int:
    """Students, those with the most rows first: whoever still goes on at a step stands in front."""
    return np.argsort(-lengths, kind="stable")
