"""Any activity on a goal whose prerequisites the tracker believes, each equally likely."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

from curriculum_rl.batch import Float
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.policy import evenly, toward_goals
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class RandomAllowed:
    """Attributes:
    tracker: what believes.
    believed: how far prerequisites must be believed, as in `Believed`, in (0, 1].
    """

    tracker: Tracker = field(default_factory=BKTFilter)
    believed: float = 0.95

    def __post_init__(self) -> None:
        check = Violations("random_allowed")
        check.number("believed", self.believed, above=0.0, at_most=1.0)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """How far to believe."""
        return [replace(self, believed=b) for b in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)]

    def probabilities(self, view: View) -> Float:
        """The same for every activity that is allowed, (n, A); where none is, for every one that is not masked."""
        goals = toward_goals(view)
        allowed = goals & Believed(self.believed).mask(view.belief)
        none = ~allowed.any(axis=1)
        if none.any():
            allowed[none] = goals[none]
        return evenly(allowed)
