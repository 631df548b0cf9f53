"""How fast the environment is beside the same dynamics in plain Python, in one run on one core.

    OMP_NUM_THREADS=1 python -m benchmarks.environment [--lanes 1024] [--concepts 50] [--activities 200]

Native: `CurriculumVectorEnv.step`, whole: students, tracker, features, rewards, masks, infos, finished lanes refilled.
Plain: the scalar reference as a `gymnasium.Env` in stable-baselines3's `DummyVecEnv`. Both play the same random
activities; before any clock runs, it is checked that both say the same. Times are of the process, so that other work
on the machine changes little; rounds alternate, and the median is printed.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from stable_baselines3.common.vec_env import DummyVecEnv

from benchmarks.plain import PlainEnv
from benchmarks.synthetic import synthetic_world
from curriculum_rl import CurriculumVectorEnv, World
from curriculum_rl.config import build
from curriculum_rl.envs.sb3 import CurriculumVecEnv
from curriculum_rl.resources import configs_folder
from curriculum_rl.yaml_file import check_yaml

ROUNDS = 5
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
    options.add_argument("--steps", type=int, default=400, help="of all lanes, in each round")
    asked = options.parse_args()
    world = synthetic_world(asked.concepts, asked.activities)
    same(world)
    env, speeds = (
        CurriculumVectorEnv(world, asked.lanes),
        {"native": [], "through SB3's VecEnv": [], "plain Python": []},
    )
    native_speed(env, 50)
    for _ in range(ROUNDS):
        speeds["native"].append(native_speed(env, asked.steps))
        speeds["through SB3's VecEnv"].append(view_speed(env, asked.steps))
        speeds["plain Python"].append(plain_speed(world, 200))
    base = statistics.median(speeds["plain Python"])
    print(f"{world.name}, {asked.lanes} lanes (plain: {PLAIN_LANES}), counts, one core, median of {ROUNDS} rounds")
    for name, values in speeds.items():
        speed = statistics.median(values)
        print(f"  {name:24s} {speed:12,.0f} student-steps/s {speed / base:8.1f} times plain Python")
    print("Other trackers, native:")
    for file in sorted((configs_folder() / "tracker").glob("*.yaml")):
        tracker = build(check_yaml(file), str(file))
        speed = native_speed(CurriculumVectorEnv(world, asked.lanes, tracker=tracker), max(1, asked.steps // 4))
        print(f"  {file.stem:24s} {speed:12,.0f} student-steps/s {speed / base:8.1f} times plain Python")


if __name__ == "__main__":
    main()
