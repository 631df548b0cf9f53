"""Maximum information: adaptive testing, which asks what tells most about the student.

    a = argmax I_a (or I_a / minutes_a),   I_a = sum over goals k of Cov(known_k, right)^2 / (P_a (1 - P_a))

the variance of "known" that the answer is expected to take away (`telling` in `trackers/planning.py`), P_a = P(right).
For a concept alone that is not forgotten, with P = c + (d - c) P(known), it is ((d - c) p (1 - p))^2 / (P (1 - P)) with
p = P(known), which is Fisher's information about logit p in the item response model with guessing c and slipping 1 - d:

    I = (P - c)^2 (d - P)^2 / ((d - c)^2 P (1 - P))          c = 0, d = 1: P (1 - P), greatest at P = 1/2

Lord (1980), "Applications of item response theory to practical testing problems"; van der Linden & Glas (2000),
doi:10.1007/0-306-47531-6. It teaches only as far as asking does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.greedy import per_minute
from curriculum_rl.policies.policy import best, toward_goals
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.planning import telling
from curriculum_rl.trackers.tracker import Tracker


@dataclass(frozen=True)
class MaxInformation:
    """Attributes:
    a_minute: whether information is weighed by the minutes that it takes.
    tracker: what believes.
    """

    a_minute: bool = True
    tracker: Tracker = field(default_factory=BKTFilter)

    def variants(self) -> Iterable[Self]:
        """With minutes weighed, and without."""
        return [replace(self, a_minute=x) for x in (True, False)]

    def scores(self, view: View) -> Float:
        """Information of each activity, (n, A); 0 where there is no answer."""
        belief = view.belief
        told = telling(belief.outlook(), view.platform, belief.goals.astype(float))
        return per_minute(told, view) if self.a_minute else told

    def probabilities(self, view: View) -> Float:
        """All on the most informative, (n, A)."""
        return best(self.scores(view), toward_goals(view))
