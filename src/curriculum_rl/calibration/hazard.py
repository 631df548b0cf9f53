"""Dropout fitted to a canonical log that says how episodes end: the hazard of `students/dropout.py`, by session.

    logit h = intercept + time ln(session) + failures recent

`recent` follows the wrong answers as there, at its usual weight of the last one. Engagement is in no log, and its part
is 0. Sessions lie between gaps of `SESSION` days. At the end of one everybody was at risk who came again or left by
dropout; not those whose episode ended there in another way, for nobody leaves a course at its end, and not those of
whom nobody knows. A discrete-time hazard is a logistic regression: Singer & Willett (1993),
doi:10.3102/10769986018002155; `time` and `failures` have the prior N(0, 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from scipy import sparse
from scipy.signal import lfilter
from scipy.special import expit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.calibration.forgetting import SESSION
from curriculum_rl.calibration.logistic import fit_logistic
from curriculum_rl.logs.store import open_log
from curriculum_rl.logs.table import Text
from curriculum_rl.students.dropout import Dropout
from curriculum_rl.violations import InvalidInput, Violations

_COLUMNS: Final = ("student_id", "episode_id", "response", "timestamp", "t_rel_s", "end_reason")
_SHOWN: Final = 10


@dataclass(frozen=True)
class Ends:
    """The ends of sessions at which somebody was at risk, (m,) each.

    Attributes:
        student: who, by id.
        session: its number in the episode, from 1.
        recent: weighted share of wrong answers by then.
        left: whether it was the last, by dropout.
    """

    student: Text
    session: Int
    recent: Float
    left: Bool


@dataclass(frozen=True)
class Hazard:
    """A fitted dropout.

    Attributes:
        dropout: its settings.
        errors: standard errors of intercept, time and failures, each student's ends taken as independent given these.
        fitted, unseen: ends of sessions of the students that were fitted, and of the others.
        by_session: session, its ends, share that left, and the share that the fit expects, of the unseen students;
            sessions past the last that is shown are in the last.
    """

    dropout: Dropout
    errors: tuple[float, float, float]
    fitted: int
    unseen: int
    by_session: tuple[tuple[str, int, float, float], ...]


def fit_hazard(folder: Path, unseen: frozenset[str]) -> Hazard:
    """Fits the students of a canonical log who are not unseen, and compares with those who are.

    Raises:
        InvalidInput: no canonical log, no times, no dropout among those who are fitted.
    """
    ends = session_ends(folder)
    apart = np.isin(ends.student, sorted(unseen))
    design = np.stack([np.ones(len(ends.left)), np.log(ends.session), ends.recent], axis=1)
    left = ends.left.astype(np.float64)
    if not ends.left[~apart].any():
        raise InvalidInput(str(folder), ["end_reason: nobody who is fitted left by dropout; leave out --dropout"])
    weights = fit_logistic(sparse.csr_matrix(design[~apart]), left[~apart])
    expected: Float = expit(design @ weights)
    mass = design * (expected * (1.0 - expected))[:, None]
    errors = np.sqrt(np.diag(np.linalg.inv(mass[~apart].T @ design[~apart] + np.diag([0.0, 1.0, 1.0]))))
    intercept, time, failures = (float(f"{w:.4g}") for w in weights)
    rows = []
    for session in range(1, _SHOWN + 1):
        own = apart & (ends.session >= session if session == _SHOWN else ends.session == session)
        if own.any():
            name = f"{session} and later" if session == _SHOWN else str(session)
            rows.append((name, int(own.sum()), float(left[own].mean()), float(expected[own].mean())))
    return Hazard(
        dropout=Dropout(intercept=intercept, time=time, failures=failures, engagement=0.0),
        errors=(float(errors[0]), float(errors[1]), float(errors[2])),
        fitted=int((~apart).sum()),
        unseen=int(apart.sum()),
        by_session=tuple(rows),
    )


def session_ends(folder: Path) -> Ends:
    """Every end of a session at which somebody was at risk.

    Raises:
        InvalidInput: no canonical log, or one without times or without ends.
    """
    check = Violations(str(folder))
    if not folder.is_dir():
        remedy = "`curriculum-rl import` makes one of your file, with end_reason among its columns"
        raise InvalidInput(str(folder), [f"dropout is fitted to a canonical log, a folder; {remedy}"])
    log = open_log(folder)
    filled = log.manifest.filled
    check.that("end_reason" in filled, "column end_reason: says nothing; leave out --dropout")
    check.that(any(t in filled for t in ("timestamp", "t_rel_s")), "no row has a time; sessions cannot be told apart")
    check.raise_all()
    parts = [_of_bucket(folder, bucket) for bucket in log.buckets(_COLUMNS)]
    return Ends(*(np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])))


def _of_bucket(folder: Path, rows: pa.Table) -> Ends:
    """Those of some students, all rows of each, in order."""
    student = np.array(rows["student_id"].to_pylist(), dtype=object)
    episode = np.array(rows["episode_id"].to_pylist(), dtype=object)
    new = np.r_[True, (student[1:] != student[:-1]) | (episode[1:] != episode[:-1])]
    day = _days(rows)
    if np.isnan(day).any():
        raise InvalidInput(
            str(folder), [f"{int(np.isnan(day).sum())} rows have no time; sessions cannot be told apart"]
        )
    begins = new | np.r_[True, ~(np.diff(day) < SESSION)]
    first = np.flatnonzero(new)[np.cumsum(new) - 1]
    session = np.cumsum(begins) - np.cumsum(begins)[first] + 1
    last = np.flatnonzero(np.r_[begins[1:], True])
    over = np.r_[new[1:], True][last]
    reason = np.array(rows["end_reason"].to_pylist(), dtype=object)[last]
    left = over & (reason == "dropout")
    at_risk = ~over | left
    own = last[at_risk]
    recent = _recent(rows["response"].to_numpy().astype(np.float64), first)
    return Ends(student[own], session[own].astype(np.int64), recent[own], left[at_risk].astype(np.bool_))


def _days(rows: pa.Table) -> Float:
    """When each row was, in days from any beginning."""
    name = "t_rel_s" if rows["timestamp"].null_count else "timestamp"
    column = rows[name].cast(pa.int64()) if name == "timestamp" else rows[name]
    scale = 86_400.0 * (1e6 if name == "timestamp" else 1.0)
    days: Float = column.to_numpy().astype(np.float64) / scale
    return days


def _recent(response: Float, first: Int) -> Float:
    """The weighted share of wrong answers after each row, (n,); `first` is the row at which its episode begins."""
    answered = np.flatnonzero(~np.isnan(response))
    weight, after = Dropout().memory, np.zeros(len(answered))
    for part in np.split(np.arange(len(answered)), np.flatnonzero(np.diff(first[answered])) + 1):
        after[part] = lfilter([weight], [1.0, weight - 1.0], 1.0 - response[answered[part]])
    place = np.searchsorted(answered, np.arange(len(response)), side="right") - 1
    known = (place >= 0) & (answered[np.maximum(place, 0)] >= first)
    return np.where(known, after[np.maximum(place, 0)], 0.0)
