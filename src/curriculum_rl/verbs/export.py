"""`curriculum-rl export`: a policy as one file that runs anywhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add


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
  curriculum-rl export --run runs/NAME/DATE/policies/NAME-seed0 --world new_material --out learned.zip""",
    )
    what = added.add_mutually_exclusive_group(required=True)
    what.add_argument("--policy", help="a heuristic's name, or a YAML of your own")
    what.add_argument("--run", help="the path of a policy that a study saved")
    added.add_argument("--world", default="new_material", help="a pack, a configured world or a folder")
    added.add_argument("--sampled", action="store_true", help="draw from a network's probabilities; else the likeliest")
    added.add_argument("--observations", type=int, default=100_000, metavar="N", help="compared (default 100000)")
    added.add_argument("--out", required=True, type=Path, metavar="FILE", help="of the bundle, a zip")


def run(typed: argparse.Namespace) -> int:
    """Runs `export`."""
    from rich.console import Console

    from curriculum_rl.export.bundle import make
    from curriculum_rl.files import write_whole
    from curriculum_rl.studies.evaluate import find_policies
    from curriculum_rl.violations import Violations
    from curriculum_rl.world import load_world

    check = Violations("export")
    check.number("observations", typed.observations, at_least=1000, whole=True)
    check.that(typed.out.parent.is_dir(), f"out = {typed.out}: its folder is not there. Make it, or name another")
    check.raise_all()
    world = load_world(typed.world)
    ((name, policy),) = find_policies(world, [typed.run or typed.policy]).items()
    if typed.sampled and hasattr(policy, "drawn"):
        policy = policy.drawn()
    with Console(stderr=True).status(f"{name}: comparing {typed.observations:,} observations ..."):
        made = make(name, policy, world, typed.observations)
    write_whole(typed.out, made.content)
    found = made.parity
    print(f"{typed.out}: {len(made.content) / 1e6:.2f} MB; the graph agrees over {found.observations:,} observations")
    return DONE
