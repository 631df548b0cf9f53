"""A log as a model is fitted to it: who tried which item in which order, and whether the answer was right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.logs.importing import PLAUSIBLE
from curriculum_rl.logs.rejects import Rejects, RowCounts
from curriculum_rl.logs.settling import FAR
from curriculum_rl.logs.table import ALIASES, Table, Text, read_table
from curriculum_rl.violations import InvalidInput

_ANSWERS = {"0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0, "false": 0.0, "true": 1.0}
_SEPARATORS = re.compile(r";|~~|\|")
_TRY = ["student", "order", "item"]


@dataclass(frozen=True)
class FittingLog:
    """n tries, sorted by student and order. Ids stay text: "007", "7" and " 7" are three students.

    Attributes:
        students: ids, in order of first appearance, (U,).
        items: ids, (J,); without a q-matrix an item that stands with different skills counts as different items.
        skills: of each item, as the log names them; empty where it names none, (J,).
        student, item: index of each try, (n,).
        right: the answer of each try, (n,).
        day: of each try, days since 1970 or wherever the log counts from, (n,); None where some row has no time, all
            have the same, or a student's go back.
        minutes: that each try took, nan where the log does not say or says nothing above 0, (n,); None where it never
            says.
        unseen: students that the file's own split keeps from fitting, (U,); None without a split.
        counts: what became of the rows.
        rejects: the rows left out.
    """

    students: tuple[str, ...]
    items: tuple[str, ...]
    skills: tuple[tuple[str, ...], ...]
    student: Int
    item: Int
    right: Bool
    day: Float | None
    minutes: Float | None
    unseen: Bool | None
    counts: RowCounts
    rejects: Rejects = field(repr=False)


def read_log(
    path: Path,
    mapping: Mapping[str, str] | None = None,
    items_with_skills: frozenset[str] | None = None,
    timed: bool = False,
) -> FittingLog:
    """Reads a log; rows that cannot be used are rejected one by one, never silently.

    Args:
        path: Parquet or CSV, or the folder of a canonical log.
        mapping: role to column name, where the aliases of `table.ALIASES` do not fit.
        items_with_skills: the items of the q-matrix; without one, the log's own skills are used.
        timed: whether the time of every try is needed; a row without one is then rejected.

    Raises:
        InvalidInput: not a log, no usable row, no times where they are needed, times or durations that are no
            seconds, or a split that divides a student.
    """
    rejects = Rejects()
    by_skills = items_with_skills is None
    table = read_table(path, mapping or {}, by_skills, rejects)
    if timed and "time" not in table.columns:
        remedy = f"call it one of {', '.join(ALIASES['time'])}, or map it; forgetting cannot be fitted without"
        raise InvalidInput(str(path), [f"column time: is missing; {remedy}"])
    frame, merged = _merge(_usable(table, items_with_skills, rejects, timed), by_skills, rejects)
    counts = RowCounts(table.read, len(frame), len(rejects.found), merged)
    if frame.empty:
        faults = ", ".join(f"{n} {code}" for code, n in rejects.by_code().items())
        raise InvalidInput(str(path), [f"none of its {table.read} rows can be used: rejected for {faults}"])
    if timed and frame["day"].nunique() == 1:
        raise InvalidInput(str(path), ["column time: is the same in all rows; forgetting cannot be fitted from it"])
    student, students = pd.factorize(frame["student"])
    identity = ["item", "skills"] if by_skills else ["item"]
    item = frame.groupby(identity, sort=False).ngroup().to_numpy()
    distinct = frame.drop_duplicates(identity)
    place = np.lexsort((frame["line"], frame["order"], student))
    return FittingLog(
        students=tuple(students),
        items=tuple(distinct["item"]),
        skills=tuple(tuple(s for s in text.split(";") if s) for text in distinct["skills"]),
        student=student[place].astype(np.int64),
        item=item[place].astype(np.int64),
        right=frame["right"].to_numpy(dtype=np.bool_)[place],
        day=_whole(path, frame["day"].to_numpy(dtype=np.float64)[place], student[place]),
        minutes=_minutes(path, frame["seconds"].to_numpy(dtype=np.float64)[place]),
        unseen=_unseen(path, frame, student, len(students)),
        counts=counts,
        rejects=rejects,
    )


def _usable(table: Table, items_with_skills: frozenset[str] | None, rejects: Rejects, timed: bool) -> pd.DataFrame:
    """Rows whose every needed cell can be read; the first fault of a row is the one that is noted."""
    columns = table.columns
    order = _numbers(columns["order"])
    answer = np.array([_ANSWERS.get(cell.strip().lower(), np.nan) for cell in columns["answer"]])
    skills = _sorted_skills(columns.get("skills"), len(table.line))
    good = np.ones(len(table.line), dtype=np.bool_)

    def refuse(role: str, code: str, bad: Bool) -> None:
        for i in np.flatnonzero(bad & good):
            rejects.add(int(table.line[i]), table.names[role], code)
        good[bad] = False

    for role in [*_TRY, "answer"]:
        refuse(role, "missing", np.array([not cell.strip() for cell in columns[role]], dtype=np.bool_))
    refuse("order", "order", ~np.isfinite(order))
    refuse("answer", "answer", np.isnan(answer))
    if items_with_skills is None:
        refuse("skills", "missing", np.array([not cell for cell in skills], dtype=np.bool_))
    else:
        refuse("item", "item", np.array([i not in items_with_skills for i in columns["item"]], dtype=np.bool_))
    day = _days(columns["time"]) if "time" in columns else np.full(len(table.line), np.nan)
    if timed:
        refuse("time", "time", np.isnan(day))
        refuse("time", "time", _turned_back(columns["student"], order, np.where(good, day, -np.inf)))
    cells = {
        "line": table.line,
        "student": columns["student"],
        "order": order,
        "item": columns["item"],
        "skills": skills,
        "right": answer == 1.0,
        "day": day,
        "seconds": _numbers(columns["duration"]) if "duration" in columns else np.nan,
        "split": columns.get("split", np.full(len(table.line), "", dtype=object)),
    }
    return pd.DataFrame(cells)[good].reset_index(drop=True)


def _numbers(column: Text) -> Float:
    """Cells as numbers; nan where they are none."""
    numbers: Float = pd.to_numeric(pd.Series(column), errors="coerce").to_numpy(dtype=np.float64)
    return numbers


def _whole(path: Path, day: Float, student: Int) -> Float | None:
    """The times of tries sorted by student, where they can be used: all there, not all the same, and in order.

    Raises:
        InvalidInput: they can hardly be seconds.
    """
    if (day > FAR / 86_400.0).mean() > 0.5:
        remedy = "is the unit another one? Seconds are expected; `curriculum-rl import --time-unit` makes them so"
        raise InvalidInput(str(path), [f"column time: as seconds most of it is past the year 5000; {remedy}"])
    if np.isnan(day).any() or (day == day[0]).all() or ((np.diff(day) < 0) & (student[1:] == student[:-1])).any():
        return None
    return day


def _minutes(path: Path, seconds: Float) -> Float | None:
    """Durations in minutes.

    Raises:
        InvalidInput: they can hardly be seconds.
    """
    seconds = np.where(np.isfinite(seconds) & (seconds > 0), seconds, np.nan)
    if np.isnan(seconds).all():
        return None
    median = float(np.nanmedian(seconds))
    if not PLAUSIBLE[0] <= median <= PLAUSIBLE[1]:
        remedy = "is the unit another one? Seconds are expected; `curriculum-rl import --duration-unit` makes them so"
        raise InvalidInput(str(path), [f"column duration: the median try would take {median:.3g} seconds; {remedy}"])
    return seconds / 60.0


def _days(column: Text) -> Float:
    """Seconds, or dates and times (UTC where they name no zone), as days; nan where it is neither."""
    seconds = _numbers(column)
    day: Float = np.where(np.isfinite(seconds), seconds, np.nan) / 86_400.0
    text = np.isnan(day)
    if text.any():
        dates = pd.to_datetime(pd.Series(column[text]), errors="coerce", utc=True, format="ISO8601")
        day[text] = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    return day


def _turned_back(student: Text, order: Float, day: Float) -> Bool:
    """Which tries are dated before an earlier one of the same student, (n,)."""
    frame = pd.DataFrame({"student": student, "order": order, "day": day}).sort_values("order", kind="stable")
    back: Bool = (frame["day"] < frame.groupby("student", sort=False)["day"].cummax()).sort_index().to_numpy()
    return back & np.isfinite(day)


def _sorted_skills(column: Text | None, n: int) -> Text:
    """Skills of each row as a sorted list joined by semicolons."""
    if column is None:
        return np.full(n, "", dtype=object)
    codes, texts = pd.factorize(column)
    lists = [";".join(sorted({s.strip() for s in _SEPARATORS.split(text)} - {""})) for text in texts]
    joined: Text = np.array(lists, dtype=object)[codes]
    return joined


def _merge(frame: pd.DataFrame, by_skills: bool, rejects: Rejects) -> tuple[pd.DataFrame, int]:
    """Folds rows of the same try (student, order, item) into one, as sources that repeat a row for each skill need.

    The skills are joined. A repeated try with another answer is rejected.
    """
    if not frame.duplicated(_TRY).any():
        return frame, 0
    conflict = frame["right"] != frame.groupby(_TRY, sort=False)["right"].transform("first")
    for line in frame.loc[conflict, "line"]:
        rejects.add(int(line), "answer", "conflict")
    same = frame[~conflict].reset_index(drop=True)
    repeated = same.duplicated(_TRY)
    if by_skills:
        # The q-matrix, where there is one, has the last word on an item's skills.
        for _, rows in same[same.duplicated(_TRY, keep=False)].groupby(_TRY, sort=False):
            joined = sorted({s for text in rows["skills"] for s in text.split(";")})
            same.loc[rows.index[0], "skills"] = ";".join(joined)
    return same[~repeated].reset_index(drop=True), int(repeated.sum())


def _unseen(path: Path, frame: pd.DataFrame, student: Int, students: int) -> Bool | None:
    """Who the file's split keeps apart: every value but "train" is unseen."""
    split = frame["split"].str.strip().str.lower()
    if (split == "").all():
        return None
    tries = np.bincount(student, minlength=students)
    apart = np.bincount(student, weights=(split != "train").to_numpy(dtype=np.float64), minlength=students)
    divided = int(((apart > 0) & (apart < tries)).sum())
    if divided:
        raise InvalidInput(str(path), [f"column split: divides {divided} students; all rows of a student must agree"])
    whole: Bool = apart > 0
    return whole
