"""What a critic may see while it trains, and nothing else may: the true state of the students.

A value read off the truth knows that a lucky moment is partly paid for by what is left to learn, so advantages are
far less noisy (asymmetric actor-critic: Pinto et al. 2018, doi:10.15607/RSS.2018.XIV.008). The actor never receives
it, and the critic is thrown away when training ends.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.students.population import Students
from curriculum_rl.trackers.tracker import Float32

PLANES = 2
"""Of each concept: recall at the test if nothing more is done, and recall without forgetting."""

TRAITS = 3
"""Of the student: ability, rate of learning, memory."""


def with_sight(layout: Layout) -> Layout:
    """The layout of an observation that `see` widened."""
    return replace(layout, planes=layout.planes + PLANES, student=layout.student + TRAITS)


def see(features: Float32, students: Students, layout: Layout) -> Float32:
    """Features (n, F) with the truth: planes of concepts after the others, traits at the end."""
    n, concepts, split = len(features), layout.concepts, layout.planes * layout.concepts
    out = np.empty((n, layout.features + PLANES * concepts + TRAITS), dtype=np.float32)
    out[:, :split] = features[:, :split]
    out[:, split : split + concepts] = students.at_test
    out[:, split + concepts : split + 2 * concepts] = students.mastery
    out[:, split + 2 * concepts : -TRAITS] = features[:, split:]
    traits = students.traits
    for i, trait in enumerate((traits.ability, traits.rate, traits.memory)):
        out[:, i - TRAITS] = np.tanh(trait / 3.0)
    return out


def unseen(observations: Tensor, layout: Layout) -> Tensor:
    """The features alone, (n, F), of observations that `see` widened."""
    split = layout.planes * layout.concepts
    after = split + PLANES * layout.concepts
    return torch.cat([observations[:, :split], observations[:, after:-TRAITS]], dim=1)
