"""Agents learn, the same seed learns the same, and a run that is stopped goes on as if it had not been."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from curriculum_rl.agents import checkpoints
from curriculum_rl.agents.agent import Curve, Watch
from curriculum_rl.agents.all_action_ppo import AllActionPPO
from curriculum_rl.agents.dqn import DQN
from curriculum_rl.agents.lanes import TRAINING_STUDENTS, Lanes
from curriculum_rl.agents.learned import LearnedPolicy, load_learned
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.on_policy import OnPolicy
from curriculum_rl.agents.ppo import PPO
from curriculum_rl.agents.qr_dqn import QRDQN
from curriculum_rl.envs.believed import Believed
from curriculum_rl.evaluation import cohorts
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.policies.random import Random
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform
from tests.agents.playground import SMALL, bandit, some_view, trained
from tests.worlds import made_world

VALUES: dict[str, Any] = {
    "lanes": 32,
    "batch": 128,
    "learning_starts": 2000,
    "learning_rate": 2e-3,
    "target_every": 2000,
    "gamma": 0.9,
}
LEARNING = replace(SMALL, frames=20_000, lanes=64, steps=16, batch=256, learning_rate=1e-2)


def equal(a: LearnedPolicy, b: LearnedPolicy) -> bool:
    return all(x.tobytes() == y.tobytes() for x, y in zip(a.weights().values(), b.weights().values(), strict=True))


def played(policy: object) -> float:
    return float(rollout(bandit(), policy, cohorts.first(cohorts.VALIDATE, 500), seed=1).gain.mean())  # type: ignore[arg-type]


@pytest.mark.parametrize("network", [Flat((32,)), ConceptScorer(16)])
def test_masked_ppo_learns_what_to_drill(network: object):
    """Random play drills the goal one time in eight. The margin is a third of what drilling it always would add."""
    policy = trained(network, agent=LEARNING).policy  # type: ignore[arg-type]
    random = played(Random())
    assert played(policy) > 1.5 * random
    assert played(policy.drawn()) > 1.3 * random


@pytest.mark.slow
@pytest.mark.parametrize(
    "agent",
    [
        PPO(frames=20_000, lanes=64, steps=16, batch=256, learning_rate=1e-2),
        DQN(frames=20_000, **VALUES),
        DQN(frames=12_000, luckless=True, **VALUES),
        QRDQN(frames=12_000, quantiles=8, **VALUES),
    ],
    ids=["ppo", "dqn", "luckless dqn", "qr-dqn"],
)
def test_the_other_agents_learn_too(agent: object):
    assert played(trained(ConceptScorer(16), agent=agent).policy) > 1.5 * played(Random())


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    numpy_before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    first, again, other = (trained(seed=seed) for seed in (3, 3, 4))
    assert equal(first.policy, again.policy)
    assert first.curve == again.curve
    assert not equal(first.policy, other.policy)
    assert np.array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_before)


def test_the_curve_tells_ten_moments(tmp_path: Path):
    told: list[int] = []
    watch = Watch(validate=played, tell=lambda numbers, frames: told.append(frames))
    curve = trained(watch=watch, agent=replace(SMALL, frames=10_000)).curve
    assert len(curve.frames) == 10
    assert curve.frames == told
    assert all(value is not None for value in curve.validation_return)
    assert 1.0 < curve.entropy[0] <= np.log(8) + 0.01, "an estimate from 1,024 choices"
    np.testing.assert_allclose(np.sum(list(curve.forms.values()), axis=0), 1.0)
    assert Curve(**curve.plain()) == curve
    assert trained(agent=replace(SMALL, frames=10_000)).curve.entropy == curve.entropy, "watching changed the training"


@pytest.mark.parametrize("agent", [replace(SMALL, frames=1024), DQN(frames=512, learning_starts=128, lanes=32)])
def test_training_leaves_nothing_among_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agent: object):
    """But for the cache that torch makes for itself, once."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    trained(agent=agent)
    assert not [place for place in tmp_path.iterdir() if not place.name.startswith("torchinductor")]


