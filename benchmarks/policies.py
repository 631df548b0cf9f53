"""How fast policies are judged: decisions a second of each heuristic, the environment and its tracker included.

    python -m benchmarks.policies [--decisions 10000000] [--world new_material] [NAME ...]

Prints, for each policy, the seconds that the decisions took on one core, and the ratio to the random policy's, measured
just before it in the same run.
"""

from __future__ import annotations

import argparse
import time

from rich.console import Console
from rich.table import Table

from curriculum_rl import load_policy, load_world
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.rollout import CHUNK, rollout
from curriculum_rl.policies.load import usual_names
from curriculum_rl.policies.policy import Policy
from curriculum_rl.world import World

SHORT = 20
"""The random policy beside each one takes a twentieth of the decisions."""


def seconds(world: World, policy: Policy, decisions: int) -> tuple[int, float]:
    """Decisions made (at least so many) and the seconds that they took."""
    made, start, spent = 0, TEST.start, 0.0
    while made < decisions:
        students = range(start, start + CHUNK)
        began = time.perf_counter()
        outcomes = rollout(world, policy, students, seed=0)
        spent += time.perf_counter() - began
        made += int(outcomes.decisions.sum())
        start += CHUNK
    return made, spent


def main() -> None:
    """Prints the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", help="policies; every heuristic but the slow unless told")
    options.add_argument("--decisions", type=int, default=10_000_000)
    options.add_argument("--world", default="new_material")
    given = options.parse_args()
    world, plain = load_world(given.world), load_policy("random")
    rollout(world, plain, first(TEST, 256))  # what is made once is made now
    table = Table(title=f"{given.decisions:,} decisions or more in {world.name}, one process")
    for heading in ("policy", "decisions", "seconds", "microseconds each", "times random's"):
        table.add_column(heading, justify="left" if heading == "policy" else "right")
    for name in given.names or usual_names():
        few, short = seconds(world, plain, given.decisions // SHORT)
        made, spent = seconds(world, load_policy(name), given.decisions)
        ratio = (spent / made) / (short / few)
        table.add_row(name, f"{made:,}", f"{spent:.1f}", f"{1e6 * spent / made:.2f}", f"{ratio:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
