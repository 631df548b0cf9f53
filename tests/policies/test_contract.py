"""What every heuristic in `configs/policy` must do."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from curriculum_rl import streams
from curriculum_rl.batch import Int, arrays
from curriculum_rl.controls import CONTROLS
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import Gate, View
from curriculum_rl.evaluation.outcomes import Outcomes
from curriculum_rl.evaluation.rollout import offer, rollout
from curriculum_rl.policies.load import load_policy
from curriculum_rl.policies.policy import Policy
from tests.policies.views import MASKS, masked, watched
from tests.worlds import names, world_named

POLICIES = names("policy")
WORLDS = ["bkt exponential", "afm exponential", "bkt with loss", "pack fractions"]
IDS = np.arange(100, 124)
pytestmark = pytest.mark.parametrize("name", POLICIES)


def seen(name: str, world: str = WORLDS[0], steps: int = 9) -> tuple[Policy, View]:
    policy = load_policy(name)
    return policy, watched(world_named(world), policy, IDS, steps).view()


@pytest.mark.parametrize("world", WORLDS)
def test_probabilities_sum_to_one_and_are_zero_where_masked(name: str, world: str):
    """At the start, after one activity and after some, whatever is masked."""
    for steps in (0, 1, 15):
        policy, whole = seen(name, world, steps)
        for mask in MASKS:
            view, where = masked(whole, mask), f"{mask} after {steps}"
            chance = policy.probabilities(view)
            assert chance.shape == view.mask.shape, where
            assert np.all(chance >= 0), where
            np.testing.assert_allclose(chance.sum(axis=1), 1.0, rtol=1e-12, err_msg=where)
            assert np.all(chance[~view.mask] == 0), where


def test_looking_changes_nothing(name: str):
    policy, whole = seen(name)
    before = {key: array.copy() for key, array in arrays(whole.belief)}
    for mask in MASKS:
        view = masked(whole, mask)
        first = policy.probabilities(view)
        np.testing.assert_array_equal(first, policy.probabilities(view), err_msg=mask)
        for key, array in arrays(view.belief):
            np.testing.assert_array_equal(array, before[key], err_msg=f"{key}, {mask}")


def test_a_batch_is_its_students_one_by_one_in_any_order(name: str):
    policy, world = load_policy(name), world_named(WORLDS[0])

    def view_of(ids: Int) -> View:
        return watched(world, policy, ids, 9).view()

    whole, back, ones = view_of(IDS), view_of(IDS[::-1].copy()), [view_of(np.array([i])) for i in IDS[:6]]
    for mask in MASKS:
        together = policy.probabilities(masked(whole, mask))
        turned = policy.probabilities(masked(back, mask))
        np.testing.assert_array_equal(turned[::-1], together, err_msg=mask)
        for one, row in zip(ones, together, strict=False):
            np.testing.assert_array_equal(policy.probabilities(masked(one, mask))[0], row, err_msg=mask)


@pytest.mark.parametrize("gate", [None, Believed(0.5)])
def test_a_rollout_depends_on_seed_and_student_alone(name: str, gate: Gate | None):
    policy, world = load_policy(name), world_named(WORLDS[0])
    first, again = (rollout(world, policy, IDS[:9], seed=4, gate=gate, chunk=chunk) for chunk in (9, 5))
    for field in dataclasses.fields(Outcomes):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(again, field.name), err_msg=field.name)
    assert np.all(np.isfinite(first.gain))


@pytest.mark.parametrize("world", ["bkt exponential", "all faculties"])
def test_a_slate_begins_with_the_single_offer_and_repeats_nothing(name: str, world: str):
    """Of all that is allowed, and of no more: what else would be offered is the first choice again."""
    policy = load_policy(name)
    simulation = watched(world_named(world), policy, IDS[:8], 9)
    key = streams.keys(3, streams.Purpose.POLICY, IDS[:8])
    single, mask = offer(policy, simulation, key), simulation.mask()
    slate = offer(policy, simulation, key, slate=4)
    np.testing.assert_array_equal(slate[0], single)
    np.testing.assert_array_equal(slate[:2], offer(policy, simulation, key, slate=2))
    assert mask[np.arange(8), slate].all()
    for offers, allowed in zip(slate.T.tolist(), mask.sum(axis=1).tolist(), strict=True):
        assert len(set(offers)) == min(4, allowed)


def test_a_rollout_of_slates_depends_on_seed_and_student_alone(name: str):
    policy, long = load_policy(name), world_named("all faculties")
    world = dataclasses.replace(long, course=dataclasses.replace(long.course, days=(0.0, 1.0)))
    if name == "lookahead":
        policy = dataclasses.replace(policy, candidates=2, horizon=1)  # type: ignore[type-var]
    first, again = (rollout(world, policy, IDS[:6], seed=4, slate=3, chunk=chunk) for chunk in (6, 4))
    for field in dataclasses.fields(Outcomes):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(again, field.name), err_msg=field.name)
    assert (first.followed <= first.decisions).all()
    assert 0 < first.followed.sum() < first.decisions.sum()


def test_it_never_ends_a_session_or_a_course_and_does_as_in_a_world_where_it_could_not(name: str):
    policy, long = load_policy(name), world_named("all faculties")
    plain = dataclasses.replace(long, course=dataclasses.replace(long.course, days=(0.0, 1.0)))
    if name == "lookahead":
        policy = dataclasses.replace(policy, candidates=2, horizon=1)  # type: ignore[type-var]
    expected, played = (
        rollout(w, policy, IDS[:6], seed=4) for w in (plain, dataclasses.replace(plain, controls=CONTROLS))
    )
    for field in (f.name for f in dataclasses.fields(Outcomes) if f.name != "forms"):
        assert getattr(played, field).tobytes() == getattr(expected, field).tobytes(), field
    forms = len(plain.curriculum.forms)
    np.testing.assert_array_equal(played.forms[:, :forms], expected.forms)
    assert played.forms[:, forms:].shape == (6, 2)
    assert not played.forms[:, forms:].any()


def test_variants_are_as_many_from_anywhere(name: str):
    policy: Any = load_policy(name)
    if not hasattr(policy, "variants"):
        return
    variants = list(policy.variants())
    assert len(variants) > 1
    for variant in variants:
        assert type(variant) is type(policy)
        assert len(list(variant.variants())) == len(variants)
        assert hash(variant) == hash(dataclasses.replace(variant))


def test_goals_come_first(name: str):
    """Every heuristic but pure chance and the greedy ones, which weigh points, practises goals alone."""
    if name == "random" or name.startswith(("greedy", "lookahead")):
        return
    policy, view = seen(name)
    concepts, shares = view.platform.curriculum.loads
    on_goal = (view.belief.goals[:, concepts] & (shares > 0)).any(axis=1)
    assert np.all(policy.probabilities(view)[~on_goal] == 0)
