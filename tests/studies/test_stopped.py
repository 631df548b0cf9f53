"""What a comparison tells of courses that a policy stopped, apart from those that students left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.controls import ADVANCE, CONTROLS, STOP
from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.policies.random import Random
from curriculum_rl.studies.compare import compare
from curriculum_rl.studies.players import Entrant, play
from tests.ending import Ends
from tests.worlds import world_of_faculties

WORLD = world_of_faculties("dropout")
IDS = np.arange(60)


def told(controls: tuple[str, ...]) -> dict[str, dict[str, tuple[float, float]]]:
    """What is told beside the scores of who ends all courses, who ends all sessions, and who ends none."""
    world = replace(WORLD, controls=controls)
    policies = {"stops": Ends(STOP, 3), "advances": Ends(ADVANCE, 3)} if controls else {}
    entrants = [Entrant(name, "heuristic", "counts", (policy,)) for name, policy in policies.items()]
    never = Entrant("never", "heuristic", "counts", (Random(),))
    found = compare(world, play(world, [never, *entrants], IDS, 1), "gain", Bootstrap(replicates=100), 10)
    return {policy["name"]: policy["kept_going"] for policy in found["policies"]}


def test_stopping_and_dropping_out_stand_side_by_side():
    found = told(CONTROLS)
    assert found["stops"]["stopped"][0] == pytest.approx(1.0, abs=0.1)
    assert found["stops"]["dropped out"][0] < 0.1
    assert found["advances"]["stopped"] == found["never"]["stopped"] == (0.0, 0.0)
    assert found["advances"]["dropped out"][0] > 0.3
    assert "stopped" not in told(())["never"]
