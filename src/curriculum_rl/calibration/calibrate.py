"""From a log of real students to a simulator pack: fit, judge on unseen students, compare, infer, write."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from curriculum_rl.batch import Bool
from curriculum_rl.calibration import pack
from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.card import card
from curriculum_rl.calibration.comparison import judge
from curriculum_rl.calibration.config import USUAL_SLOPE, CalibrationConfig, Model
from curriculum_rl.calibration.evidence import Evidence, read_evidence
from curriculum_rl.calibration.fit import Fit, Fitter, Tick, silent
from curriculum_rl.calibration.flags import flags
from curriculum_rl.calibration.forgetting import Fitted
from curriculum_rl.calibration.gain import gain_of
from curriculum_rl.calibration.predictive import compare
from curriculum_rl.calibration.prerequisites import Map, infer_prerequisites
from curriculum_rl.calibration.provenance import of_dropout, provenance
from curriculum_rl.calibration.reference import BEST
from curriculum_rl.calibration.replay import replay
from curriculum_rl.calibration.report import CalibrationReport
from curriculum_rl.packs import read_pack
from curriculum_rl.violations import InvalidInput

T = TypeVar("T")


def calibrate(
    config: CalibrationConfig, progress: Tick = silent, evidence: Evidence | None = None
) -> CalibrationReport:
    """Fits a population to a log and writes it as a pack.

    Args:
        config: what to fit, and where to write it.
        progress: told what is being done.
        evidence: the log, where it was read already.

    Raises:
        InvalidInput: the log or q-matrix cannot be used.
        OverRejectLimit: too many rows cannot be used; nothing was written but the rejects file.
    """
    evidence = evidence or read_evidence(config, config.out, progress)
    attempts, fitting, unseen = evidence.attempts, evidence.fitting, evidence.unseen
    students, tries, enough = pack.enough_evidence(fitting, config.min_students, config.min_tries)
    if not enough.any():
        remedy = f"at least {config.min_students} students and {config.min_tries} tries on a concept are needed"
        raise InvalidInput(str(config.log), [f"no concept has enough evidence to be fitted: {remedy}"])
    fit = _fit(config, fitting, config.memory, progress)
    named = np.array(fit.degenerate, dtype=object)
    sound = enough & (named == "")
    if not sound.any():
        faults = ", ".join(sorted(set(named[enough])))
        message = f"{config.label}: every concept with enough evidence is degenerate ({faults})"
        raise InvalidInput(str(config.log), [f"{message}; leave this model out"])
    progress("judging on unseen students", 0, 1)
    predicted = {config.label: fit.predict(unseen)}
    gain = None
    if config.memory != "assumed":
        forgetless = _fit(config, fitting, "none", progress).predict(unseen)
        predicted[f"{config.label}, nothing forgotten"] = forgetless
        gain = gain_of(unseen, predicted[config.label], forgetless)
    judged = {**judge(predicted | {BEST: evidence.best}, unseen), **evidence.references}
    progress("simulating the log's students", 0, 1)
    stops = config.practice == "three_in_a_row"
    practice = _practice(config, fit, attempts, unseen, compare) if stops else {}
    replays = {} if stops else _practice(config, fit, attempts, unseen, replay)
    progress("inferring prerequisites", 0, 1)
    report = CalibrationReport(
        config=config,
        evidence=evidence,
        fit=fit,
        judged=judged,
        flags=flags(fit, config.label, judged, attempts, enough),
        practice=practice,
        replays=replays,
        gain=gain,
        prerequisites=_prerequisites(config, fitting, fit, sound),
        concepts=np.flatnonzero(sound).astype(np.int64),
        students=students,
        tries=tries,
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
    times, hazard = report.evidence.times, report.evidence.hazard
    inferred, dated = config.prerequisites == "inferred", fitting.day is not None
    lines = provenance(fit, source, inferred, told_apart, times is not None, dated)
    lines |= of_dropout(source) if hazard else {}
    files: dict[str, str | bytes] = {
        "card.md": card(report),
        "concepts.csv": pack.concepts_csv(fitting, fit, kept, report.tries),
        "prerequisites.csv": pack.prerequisites_csv(fitting, report.prerequisites.edges),
        "activities.csv": pack.activities_csv(fitting, fit, kept, times),
        "population.yaml": pack.population_yaml(fit, lines, times, hazard.dropout if hazard else None),
    }
    files |= dict(fit.knowledge.subset(kept).files().values())
    pack.write_pack(config.out, files)
    read_pack(config.out)
