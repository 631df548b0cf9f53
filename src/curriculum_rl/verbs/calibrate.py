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

With several models, or all, one log gives a family of worlds: a pack in OUT/MODEL for each, and OUT/comparison.html
and .csv with every model beside the references on the same students, none of whom was fitted.

examples:
  curriculum-rl calibrate --log tries.csv --model bkt --out my_pack
  curriculum-rl calibrate --log log.parquet --q-matrix q.npz --model afm --out my_pack --column answer=correct
  curriculum-rl calibrate --log tries.csv --model all --out family
  curriculum-rl study --multirun world.pack=family/bkt,family/afm,family/irt world.name=null""",
    )
    from curriculum_rl.calibration.arguments import add_arguments

    add_arguments(added)


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from curriculum_rl.calibration.arguments import configs_of
    from curriculum_rl.calibration.command import run as calibrate

    members = configs_of(typed)
    said = calibrate(members, typed.out)
    if len(said.reports) > 1:
        from curriculum_rl.report.predictors import write_predictors

        print(f"compared in {write_predictors(said.reports, typed.out)}")
    return said.code
