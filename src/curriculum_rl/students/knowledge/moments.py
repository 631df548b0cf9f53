"""A population with continuous knowledge, as Bayesian knowledge tracing would see it.

The curve of accuracy by opportunity of a known-or-not population is
    p_t = (1 - slip) - (1 - slip - guess) (1 - initial) (1 - learn)^t
(van de Sande 2013). With guess and slip assumed, its first and tenth points give `initial` and `learn`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.students.knowledge.knowledge import FilterParameters
from curriculum_rl.students.traits import Group, spread

LATE = 10
"""Opportunities after which the second point of the curve is taken."""
SLIP = 0.1
GUESS = 0.2
"""Assumed, near the quartiles fitted on ASSISTments 2009 (slip .12, guess .21)."""
_NODES = 7


def matched(
    accuracy: Callable[[Float, Float, int], Float], floor: Float, groups: tuple[Group, ...]
) -> FilterParameters:
    """Matches the curve of the population.

    Args:
        accuracy: P(right) by concept, (m, K), of m students with these abilities and rates, (m, 1) each, fully
            ready, after so many tries of a medium problem.
        floor: P(right) by pure luck, by concept, (K,): the guess is at least this.
        groups: the population's subgroups.
    """
    a_mean, a_sd, r_mean, r_sd, rho = spread(groups)
    x, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    weight = np.outer(weight, weight).ravel() / weight.sum() ** 2
    first, second = (grid.reshape(-1, 1) for grid in np.meshgrid(x, x, indexing="ij"))
    ability = a_mean + a_sd * first
    rate = r_mean + r_sd * (rho * first + np.sqrt(max(0.0, 1.0 - rho**2)) * second)
    early, late = (weight @ accuracy(ability, rate, tries) for tries in (0, LATE))
    guess = np.maximum(floor, GUESS)
    slip = np.full_like(guess, SLIP)
    span = 1.0 - slip - guess
    initial = np.clip((early - guess) / span, 0.01, 0.95)
    unknown = np.clip((1.0 - slip - late) / (span * (1.0 - initial)), 1e-3, 0.99)
    return FilterParameters(
        initial=initial,
        learn=np.clip(1.0 - unknown ** (1.0 / LATE), 0.01, 0.95),
        forget=np.zeros_like(guess),
        guess=guess,
        slip=slip,
        ability_sd=a_sd,
        rate_sd=0.0,  # rates are in other units here, and a filter of its own would have to learn them
        correlation=0.0,
    )
