"""History by hand."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.trackers.history import History
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world

NAMES = History().belief.concept_features


def test_four_events_by_hand():
    """In the knowledge-structure world: 0 right, 1 wrong, 7 out of reach and wrong, 0 right."""
    platform = load_world("kss").platform
    goals = np.zeros((1, 10), dtype=bool)
    goals[0, 4] = True
    belief = History().start(platform, goals)
    for activity, right in ((0, True), (1, False), (7, False), (0, True)):
        belief.update(np.array([activity]), np.array([right]), np.array([0.0]))
    planes, student = np.full((1, len(NAMES), 10), np.nan, np.float32), np.full((1, 1), np.nan, np.float32)
    belief.write_features(planes, student)
    seen = {name: planes[0, i] for i, name in enumerate(NAMES)}
    expected = {
        "goal": {4: 1.0},
        "tries": {0: 2 / 6, 1: 1 / 5, 7: 1 / 5},
        "right": {0: 2 / 3},
        "answer": {0: 1.0, 1: -1.0, 7: -1.0},
        "recent": {0: 1.0, 7: 1 / 2, 1: 1 / 3},
        "previous": {0: 1.0},
        "left": {k: {0: 0.25, 1: 0.5}.get(k, 1.0) for k in range(10)},
        "taught": {0: 2 / 6, 1: 1 / 5},
    }
    for name, of in expected.items():
        np.testing.assert_allclose(seen[name], [of.get(k, 0.0) for k in range(10)], rtol=1e-6, err_msg=name)
    assert student[0, 0] == 1.0


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), "two", None])
def test_refuses_a_bad_prior(bad: object):
    with pytest.raises(InvalidInput, match="prior"):
        History(bad)  # type: ignore[arg-type]
