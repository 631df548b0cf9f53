"""What `curriculum-rl calibrate` can be told, and the configuration made of it; fits are imported when they run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curriculum_rl.calibration.calibrate import CalibrationConfig


def add_arguments(added: argparse.ArgumentParser) -> None:
    """Adds them to the verb's parser."""
    added.add_argument("--log", required=True, type=Path, metavar="FILE", help="Parquet or CSV, a row for each try")
    added.add_argument("--q-matrix", type=Path, metavar="FILE", help="items by skills, .npz or CSV")
    models = ("afm", "bkt", "dkt", "irt", "pfa")
    added.add_argument("--model", required=True, choices=models, help="of how knowledge grows")
    added.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="of the pack; made if need be")
    added.add_argument("--column", action="append", default=[], metavar="ROLE=NAME", help="the column of a role")
    added.add_argument("--source", default="", metavar="TEXT", help="of the log, for the card (default: the file)")
    added.add_argument("--terms", default="", metavar="TEXT", help="of the log and its citation, for the card")
    added.add_argument("--note", default="", metavar="TEXT", help="of what the pack is good for, for the card")
    rule = "assumed, or a rule of half-lives fitted to the log's times (afm and irt)"
    added.add_argument("--memory", choices=("assumed", "exponential", "power"), default="assumed", help=rule)
    ends = "compare with simulations up to three right in a row, or try by try as logged"
    added.add_argument("--practice", choices=("three_in_a_row", "as_logged"), default="three_in_a_row", help=ends)
    needs = "inferred from the log (default), or none"
    added.add_argument("--prerequisites", choices=("inferred", "none"), default="inferred", help=needs)
    several = "what an item of several skills practises: one concept for the set, or each"
    added.add_argument("--several", choices=("set", "each"), default="set", help=f"{several} (default set)")
    for name, kind, default, help in (
        ("start-slope", float, 0.1, "logits a try at which fitting afm begins; small if little is learned"),
        ("min-students", int, 30, "on a concept, below which the pack leaves it out"),
        ("min-tries", int, 200, "on a concept, below which the pack leaves it out"),
        ("unseen-share", float, 0.2, "of students kept from fitting, if the log has no split"),
        ("iterations", int, 30, "of the fit, at most"),
        ("repeats", int, 5, "simulations of the log's students"),
        ("seed", int, 0, "of those simulations"),
        ("reject-limit", float, 0.01, "share of unusable rows above which nothing is written"),
    ):
        added.add_argument(f"--{name}", type=kind, default=default, metavar="N", help=f"{help} (default {default:g})")


def config_of(typed: argparse.Namespace) -> CalibrationConfig:
    """The configuration that was typed.

    Raises:
        InvalidInput: a column is no role and name, or a setting is out of its range.
    """
    from curriculum_rl.calibration.calibrate import CalibrationConfig
    from curriculum_rl.logs.table import ALIASES
    from curriculum_rl.violations import Violations

    check = Violations("calibrate")
    columns: dict[str, str] = {}
    for text in typed.column:
        role, _, name = text.partition("=")
        if role not in ALIASES or not name:
            check.add("column", text, f"must be ROLE=NAME, the role one of {', '.join(ALIASES)}")
        columns[role] = name
    check.raise_all()
    settings = {name: value for name, value in vars(typed).items() if name not in ("verb", "debug", "column")}
    return CalibrationConfig(columns=columns, **settings)
