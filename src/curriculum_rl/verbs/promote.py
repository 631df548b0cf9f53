"""`curriculum-rl promote`: a bundle becomes the champion that is served, if it passes what it must."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, INVALID, Verbs, add, tracking_option


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "promote",
        run,
        "register an exported file as the champion that is served, if it passes what it must",
        """\
A line for each thing that it must pass: its test vectors; nothing that is locked is ever recommended; the paired
interval against the best heuristic is above 0; gaps between groups are not much wider than under that heuristic; the
paired interval against the present champion is above 0. Exits with 2 where one is not passed, and registers nothing.

examples:
  curriculum-rl promote learned.zip
  curriculum-rl promote learned.zip --run runs/NAME/DATE --dry-run
  curriculum-rl promote learned.zip --name my-course --students 5000
  MLFLOW_TRACKING_URI=sqlite:///runs/mlflow.db mlflow models serve -m models:/my-course@champion --env-manager local""",
    )
    added.add_argument("bundle", type=Path, metavar="FILE", help="that export wrote")
    added.add_argument(
        "--run",
        metavar="ID",
        help="the study that judged it: the id of its run, or its folder (default: the run that the file names; if "
        "it names none, all is played anew)",
    )
    added.add_argument("--name", metavar="MODEL", help="to register it under (default: curriculum-policy-WORLD)")
    added.add_argument("--world", help="in which it is played anew (default: the one that the file names)")
    added.add_argument(
        "--students", type=int, default=2000, metavar="N", help="on whom it is played anew (default 2000)"
    )
    added.add_argument(
        "--margin",
        type=float,
        default=1.0,
        metavar="POINTS",
        help="by which the gap between groups may be wider than under the best heuristic (default 1)",
    )
    added.add_argument("--dry-run", action="store_true", help="say what would become of it, and register nothing")
    tracking_option(added)


def run(typed: argparse.Namespace) -> int:
    """Runs the verb."""
    from rich.console import Console

    from curriculum_rl.studies.champions import Order, promoted, tried
    from curriculum_rl.studies.promotion import Hurdle, Rules

    rules = Rules(margin=typed.margin, students=typed.students)
    order = Order(typed.bundle, typed.run, typed.name, typed.tracking, typed.world, rules)

    def tell(hurdle: Hurdle) -> None:
        print(f"{'passed' if hurdle.passed else 'FAILED'}  {hurdle.name}: {hurdle.told}", flush=True)

    with Console(stderr=True).status(f"{typed.bundle}: trying ..."):
        trial = tried(order, tell)
    if typed.dry_run:
        print(f"{typed.bundle}: would{'' if trial.passed else ' not'} become the champion of {trial.model}")
        return DONE if trial.passed else INVALID
    version = promoted(order, trial)
    after = f", after version {trial.before.number}" if trial.before else ""
    print(f"{typed.bundle}: is the champion of {version.model}, as version {version.number}{after}")
    return DONE
