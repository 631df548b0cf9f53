"""What a policy did for each of many students, and the columns by which policies are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.world import World

OUTCOMES: Final[Mapping[str, str]] = {
    "gain": "points over no practice",
    "mastery_gain": "points of mastery gained",
    "normalised_gain": "per cent of the mastery that was missing",
    "mean_reward": "the objective's reward at a decision",
    "total_reward": "points by the objective",
    "engagement_kept": "points of engagement at the end, 0 for who left",
}
"""The columns of `Outcomes` that policies are compared by, in words."""
BINS = 20
"""Equal parts of the course, by minutes, in which choices and mastery are counted."""


@dataclass
class Outcomes:
    """What a policy did for each student, in the order of their ids: n students.

    Scores are in points: 100 times the expected share of right answers over the student's goals.
    """

    student: Int  # (n,) ids
    group: Int  # (n,) index of the subgroup
    ability: Float  # (n,) true, for subgroups
    pretest: Float  # (n,) score on the delayed test after no practice at all
    delayed_test: Float  # (n,) score on it after the course
    mastery_before: Float  # (n,) mean recall without forgetting, points
    mastery_after: Float  # (n,)
    minutes: Float  # (n,) spent
    decisions: Int  # (n,) activities done, sessions ended early and the stop among them
    finished: Bool  # (n,) nothing was left to learn before the calendar ended
    left: Bool  # (n,) dropped out
    stopped: Bool  # (n,) the policy ended the course, with something left to learn and time to do it
    followed: Int  # (n,) decisions that came to what was offered first
    engagement: Float  # (n,) at the end, in [0, 1]; 1/2 where the world has none
    forms: Int  # (n, forms + C) how often each form, or control, was chosen
    reward: Float  # (n,) sum of the objective's rewards, of an adaptive one's main; 0 where none was given
    measured: Float  # (n,) the same, but of what an adaptive objective moves by, such as what is limited
    teacher_minutes: Float  # (n,) spent with a teacher
    belonging: Float  # (n,) at the end, in [0, 1]; 1/2 where the world has no classes

    @property
    def mean_reward(self) -> Float:
        """The objective's reward at a decision, on average, (n,)."""
        return self.reward / np.maximum(self.decisions, 1)

    @property
    def total_reward(self) -> Float:
        """The objective's rewards of the whole course, (n,)."""
        return self.reward

    @property
    def engagement_kept(self) -> Float:
        """Points of engagement at the end, (n,); 0 where the student left."""
        return 100.0 * np.where(self.left, 0.0, self.engagement)

    @property
    def gain(self) -> Float:
        """Points on the delayed test over no practice, (n,)."""
        return self.delayed_test - self.pretest

    @property
    def mastery_gain(self) -> Float:
        """Points of mastery gained, (n,)."""
        return self.mastery_after - self.mastery_before

    @property
    def normalised_gain(self) -> Float:
        """Per cent of the mastery that was missing before, (n,); 0 where none was."""
        missing = 100.0 - self.mastery_before
        gain = 100.0 * self.mastery_gain
        return np.divide(gain, missing, out=np.zeros_like(gain), where=missing > 1e-10)


@dataclass
class Traces:
    """Sums over all students by part of the course, for the curriculum map."""

    chosen: Float  # (BINS, K) decisions that practised each concept
    recall: Float  # (BINS, K) sum of true recall at the moments below
    moments: Float  # (BINS,) how many student-moments were summed


def blank_traces(world: World) -> Traces:
    """Traces with nothing in them yet."""
    shape = (BINS, len(world.curriculum.concepts))
    return Traces(np.zeros(shape), np.zeros(shape), np.zeros(BINS))
