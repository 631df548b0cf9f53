"""`curriculum-rl import-minari`: a Minari dataset as a log."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "import-minari",
        run,
        "read a Minari dataset of a world as a canonical log",
        """\
Actions are places in the world's catalogue. What `export-minari` put into the infos is read; of a dataset that
another tool made, an episode counts as a student. Nothing is downloaded. Needs: pip install 'curriculum_rl[offline]'

example:
  curriculum-rl import-minari --from datasets --name my-log-v0 --out my_log_again""",
    )
    added.add_argument("--from", dest="folder", required=True, type=Path, metavar="FOLDER", help="of datasets")
    added.add_argument("--name", required=True, help="of the dataset, with its version: my-log-v0")
    added.add_argument("--world", help="whose activities its actions are (default: the world that it names)")
    added.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="of the log; made anew")


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from curriculum_rl.studies.minari import import_dataset

    manifest = import_dataset(typed.folder, typed.name, typed.world, typed.out)
    print(f"{manifest.rows:,} decisions of {manifest.students:,} students: {typed.out}")
    return DONE
