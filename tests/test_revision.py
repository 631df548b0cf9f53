"""A revised catalogue: what is changed is as the revision says, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curriculum_rl.curriculum import Activity
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.policies.load import load_policy
from curriculum_rl.revision import Revision
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import WorldConfig, load_world
from tests.worlds import curriculum

SEEDS = st.integers(0, 2**32)


@given(seed=SEEDS)
def test_another_order_is_the_same_catalogue(seed: int):
    old, revision = curriculum(), Revision(seed, reordered=True)
    new, order = revision.revised(old), revision.concepts(len(old.concepts))
    assert set(new.concepts) == set(old.concepts)
    assert {a.id: a for a in new.activities} == {a.id: a for a in old.activities}
    assert [c.id for c in new.concepts] == [old.concepts[k].id for k in order]
    np.testing.assert_array_equal(new.requires, old.requires[np.ix_(order, order)])


@given(seed=SEEDS, share=st.sampled_from([0.02, 0.2, 0.5, 1.0]), reordered=st.booleans())
def test_new_activities_are_as_near_as_it_says_and_the_others_stay(seed: int, share: float, reordered: bool):
    old = curriculum()
    revision = Revision(seed, reordered, share, difficulty=0.4, minutes=1.25, learning=2.0)
    found = {a.id.removesuffix("-new"): a for a in revision.revised(old).activities}
    assert found.keys() == {a.id for a in old.activities}
    changed = [a for a in old.activities if found[a.id] != a]
    assert len(changed) == max(round(share * len(old.activities)), 1)
    for was in changed:
        now = found[was.id]
        assert now.id not in {a.id for a in old.activities}
        assert (now.form, now.loads, now.answered) == (was.form, was.loads, was.answered)
        assert abs(now.difficulty - was.difficulty) <= 0.4
        assert 1 / 1.25 <= now.minutes / was.minutes <= 1.25
        assert 0.5 <= now.learning / was.learning <= 2.0


def test_a_seed_gives_one_revision_and_another_seed_another():
    def listed(seed: int, **changes: Any) -> tuple[Activity, ...]:
        return Revision(seed, **changes).revised(curriculum()).activities

    for changes in ({"reordered": True}, {"new_share": 0.3}):
        assert listed(1, **changes) == listed(1, **changes) != listed(2, **changes)
    new = {a.id for a in listed(1, new_share=0.3)}
    assert new == {a.id for a in listed(1, new_share=0.3, reordered=True)}, "the order does not move what is new"


def test_everything_out_of_range_is_said_at_once():
    with pytest.raises(InvalidInput) as caught:
        Revision(seed=-1, new_share=1.5, difficulty=-0.1, minutes=0.5, learning=float("nan"))
    said = str(caught.value)
    assert all(f"{name} = " in said for name in ("seed", "new_share", "difficulty", "minutes", "learning"))
    with pytest.raises(InvalidInput, match="reordered: true"):
        Revision()


def test_in_another_order_every_concept_keeps_its_own_numbers():
    """Reordering permutes the truth too: what is listed elsewhere is learned, guessed and needed as before."""
    old, new = load_world("new_material"), load_world("reordered")
    assert old.curriculum.forms != new.curriculum.forms, "otherwise it would not show who goes by the place of a form"
    places = [old.curriculum.concept_index[c.id] for c in new.curriculum.concepts]
    assert places != sorted(places)
    assert new.population == replace(old.population, knowledge=old.population.knowledge.subset(np.array(places)))


def test_order_is_nothing_to_those_who_do_not_go_by_it():
    """Means of 8,000 students each, other luck: beyond 3.9 standard errors apart 1 time in 10,000.

    A planted 5% of the gain is more than four and a half.
    """
    gains = [rollout(load_world(world), load_policy("random"), 8000).gain for world in ("new_material", "reordered")]
    error = float(np.sqrt(sum(g.var() / len(g) for g in gains)))
    apart = float(gains[0].mean() - gains[1].mean())
    assert abs(apart) < 3.9 * error
    assert 0.05 * float(gains[0].mean()) > 4.5 * error


def test_a_config_says_what_is_assumed():
    world = load_world("new_activities")
    assert "assumed: 20% of the activities replaced" in world.provenance["activities.new"]
    assert "order" in load_world("reordered").provenance
    made = WorldConfig("fractions", leak=0.0).load()
    assert made.provenance["leak"].startswith("assumed: 0, set by")
