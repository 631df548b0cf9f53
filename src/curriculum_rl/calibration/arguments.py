"""What `curriculum-rl calibrate` can be told, and the configurations made of it; fits are imported when they run."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, get_args

from curriculum_rl.calibration.config import GROW, CalibrationConfig, Ends, FittedMemory, Model, Several

ALL: Final = "all"
_USUAL: Final[dict[str, Any]] = {field.name: field.default for field in fields(CalibrationConfig)}
_NUMBERS: Final = {
    "start_slope": "logits a try at which fitting afm begins; small if little is learned",
    "min_students": "on a concept, below which the pack leaves it out",
    "min_tries": "on a concept, below which the pack leaves it out",
    "unseen_share": "of students kept from fitting, if the log has no split",
    "iterations": "of the fit, at most",
    "repeats": "simulations of the log's students",
    "seed": "of those simulations",
    "reject_limit": "share of unusable rows above which nothing is written",
}


def add_arguments(added: argparse.ArgumentParser) -> None:
    """Adds them to the verb's parser."""
    logs = "Parquet or CSV, a row for each try; or the folder of a canonical log"
    added.add_argument("--log", required=True, type=Path, metavar="FILE", help=logs)
    added.add_argument("--q-matrix", type=Path, metavar="FILE", help="items by skills, .npz or CSV")
    models = f"of how knowledge grows; several, or {ALL}, are compared, and each gets a pack OUT/MODEL"
    added.add_argument("--model", required=True, nargs="+", choices=(*get_args(Model), ALL), help=models)
    added.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="of the pack; made if need be")
    added.add_argument("--column", action="append", default=[], metavar="ROLE=NAME", help="the column of a role")
    for name, help in (
        ("source", "of the log, for the card (default: the file)"),
        ("terms", "of the log and its citation, for the card"),
        ("note", "of what the pack is good for, for the card"),
    ):
        added.add_argument(f"--{name}", default=_USUAL[name], metavar="TEXT", help=help)
    for name, choices, help in (
        ("memory", get_args(FittedMemory), "assumed, or a rule of half-lives fitted to the log's times (afm and irt)"),
        ("practice", get_args(Ends), "compare with simulations up to three right in a row, or try by try as logged"),
        ("prerequisites", ("inferred", "none"), "inferred from the log, or none"),
        ("dropout", ("none", "fitted"), "none, or fitted to how the episodes of a canonical log end"),
        ("several", get_args(Several), "what an item of several skills practises: one concept for the set, or each"),
    ):
        usual = _USUAL[name]
        added.add_argument(f"--{name}", choices=choices, default=usual, help=f"{help} (default {usual})")
    for name, help in _NUMBERS.items():
        usual = _USUAL[name]
        option = f"--{name.replace('_', '-')}"
        added.add_argument(option, type=type(usual), default=usual, metavar="N", help=f"{help} (default {usual:g})")


def configs_of(typed: argparse.Namespace) -> tuple[CalibrationConfig, ...]:
    """The configuration of each model that was typed.

    Raises:
        InvalidInput: a column is no role and name, or a setting is out of its range.
    """
    from curriculum_rl.calibration.family import member
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
    settings = {name: value for name, value in vars(typed).items() if name in _USUAL}
    models: tuple[Model, ...] = get_args(Model) if ALL in typed.model else tuple(dict.fromkeys(typed.model))
    if len(models) == 1:
        return (CalibrationConfig(**settings | {"columns": columns, "model": models[0]}),)
    able = next((m for m in GROW if m in models), models[0])
    whole = CalibrationConfig(**settings | {"columns": columns, "model": able})
    return tuple(member(whole, model) for model in models)
