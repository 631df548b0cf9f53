"""The environments: Gymnasium's and stable-baselines3's own checks, and what is promised of seeds, ids and masks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_for_sb3

import curriculum_rl
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.sb3 import CurriculumVecEnv
from curriculum_rl.envs.single import CurriculumEnv
from curriculum_rl.envs.vector import CurriculumVectorEnv
from curriculum_rl.resources import pack_names
from curriculum_rl.violations import InvalidInput
from tests.paths import within
from tests.worlds import WORLDS, component, names, random_actions, whole, world_named

PACKS = pack_names()
WORLD = "bkt exponential"


def vector(lanes: int = 6, world: str = WORLD, **settings: Any) -> CurriculumVectorEnv:
    return CurriculumVectorEnv(world_named(world), lanes, **settings)


class Obliging(CurriculumEnv):
    """Takes the next activity that is allowed for one that is masked: the checkers sample without looking."""

    def step(self, action: Any) -> Any:
        offers = np.atleast_1d(action)
        allowed = within(np.repeat(self.batch.running().mask(), len(offers) // self.size, axis=0), offers)
        return super().step(allowed if np.ndim(action) else allowed[0])


def packed(pack: str) -> CurriculumEnv:
    """The environment of a pack as it is registered; where a pack masks activities, an obliging one."""
    env: Any = gymnasium.make(f"curriculum_rl/{pack}-v0").unwrapped
    return Obliging(env.batch.world) if env.batch.masked else env


def quietly(check: Callable[[], Any]) -> None:
    """Any warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check()


@pytest.mark.parametrize("pack", PACKS)
def test_gymnasiums_own_check_finds_nothing(pack: str):
    quietly(lambda: check_env(packed(pack), skip_render_check=True))


@pytest.mark.parametrize("pack", PACKS)
def test_the_check_of_stable_baselines3_finds_nothing(pack: str):
    quietly(lambda: check_for_sb3(packed(pack), warn=True, skip_render_check=True))


ANYWHERE, UNLIKE = ("counts", "bkt_grid"), (WORLD, "irt exponential", "bkt fsrs", "all faculties", "classes")
"""Trackers that are checked in every world at once, and worlds in which every tracker is; the other pairs are slow."""


def pair(world: str, tracker: str) -> Any:
    """A world and a tracker."""
    return pytest.param(world, tracker, marks=[] if tracker in ANYWHERE or world in UNLIKE else [pytest.mark.slow])


@pytest.mark.parametrize(("world", "tracker"), [pair(w, t) for w in WORLDS for t in names("tracker")])
def test_every_tracker_passes_both_checks_in_every_world(world: str, tracker: str):
    env = Obliging(world_named(world), tracker=component("tracker", tracker))
    quietly(lambda: check_env(env, skip_render_check=True))
    quietly(lambda: check_for_sb3(env, warn=True, skip_render_check=True))


@pytest.mark.parametrize("slate", [2, 34])
@pytest.mark.parametrize("world", [WORLD, "all faculties"])
def test_slates_pass_both_checks(world: str, slate: int):
    env = Obliging(world_named(world), slate=slate)
    assert env.action_space == gymnasium.spaces.MultiDiscrete([34] * slate)
    quietly(lambda: check_env(env, skip_render_check=True))
    quietly(lambda: check_for_sb3(env, warn=True, skip_render_check=True))


@pytest.mark.parametrize("pack", PACKS)
def test_made_by_id_one_or_many(pack: str):
    quietly(lambda: gymnasium.make(f"curriculum_rl/{pack}-v0").reset(seed=1))
    lanes = whole(curriculum_rl.load_world(pack), 3)
    many = gymnasium.make_vec(f"curriculum_rl/{pack}-v0", num_envs=lanes, vectorization_mode="vector_entry_point")
    assert isinstance(many.unwrapped, CurriculumVectorEnv)
    observation, info = many.reset(seed=1)
    assert many.observation_space.contains(observation)
    assert info["student"].tolist() == list(range(lanes))
    by_default = gymnasium.make_vec(f"curriculum_rl/{pack}-v0", num_envs=lanes)
    np.testing.assert_array_equal(by_default.reset(seed=1)[0], observation)
    again = curriculum_rl.make_vec(curriculum_rl.load_world(pack), num_envs=lanes)
    np.testing.assert_array_equal(again.reset(seed=1)[0], observation)


def test_gymnasiums_own_vectorisation_of_single_environments_agrees():
    settings = {"num_envs": 2, "vectorization_mode": "sync"}
    env = gymnasium.make_vec("curriculum_rl/fractions-v0", **settings)
    observation, info = env.reset(seed=[4, 4], options={"first_student": 9})
    assert info["student"].tolist() == [9, 9]
    assert (observation[0] == observation[1]).all()
    env.close()


