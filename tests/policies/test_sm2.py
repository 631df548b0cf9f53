"""Laws of SuperMemo 2: the published intervals and easiness, and nothing is reviewed before its time."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.policies.sm2 import SM2
from curriculum_rl.trackers.repetitions import Repetitions, RepetitionsBelief
from curriculum_rl.violations import InvalidInput
from tests.policies.backwards import backwards
from tests.worlds import world_named

IDS = np.arange(80)
MEDIUM, EXAMPLE = 1, 3  # of the first concept


def begun(tracker: Repetitions, n: int = 1) -> RepetitionsBelief:
    return tracker.start(world_named("bkt exponential").platform, np.ones((n, 8), dtype=np.bool_))


def answer(belief: RepetitionsBelief, correct: bool, then_days: float, activity: int = MEDIUM) -> None:
    n = len(belief.now)
    belief.update(np.full(n, activity), np.full(n, correct), np.full(n, then_days))


@pytest.mark.parametrize(("quality", "eased"), [(5.0, 0.10), (4.0, 0.0), (3.0, -0.14)])
def test_intervals_are_one_day_six_days_and_then_longer_by_the_easiness(quality: float, eased: float):
    belief, expected, ease = begun(Repetitions(right=quality)), [1.0, 6.0], 2.5 + 2 * eased
    for _ in range(5):
        ease = max(ease + eased, 1.3)
        expected.append(expected[-1] * ease)
    seen = []
    for _ in expected:
        answer(belief, True, 0.0)
        seen.append(float(belief.interval[0, 0]))
        belief.now += np.ceil(seen[-1])
    np.testing.assert_allclose(seen, expected, rtol=1e-12)
    np.testing.assert_allclose(belief.ease[0, 0], ease)
    assert np.all(belief.interval[:, 1:] == 0)


@pytest.mark.parametrize(("quality", "eased"), [(2.0, -0.32), (1.0, -0.54), (0.0, -0.80)])
def test_a_lapse_begins_the_series_anew_and_lowers_the_easiness(quality: float, eased: float):
    belief = begun(Repetitions(wrong=quality))
    for days in (1.0, 6.0, 15.0):
        answer(belief, True, days)
    answer(belief, False, 0.01)
    assert (belief.interval[0, 0], belief.repetitions[0, 0]) == (0.0, 0.0)
    np.testing.assert_allclose(belief.ease[0, 0], 2.5 + eased)
    answer(belief, True, 1.0)  # asked again the same day
    assert belief.interval[0, 0] == 1.0
    answer(belief, True, 6.0)
    assert belief.interval[0, 0] == 6.0
    for _ in range(5):
        answer(belief, False, 0.0)
    np.testing.assert_allclose(belief.ease[0, 0], max(2.5 + 6 * eased, 1.3))


def test_a_right_answer_before_its_day_and_practice_without_an_answer_move_nothing():
    belief = begun(Repetitions(right=5.0))
    answer(belief, True, 1.0)
    answer(belief, True, 5.5)
    assert belief.interval[0, 0] == 6.0
    answer(belief, True, 0.0)  # on the seventh day, after five and a half
    answer(belief, True, 0.0, EXAMPLE)
    assert (belief.interval[0, 0], belief.repetitions[0, 0]) == (6.0, 2.0)
    np.testing.assert_allclose(belief.ease[0, 0], 2.7)
    belief.now += 6.0
    answer(belief, True, 0.0)
    np.testing.assert_allclose(belief.interval[0, 0], 6.0 * 2.8)


def test_days_are_counted_whole():
    belief = begun(Repetitions())
    belief.now += 0.9
    answer(belief, True, 0.2)
    assert belief.overdue()[0, 0] == 0.0
    answer(belief, True, 0.0)
    assert belief.interval[0, 0] == 6.0


@pytest.mark.parametrize("learning", [1, 4])
def test_due_reviews_come_first_then_new_ones_while_few_are_being_learned(learning: int):
    policy = SM2(learning=learning)
    world = backwards(world_named("bkt exponential"))
    simulation = Simulation(world, policy.tracker, IDS, 2)
    reviewed = opened = drilled = 0
    for _ in range(25):
        belief = simulation.view().belief
        activity = policy.probabilities(simulation.view()).argmax(axis=1)
        concept = world.curriculum.loads[0][0, activity]
        for i, k in enumerate(concept):
            goal, new, interval = belief.goals[i], belief.seen[i] == 0, belief.interval[i]
            overdue = np.floor(belief.now[i]) - np.floor(belief.last[i]) - interval
            due, low = goal & (interval > 0) & (overdue >= 0), goal & (interval == 0) & ~new
            if due.any():
                assert overdue[k] == overdue[due].max()
                reviewed += 1
            elif (goal & new).any() and low.sum() < learning:
                assert k == next(c for c in world.curriculum.order if goal[c] and new[c])
                opened += 1
            elif low.any():
                assert low[k]
                assert belief.last[i, k] == belief.last[i][low].min()
                drilled += 1
            elif not (goal & new).any():
                assert overdue[k] == overdue[goal].max()
        simulation.step(activity)
    assert min(reviewed, opened, drilled) > 50


def test_settings_out_of_range_are_all_named():
    with pytest.raises(InvalidInput) as caught:
        Repetitions(right=2.0, wrong=3.0, ease=1.0, first_days=0.0)
    assert [line.split(" = ")[0] for line in caught.value.violations] == ["right", "wrong", "ease", "first_days"]
