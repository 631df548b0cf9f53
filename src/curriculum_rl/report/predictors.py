"""The page that compares the models fitted to one log: how each predicts unseen students, what its students do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curriculum_rl.calibration.checks import Check
from curriculum_rl.calibration.comparison import Judged
from curriculum_rl.calibration.family import ranking, ranking_csv
from curriculum_rl.calibration.report import CalibrationReport
from curriculum_rl.evaluation.bootstrap import Interval
from curriculum_rl.files import write_whole
from curriculum_rl.report.document import document
from curriculum_rl.report.html import Markup, tag
from curriculum_rl.report.layout import paragraph, section, table

_TRAITS = "from the population"
"""Whose simulated students the checks show: drawn as a world draws them, without a look at anybody's answers."""


def write_predictors(reports: Sequence[CalibrationReport], folder: Path) -> Path:
    """Writes `comparison.html` and `comparison.csv` into the folder of the family; returns the page."""
    write_whole(folder / "comparison.csv", ranking_csv(reports))
    path = folder / "comparison.html"
    write_whole(path, page(reports))
    return path


def page(reports: Sequence[CalibrationReport]) -> str:
    """The page as HTML; reports of one log and one split."""
    evidence, config = reports[0].evidence, reports[0].config
    fitted, unseen = evidence.students
    source = config.source or config.log.name
    tries = len(evidence.unseen.right)
    counts = f"{source}: {fitted:,} students fitted, {unseen:,} kept apart, {tries:,} tries judged."
    heading = tag("header", None, tag("h1", None, "Student models of one log"), paragraph(counts))
    return document("Student models of one log", heading, tag("main", None, _predicted(reports), _checked(reports)))


def _predicted(reports: Sequence[CalibrationReport]) -> Markup:
    worlds = {report.config.label: report.config.out.name for report in reports}
    rows = [_row(name, judged, flags, worlds.get(name)) for name, judged, flags in ranking(reports)]
    less = "less that of Best-LR"
    headers = ["Model", "World", "AUC", less, "Log-loss", less, "RMSE", "Calibration error", "Flags"]
    words = (
        "One step ahead on students that no model was fitted to. Differences carry 95% intervals by a bootstrap over "
        "the students, the same draws for every model. A model with a world simulates students, in the pack of that "
        "name; the others only predict."
    )
    return section("predicted", "Predicting students never seen", table("stack", "Predictors", headers, rows, words))


def _row(name: str, judged: Judged, flags: Sequence[str], world: str | None) -> Sequence[str]:
    s = judged.scores
    figures = (f"{s.auc:.3f}", _less(judged.auc), f"{s.log_loss:.3f}", _less(judged.log_loss), f"{s.rmse:.3f}")
    faults = "; ".join(flags) or ("none" if world else "–")
    return (name, world or "–", *figures, f"{s.calibration_error:.3f}", faults)


def _less(interval: Interval | None) -> str:
    if interval is None:
        return "–"
    return _minus(f"{interval.mean:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})")


def _checked(reports: Sequence[CalibrationReport]) -> Markup:
    """The checks of each model side by side, all students of the log simulated."""
    chosen = [next(name for name in report.checks if name.endswith(_TRAITS)) for report in reports]
    checks = [report.checks[name] for report, name in zip(reports, chosen, strict=True)]
    rows = [
        (what, _minus(f"{check.real:.3f}"), *(_simulated(own[what]) for own in checks))
        for what, check in checks[0].items()
    ]
    headers = ["Check", "Real", *(report.config.label for report in reports)]
    words = (
        f"Every student of the log is simulated {reports[0].config.repeats} times with traits drawn from the fitted "
        "population; the mean, and in brackets the lowest and highest simulation. No model was fitted to these figures."
    )
    return section("checked", "What simulated students do", table("plain", "Checks", headers, rows, words))


def _simulated(check: Check) -> str:
    return _minus(f"{check.mean:.3f} ({min(check.simulated):.3f} to {max(check.simulated):.3f})")


def _minus(figure: str) -> str:
    return figure.replace("-", "−")
