"""What `curriculum-rl calibrate` does and prints, for one model or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from curriculum_rl.calibration.config import CalibrationConfig
from curriculum_rl.calibration.family import calibrate_family, ranking
from curriculum_rl.calibration.report import CalibrationReport
from curriculum_rl.logs.rejects import OverRejectLimit


@dataclass(frozen=True)
class Said:
    """What became of it: the exit code, and what was found, nothing where nothing was published."""

    code: int
    reports: Sequence[CalibrationReport]


def run(members: Sequence[CalibrationConfig], folder: Path, console: Console | None = None) -> Said:
    """Calibrates with a progress bar and prints what was found.

    Exit codes: 0 clean; 3 some rows were rejected; 4 too many were, nothing is published. Other bad input raises
    InvalidInput.
    """
    console = console or Console()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("calibrating", total=None)

            def tick(what: str, done: int, total: int) -> None:
                bar.update(task, description=what, completed=done, total=total if total > 1 else None)

            reports = calibrate_family(members, folder, tick)
    except OverRejectLimit as error:
        console.print(str(error), style="red", markup=False)
        return Said(4, ())
    for line in [*_read(reports), *_judged(reports), *(line for report in reports for line in _found(report))]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return Said(3 if reports[0].evidence.counts.rejected else 0, reports)


def _read(reports: Sequence[CalibrationReport]) -> list[str]:
    evidence = reports[0].evidence
    counts, (fitted, unseen) = evidence.counts, evidence.students
    lines = [f"{counts.read} rows read: {counts.accepted} accepted, {counts.rejected} rejected, {counts.merged} merged"]
    if evidence.rejects_file:
        lines.append(f"rejected rows are listed in {evidence.rejects_file}")
    return [*lines, f"fitted to {fitted} students, judged one step ahead on {unseen} it never saw"]


def _judged(reports: Sequence[CalibrationReport]) -> list[str]:
    lines = []
    for name, judged, _ in ranking(reports):
        s, auc = judged.scores, judged.auc
        less = f"  AUC less Best-LR {auc.mean:+.3f} ({auc.low:+.3f} to {auc.high:+.3f})" if auc else ""
        lines.append(f"  {name:24} AUC {s.auc:.3f}  RMSE {s.rmse:.3f}  log-loss {s.log_loss:.3f}{less}")
    return lines


def _found(report: CalibrationReport) -> list[str]:
    lines = [f"{report.config.label}"]
    for name, checks in report.checks.items():
        figures = "; ".join(f"{what} {check.mean:.3f} (real {check.real:.3f})" for what, check in checks.items())
        lines.append(f"  {name}: {figures}")
    if report.gain:
        lines.append(f"  {report.fit.memory}: {report.gain}")
    spread = report.fit.spread
    return [
        *lines,
        *(f"  flagged: {flag}" for flag in report.flags),
        f"  ability sd {spread.ability_sd:.2f}, rate sd {spread.rate_sd:.2f}, correlation {spread.correlation:.2f}",
        f"  {len(report.concepts)} concepts, {len(report.prerequisites.edges)} prerequisites, pack in "
        f"{report.config.out}",
    ]
