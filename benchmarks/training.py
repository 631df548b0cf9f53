"""Training and playing a trained policy: frames a second, ours beside the stock settings and policy, in one run.

    OMP_NUM_THREADS=1 python benchmarks/training.py             a few minutes on one core
    OMP_NUM_THREADS=1 python benchmarks/training.py --trackers counts --decisions 10000000

Stock: sb3-contrib's MaskablePPO with its own policy and settings on the same environment (64 lanes, batches of 64,
ten epochs). Between: its policy with our settings, which shows what the policy alone is worth. Every line is measured
on one core, by the clock of the process, so that other work on the machine changes little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from sb3_contrib import MaskablePPO as Stock

from curriculum_rl.agents.all_action_ppo import AllActionPPO
from curriculum_rl.agents.dqn import DQN
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.maskable_ppo import MaskablePPO
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.off_policy import OffPolicy
from curriculum_rl.agents.on_policy import OnPolicy
from curriculum_rl.agents.qr_dqn import QRDQN
from curriculum_rl.agents.recurrent_ppo import RecurrentPPO
from curriculum_rl.config import build
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.resources import configs_folder
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.world import World, load_world
from curriculum_rl.yaml_file import check_yaml

AGENT = MaskablePPO()


def stock(world: World, tracker: Tracker, frames: int, **settings: Any) -> float:
    """Frames a second of sb3-contrib's own policy; its settings unless given."""
    count = settings.pop("lanes", 64)
    lanes = Lanes(world, tracker=tracker, objective=DelayedTest(), gate=None, lanes=count, seed=0, out_of_step=False)
    return speed(lambda: Stock("MlpPolicy", lanes, device="cpu", **settings).learn(frames).num_timesteps)


def ours(world: World, tracker: Tracker, network: Network, frames: int, agent: OnPolicy | OffPolicy = AGENT) -> float:
    """Frames a second of an agent of ours."""
    in_step = replace(agent, out_of_step=False)
    about = {"tracker": tracker, "objective": DelayedTest(), "network": network}
    return speed(lambda: in_step.train(world, **about, seed=0, frames=frames).frames)


def decisions(world: World, tracker: Tracker, network: Network, wanted: int) -> tuple[float, float]:
    """Decisions a second of a policy after a little training, the likeliest activities taken; and drawn."""
    policy = AGENT.train(
        world, tracker=tracker, objective=DelayedTest(), network=network, seed=0, frames=AGENT.lanes * AGENT.steps
    ).policy
    torch.set_num_threads(1)
    a_course = rollout(world, policy, 100).decisions.mean()
    students = max(4096, int(wanted / a_course))
    played = [policy, policy.drawn()]
    return tuple(speed(lambda p=p: int(rollout(world, p, students).decisions.sum())) for p in played)  # type: ignore[misc, return-value]


def speed(run: Callable[[], int]) -> float:
    """Counts a second of the process's own time."""
    began = time.process_time()
    return run() / (time.process_time() - began)


def main() -> None:
    """Prints one line a measurement."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--world", default="new_material")
    arguments.add_argument("--frames", type=int, default=400_000, help="of each fast training")
    arguments.add_argument("--decisions", type=int, default=2_000_000, help="of each policy")
    arguments.add_argument("--trackers", nargs="+", default=["counts", "bkt", "bkt_grid"])
    asked = arguments.parse_args()
    torch.set_num_threads(1)
    world = load_world(asked.world)
    print(f"{world.name}: {len(world.curriculum.concepts)} concepts, {len(world.curriculum.activities)} activities")

    print(f"\n{'training':40s}    frames/s  times stock")
    base = stock(world, tracker_named("counts"), 20_000)
    show("stock policy and settings, flat, counts", base, base)
    settings = {k: v for k, v in AGENT.settings().items() if k != "device"}
    between = stock(world, tracker_named("counts"), asked.frames // 4, lanes=AGENT.lanes, **settings)
    show("stock policy, our settings, flat, counts", between, base)
    pairs = [(name, network) for name in asked.trackers for network in (Flat(), ConceptScorer())]
    for name, network in pairs:
        rate = ours(world, tracker_named(name), network, asked.frames)
        show(f"ours, {type(network).__name__}, {name}", rate, base)
        if isinstance(network, ConceptScorer):
            rate = ours(world, tracker_named(name), network, asked.frames, AllActionPPO())
            show(f"all actions, {type(network).__name__}, {name}", rate, base)
        for agent in (DQN(), QRDQN()):
            rate = ours(world, tracker_named(name), network, asked.frames // 8, agent)
            show(f"{type(agent).__name__}, {type(network).__name__}, {name}", rate, base)
    for network in (Flat(), ConceptScorer()):
        rate = ours(world, tracker_named("last_event"), network, asked.frames // 2, RecurrentPPO())
        show(f"recurrent, {type(network).__name__}, last_event", rate, base)

    print(f"\n{'playing a trained policy':40s} decisions/s    drawn/s  10 million in")
    for name, network in pairs:
        likeliest, drawn = decisions(world, tracker_named(name), network, asked.decisions)
        label = f"{type(network).__name__}, {name}"
        print(f"{label:40s} {likeliest:11,.0f} {drawn:10,.0f} {1e7 / likeliest:12.0f} s", flush=True)


def show(label: str, rate: float, base: float) -> None:
    """One line of the training table."""
    print(f"{label:40s} {rate:11,.0f} {rate / base:12.1f}", flush=True)


def tracker_named(name: str) -> Tracker:
    """The tracker of a YAML."""
    file = configs_folder() / "tracker" / f"{name}.yaml"
    made: Tracker = build(check_yaml(file), str(file))
    return made


if __name__ == "__main__":
    main()
