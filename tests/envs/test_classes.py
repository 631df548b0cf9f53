"""Environments, rollouts and lanes of worlds where students sit in classes: who waits, who comes next, what is told."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from curriculum_rl import streams
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.maskable_ppo import MaskablePPO
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.ppo import PPO
from curriculum_rl.batch import Int, arrays
from curriculum_rl.envs.simulation import BLOCK
from curriculum_rl.envs.single import CurriculumEnv
from curriculum_rl.envs.vector import CurriculumVectorEnv
from curriculum_rl.evaluation.outcomes import Outcomes, blank_traces
from curriculum_rl.evaluation.rollout import offer, rollout
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.policies.random import Random
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from tests.paths import within
from tests.worlds import CLASSES, CLASSROOM, component, random_actions, world_named

SIZE = CLASSROOM.size
WORLD = "classes with all faculties"


def vector(classes: int = 5, world: str = WORLD, **settings: Any) -> CurriculumVectorEnv:
    return CurriculumVectorEnv(world_named(world), classes * SIZE, **settings)


@pytest.mark.parametrize("world", CLASSES)
def test_a_class_comes_when_the_last_of_the_one_before_has_finished(world: str):
    """Every student finishes once; a lane whose student has finished shows the next one until the class begins."""
    env = vector(world=world)
    n = env.num_envs
    observation, info = env.reset(seed=5)
    first = {int(i): observation[lane].copy() for lane, i in enumerate(info["student"])}
    done, decisions, waits = [], np.zeros(n, dtype=np.int64), 0
    vacant = np.zeros(n, dtype=np.bool_)
    for action in random_actions(env.world, 200, n):
        before, waiting, was = info["student"], info["waiting"], observation
        assert (info["action_mask"][waiting].sum(axis=1) == 1).all(), "who waits has nothing to choose"
        np.testing.assert_array_equal(info["action_mask"].any(axis=1), True)
        decisions += ~waiting
        observation, reward, terminated, truncated, info = env.step(within(info["action_mask"], action))
        over = terminated | truncated
        assert not over[waiting].any()
        assert (reward[waiting] == 0.0).all()
        np.testing.assert_array_equal(info["student"][~over], before[~over])
        same = (observation == was).all(axis=1)
        assert same[waiting].all(), "nothing changes for who waits"
        assert same.mean() < 1.0
        for lane in np.flatnonzero(over):
            final = info["final_info"]
            assert final["student"][lane] == before[lane]
            assert final["decisions"][lane] == decisions[lane]
            done.append(int(before[lane]))
            assert info["student"][lane] % SIZE == before[lane] % SIZE, "a seat is a seat"
            first[int(info["student"][lane])] = observation[lane].copy()
        decisions[over] = 0
        vacant |= over
        begun = vacant & ~info["waiting"]
        for c in np.unique(np.flatnonzero(begun) // SIZE):
            rows = np.arange(c * SIZE, (c + 1) * SIZE)
            assert vacant[rows].all(), "a class begins together"
            assert (np.diff(info["student"][rows]) == 1).all()
            assert info["student"][rows[0]] % SIZE == 0
            vacant[rows] = False
        assert info["waiting"][vacant].all()
        for lane in np.flatnonzero(begun | vacant):
            np.testing.assert_array_equal(observation[lane], first[int(info["student"][lane])])
        waits += int(info["waiting"].sum())
    assert len(done) == len(set(done)) > 3 * n
    assert waits > 100
    np.testing.assert_array_equal(env.running().students.id % SIZE, np.arange(n) % SIZE)


def test_lanes_play_what_rollouts_play():
    """The same students under the same policy end with the same scores, whichever class comes after whichever."""
    policy, seed = Random(Counts()), 4
    env = vector(6, seed=seed)
    env.reset(options={"first_student": 0})
    ids, scores = [], []
    while len(ids) < 10 * SIZE:
        simulation = env.running()
        key = streams.keys(seed, streams.Purpose.POLICY, simulation.students.id)
        *_, info = env.step(offer(policy, simulation, key))
        if "final_info" in info:
            over, final = info["_final_info"], info["final_info"]
            ids += final["student"][over].tolist()
            scores += list(zip(final["delayed_test"][over], final["decisions"][over], final["left"][over], strict=True))
    played = rollout(env.world, policy, np.array(ids), seed)
    np.testing.assert_array_equal(np.array([s for s, _, _ in scores]), played.delayed_test)
    assert [d for _, d, _ in scores] == played.decisions.tolist()
    assert [left for *_, left in scores] == played.left.tolist()


@pytest.mark.parametrize("slate", [1, 2])
def test_a_student_has_the_same_outcome_whoever_is_asked_for(slate: int):
    """All, some, one, in any order and in chunks of any size: the classmates are there all the same."""
    world = world_named(WORLD)
    whole = rollout(world, Random(), np.arange(24), seed=2, slate=slate)
    assert whole.student.tolist() == list(range(24))
    assert (whole.teacher_minutes > 0.0).mean() > 0.3
    assert len(np.unique(whole.belonging)) == 24
    assert (
        whole.teacher_minutes.reshape(-1, SIZE).sum(axis=1).max() <= CLASSROOM.minutes * len(world.course.days) + 1e-9
    )
    for asked, chunk in ((np.array([22, 3, 21]), 4096), (np.array([17]), 1), (np.arange(24), 9)):
        part = rollout(world, Random(), asked, seed=2, slate=slate, chunk=chunk)
        for column in fields(Outcomes):
            np.testing.assert_array_equal(getattr(whole, column.name)[asked], getattr(part, column.name), column.name)


def test_only_who_is_asked_for_is_counted():
    world, finished = world_named(WORLD), []
    both, first, second = (blank_traces(world) for _ in range(3))
    outcomes = rollout(world, Random(), np.arange(30), seed=2, traces=both, progress=finished.append)
    assert sum(finished) == 30
    for part, traces in ((np.arange(13), first), (np.arange(13, 30), second)):
        rollout(world, Random(), part, seed=2, traces=traces)
    np.testing.assert_allclose(first.chosen + second.chosen, both.chosen)
    np.testing.assert_allclose(first.moments + second.moments, both.moments)
    assert both.moments.sum() == outcomes.decisions.sum() == outcomes.forms.sum()


@pytest.mark.parametrize("slate", [1, 2])
def test_a_single_environment_is_one_class(slate: int):
    """Means of rewards, all observations in a row, infos of all students, over when the last has finished."""
    world = world_named(WORLD)
    many, single = CurriculumVectorEnv(world, SIZE, slate=slate, autoreset=False), CurriculumEnv(world, slate=slate)
    activities, features = len(world.curriculum.activities), len(many.feature_names)
    assert single.observation_space.shape == (SIZE * features,)
    assert single.action_space.shape == (SIZE * slate,)
    rng, ended, shape = np.random.default_rng(0), 0, (SIZE, slate) if slate > 1 else (SIZE,)
    observation, info = many.reset(seed=5, options={"first_student": 8})
    alone, about = single.reset(seed=5, options={"first_student": 8})
    running, final = np.ones(SIZE, dtype=np.bool_), {}
    for _ in range(120):
        np.testing.assert_array_equal(alone, observation.ravel())
        for key in ("student", "action_mask", "waiting"):
            np.testing.assert_array_equal(about[key], info[key])
        mask = single.action_masks()
        assert mask.shape == (SIZE * slate * activities,)
        action = within(mask.reshape(-1, activities), rng.integers(0, activities, SIZE * slate))
        observation, reward, terminated, truncated, info = many.step(action.reshape(shape))
        alone, r, over, cut, about = single.step(action)
        assert r == reward.mean()
        running &= ~(terminated | truncated)
        for key, values in info.get("final_info", {}).items():
            final.setdefault(key, np.zeros_like(values))[info["_final_info"]] = values[info["_final_info"]]
        assert (over or cut) == (not running.any())
        assert ("delayed_test" in about) == (not running.any())
        if not running.any():
            assert (over, cut) == (terminated.any(), truncated.any())
            for key in ("delayed_test", "mastery", "decisions", "left", "student"):
                np.testing.assert_array_equal(about[key], final[key])
            observation, info = many.reset()
            alone, about = single.reset()
            running[:], ended = True, ended + 1
    assert ended > 1


@pytest.mark.parametrize(("lanes", "first"), [(6, 0), (1, 0), (8, 3)])
def test_lanes_and_ids_that_are_no_whole_classes_are_refused(lanes: int, first: int):
    match = "num_envs = .*multiple of 4" if lanes % SIZE else "first_student = 3: must be the first of a class"
    with pytest.raises(InvalidInput, match=match):
        CurriculumVectorEnv(world_named(WORLD), lanes, first_student=first)
    with pytest.raises(InvalidInput, match="whole classes"):
        vector().reset(options={"first_student": 2})


def test_a_teacher_who_has_no_time_is_masked_and_refused():
    env = vector(1, "classes")
    _, info = env.reset(seed=1)
    tutored = env.world.dynamics.turns.classes.tutored  # type: ignore[union-attr]
    assert info["action_mask"].all()
    while info["action_mask"][:, tutored].any():
        asking = int(np.flatnonzero(tutored)[0])
        *_, info = env.step(np.full(SIZE, asking))
    waiting = info["waiting"]
    assert info["action_mask"][~waiting][:, ~tutored].all()
    lane = int(np.flatnonzero(~waiting)[0])
    with pytest.raises(InvalidInput, match=rf"activity\[{lane}\] = {asking}: is masked"):
        env.step(np.full(SIZE, asking))


def lanes(**settings: Any) -> Lanes:
    given = {"tracker": component("tracker", "counts"), "objective": DelayedTest(), "gate": None, "lanes": 6 * SIZE}
    return Lanes(world_named(WORLD), **{**given, "seed": 3, **settings})


@pytest.mark.parametrize("out_of_step", [True, False])
def test_learners_lanes_count_what_was_done_and_earned(out_of_step: bool):
    made = lanes(out_of_step=out_of_step, sight=True)
    seen: Any = made.reset()
    env, earned, tried, ended = made.env, np.zeros(made.num_envs), 0, []
    rng = np.random.default_rng(0)
    whole = made.played.whole.copy()
    assert whole.all() or out_of_step
    for _ in range(100):
        mask, waiting = made.action_masks(), env.running().waiting()
        assert waiting is not None
        vacant = env.seating.vacant  # type: ignore[union-attr]
        assert (seen["truth"][vacant] == 0.0).all(), "nothing is known of who comes next"
        assert (seen["truth"][~vacant] != 0.0).any(axis=1).all()
        np.testing.assert_array_equal(seen["seen"], env.features())
        made.step_async(within(mask, rng.integers(0, mask.shape[1], len(mask))))
        seen, reward, done, _ = made.step_wait()
        tried += int((~waiting).sum())
        earned += reward
        ended += earned[done & whole].tolist()
        earned[done] = 0.0
        whole |= done
    assert made.played.forms.sum() == tried
    np.testing.assert_allclose(made.played.returns, ended, rtol=1e-4)
    assert len(ended) > 20


def test_lanes_begin_with_the_first_whole_class_and_end_with_the_last():
    made = lanes(students=range(5, 10_000))
    made.reset()
    assert made.env.running().students.id.min() >= 8
    with pytest.raises(InvalidInput, match="multiple of 4"):
        lanes(lanes=6 * SIZE + 1)


def test_lanes_go_on_where_they_were_put():
    """Who comes next included: a restored run sees what the first one saw."""

    def play(made: Lanes, steps: int, seed: int) -> list[bytes]:
        rng, seen = np.random.default_rng(seed), []
        for _ in range(steps):
            mask = made.action_masks()
            made.step_async(within(mask, rng.integers(0, mask.shape[1], len(mask))))
            observation, reward, done, _ = made.step_wait()
            assert isinstance(observation, np.ndarray)
            seen.append(observation.tobytes() + reward.tobytes() + done.tobytes())
        return seen

    first, second = lanes(), lanes()
    first.reset()
    play(first, 17, 1)
    assert (first.state()["coming"] >= 0).any()
    kept = {name: array.copy() for name, array in first.state().items()}
    went_on = play(first, 40, 2)
    second.reset()
    second.restore(kept)
    assert play(second, 40, 2) == went_on


def test_a_learner_trains_on_classes_the_same_way_each_time():
    agent = MaskablePPO(frames=512, lanes=16, steps=16, batch=128)
    world = world_named(WORLD)

    def weights() -> list[Int]:
        made = agent.train(world, tracker=Counts(), objective=DelayedTest(), network=Flat((16,)), seed=1)
        assert made.frames == 512
        return list(made.policy.weights().values())

    for one, other in zip(weights(), weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_learner_without_masks_is_refused():
    agent = PPO(frames=512, lanes=16, steps=32, batch=128)
    with pytest.raises(InvalidInput, match="cannot learn where activities are masked"):
        agent.train(world_named("classes"), tracker=Counts(), objective=DelayedTest(), network=Flat((16,)), seed=1)


def test_the_block_of_students_drawn_ahead_changes_nothing():
    """A class that was called while others played is as one drawn afresh."""
    env = vector(4 * BLOCK // SIZE + 10, "classes")  # more students than a block, however long
    env.reset(seed=2)
    for action in random_actions(env.world, 30, env.num_envs):
        env.step(within(env.action_masks(), action))
    seating = env.seating
    assert seating is not None
    rows = np.flatnonzero(seating.ids >= 0)
    assert len(rows) > SIZE
    fresh = env.world.students(2, seating.ids[rows])
    for (name, mine), (_, its) in zip(arrays(seating._coming.students), arrays(fresh), strict=True):
        np.testing.assert_array_equal(mine[rows], its, err_msg=name)
