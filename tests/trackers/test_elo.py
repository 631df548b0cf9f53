"""Ratings by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from curriculum_rl.trackers.elo import Elo
from curriculum_rl.violations import InvalidInput
from tests.worlds import knowledge_model, made_world


def test_two_answers_by_hand():
    """A medium problem on one concept, right, then wrong: theta and theta_k move by K (y - P), K = a / (1 + b n)."""
    world = made_world("bkt", "none")
    belief = Elo(gain=0.8, damping=0.05).start(world.platform, np.ones((1, 8), bool))
    model, known = knowledge_model("bkt", spread=0.2), world.platform.filter
    guess, right = model.guess[0], 1.0 - model.slip[0]
    base, theta, skill = logit(known.initial[0]), 0.0, 0.0
    for n, answer in enumerate((1.0, 0.0)):
        chance = guess + (right - guess) * expit(base + theta + skill)
        belief.update(np.array([1]), np.array([bool(answer)]), np.array([0.0]))
        step = 0.8 / (1.0 + 0.05 * n) * (answer - chance)
        theta, skill = theta + step, skill + step
        assert belief.rating[0] == pytest.approx(theta, abs=1e-12)
        assert belief.skill[0, 0] == pytest.approx(skill, abs=1e-12)
    assert not belief.skill[0, 1:].any()


@pytest.mark.parametrize(("field", "bad"), [("gain", 0.0), ("gain", float("nan")), ("damping", -0.1), ("damping", "a")])
def test_refuses_bad_settings(field: str, bad: object):
    with pytest.raises(InvalidInput, match=field):
        Elo(**{field: bad})  # type: ignore[arg-type]
