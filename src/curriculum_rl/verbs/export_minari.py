"""`curriculum-rl export-minari`: a log for other tools of offline reinforcement learning."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "export-minari",
        run,
        "write a log as a Minari dataset, for other tools of offline reinforcement learning",
        """\
An episode a student, a step a decision; observations are the features of a tracker. What else the log holds, eligible
activities, propensities and ids of students among it, stands in the infos, so that `import-minari` gives it back.
Other tools find the dataset with MINARI_DATASETS_PATH=FOLDER. Needs: pip install 'curriculum_rl[offline]'

example:
  curriculum-rl export-minari --log my_log --tracker bkt --name my-log-v0 --out datasets""",
    )
    added.add_argument("--log", required=True, type=Path, metavar="FOLDER", help="a canonical log")
    added.add_argument("--name", required=True, help="of the dataset, with its version: my-log-v0")
    added.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="of datasets")
    added.add_argument("--tracker", default="bkt", help="whose features are observed (default bkt)")
    added.add_argument("--world", help="whose activities the log names (default: the world that it names)")


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from rich.console import Console
    from rich.progress import Progress

    from curriculum_rl.studies.minari import export_log

    with Progress(console=Console(stderr=True), transient=True) as progress:
        written = export_log(typed.log, typed.tracker, typed.world, typed.name, typed.out, progress)
    print(f"{written.steps:,} steps in {written.episodes:,} episodes: {typed.out / typed.name}")
    if written.left_out:
        print(f"{written.left_out:,} rows without a reward were no decisions, and are in the observations alone")
    return DONE
