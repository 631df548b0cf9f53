"""From a log of real students to a simulator pack: fit, judge on unseen students, compare, infer, write."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from curriculum_rl.batch import Bool
from curriculum_rl.calibration import pack
from curriculum_rl.calibration.attempts import Attempts, build_attempts
from curriculum_rl.calibration.card import card
from curriculum_rl.calibration.fit import Fit, Fitter, Tick, silent
from curriculum_rl.calibration.fit_afm import USUAL_SLOPE
from curriculum_rl.calibration.forgetting import Fitted
from curriculum_rl.calibration.gain import gain_of
from curriculum_rl.calibration.predictive import compare
from curriculum_rl.calibration.prerequisites import Map, infer_prerequisites
from curriculum_rl.calibration.provenance import provenance
from curriculum_rl.calibration.q_matrix import read_q_matrix
from curriculum_rl.calibration.reference import reference_scores
from curriculum_rl.calibration.replay import replay
from curriculum_rl.calibration.report import CalibrationConfig, CalibrationReport, Model
from curriculum_rl.calibration.scores import scores
from curriculum_rl.logs.fitting_log import FittingLog, read_log
from curriculum_rl.logs.rejects import OverRejectLimit
from curriculum_rl.packs import read_pack
from curriculum_rl.violations import InvalidInput

T = TypeVar("T")

__all__ = ["CalibrationConfig", "CalibrationReport", "calibrate", "fitter", "run"]


def calibrate(config: CalibrationConfig, progress: Tick = silent) -> CalibrationReport:
    """Fits a population to a log and writes it as a pack.

    Raises:
        InvalidInput: the log or q-matrix cannot be used.
        OverRejectLimit: too many rows cannot be used; nothing was written but the rejects file.
    """
    progress("reading", 0, 1)
    q_matrix = read_q_matrix(config.q_matrix) if config.q_matrix else None
    timed = config.memory != "assumed"
    log = read_log(config.log, config.columns, frozenset(q_matrix.skills) if q_matrix else None, timed)
    rejects_file = _write_rejects(config, log)
    attempts = build_attempts(log, q_matrix, config.unseen_share, config.several)
    fitting, unseen = attempts.of_students(~attempts.unseen), attempts.of_students(attempts.unseen)
    _check_split(config, fitting, unseen)
    fit = _fit(config, fitting, config.memory, progress)
    progress("judging on unseen students", 0, 1)
    predicted = fit.predict(unseen)
    judged = {config.label: scores(predicted, unseen.right)}
    gain = None
    if timed:
        forgetless = _fit(config, fitting, "none", progress).predict(unseen)
        judged[f"{config.label}, nothing forgotten"] = scores(forgetless, unseen.right)
        gain = gain_of(unseen, predicted, forgetless)
    judged |= reference_scores(fitting, unseen)
    progress("simulating the log's students", 0, 1)
    stops = config.practice == "three_in_a_row"
    practice = _practice(config, fit, attempts, unseen, compare) if stops else {}
    replays = {} if stops else _practice(config, fit, attempts, unseen, replay)
    progress("inferring prerequisites", 0, 1)
    students, tries, enough = pack.enough_evidence(fitting, config.min_students, config.min_tries)
    among = enough & np.array([not fault for fault in fit.degenerate])
    if not among.any():
        remedy = f"at least {config.min_students} students and {config.min_tries} tries on a concept are needed"
        raise InvalidInput(str(config.log), [f"no concept has enough evidence to be fitted: {remedy}"])
    report = CalibrationReport(
        config=config,
        counts=log.counts,
        rejects=log.rejects.by_code(),
        rejects_file=rejects_file,
        fitting=int((~attempts.unseen).sum()),
        unseen=int(attempts.unseen.sum()),
        fit=fit,
        attempts=attempts,
        scores=judged,
        practice=practice,
        replays=replays,
        gain=gain,
        prerequisites=_prerequisites(config, fitting, fit, among),
        concepts=np.flatnonzero(among).astype(np.int64),
        students=students,
        tries=tries,
        pack=config.out,
    )
    progress("writing", 0, 1)
    _publish(report, fitting)
    return report


def fitter(model: Model) -> Fitter:
    """The fitting function of a model: `fit_<model>` in the file of that name."""
    found: Fitter = getattr(importlib.import_module(f"curriculum_rl.calibration.fit_{model}"), f"fit_{model}")
    return found


def _fit(config: CalibrationConfig, fitting: Attempts, memory: Fitted, progress: Tick) -> Fit:
    chosen: dict[str, Any] = {} if memory == "assumed" else {"memory": memory}
    if config.start_slope != USUAL_SLOPE:
        chosen["start"] = config.start_slope
    of_model: Any = fitter(config.model)
    fitted: Fit = of_model(fitting, config.iterations, progress, **chosen)
    return fitted


def _write_rejects(config: CalibrationConfig, log: FittingLog) -> Path | None:
    """Lists the unusable rows beside the pack, never inside it; refuses a log with too many."""
    if not log.rejects.found:
        return None
    path = config.out.parent / f"{config.out.name}.rejects.csv"
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


def _check_split(config: CalibrationConfig, fitting: Attempts, unseen: Attempts) -> None:
    for part, name in ((fitting, "fit to"), (unseen, "judge on")):
        if len(part.right) == 0 or part.right.min() == part.right.max():
            message = f"too few students: none with both right and wrong answers is left to {name}"
            raise InvalidInput(str(config.log), [message])
    if np.intersect1d(fitting.student, unseen.student).size:
        raise AssertionError("a student is both fitted and judged")


def _practice(
    config: CalibrationConfig,
    fit: Fit,
    everyone: Attempts,
    unseen: Attempts,
    check: Callable[[Attempts, Fit, int, int, bool], T],
) -> dict[str, T]:
    return {
        "all students, traits from their own answers": check(everyone, fit, config.seed, config.repeats, True),
        "all students, traits from the population": check(everyone, fit, config.seed, config.repeats, False),
        "unseen students, traits from their own answers": check(unseen, fit, config.seed, config.repeats, True),
    }


def _prerequisites(config: CalibrationConfig, fitting: Attempts, fit: Fit, among: Bool) -> Map:
    if config.prerequisites == "none":
        return Map((), 0, 0, 0)
    return infer_prerequisites(fitting, fit.predict(fitting), among)


def _publish(report: CalibrationReport, fitting: Attempts) -> None:
    """Writes the pack and reads it back: what is published is valid."""
    config, fit, kept = report.config, report.fit, report.concepts
    source, told_apart = config.source or config.log.name, len(pack.forms_of(fitting)) > 2
    lines = provenance(fit, source, config.prerequisites == "inferred", told_apart)
    files: dict[str, str | bytes] = {
        "card.md": card(report),
        "concepts.csv": pack.concepts_csv(fitting, fit, kept, report.tries),
        "prerequisites.csv": pack.prerequisites_csv(fitting, report.prerequisites.edges),
        "activities.csv": pack.activities_csv(fitting, fit, kept),
        "population.yaml": pack.population_yaml(fit, lines),
    }
    files |= dict(fit.knowledge.subset(kept).files().values())
    pack.write_pack(config.out, files)
    read_pack(config.out)


def run(config: CalibrationConfig, console: Console | None = None) -> int:
    """Calibrates with a progress bar, prints what was found, and returns the exit code.

    0: clean. 3: some rows were rejected. 4: too many were, nothing is published. Other bad input raises InvalidInput.
    """
    console = console or Console()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("calibrating", total=None)

            def tick(what: str, done: int, total: int) -> None:
                bar.update(task, description=what, completed=done, total=total if total > 1 else None)

            report = calibrate(config, tick)
    except OverRejectLimit as error:
        console.print(str(error), style="red", markup=False)
        return 4
    _print(report, console)
    return 3 if report.counts.rejected else 0


def _print(report: CalibrationReport, console: Console) -> None:
    counts = report.counts

    def say(*lines: Any) -> None:
        for line in lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    say(f"{counts.read} rows read: {counts.accepted} accepted, {counts.rejected} rejected, {counts.merged} merged")
    if report.rejects_file:
        say(f"rejected rows are listed in {report.rejects_file}")
    say(f"fitted to {report.fitting} students, judged one step ahead on {report.unseen} it never saw")
    for name, s in report.scores.items():
        say(f"  {name:22} AUC {s.auc:.3f}  RMSE {s.rmse:.3f}  log-loss {s.log_loss:.3f}")
    for name, c in report.practice.items():
        say(
            f"{name}: accuracy by opportunity within {c.furthest:.3f}, wheel-spinning "
            f"{c.wheel_spinning:.1%} (real {c.real.wheel_spinning:.1%})"
        )
    for name, r in report.replays.items():
        real, simulated, _ = r.slopes()
        say(f"{name}: accuracy within {r.furthest:.3f}, {simulated:+.4f} logits a try (real {real:+.4f})")
    if report.gain:
        say(f"{report.fit.memory}: {report.gain}")
    spread = report.fit.spread
    say(
        f"ability sd {spread.ability_sd:.2f}, rate sd {spread.rate_sd:.2f}, correlation {spread.correlation:.2f}",
        f"{len(report.concepts)} concepts, {len(report.prerequisites.edges)} prerequisites, pack in {report.pack}",
    )
