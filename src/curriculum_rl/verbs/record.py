"""`curriculum-rl record`: a policy played in a world, as a log with what could have been chosen and how likely."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "record",
        run,
        "play a strategy with simulated students, and write what happened as a canonical log",
        """\
The log holds, for each decision, what could have been chosen, with which probability the choice was made, the answer
and the reward: the gain of that step by the objective. With --horizon every course is cut after so many decisions.

examples:
  curriculum-rl record --world new_material --policy random --students 2000 --horizon 5 --out my_log
  curriculum-rl record --world classroom --policy mastery --explore .2 --students 500 --out my_log""",
    )
    added.add_argument("--world", default="new_material", help="a pack, a configured world or a folder")
    added.add_argument("--policy", required=True, help="a heuristic's name, or the path of a saved one")
    added.add_argument("--objective", default="delayed_test", metavar="NAME", help="whose reward is logged")
    added.add_argument("--students", type=int, default=1000, metavar="N", help="how many (default 1000)")
    added.add_argument("--skip", type=int, default=0, metavar="N", help="students to pass over (default 0)")
    added.add_argument("--horizon", type=int, metavar="T", help="decisions of each student at most (default: all)")
    added.add_argument("--explore", type=float, default=0.0, metavar="P", help="probability of choosing evenly")
    added.add_argument("--seed", type=int, default=0, help="of the students and of the strategy's draws")
    added.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="of the log; made anew")


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from rich.console import Console
    from rich.progress import Progress

    from curriculum_rl.studies.record import Order, record_log

    settings = {name: value for name, value in vars(typed).items() if name not in ("verb", "debug", "out")}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        manifest = record_log(Order(**settings), typed.out, progress)
    print(f"{manifest.rows:,} decisions of {manifest.students:,} students: {typed.out}")
    return DONE
