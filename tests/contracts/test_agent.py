"""What every agent in `configs/agent` must do, shown on trainings of a few hundred frames in a tiny world."""

from __future__ import annotations

import functools
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curriculum_rl.agents import checkpoints
from curriculum_rl.agents.agent import Agent, Trained, Watch
from curriculum_rl.agents.learned import LearnedPolicy, load_learned
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.off_policy import OffPolicy
from curriculum_rl.config import build
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import Gate, Simulation
from curriculum_rl.evaluation.rollout import choose
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.studies.compose import check
from curriculum_rl.trackers.tracker import Tracker
from tests.agents.playground import bandit
from tests.worlds import component, names

AGENTS = names("agent")
SMALL = {
    "frames": 256,
    "lanes": 16,
    "steps": 4,
    "batch": 32,
    "memory": 512,
    "learning_starts": 64,
    "quantiles": 4,
    "units": 4,
}
GATE = Believed(0.9)
NETWORK = ConceptScorer(4)
pytestmark = pytest.mark.parametrize("name", AGENTS)


def shrunk(agent: Any) -> Any:
    """The same agent, and the one that it starts from, with few of everything."""
    smaller: dict[str, Any] = {f.name: SMALL[f.name] for f in fields(agent) if f.name in SMALL}
    if getattr(agent, "start", None) is not None:
        smaller["start"] = shrunk(agent.start)
    return replace(agent, **smaller)


@functools.cache
def agent_named(name: str) -> Agent:
    """What the YAML says, composed as a study does, since agents may hold other components."""
    made: Agent = shrunk(build(check([f"agent={name}"]).agent, name))
    return made


def tracker_for(agent: Agent, gate: Gate | None = None) -> Tracker | None:
    """The plainest tracker that it can learn with; none where it cannot."""
    trackers = [component("tracker", name) for name in ("last_event", *names("tracker"))]
    return next((tracker for tracker in trackers if not agent.refusals(tracker, gate)), None)


@functools.cache
def trained(name: str, seed: int = 0, gate: Gate | None = None, network: Network = NETWORK) -> Trained:
    return training(name, seed, gate, network)


def training(
    name: str, seed: int = 0, gate: Gate | None = None, network: Network = NETWORK, watch: Watch | None = None
) -> Trained:
    agent = agent_named(name)
    tracker = tracker_for(agent, gate)
    assert tracker is not None
    about = {"tracker": tracker, "objective": DelayedTest(), "network": network, "seed": seed, "gate": gate}
    return agent.train(bandit(), **about, watch=watch or Watch())  # type: ignore[arg-type]


def same(a: LearnedPolicy, b: LearnedPolicy) -> bool:
    ours, theirs = a.weights(), b.weights()
    return ours.keys() == theirs.keys() and all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)


def played(policy: LearnedPolicy, ids: Any, steps: int = 5, gate: Gate | None = None) -> list[np.ndarray]:
    """The probabilities at each step of students who do what the policy says by draws of their own, (steps, n, A)."""
    simulation = Simulation(bandit(), policy.tracker, np.asarray(ids), 0, gate)
    out = []
    for step in range(steps):
        view = simulation.view()
        out.append(policy.probabilities(view))
        assert (out[-1][~view.mask] == 0.0).all()
        u = np.random.default_rng(step).random(1000)[np.asarray(ids)]
        simulation.step(choose(out[-1], u))
    return out


def test_it_trains_and_says_how_far_and_how_long(name: str):
    done = trained(name)
    assert SMALL["frames"] <= done.frames < SMALL["frames"] + SMALL["lanes"]
    assert done.curve.frames[-1] == done.frames
    assert done.seconds > 0.0
    assert all(np.isfinite(array).all() for array in done.policy.weights().values())


@pytest.mark.parametrize("network", [NETWORK, Flat((4,))], ids=["scorer", "flat"])
def test_probabilities_are_probabilities_and_exactly_zero_where_masked(name: str, network: Network):
    gate = GATE if tracker_for(agent_named(name), GATE) is not None else None
    policy = trained(name, 0, gate, network).policy
    for sampled in (False, True):
        for p in played(policy.drawn(sampled), range(40), gate=gate):
            assert p.shape == (40, len(bandit().curriculum.activities))
            assert (p >= 0.0).all()
            np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-9)
            assert sampled or set(np.unique(p)) == {0.0, 1.0}


def test_the_seed_decides_everything(name: str):
    first, again, other = trained(name), training(name), trained(name, seed=1)
    assert same(first.policy, again.policy)
    assert first.curve == again.curve
    assert not same(first.policy, other.policy)


def test_saved_and_loaded_it_plays_the_same(name: str, tmp_path: Path):
    policy = trained(name).policy
    policy.save(tmp_path / "policy", {"seed": 0})
    loaded = load_learned(tmp_path / "policy", bandit())
    assert same(policy, loaded)
    assert (loaded.network, loaded.tracker) == (policy.network, policy.tracker)
    for sampled in (False, True):
        ours, theirs = (np.array(played(p.drawn(sampled), range(20))) for p in (policy, loaded))
        assert ours.tobytes() == theirs.tobytes()


def test_what_a_student_is_given_does_not_depend_on_the_others(name: str):
    """But for the last bits of a network's sums."""
    policy = trained(name).policy.drawn()
    together = np.array(played(policy, range(6)))
    for student in range(6):
        np.testing.assert_allclose(np.array(played(policy, [student]))[:, 0], together[:, student], atol=1e-6)


class Stop:
    """Presses Ctrl-C at the third moment told."""

    def __init__(self) -> None:
        self.left = 3

    def __call__(self, numbers: object, frames: int) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_stopped_and_started_again_it_goes_on(name: str, tmp_path: Path):
    """To the same weights, but where the memory of what was played is not kept."""
    place = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        training(name, watch=Watch(checkpoint=place, tell=Stop()))
    before = checkpoints.load(place)[1]["frames"]
    resumed = training(name, watch=Watch(checkpoint=place))
    assert 0 <= before < resumed.frames == trained(name).frames
    if not isinstance(agent_named(name), OffPolicy):
        assert before > 0
        assert same(resumed.policy, trained(name).policy)
        assert resumed.curve == trained(name).curve
