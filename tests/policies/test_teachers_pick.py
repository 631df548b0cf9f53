"""Laws of the teacher's pick: back to a prerequisite when stuck, on to harder problems when done, else mastery."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.mastery import Mastery
from curriculum_rl.policies.teachers_pick import TeachersPick
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.streaks import Streaks
from curriculum_rl.violations import InvalidInput
from tests.policies.views import watched
from tests.worlds import random_actions, world_named

WORLD = world_named("bkt exponential")
REQUIRES = WORLD.curriculum.requires
IDS = np.arange(120)


def test_wrong_answers_in_a_row_are_forgiven_by_a_right_one_or_one_on_a_prerequisite():
    tracker = Streaks(BKTFilter(nodes=3))
    simulation, plain = Simulation(WORLD, tracker, IDS, 3), Simulation(WORLD, tracker.filter, IDS, 3)
    wrong = np.zeros((len(IDS), 8))
    for activity in random_actions(WORLD, 40, len(IDS)):
        happened = simulation.step(activity)
        plain.step(activity)
        for i, a in enumerate(WORLD.curriculum.activities[j] for j in activity):
            practised = [WORLD.curriculum.concept_index[c] for c in a.loads]
            if a.answered and happened.correct[i]:
                for k in practised:
                    wrong[i, k] = 0
                    wrong[i, REQUIRES[k] > 0] = 0
            elif a.answered:
                wrong[i, practised] += 1
        np.testing.assert_array_equal(simulation.belief.wrong, wrong)
    assert wrong.max() > 3
    np.testing.assert_array_equal(simulation.belief.known, plain.belief.known)


@pytest.mark.parametrize("stuck_after", [1, 2])
def test_who_is_stuck_goes_back_to_the_prerequisite_least_recalled_and_on_from_there(stuck_after: int):
    policy = TeachersPick(Mastery(0.95, tracker=Streaks()), stuck_after)
    simulation, back = Simulation(WORLD, policy.tracker, IDS, 2), []
    for _ in range(30):
        view = simulation.view()
        activity = policy.probabilities(view).argmax(axis=1)
        outlook, belief = view.belief.outlook(), view.belief
        first = policy.mastery.priority(view, outlook).argmax(axis=1)
        for i, k in enumerate(first):
            links, here = 0, k
            while belief.wrong[i, here] >= stuck_after and (REQUIRES[:, here] > 0).any():
                here = np.where(REQUIRES[:, here] > 0, outlook.recall[i], np.inf).argmin()
                links += 1
            assert WORLD.curriculum.loads[0][0, activity[i]] == here
            back.append(links)
        simulation.step(activity)
    assert np.bincount(back)[1:3].min() > 20


def test_who_has_mastered_every_goal_gets_the_hardest_problem_of_the_goal_least_recalled():
    policy = TeachersPick(Mastery(0.5, tracker=Streaks()), extension=Lesson(difficulty=10.0))
    view = watched(WORLD, policy, IDS, 40).view()
    outlook, goals = view.belief.outlook(), view.belief.goals
    done = (outlook.stored >= 0.5).all(axis=1, where=goals)
    view.belief.wrong[:] = 0.0
    chosen = policy.probabilities(view).argmax(axis=1)
    forms = [WORLD.curriculum.activities[a].form for a in chosen]
    for i in range(len(IDS)):
        assert (forms[i] == "hard problem") == done[i]
        if done[i]:
            least = np.where(goals[i], outlook.recall[i], np.inf).argmin()
            assert WORLD.curriculum.loads[0][0, chosen[i]] == least
    assert 10 < done.sum() < 110


def test_while_nobody_is_stuck_or_done_it_is_mastery_learning():
    mastery = Mastery(1.0, patience=4, lesson=Lesson(-1.0, 0.3), tracker=Streaks())
    view = watched(WORLD, mastery, IDS, 12).view()
    np.testing.assert_array_equal(TeachersPick(mastery, 1000).probabilities(view), mastery.probabilities(view))
    stuck = TeachersPick(mastery, 1).probabilities(view)
    assert np.any(stuck != mastery.probabilities(view))


def test_where_the_prerequisite_is_masked_the_concept_itself_is_practised():
    mastery = Mastery(1.0, patience=3, tracker=Streaks())
    policy = TeachersPick(mastery, 1)
    view = watched(WORLD, mastery, IDS, 25).view()
    outlook = view.belief.outlook()
    first = mastery.priority(view, outlook).argmax(axis=1)
    gone = policy.remedy(view.belief, outlook, first) != first
    assert gone.sum() > 10
    here = WORLD.curriculum.loads[0][0][None] == first[:, None]
    view = replace(view, mask=here & (WORLD.curriculum.loads[1][0] == 1.0))
    np.testing.assert_array_equal(policy.probabilities(view), mastery.probabilities(view))


def test_a_tracker_that_counts_no_streaks_is_refused():
    with pytest.raises(InvalidInput, match=r"mastery\.tracker.*Streaks"):
        TeachersPick(Mastery())
