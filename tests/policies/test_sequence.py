"""The next activity is the one after the last, round and round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.record import Recording, record
from curriculum_rl.policies.sequence import Sequence
from curriculum_rl.studies.evaluate import find_objective
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world
from tests.policies.views import watched


def done(order: tuple[str, ...], horizon: int) -> list[str]:
    world = load_world("tms-binary")
    how = Recording(horizon=horizon)
    rows = record(world, Sequence(order), first(TEST, 1), find_objective("mastery_gain"), how)
    return [table["activity_id"][0].as_py() for table in rows]


def test_activities_follow_each_other_and_begin_again():
    ids = [a.id for a in load_world("tms-binary").curriculum.activities]
    assert done((), 4) == [ids[i % len(ids)] for i in range(4)]
    backwards = tuple(reversed(ids[:3]))
    assert done(backwards, 4) == [*backwards, backwards[0]]


def test_the_next_that_is_allowed_is_taken():
    world, policy = load_world("tms-binary"), Sequence()
    view = watched(world, policy, first(TEST, 1), 0).view()
    for closed in range(len(world.curriculum.activities) - 1):
        mask = np.arange(view.mask.shape[1])[None] > closed
        assert policy.probabilities(replace(view, mask=mask)).argmax() == closed + 1


def test_what_is_not_in_the_order_is_the_last_resort():
    world = load_world("tms-binary")
    ids = [a.id for a in world.curriculum.activities]
    view = watched(world, Sequence(), first(TEST, 1), 0).view()
    policy = Sequence((ids[-1],))
    assert policy.probabilities(view).argmax() == len(ids) - 1
    mask = view.mask.copy()
    mask[:, -1] = False
    assert policy.probabilities(replace(view, mask=mask)).argmax() == 0


def test_unknown_and_repeated_ids_are_refused():
    with pytest.raises(InvalidInput, match=r"order\[1\] = 'a': stands twice"):
        Sequence(("a", "a"))
    view = watched(load_world("tms-binary"), Sequence(), first(TEST, 1), 0).view()
    with pytest.raises(InvalidInput, match="'nothing' are not in the catalogue"):
        Sequence(("nothing",)).probabilities(view)
