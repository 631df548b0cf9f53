"""`curriculum-rl learn`: a policy learned from logs alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "learn",
        run,
        "learn a strategy from a log alone, with nobody to try it on",
        """\
Students are parted by a hash of their ids: some are learned from, the others say when to stop. The policy is saved
with the digests of the log and with prints of the students that it was fitted on, so that it can be judged on others.
Settings of a method (configs/offline) are given as key=value.

examples:
  curriculum-rl record --world new_material --policy mastery --explore .3 --students 2000 --skip 100000 --out my_log
  curriculum-rl learn --log my_log --method behaviour_cloning --out learned
  curriculum-rl learn --log my_log --method conservative_q --out learned alpha=0.2 rounds=5
  curriculum-rl evaluate --world new_material mastery learned/behaviour_cloning learned/conservative_q""",
    )
    added.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="settings of the method")
    added.add_argument("--log", required=True, type=Path, metavar="FOLDER", help="a canonical log")
    added.add_argument(
        "--method", required=True, help="behaviour_cloning, conservative_q or batch_constrained_q (configs/offline)"
    )
    added.add_argument("--tracker", default="bkt", help="what the policy sees of students (default bkt)")
    added.add_argument("--network", default="concept_scorer", help="what it is made of (default concept_scorer)")
    added.add_argument("--world", help="whose activities the log names (default: the world that it names)")
    added.add_argument("--share", type=float, default=0.7, help="of the students, to fit on (default .7)")
    added.add_argument("--seed", type=int, default=0, help="of the first weights and the order of learning")
    added.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="where METHOD.json is written")


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from rich.console import Console
    from rich.progress import Progress

    from curriculum_rl.studies.learn import Order, learn

    settings = {name: value for name, value in vars(typed).items() if name not in ("verb", "debug", "out")}
    settings["overrides"] = tuple(typed.overrides)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        record = learn(Order(**settings), typed.out, progress)
    students, decisions = record["students"], record["decisions"]
    for part, told in (("fitting", "learned from"), ("held_out", "held out")):
        print(f"{told}: {students[part]:,} students, {decisions[part]:,} decisions")
    print(f"{record['measure']}, held out: {record['held_out_loss']:.4f}")
    print(typed.out / typed.method)
    return DONE
