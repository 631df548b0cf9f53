"""How fast the environment is beside the same dynamics in plain Python, in one run on one core.

    OMP_NUM_THREADS=1 python -m benchmarks.environment [--lanes 1024] [--concepts 50] [--activities 200]

Native: `CurriculumVectorEnv.step`, whole: students, tracker, features, rewards, masks, infos, finished lanes refilled.
Plain: the scalar reference as a `gymnasium.Env` in stable-baselines3's `DummyVecEnv`. Both play the same random
activities; before any clock runs, it is checked that both say the same. Rounds alternate, by the clock of the process;
the fastest of each is printed, since slower ones measure what else the machine did, and the median beside it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from stable_baselines3.common.vec_env import DummyVecEnv

from benchmarks.plain import PlainEnv
from benchmarks.synthetic import synthetic_world
from curriculum_rl import CurriculumVectorEnv, World
from curriculum_rl.config import build
from curriculum_rl.envs.sb3 import CurriculumVecEnv
from curriculum_rl.resources import configs_folder
from curriculum_rl.yaml_file import check_yaml

ROUNDS = 15
PLAIN_LANES = 8


def native_speed(env: CurriculumVectorEnv, steps: int) -> float:
    """Student-steps a second."""
    env.reset(seed=1)
    actions = np.random.default_rng(0).integers(0, len(env.world.curriculum.activities), (steps, env.num_envs))
    began = time.process_time()
    for action in actions:
        env.step(action)
    return steps * env.num_envs / (time.process_time() - began)


def view_speed(env: CurriculumVectorEnv, steps: int) -> float:
    """Student-steps a second through the view of stable-baselines3."""
    view = CurriculumVecEnv(env)
    view.reset()
    actions = np.random.default_rng(0).integers(0, len(env.world.curriculum.activities), (steps, env.num_envs))
    began = time.process_time()
    for action in actions:
        view.step(action)
    return steps * env.num_envs / (time.process_time() - began)


def plain_speed(world: World, steps: int) -> float:
    """Student-steps a second."""
    env = DummyVecEnv([lambda i=i: PlainEnv(world, 1, i, PLAIN_LANES) for i in range(PLAIN_LANES)])
    env.reset()
    actions = np.random.default_rng(0).integers(0, len(world.curriculum.activities), (steps, PLAIN_LANES))
    began = time.process_time()
    for action in actions:
        env.step(action)
    return steps * PLAIN_LANES / (time.process_time() - began)


def same(world: World, steps: int = 60) -> None:
    """Both environments give the same observations and rewards for the same student and activities."""
    native, plain = CurriculumVectorEnv(world, 1, seed=1), PlainEnv(world, 1)
    ours, theirs = native.reset()[0][0], plain.reset()[0]
    for action in np.random.default_rng(1).integers(0, len(world.curriculum.activities), steps):
        assert np.allclose(ours, theirs, atol=1e-6)
        observation, reward, terminated, truncated, _ = native.step([action])
        theirs, r, over, cut, _ = plain.step(int(action))
        assert np.isclose(reward[0], r, atol=1e-7)
        assert (terminated[0], truncated[0]) == (over, cut)
        if over or cut:
            theirs = plain.reset()[0]
        ours = observation[0]


def main() -> None:
    """Prints one line a measurement."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--lanes", type=int, default=1024)
    options.add_argument("--concepts", type=int, default=50)
    options.add_argument("--activities", type=int, default=200)
    options.add_argument("--steps", type=int, default=100, help="of all lanes, in each round")
    asked = options.parse_args()
    world = synthetic_world(asked.concepts, asked.activities)
    same(world)
    env = CurriculumVectorEnv(world, asked.lanes)
    runs: dict[str, Callable[[], float]] = {
        "native, counts": lambda: native_speed(env, asked.steps),
        "the same as SB3's VecEnv": lambda: view_speed(env, asked.steps),
        "plain Python, DummyVecEnv": lambda: plain_speed(world, 100),
    }
    for file in sorted((configs_folder() / "tracker").glob("*.yaml")):
        if file.stem != "counts":
            tracked = CurriculumVectorEnv(world, asked.lanes, tracker=build(check_yaml(file), str(file)))
            runs[f"native, {file.stem}"] = lambda tracked=tracked: native_speed(tracked, max(1, asked.steps // 4))
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()  # what is made once is made now
    for _ in range(ROUNDS):
        for name, run in runs.items():
            speeds[name].append(run())
    base = max(speeds["plain Python, DummyVecEnv"])
    print(f"{world.name}; {asked.lanes} lanes (plain: {PLAIN_LANES}), one core, fastest of {ROUNDS} rounds")
    print(f"  {'':28s} {'student-steps/s':>16s} {'(median)':>12s} {'times plain':>12s}")
    for name, values in speeds.items():
        print(f"  {name:28s} {max(values):16,.0f} {statistics.median(values):12,.0f} {max(values) / base:12.1f}")


if __name__ == "__main__":
    main()
