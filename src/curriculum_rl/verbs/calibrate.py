"""`curriculum-rl calibrate`: fit a population to a log of real students."""

from __future__ import annotations

import argparse

from curriculum_rl.verbs.verb import Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "calibrate",
        run,
        "fit a population to a log of real students, and write it as a pack",
        """\
The log is Parquet or CSV with student, order, item, answer (0 or 1), and skills unless a q-matrix is given.
Usual names of columns are recognised; others are given with --column ROLE=NAME. Rows that cannot be used are counted
and listed in OUT.rejects.csv: exit code 3 if there are any, 4 (and no pack) if there are more than --reject-limit.

examples:
  curriculum-rl calibrate --log tries.csv --model bkt --out my_pack
  curriculum-rl calibrate --log log.parquet --q-matrix q.npz --model afm --out my_pack --column answer=correct""",
    )
    from curriculum_rl.calibration.arguments import add_arguments

    add_arguments(added)


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from curriculum_rl.calibration.arguments import config_of
    from curriculum_rl.calibration.calibrate import run as calibrate

    return calibrate(config_of(typed))
