"""The decisions that a policy is learned from are those that it would be judged by."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.record import Recording, record
from curriculum_rl.ope.decisions import decisions
from curriculum_rl.ope.logged import read_logged
from curriculum_rl.ope.replay import replay
from curriculum_rl.policies.load import load_policy
from curriculum_rl.studies.evaluate import find_objective
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World, load_world
from tests.worlds import component


def tables(world: World) -> list[pa.Table]:
    """A log in two parts."""
    found = []
    for skip in (0, 7):
        ids, how = first(TEST, 7, skip), Recording(horizon=6, explore=0.5)
        rows = record(world, load_policy("mastery"), ids, find_objective("mastery_gain"), how)
        found.append(pa.concat_tables(rows).sort_by([("student_id", "ascending"), ("seq", "ascending")]))
    return found


@pytest.mark.parametrize("name", ["new_material", "kss"])
def test_they_are_those_of_a_replay(name: str):
    """In the second world students are tested before their course, which is seen and is no decision."""
    world, tracker = load_world(name), component("tracker", "counts")
    logs = [read_logged(table, world.platform) for table in tables(world)]
    found, ids = decisions(logs, world.platform, tracker)
    judged = replay(logs, world.platform, load_policy("mastery"), tracker)
    episodes = judged.episodes
    assert ids == judged.ids
    for ours, theirs in (
        (found.features, episodes.features),
        (found.mask, episodes.eligible),
        (found.action, episodes.action),
        (found.reward, episodes.reward),
        (found.student, episodes.student),
        (found.done, episodes.last),
    ):
        assert np.array_equal(ours, theirs)
    if name == "kss":
        assert len(found) < sum(len(log.reward) for log in logs)


def test_without_rewards_every_row_is_one():
    world, tracker = load_world("tms-binary"), component("tracker", "bkt")
    logs = [read_logged(table.drop(["reward"]), world.platform) for table in tables(world)]
    found, _ = decisions(logs, world.platform, tracker, rewarded=False)
    assert len(found) == sum(len(log.reward) for log in logs)
    assert np.isnan(found.reward).all()
    with pytest.raises(InvalidInput, match="no decision"):
        decisions(logs, world.platform, tracker)
