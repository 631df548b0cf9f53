"""Where a network's two likeliest activities are as likely, its choice is not compared; elsewhere it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from curriculum_rl.agents.learned import untrained
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.export.courses import Plan, courses
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.world import Platform, load_world

STUDENTS, STEPS = 100, 4


def levels(platform: Platform, sampled: bool) -> np.ndarray:
    policy = untrained(platform, ConceptScorer(8), BKTFilter(1))
    for parameter in policy.actor.parameters():
        parameter.copy_(0.3 * torch.cos(torch.arange(parameter.numel()) ** 2).reshape(parameter.shape))
    plan = Plan.plain(STUDENTS, len(platform.curriculum.concepts))
    found = list(courses(policy.drawn(sampled), platform, plan, STEPS))
    several = np.array([one.eligible.sum(axis=1) > 1 for one in found])
    return np.array([one.level for one in found])[several]


def test_twins_are_as_likely_as_one_another():
    platform = load_world("fractions").platform
    one = platform.curriculum.activities
    twins = tuple(replace(a, id=f"{a.id}-twin") for a in one)
    doubled = replace(platform, curriculum=replace(platform.curriculum, activities=(*one, *twins)))
    assert levels(platform, sampled=False).mean() < 0.05
    assert levels(doubled, sampled=False).mean() > 0.6  # unless one of the two is locked
    assert not levels(doubled, sampled=True).any()
