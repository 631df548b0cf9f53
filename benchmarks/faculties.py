"""What the faculties of a student cost: a world with them beside the same world without, in one run on one core.

    OMP_NUM_THREADS=1 python -m benchmarks.faculties [--world classroom] [--lanes 1024] [--steps 60]

Each line is `CurriculumVectorEnv.step`, whole, with what stands there on. All play the same random activities, of those
that can be done on any day. Rounds alternate, by the clock of the process; the fastest of each is printed.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmarks.environment import ROUNDS
from curriculum_rl import CurriculumVectorEnv, World, WorldConfig
from curriculum_rl.batch import Int
from curriculum_rl.students.faculties import FACULTIES


def always(world: World) -> Int:
    """Activities that nobody can lack anything for: no resource, no teacher."""
    room = world.population.faculties.classroom
    tutored = () if room is None else room.tutored
    found = [i for i, a in enumerate(world.curriculum.activities) if not a.needs and a.form not in tutored]
    return np.array(found, dtype=np.int64)


def main() -> None:
    """Prints one line for the world without faculties, with each alone, and with all of them."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--world", default="classroom", help="a pack")
    options.add_argument("--lanes", type=int, default=1024, help="a multiple of a class")
    options.add_argument("--steps", type=int, default=60, help="of all lanes, in each round")
    asked = options.parse_args()
    whole = WorldConfig(asked.world).load()
    on = tuple(whole.population.faculties.on)
    kept = {"none": (), **{name: (name,) for name in on}, "all": on}
    lanes = {}
    for label, names in kept.items():
        world = WorldConfig(asked.world, without=tuple(name for name in FACULTIES if name not in names)).load()
        lanes[label] = CurriculumVectorEnv(world, asked.lanes)
    free = always(whole)
    actions = free[np.random.default_rng(0).integers(0, len(free), (asked.steps, asked.lanes))]
    best = dict.fromkeys(lanes, 0.0)
    for _ in range(ROUNDS):
        for label, env in lanes.items():
            env.reset(seed=1)
            began = time.process_time()
            for action in actions:
                env.step(action)
            best[label] = max(best[label], actions.size / (time.process_time() - began))
    print(f"{asked.world}; {asked.lanes} lanes, one core, fastest of {ROUNDS} rounds")
    print(f"  {'faculties on':16s} {'student-steps/s':>16s} {'of none':>9s}")
    for label, speed in best.items():
        print(f"  {label:16s} {speed:16,.0f} {speed / best['none']:9.2f}")


if __name__ == "__main__":
    main()
