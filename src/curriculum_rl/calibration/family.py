"""Several models fitted to one log, each a pack of its own: a family of worlds that share students, items and split.

What no policy should depend on, which model of learning is right, is what such worlds differ in; a strategy that wins
in one alone has learned its simulator. Doroudi, Aleven & Brunskill (2017), "Robust evaluation matrix",
doi:10.1145/3051457.3051463.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from curriculum_rl.calibration.calibrate import calibrate
from curriculum_rl.calibration.comparison import Judged
from curriculum_rl.calibration.config import GROW, USUAL_SLOPE, CalibrationConfig, Model
from curriculum_rl.calibration.evidence import read_evidence
from curriculum_rl.calibration.fit import Tick, silent
from curriculum_rl.calibration.report import CalibrationReport
from curriculum_rl.evaluation.bootstrap import Interval


def member(config: CalibrationConfig, model: Model) -> CalibrationConfig:
    """The configuration of one model of a family, its pack in a folder of the family's named after it.

    A memory is fitted with the models that can, and AFM alone has a slope to begin at; else these are as usual.
    """
    return replace(
        config,
        model=model,
        out=config.out / model,
        memory=config.memory if model in GROW else "assumed",
        start_slope=config.start_slope if model == "afm" else USUAL_SLOPE,
    )


def calibrate_family(
    members: Sequence[CalibrationConfig], folder: Path, progress: Tick = silent
) -> list[CalibrationReport]:
    """Fits each to the same students, and judges all on the same others; the log is read and split once.

    Args:
        members: of one log, each with a model and a folder of its own.
        folder: the family's; unusable rows are listed beside it.
        progress: told what is being done, and for which model.

    Raises:
        InvalidInput: the log or q-matrix cannot be used.
        OverRejectLimit: too many rows cannot be used; nothing was written but the rejects file.
    """
    needs_times = [m for m in members if m.memory != "assumed"]
    evidence = read_evidence((needs_times or members)[0], folder, progress)

    def named(model: str) -> Tick:
        return lambda what, done, total: progress(f"{model}: {what}", done, total)

    return [calibrate(m, named(m.model), evidence) for m in members]


def ranking(reports: Sequence[CalibrationReport]) -> list[tuple[str, Judged, tuple[str, ...]]]:
    """Every student model and reference on the same unseen students, best AUC first: name, figures, flags."""
    judged: dict[str, Judged] = {}
    for report in reports:
        judged |= report.judged
    flags = {report.config.label: report.flags for report in reports}
    ordered = sorted(judged, key=lambda name: -judged[name].scores.auc)
    return [(name, judged[name], flags.get(name, ())) for name in ordered]


def ranking_csv(reports: Sequence[CalibrationReport]) -> str:
    """The same as CSV; differences are less Best-LR."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    gains = [f"{what}_less_best_lr{end}" for what in ("auc", "log_loss") for end in ("", "_low", "_high")]
    writer.writerow(["model", "tries", "auc", "rmse", "log_loss", "calibration_error", *gains, "flags"])
    for name, judged, flags in ranking(reports):
        s = judged.scores
        own = [f"{x:.6f}" for x in (s.auc, s.rmse, s.log_loss, s.calibration_error)]
        writer.writerow([name, s.n, *own, *_ends(judged.auc), *_ends(judged.log_loss), "; ".join(flags)])
    return out.getvalue()


def _ends(interval: Interval | None) -> list[str]:
    if interval is None:
        return ["", "", ""]
    return [f"{x:.6f}" for x in (interval.mean, interval.low, interval.high)]