class Stop:
    """Presses Ctrl-C once so many moments were told."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, numbers: object, frames: int) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("agent", [SMALL, replace(SMALL, out_of_step=False)], ids=["out of step", "in step"])
def test_ctrl_c_leaves_a_checkpoint_and_the_run_goes_on_to_the_same_weights(tmp_path: Path, agent: object):
    whole = trained(agent=agent)
    with pytest.raises(KeyboardInterrupt):
        trained(watch=Watch(checkpoint=tmp_path / "run", tell=Stop(4)), agent=agent)
    assert 0 < checkpoints.load(tmp_path / "run")[1]["frames"] < 4096
    resumed = trained(watch=Watch(checkpoint=tmp_path / "run"), agent=agent)
    assert equal(whole.policy, resumed.policy)
    assert resumed.curve == whole.curve
    assert equal(trained(watch=Watch(checkpoint=tmp_path / "run"), agent=agent).policy, whole.policy), "it had ended"


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path):
    trained(watch=Watch(checkpoint=tmp_path / "run"))
    with pytest.raises(InvalidInput, match="another run"):
        trained(watch=Watch(checkpoint=tmp_path / "run"), seed=9)


def test_a_saved_policy_plays_the_same_and_is_refused_elsewhere(tmp_path: Path):
    policy = trained(ConceptScorer(8)).policy
    policy.save(tmp_path / "policy", {"seed": 0})
    loaded = load_learned(tmp_path / "policy", bandit())
    assert equal(policy, loaded)
    view = some_view(bandit(), policy.tracker)
    for sampled in (False, True):
        ours, theirs = (p.drawn(sampled).probabilities(view) for p in (policy, loaded))
        assert ours.tobytes() == theirs.tobytes()
    with pytest.raises(InvalidInput, match="differ from those of world"):
        load_learned(tmp_path / "policy", made_world())


@pytest.mark.parametrize("agent", [SMALL, AllActionPPO(lanes=32, steps=16, batch=256)], ids=["ppo", "all actions"])
def test_a_policy_keeps_to_the_mask(agent: OnPolicy):
    world, gate = made_world(), Believed(0.7)
    agent = replace(agent, frames=1024)
    policy = agent.train(
        world, tracker=BKTFilter(), objective=DelayedTest(), network=ConceptScorer(8), seed=0, gate=gate
    ).policy
    view = some_view(world, policy.tracker)
    view = replace(view, mask=gate.mask(view.belief))
    assert not view.mask.all()
    for sampled in (False, True):
        p = policy.drawn(sampled).probabilities(view)
        assert (p[~view.mask] == 0.0).all()
        np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-9)
    DQN(frames=3000, lanes=16, batch=32, learning_starts=500).train(
        world, tracker=BKTFilter(), objective=DelayedTest(), network=ConceptScorer(8), seed=0, gate=gate
    )  # the environment refuses a masked activity
    with pytest.raises(InvalidInput, match="Choose agent=maskable_ppo"):
        PPO(frames=2000, lanes=32, batch=256).train(
            world, tracker=BKTFilter(), objective=DelayedTest(), network=Flat(), seed=0, gate=gate
        )


def elsewhere() -> Platform:
    """A larger world's platform, its activities of the bandit's two forms, which it lists the other way round."""
    other = made_world()
    forms = bandit().curriculum.forms[::-1]
    activities = [
        replace(a, form=forms[i % 2], difficulty=0.0, minutes=2.0, learning=1.0)
        for i, a in enumerate(other.curriculum.activities)
    ]
    return replace(other.platform, curriculum=replace(other.curriculum, activities=tuple(activities)))


def test_the_scorer_carries_over_to_another_curriculum_and_the_flat_network_does_not():
    platform = elsewhere()
    policy = trained(ConceptScorer(8)).policy.on(platform)
    assert len(policy.activities) == len(platform.curriculum.activities)
    with pytest.raises(InvalidInput, match="Flat: is bound to"):
        trained().policy.on(platform)
    strange = replace(platform.curriculum.activities[0], form="quiz")
    curriculum = replace(platform.curriculum, activities=(strange, *platform.curriculum.activities[1:]))
    with pytest.raises(InvalidInput, match="'quiz': the policy never met one"):
        trained(ConceptScorer(8)).policy.on(replace(platform, curriculum=curriculum))


@pytest.mark.parametrize("network", [ConceptScorer(8), Flat((16,))])
def test_carried_over_to_its_own_world_a_policy_is_the_same(tmp_path: Path, network: Network):
    policy = trained(network).policy
    policy.save(tmp_path / "policy")
    view = some_view(bandit(), policy.tracker)
    for same in (policy.on(bandit().platform), load_learned(tmp_path / "policy", bandit(), elsewhere=True)):
        assert same.drawn().probabilities(view).tobytes() == policy.drawn().probabilities(view).tobytes()


def test_forms_are_known_by_name_wherever_they_are_listed(tmp_path: Path):
    """The same catalogue the other way round: the same probabilities the other way round, saved or not."""
    there = replace(bandit().curriculum, activities=bandit().curriculum.activities[::-1])
    assert there.forms != bandit().curriculum.forms
    world = replace(bandit(), curriculum=there)
    policy = trained(ConceptScorer(8)).policy
    policy.save(tmp_path / "policy")
    view = some_view(bandit(), policy.tracker)
    expected = policy.drawn().probabilities(view)[:, ::-1]
    assert expected.std(axis=1).mean() > 0.002
    for carried in (policy.on(world.platform), load_learned(tmp_path / "policy", world, elsewhere=True)):
        np.testing.assert_allclose(carried.drawn().probabilities(view), expected, rtol=1e-4, atol=1e-7)


def test_training_students_are_nobody_elses_and_lanes_start_out_of_step():
    assert cohorts.TRAIN == TRAINING_STUDENTS
    lanes = Lanes(bandit(), tracker=BKTFilter(), objective=DelayedTest(), gate=None, lanes=400, seed=0)
    lanes.reset()
    left = bandit().course.minutes_left(lanes.env.running().students.clock) / bandit().course.total_minutes
    assert cohorts.apart(lanes.env.running().students.id, cohorts.TUNE, cohorts.VALIDATE, cohorts.TEST)
    quarters = np.bincount(np.minimum(3, (left * 4).astype(int)), minlength=4) / 400
    assert (quarters > 0.1).all(), quarters
    few = Lanes(
        bandit(), tracker=BKTFilter(), objective=DelayedTest(), gate=None, lanes=4, seed=0, students=range(10, 16)
    )
    with pytest.raises(InvalidInput, match="ran out of students"):
        few.reset()


PROGRAM = """
import sys
from pathlib import Path
from curriculum_rl.agents.agent import Watch
from tests.agents.playground import SMALL, trained
from dataclasses import replace
trained(agent=replace(SMALL, frames=40_000), watch=Watch(checkpoint=Path(sys.argv[1]), every_seconds=0.0))
"""


@pytest.mark.slow
def test_kill_minus_nine_and_resume_gives_the_same_weights(tmp_path: Path):
    """Killed five times at random moments, some of them in mid-write: final weights are byte-equal."""
    agent = replace(SMALL, frames=40_000)
    whole = trained(agent=agent)
    place, generator = tmp_path / "run", np.random.default_rng(0)
    root, reached = Path(__file__).resolve().parents[2], [0]
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(place)], cwd=root)
        while process.poll() is None and frames_kept(place) <= reached[-1]:
            time.sleep(0.002)
        time.sleep(float(generator.uniform(0.0, 0.15)))
        process.kill()
        process.wait()
        reached.append(checkpoints.load(place)[1]["frames"])  # whole, whenever the kill came
    assert reached[1] < 40_000, "the first kill should have come while there was something left to do"
    assert reached == sorted(set(reached)) or reached[-1] == 40_000, "every life but the last gets further"
    assert equal(whole.policy, trained(agent=agent, watch=Watch(checkpoint=place)).policy)


def frames_kept(place: Path) -> int:
    """How far the checkpoint has come; the JSON is replaced whole, so it can be read at any time."""
    if not checkpoints.exists(place):
        return 0
    frames: int = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))["content"]["frames"]
    return frames
