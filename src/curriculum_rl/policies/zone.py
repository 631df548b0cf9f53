"""Zone of proximal development: the problem on a goal whose believed chance of success is nearest to a target.

    a = argmin |P(right on a) - target|

Neither what is too easy nor what is too hard (Vygotsky 1978; a target of .85 maximises the learning rate of gradient
learners: Wilson et al. 2019, doi:10.1038/s41467-019-12552-4; people do learn at .5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.policy import best, toward_goals
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Zone:
    """Attributes:
    target: success aimed at, in [0, 1].
    tracker: what believes.
    """

    target: float = 0.7
    tracker: Tracker = field(default_factory=BKTFilter)

    def __post_init__(self) -> None:
        check = Violations("zone")
        check.number("target", self.target, at_least=0.0, at_most=1.0)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """Targets from .3 to .95."""
        return [replace(self, target=round(t, 2)) for t in np.arange(0.3, 0.96, 0.05).tolist()]

    def probabilities(self, view: View) -> Float:
        """All on the nearest, (n, A); what asks for no answer has no success, and comes where nothing else is."""
        score = -np.abs(view.belief.success() - self.target)
        score -= 2.0 * ~view.platform.curriculum.answered
        return best(score, toward_goals(view))
