"""What every model of one log is fitted to and judged on: read once, split once, with the references fitted once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Attempts, build_attempts
from curriculum_rl.calibration.comparison import Judged, judge
from curriculum_rl.calibration.config import CalibrationConfig
from curriculum_rl.calibration.fit import Tick
from curriculum_rl.calibration.forgetting import SESSION
from curriculum_rl.calibration.hazard import Hazard, fit_hazard
from curriculum_rl.calibration.q_matrix import read_q_matrix
from curriculum_rl.calibration.reference import BEST, reference_predictions
from curriculum_rl.calibration.response_times import ResponseTimes, fit_times
from curriculum_rl.logs.fitting_log import FittingLog, read_log
from curriculum_rl.logs.rejects import OverRejectLimit, RowCounts
from curriculum_rl.violations import InvalidInput


@dataclass(frozen=True)
class Evidence:
    """A log, ready to be fitted to.

    Attributes:
        counts: rows of the log.
        rejects: rows left out, by code.
        rejects_file: where they are listed; None if there are none.
        attempts: of all students.
        fitting, unseen: of those who are fitted, and of the rest.
        best: P(right) of each unseen try by Best-LR, (n,).
        references: how each reference predicts the unseen students.
        times: how long tries take the fitted students; None where the log does not say.
        hazard: of dropout, where it was asked for.
    """

    counts: RowCounts
    rejects: Mapping[str, int]
    rejects_file: Path | None
    attempts: Attempts
    fitting: Attempts
    unseen: Attempts
    best: Float
    references: Mapping[str, Judged]
    times: ResponseTimes | None
    hazard: Hazard | None

    @property
    def students(self) -> tuple[int, int]:
        """How many were fitted, and how many are unseen."""
        unseen = int(self.attempts.unseen.sum())
        return len(self.attempts.students) - unseen, unseen


def read_evidence(config: CalibrationConfig, folder: Path, progress: Tick) -> Evidence:
    """Reads the log of a configuration, and judges the references on its unseen students.

    Args:
        config: what to read and how to split it; its model does not matter, but that a fitted memory needs times.
        folder: what will be written, beside which unusable rows are listed.
        progress: told what is being done.

    Raises:
        InvalidInput: the log or q-matrix cannot be used.
        OverRejectLimit: too many rows cannot be used; nothing was written but the rejects file.
    """
    progress("reading", 0, 1)
    q_matrix = read_q_matrix(config.q_matrix) if config.q_matrix else None
    timed = config.memory != "assumed"
    log = read_log(config.log, config.columns, frozenset(q_matrix.skills) if q_matrix else None, timed)
    rejects_file = _write_rejects(config, folder, log)
    attempts = build_attempts(log, q_matrix, config.unseen_share, config.several)
    fitting, unseen = attempts.of_students(~attempts.unseen), attempts.of_students(attempts.unseen)
    _check_split(config, fitting, unseen, timed)
    progress("fitting the references", 0, 1)
    apart = frozenset(np.array(attempts.students, dtype=object)[attempts.unseen])
    hazard = fit_hazard(config.log, apart) if config.dropout == "fitted" else None
    predicted = reference_predictions(fitting, unseen)
    return Evidence(
        counts=log.counts,
        rejects=log.rejects.by_code(),
        rejects_file=rejects_file,
        attempts=attempts,
        fitting=fitting,
        unseen=unseen,
        best=predicted[BEST],
        references=judge(predicted, unseen),
        times=fit_times(fitting),
        hazard=hazard,
    )


def _write_rejects(config: CalibrationConfig, folder: Path, log: FittingLog) -> Path | None:
    """Lists the unusable rows beside the folder, never inside it; refuses a log with too many."""
    if not log.rejects.found:
        return None
    path = folder.parent / f"{folder.name}.rejects.csv"
    log.rejects.write(path)
    share = log.counts.rejected / log.counts.read
    if share > config.reject_limit:
        faults = ", ".join(f"{count} {code}" for code, count in log.rejects.by_code().items())
        raise OverRejectLimit(
            str(config.log),
            [
                f"{log.counts.rejected} of {log.counts.read} rows ({share:.1%}) cannot be used ({faults}): at most "
                f"{config.reject_limit:.1%} may be; nothing was published. Each is listed in {path}"
            ],
        )
    return path


def _check_split(config: CalibrationConfig, fitting: Attempts, unseen: Attempts, timed: bool) -> None:
    for part, name in ((fitting, "fit to"), (unseen, "judge on")):
        if len(part.right) == 0 or part.right.min() == part.right.max():
            message = f"too few students: none with both right and wrong answers is left to {name}"
            raise InvalidInput(str(config.log), [message])
        if timed and not (part.gap is not None and np.nanmax(part.gap, initial=0.0) >= SESSION):
            hours, remedy = 24.0 * SESSION, "forgetting cannot be told from it: leave out --memory"
            message = f"column time: no two tries of a concept are {hours:g} hours or more apart among those to {name}"
            raise InvalidInput(str(config.log), [f"{message}; {remedy}"])
    if np.intersect1d(fitting.student, unseen.student).size:
        raise AssertionError("a student is both fitted and judged")