@pytest.mark.parametrize("world", [w for w in WORLDS if world_named(w).class_size == 1])
def test_one_at_a_time_is_many_at_once(world: str):
    """Observations, rewards, endings and infos of a lane are those of a single environment with the same student."""
    lanes, actions = 3, random_actions(world_named(world), 60, 3)
    many, singles = vector(lanes, world), [CurriculumEnv(world_named(world)) for _ in range(lanes)]
    observation, info = many.reset(seed=5)
    for i, single in enumerate(singles):
        alone, about = single.reset(seed=5, options={"first_student": i})
        np.testing.assert_array_equal(alone, observation[i])
        assert about["student"] == i == info["student"][i]
    for t in range(60):
        chosen = within(info["action_mask"], actions[t])
        observation, reward, terminated, truncated, info = many.step(chosen)
        for i, single in enumerate(singles):
            alone, r, over, cut, about = single.step(chosen[i])
            assert (r, over, cut) == (reward[i], terminated[i], truncated[i])
            if over or cut:
                np.testing.assert_array_equal(alone, info["final_obs"][i])
                for key in ("delayed_test", "mastery", "decisions", "student", "left"):
                    assert about[key] == info["final_info"][key][i]
                alone, about = single.reset(options={"first_student": int(info["student"][i])})
            np.testing.assert_array_equal(alone, observation[i])
            assert about["student"] == info["student"][i]


def test_a_finished_lane_takes_the_next_student():
    env = vector(4)
    _, info = env.reset(seed=5)
    following, finished = 4, 0
    for action in random_actions(env.world, 80, 4):
        before = info["student"]
        _, _, terminated, truncated, info = env.step(action)
        over = terminated | truncated
        for lane in np.flatnonzero(over):
            assert info["student"][lane] == following
            assert info["final_info"]["student"][lane] == before[lane]
            following, finished = following + 1, finished + 1
        assert (info["student"][~over] == before[~over]).all()
        assert ("final_info" in info) == ("final_obs" in info) == bool(over.any())
        if over.any():
            assert (info["_final_info"] == over).all()
            assert (info["_final_obs"] == over).all()
            assert all((row is None) != ended for row, ended in zip(info["final_obs"], over, strict=True))
    assert finished > 5


@pytest.mark.parametrize("world", WORLDS)
def test_every_info_holds_students_and_masks(world: str):
    lanes = whole(world_named(world), 5)
    env = vector(lanes, world)
    _, info = env.reset(seed=1)
    for action in random_actions(env.world, 10, lanes):
        assert info["student"].dtype == np.int64
        assert info["student"].shape == (lanes,)
        assert info["action_mask"].dtype == np.bool_
        assert info["action_mask"].shape == (lanes, len(env.world.actions))
        assert ("waiting" in info) == (env.world.population.faculties.classroom is not None)
        assert env.masked or info["action_mask"].all(), "nothing is masked without a gate or a lack"
        assert info["action_mask"].any(axis=1).all()
        np.testing.assert_array_equal(env.action_masks(), info["action_mask"])
        observation, *_, info = env.step(within(info["action_mask"], action))
        assert env.observation_space.contains(observation)
    handed, kept = info["student"], info["student"].copy()
    for action in random_actions(env.world, 80, lanes):
        env.step(within(env.action_masks(), action))
    np.testing.assert_array_equal(handed, kept, "what was handed out changed later")


def test_seeds_and_first_students():
    env = vector(3)

    def start(**how: Any) -> tuple[bytes, list[int]]:
        observation, info = env.reset(**how)
        return observation.tobytes(), info["student"].tolist()

    first = start(seed=1)
    assert first[1] == [0, 1, 2]
    assert start()[1] == [3, 4, 5], "without a seed, students go on"
    assert start(seed=1) == first, "a seed starts again"
    assert start(seed=1, options={"first_student": 7})[1] == [7, 8, 9]
    assert start(options={"first_student": 0}) == first, "the seed stays until another is given"
    assert start(seed=2)[0] != first[0]
    assert vector(3, seed=1, first_student=7).reset()[1]["student"].tolist() == [7, 8, 9]


def test_the_whole_path_follows_from_the_seed():
    paths = []
    for _ in range(2):
        env = vector(8)
        env.reset(seed=11)
        steps = [env.step(action) for action in random_actions(env.world, 60, 8)]
        paths.append(b"".join(o.tobytes() + r.tobytes() + i["student"].tobytes() for o, r, _, _, i in steps))
    assert paths[0] == paths[1]


GATE = Believed(0.6)


