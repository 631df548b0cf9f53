"""`curriculum-rl export`: a policy as one file that runs anywhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add, check_out, tracking_option


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verbs."""
    added = add(
        verbs,
        "export",
        run,
        "write a strategy as one file that runs anywhere, if it does there what it does here",
        """\
The file holds the strategy and its tracker as one graph of standard operators (ONNX), the catalogue, test vectors and
digests. Nothing is written unless the graph agrees with the package over --observations decisions.

examples:
  curriculum-rl export --policy greedy_credit_grid --world new_material --out greedy.zip
  curriculum-rl export --run 0f3a4f0c2f0b4f5e9a5c1d2e3f405162 --out learned.zip
  curriculum-rl export --run runs/NAME/DATE::LEARNER --out learned.zip
  curriculum-rl export --run runs/NAME/DATE/policies/LEARNER-seed0 --out learned.zip
  curriculum-rl export --policy greedy_credit_grid --study runs/NAME/DATE --out greedy.zip""",
    )
    what = added.add_mutually_exclusive_group(required=True)
    what.add_argument("--policy", help="a heuristic's name, or a YAML of your own")
    what.add_argument(
        "--run",
        metavar="ID",
        help="what a study trained: the id of its run in MLflow, or of the run of one seed; or its folder; or the path "
        "of a saved policy. ID::LEARNER says which of several learners; of its seeds, validation chooses",
    )
    added.add_argument("--world", help="a pack, a configured world or a folder (default: that of the study)")
    added.add_argument(
        "--gate", metavar="NAME", help="shuts activities: of configs/gate, or none (default: of the study)"
    )
    added.add_argument(
        "--study",
        nargs="+",
        default=[],
        type=Path,
        metavar="FOLDER",
        help="of the study whose figures are on the model card (default: the one that trained it); further folders: "
        "of studies of the same strategies in other simulators",
    )
    added.add_argument("--sampled", action="store_true", help="draw from a network's probabilities; else the likeliest")
    added.add_argument("--observations", type=int, default=100_000, metavar="N", help="compared (default 100000)")
    tracking_option(added)
    added.add_argument("--out", required=True, type=Path, metavar="FILE", help="of the bundle, a zip")


def run(typed: argparse.Namespace) -> int:
    """Runs `export`."""
    from rich.console import Console

    from curriculum_rl.export.bundle import make
    from curriculum_rl.files import write_whole
    from curriculum_rl.studies.exporting import Order, gathered
    from curriculum_rl.violations import Violations

    check = Violations("export")
    check.number("observations", typed.observations, at_least=1000, whole=True)
    check_out(typed.out, check)
    check.raise_all()
    where = typed.policy, typed.run, typed.tracking, typed.world, typed.gate, tuple(typed.study), typed.sampled
    asked = gathered(Order(*where))
    console = Console(stderr=True)
    for notice in asked.notices:
        console.print(f"{asked.name}: {notice}", soft_wrap=True, markup=False, highlight=False)
    with console.status(f"{asked.name}: comparing {typed.observations:,} observations ..."):
        of, about = (asked.name, asked.policy, asked.world), (asked.gate, asked.evidence, asked.limits)
        made = make(*of, typed.observations, *about)
    write_whole(typed.out, made.content)
    found = made.parity
    print(f"{typed.out}: {len(made.content) / 1e6:.2f} MB; the graph agrees over {found.observations:,} observations")
    return DONE
