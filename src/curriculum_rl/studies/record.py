"""A named or saved policy, played in a world to a canonical log on disk: what `curriculum-rl record` does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.record import Recording, record
from curriculum_rl.logs.manifest import About, Manifest
from curriculum_rl.logs.store import write_log
from curriculum_rl.studies.evaluate import find_objective, find_policies
from curriculum_rl.world import load_world


@dataclass(frozen=True)
class Order:
    """What is to be recorded.

    Attributes:
        world: a pack, a configured world or a folder.
        policy: a heuristic's name, or the path of a saved one.
        objective: whose reward stands in each row.
        students: how many of the test cohort.
        skip: how many of it to pass over.
        horizon: decisions after which every course is cut; None lets the calendar end it.
        explore: probability of choosing evenly among what is allowed.
        seed: of the students and of the policy's draws.
    """

    world: str
    policy: str
    objective: str = "delayed_test"
    students: int = 1000
    skip: int = 0
    horizon: int | None = None
    explore: float = 0.0
    seed: int = 0


def record_log(order: Order, out: Path, progress: Progress) -> Manifest:
    """Writes the log to the folder `out`.

    Raises:
        InvalidInput: for a name that is unknown, a number out of range, or a folder that is there.
    """
    world = load_world(order.world)
    (policy,) = find_policies(world, [order.policy]).values()
    objective, students = find_objective(order.objective), first(TEST, order.students, order.skip)
    name = Path(order.policy).name.removesuffix(".json")
    how = Recording(order.seed, order.horizon, order.explore, name=name)
    task = progress.add_task(f"{name} in {world.name}", total=len(students))
    rows = record(world, policy, students, objective, how, lambda n: progress.advance(task, n))
    about = About(
        source=f"simulated by curriculum_rl in the world {world.name!r}",
        behaviour=name if not order.explore else f"{name}, exploring {order.explore:g}",
        world=order.world,
        objective=order.objective,
        horizon=order.horizon,
        randomised=True,
    )
    return write_log(out, rows, about)