@pytest.mark.parametrize("tracker", names("tracker"))
def test_a_gate_opens_what_is_believed_ready_and_keeps_the_rest_shut(tracker: str):
    env = vector(64, tracker=component("tracker", tracker), gate=GATE)
    _, info = env.reset(seed=3)
    curriculum, shut = env.world.curriculum, 0
    rooted = np.array(
        [
            not curriculum.requires[:, [curriculum.concept_index[c] for c in a.loads]].any()
            for a in curriculum.activities
        ]
    )
    rng = np.random.default_rng(0)
    for _ in range(60):
        mask = info["action_mask"]
        assert mask[:, rooted].all(), "what needs nothing is always open"
        recall = env.running().belief.outlook().recall
        for i, activity in enumerate(curriculum.activities):
            for concept in activity.loads:
                k = curriculum.concept_index[concept]
                ready = [1.0 - s * (1.0 - recall[:, j]) for j, s in enumerate(curriculum.requires[:, k]) if s > 0]
                unready = (np.array(ready) < GATE.believed).any(axis=0) if ready else np.zeros(64, bool)
                assert not mask[unready, i].any()
        shut += int((~mask).sum())
        action = np.array([rng.choice(np.flatnonzero(row)) for row in mask])
        *_, info = env.step(action)
    assert shut > 0


def test_a_masked_activity_is_refused_with_its_lane():
    env = vector(2, gate=Believed(0.99))
    _, info = env.reset(seed=3)
    masked = int(np.flatnonzero(~info["action_mask"][1])[0])
    with pytest.raises(InvalidInput, match=rf"activity\[1\] = {masked}: is masked"):
        env.step(np.array([0, masked]))


def test_a_gate_that_could_lock_everybody_out_is_refused():
    world = world_named(WORLD)
    only = world.curriculum.keep(["c0", "c1"])
    locked = type(only)(only.concepts, tuple(a for a in only.activities if "c0" not in a.loads), only.prerequisites)
    knowledge = world.population.knowledge.subset(np.array([0, 1]))
    population = type(world.population)(knowledge, world.population.memory)
    shut = type(world)("shut", locked, population, world.course)
    with pytest.raises(InvalidInput, match="could start nothing"):
        CurriculumVectorEnv(shut, 1, gate=Believed()).reset()


@pytest.mark.parametrize(
    ("action", "expected"),
    [([0, 99], r"activity = \[99\]"), ([-1, 0], r"activity = \[-1\]"), ([0], "shape"), ([[0, 1]], "shape")],
)
def test_actions_that_are_none_are_refused(action: Any, expected: str):
    env = vector(2)
    env.reset(seed=1)
    with pytest.raises(InvalidInput, match=expected):
        env.step(np.array(action))


def test_a_step_before_reset_is_refused():
    with pytest.raises(InvalidInput, match="call reset"):
        vector(1).step(np.array([0]))


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        *(({"num_envs": bad}, "num_envs") for bad in (0, -1, 1.5, "two", None)),
        *(({"seed": bad}, "seed") for bad in (-1, 2**63, 0.5, "one", None)),
        *(({"first_student": bad}, "first_student") for bad in (-1, 2**62, 0.5)),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any], field: str):
    with pytest.raises(InvalidInput, match=field):
        CurriculumVectorEnv(world_named(WORLD), **{"num_envs": 1, **settings})


def test_the_view_of_stable_baselines3_is_the_native_environment():
    native, view = vector(5), CurriculumVecEnv(vector(5), reward_scale=0.1)
    native.reset(seed=7)
    view.seed(7)
    observation = view.reset()
    np.testing.assert_array_equal(observation, native.reset(seed=7)[0])
    finished = 0
    for action in random_actions(native.world, 80, 5):
        there, reward, terminated, truncated, info = native.step(action)
        here, scaled, done, infos = view.step(action)
        np.testing.assert_array_equal(here, there)
        np.testing.assert_allclose(scaled, 0.1 * reward, rtol=1e-6)
        np.testing.assert_array_equal(done, terminated | truncated)
        np.testing.assert_array_equal(view.action_masks(), info["action_mask"])
        for i, about in enumerate(infos):
            assert bool(about) == done[i]
            if done[i]:
                finished += 1
                np.testing.assert_array_equal(about["terminal_observation"], info["final_obs"][i])
                assert about["TimeLimit.truncated"] == (truncated[i] and not terminated[i])
                assert about["delayed_test"] == info["final_info"]["delayed_test"][i]
    assert finished > 5


@pytest.mark.parametrize("world", WORLDS)
def test_courses_end(world: str):
    """Every student's calendar ends, or nothing is left to learn: within the decisions that fit the calendar."""
    lanes = whole(world_named(world), 50)
    env, going = vector(lanes, world), set(range(lanes))
    env.reset(seed=1)
    for action in random_actions(env.world, 1500, lanes):
        *_, info = env.step(within(env.action_masks(), action))
        if "final_info" in info:
            over, about = info["_final_info"], info["final_info"]
            assert about["decisions"][over].min() >= 1
            going -= set(about["student"][over].tolist())
        if not going:
            return
    assert not going
