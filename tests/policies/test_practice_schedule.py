"""Laws of blocked and interleaved practice: the sequence is exactly the one that is meant."""

from __future__ import annotations

from itertools import count, islice

import numpy as np
import pytest

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.policies.practice_schedule import PracticeSchedule
from curriculum_rl.violations import InvalidInput
from tests.policies.backwards import backwards
from tests.worlds import world_named

IDS = np.arange(40)


def sequence(goals: list[int], tries: int, window: int, block: int, steps: int) -> list[int]:
    """Written out as a teacher would."""

    def forever():
        for _ in count():
            for start in range(0, len(goals), window):
                left = dict.fromkeys(goals[start : start + window], tries)
                while any(left.values()):
                    for goal, some in left.items():
                        for _ in range(min(block, some)):
                            yield goal
                        left[goal] = some - min(block, some)

    return list(islice(forever(), steps))


@pytest.mark.parametrize(("tries", "window", "block"), [(3, 1, 1), (3, 3, 1), (4, 2, 2), (5, 3, 2), (2, 100, 1)])
def test_goals_take_turns_as_they_are_meant_to(tries: int, window: int, block: int):
    world = backwards(world_named("bkt exponential"))
    policy = PracticeSchedule(tries, window, block)
    simulation, seen = Simulation(world, policy.tracker, IDS, 2), []
    for _ in range(25):
        activity = policy.probabilities(simulation.view()).argmax(axis=1)
        seen.append(world.curriculum.loads[0][0, activity])
        simulation.step(activity)
    for i, goal in enumerate(simulation.belief.goals):
        goals = [int(k) for k in world.curriculum.order if goal[k]]
        assert [int(row[i]) for row in seen] == sequence(goals, tries, window, block, 25)


def test_the_sequences_of_the_textbook():
    assert "".join("ABC"[k] for k in sequence([0, 1, 2], 3, 1, 1, 12)) == "AAABBBCCCAAA"
    assert "".join("ABCD"[k] for k in sequence([0, 1, 2, 3], 2, 3, 1, 9)) == "ABCABCDDA"
    assert "".join("AB"[k] for k in sequence([0, 1], 4, 2, 2, 8)) == "AABBAABB"


def test_tuning_leaves_blocked_practice_blocked():
    assert {v.window for v in PracticeSchedule(window=1).variants()} == {1}
    assert len({v.window for v in PracticeSchedule(window=3).variants()}) > 1


def test_settings_out_of_range_are_all_named():
    with pytest.raises(InvalidInput) as caught:
        PracticeSchedule(tries=0, window=0, block=0)
    assert len(caught.value.violations) == 3
