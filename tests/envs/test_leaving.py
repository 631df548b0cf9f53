"""Students who drop out, and what cannot be done today, in the environments and in stable-baselines3's hands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sb3_contrib import MaskablePPO
from stable_baselines3.common.logger import Logger

from curriculum_rl.envs.sb3 import CurriculumVecEnv
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.envs.single import CurriculumEnv
from curriculum_rl.envs.vector import CurriculumVectorEnv
from curriculum_rl.students.dropout import Dropout
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.worlds import world_named

LANES = 64


def fleeting() -> World:
    """Everyone leaves at the end of the first session, unless nothing is left to learn."""
    world = world_named("bkt exponential")
    faculties = replace(world.population.faculties, dropout=Dropout(intercept=50.0))
    return replace(world, population=replace(world.population, faculties=faculties))


def test_who_drops_out_is_told_of_as_a_student_who_finished():
    """Terminated, not truncated; the outcome is what is kept by the test; the next student takes the lane."""
    env = CurriculumVectorEnv(fleeting(), LANES)
    shadow = Simulation(fleeting(), Counts(), np.arange(LANES), 5)
    _, info = env.reset(seed=5)
    first, ended = info["student"], np.zeros(LANES, dtype=np.bool_)
    for step in range(40):
        action = np.full(LANES, step % 34)
        happened = shadow.step(action)
        score = 100.0 * env.world.population.expected_score(shadow.students)
        _, reward, terminated, truncated, info = env.step(action)
        new = (info["student"] != first) & ~ended
        np.testing.assert_array_equal(new, (happened.left | happened.terminated) & ~ended)
        assert not truncated.any()
        assert terminated[new].all()
        about = info.get("final_info", {})
        if new.any():
            np.testing.assert_array_equal(about["left"][new], happened.left[new])
            np.testing.assert_array_equal(about["delayed_test"][new], score[new])
            np.testing.assert_array_equal(about["decisions"][new], step + 1)
            assert np.isfinite(reward).all()
        ended |= new
    assert ended.all()


def test_one_student_alone_is_told_of_likewise():
    env = CurriculumEnv(fleeting())
    env.reset(seed=5)
    over, about = False, {}
    while not over:
        _, _, over, truncated, about = env.step(np.int64(1))
        assert not truncated
    assert about["left"]
    assert about["decisions"] < 20


def test_no_one_is_said_to_have_left_where_nobody_can():
    env = CurriculumVectorEnv(world_named("bkt exponential"), LANES)
    env.reset(seed=5)
    told = []
    for step in range(60):
        *_, info = env.step(np.full(LANES, step % 34))
        if "final_info" in info:
            told.append(info["final_info"]["left"])
    assert told
    assert not np.any(told)


@pytest.mark.parametrize("slate", [1, 3])
def test_what_cannot_be_done_today_is_refused_with_its_lane(slate: int):
    env = CurriculumVectorEnv(world_named("all faculties"), LANES, slate=slate)
    _, info = env.reset(seed=5)
    mask = info["action_mask"]
    lane = int(np.flatnonzero(~mask.all(axis=1))[0])
    masked = int(np.flatnonzero(~mask[lane])[0])
    action: Any = np.zeros((LANES, slate), dtype=np.int64)
    action[lane, -1] = masked
    with pytest.raises(InvalidInput, match=rf"activity\[{lane}\] = .*{masked}\]?: is masked. Choose within"):
        env.step(action if slate > 1 else action[:, 0])
    env.step(np.zeros((LANES, slate), dtype=np.int64) if slate > 1 else np.zeros(LANES, dtype=np.int64))


def test_masks_of_slates_are_said_once_for_each_place():
    env = CurriculumVectorEnv(world_named("all faculties"), LANES, slate=3)
    _, info = env.reset(seed=5)
    assert info["action_mask"].shape == (LANES, 34)
    np.testing.assert_array_equal(env.action_masks(), np.tile(info["action_mask"], 3))
    alone = CurriculumEnv(world_named("all faculties"), slate=3)
    _, info = alone.reset(seed=5)
    np.testing.assert_array_equal(alone.action_masks(), np.tile(info["action_mask"], 3))


@pytest.mark.parametrize("slate", [1, 3])
def test_the_maskable_ppo_of_sb3_contrib_learns_within_masks_and_slates(slate: int):
    """A masked offer would be refused, so that it never makes one shows that masks arrive in the right places."""
    lanes = CurriculumVecEnv(CurriculumVectorEnv(world_named("all faculties"), 8, slate=slate), reward_scale=0.1)
    model = MaskablePPO("MlpPolicy", lanes, n_steps=32, batch_size=64, n_epochs=1, seed=0)
    model.set_logger(Logger(None, []))  # its own leaves a folder behind
    model.learn(512)
    assert model.num_timesteps == 512
