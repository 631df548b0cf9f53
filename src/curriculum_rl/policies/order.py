"""The goals of a student in the order of the curriculum, for policies that walk along it."""

from __future__ import annotations

import numpy as np

from curriculum_rl.batch import Bool, Float
from curriculum_rl.curriculum import Curriculum

OTHERS = -1e9
"""Priority of concepts that are no goal: below every goal's, so that they come where nothing else is allowed."""


def position(curriculum: Curriculum) -> Float:
    """Place of each concept in the order of the curriculum, prerequisites first, (K,)."""
    place = np.empty(len(curriculum.order))
    place[curriculum.order] = np.arange(len(curriculum.order))
    return place


def goals_alone(priority: Float, goals: Bool) -> Float:
    """The same priorities, (n, K), with what is no goal below all goals."""
    return np.where(goals, priority, OTHERS + priority)


def place_among_goals(curriculum: Curriculum, goals: Bool) -> Float:
    """How many goals of each student come before each concept in the order of the curriculum, (n, K).

    0 for a student's first goal; of use for goals alone.
    """
    place = np.empty(goals.shape)
    place[:, curriculum.order] = goals[:, curriculum.order].cumsum(axis=1) - 1
    return place
