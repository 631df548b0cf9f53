"""`curriculum-rl explain`: why an exported policy would choose this activity for this student now."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from curriculum_rl.verbs.verb import DONE, Verbs, add

if TYPE_CHECKING:
    from curriculum_rl.runner.explain import Explanation
    from curriculum_rl.runner.runner import Runner


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "explain",
        run,
        "say what an exported policy would choose for a student, and why",
        """\
The history holds what the student did, in order: JSON lines or CSV with `activity`, `correct` and `elapsed_s` (seconds
to the next decision) or `timestamp`. Without one, it is about a student of whom nothing is known.

examples:
  curriculum-rl explain greedy.zip
  curriculum-rl explain greedy.zip --history student.jsonl
  curriculum-rl explain greedy.zip --history student.csv --exclude a3 a4 --goals fractions""",
    )
    added.add_argument("bundle", type=Path, metavar="FILE", help="that export wrote")
    added.add_argument("--history", type=Path, metavar="FILE", help="what the student did")
    added.add_argument("--exclude", nargs="+", default=[], metavar="ID", help="activities that are not allowed now")
    added.add_argument("--goals", nargs="+", metavar="ID", help="concepts that the student is here for (default: all)")


def run(typed: argparse.Namespace) -> int:
    """Runs the verb."""
    from curriculum_rl.runner.bundle import open_bundle
    from curriculum_rl.runner.explain import explain
    from curriculum_rl.runner.history import read_history
    from curriculum_rl.runner.runner import Runner

    runner = Runner(open_bundle(typed.bundle))
    events = read_history(typed.history, runner.activities) if typed.history else []
    _show(runner, explain(runner, events, typed.goals, typed.exclude))
    return DONE


def _show(runner: Runner, found: Explanation) -> None:
    """Prints an explanation."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console, activities, concepts = Console(), [*map(escape, runner.activities)], [*map(escape, runner.concepts)]
    if found.choice is None:
        console.print("No activity: nothing is eligible. The policy unlocks nothing by itself.")
        return
    console.print(f"[bold]{activities[found.choice]}[/bold], with probability {found.chance:.3g}", highlight=False)
    for reason in found.reasons:
        console.print(f"  {reason}", soft_wrap=True, markup=False, highlight=False)
    if found.otherwise is not None:
        same = found.otherwise == found.choice
        other = "the same activity" if same else activities[found.otherwise]
        console.print(f"  Had the last answer been the other one, it would be {other}.", highlight=False)
    for k, (before, after) in found.moved.items():
        console.print(f"  The last event moved {concepts[k]} from {before:.2f} to {after:.2f}.", highlight=False)
    table = Table("concept", "believed known", box=None, padding=(0, 2))
    for k in sorted(range(len(concepts)), key=lambda k: found.mastery[k]):
        table.add_row(concepts[k], f"{found.mastery[k]:.2f} " + "█" * round(20 * found.mastery[k]))
    console.print(table)
