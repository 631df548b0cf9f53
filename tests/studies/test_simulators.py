"""Strategies in simulators beside what a log says of them: what cannot be compared is refused before it is played."""

from __future__ import annotations

import pytest

from curriculum_rl import load_world
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.policies.load import load_policy
from curriculum_rl.studies.simulators import Reward, simulated
from curriculum_rl.violations import InvalidInput


class Unplayable:
    """Fails as soon as it is looked at."""


def test_strategies_are_not_compared_on_less_than_two_classes_of_any_world():
    worlds = {"fractions": load_world("fractions"), "classroom": load_world("classroom")}
    policies = {"fractions": {"random": Unplayable()}, "classroom": {"random": load_policy("random")}}
    with pytest.raises(InvalidInput, match="students = 20: must be at least 32, two classes of 16"):
        simulated(worlds, policies, {}, {}, "random", Reward(DelayedTest(), None, "points"), 20)  # type: ignore[arg-type]
