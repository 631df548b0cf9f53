"""`curriculum-rl report`: write reports again."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "report",
        run,
        "write report.html of a study again, or matrix.html of several: policies by worlds",
        """\
examples:
  curriculum-rl report runs/quickstart/2026-11-21_10-00-00
  curriculum-rl report runs/does-it-survive-another-simulator/2026-11-21_10-00-00""",
    )
    several = "of a study: it holds results.json; several, or the folder of a sweep, make a matrix"
    added.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help=several)


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from curriculum_rl.report.build import report_folder
    from curriculum_rl.report.matrix import report_matrix

    first = typed.folders[0]
    if len(typed.folders) == 1 and ((first / "results.json").is_file() or not any(first.glob("*/config.yaml"))):
        print(report_folder(first))
        return DONE
    page, told = report_matrix(typed.folders)
    print(*told, page, sep="\n")
    return DONE
