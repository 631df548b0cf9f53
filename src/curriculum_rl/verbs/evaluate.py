"""`curriculum-rl evaluate`: compare strategies without training."""

from __future__ import annotations

import argparse

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "evaluate",
        run,
        "compare strategies, by name or saved by a study, on students that none of them met",
        """\
examples:
  curriculum-rl evaluate --world new_material mastery greedy_credit
  curriculum-rl evaluate --world path/to/my/pack random runs/study/DATE/policies/NAME-seed0""",
    )
    added.add_argument("policies", nargs="+", metavar="POLICY", help="a heuristic's name, or the path of a saved one")
    added.add_argument("--world", default="new_material", help="a pack, a configured world or a folder")
    added.add_argument("--objective", default="delayed_test", metavar="NAME", help="what policies are compared by")
    added.add_argument("--students", type=int, default=2000, metavar="N", help="how many (default 2000)")
    added.add_argument("--seed", type=int, default=0, help="of the students and of random policies")


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from rich.console import Console

    from curriculum_rl.studies.evaluate import find_objective, find_policies, forms_table, table, taught_by
    from curriculum_rl.world import load_world

    world = load_world(typed.world)
    policies, objective = find_policies(world, typed.policies), find_objective(typed.objective)
    with Console(stderr=True).status("") as status:

        def told(name: str) -> None:
            status.update(f"{name} ...")

        outcomes = taught_by(world, policies, typed.students, typed.seed, objective, told)
    Console().print(table(world, outcomes, objective.outcome), forms_table(world, outcomes))
    return DONE
