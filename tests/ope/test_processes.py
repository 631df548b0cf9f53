"""The truth that estimators are measured against is itself checked: by enumeration and by simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from curriculum_rl.ope.processes import PROCESSES, Process
from curriculum_rl.violations import InvalidInput


def enumerated(process: Process, horizon: int, discount: float) -> float:
    """The value as a sum over every path, written without dynamic programming."""
    states, activities = range(len(process.first)), range(process.reward.shape[1])
    total = 0.0
    for start in states:
        for path in itertools.product(itertools.product(activities, states), repeat=horizon):
            here, chance = start, process.first[start]
            for t, (a, there) in enumerate(path):
                chance *= process.target[here, a]
                # What follows later decisions sums to one, so each reward is counted over all the paths beyond it.
                later = (1.0 / (len(states) * len(activities))) ** (horizon - t - 1) / len(states)
                total += chance * later * discount**t * process.reward[here, a]
                chance *= (1.0 - process.leave[here, a]) * process.move[here, a, there]
                here = there
    return float(total)


@pytest.mark.parametrize("name", PROCESSES)
def test_dynamic_programming_is_the_sum_over_paths(name: str):
    process = PROCESSES[name]
    for horizon, discount in ((1, 1.0), (3, 0.9)):
        assert process.value(horizon, discount) == pytest.approx(enumerated(process, horizon, discount), abs=1e-12)


@pytest.mark.parametrize("name", PROCESSES)
def test_simulated_students_reach_the_value(name: str):
    process = PROCESSES[name]
    episodes = process.simulate(np.random.default_rng(1), 20_000, 6, policy=process.target)
    returns = episodes.returns(0.95)
    error = returns.std() / np.sqrt(len(returns))
    assert abs(returns.mean() - process.value(6, 0.95)) < 4 * error
    assert np.array_equal(episodes.behaviour, episodes.target)
    assert (episodes.censored == (episodes.lengths < 6)).all()
    assert episodes.censored.any() == (name == "dropout")


def test_a_process_that_is_none_is_refused_with_all_that_is_wrong():
    process = PROCESSES["stochastic"]
    with pytest.raises(InvalidInput) as caught:
        Process(
            first=process.first * 2,
            move=process.move,
            reward=process.reward,
            spread=process.spread,
            leave=process.leave - 1.0,
            behaviour=process.behaviour,
            target=process.target,
        )
    assert len(caught.value.violations) == 2
