"""One step ahead, with credit for what the step makes possible later.

    a = argmax (worth_a + left^fade * (credit * unlocked_a + inform * told_a)) / min(minutes_a, minutes of the session)

Three things are credited beside `greedy`'s own gain, all fading as the course runs out (`left`: the share of its
minutes that remains):

* prerequisites: recall of a concept raises readiness for what needs it, and what those could bring, discounted for
  each further link (`unlocking` in `trackers/planning.py`; the bonus is a potential in the sense of Ng, Harada &
  Russell 1999, made from the belief);
* reviews: of what is known, the share `upkeep * left^fade` of what would be forgotten by the test is taken as
  brought back by later practice (`with_reviews`). So learning early counts, and refreshing waits;
* answers: what they settle of what is not sure (`telling`), so that worked examples are checked upon.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.greedy import per_minute
from curriculum_rl.policies.policy import best
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.planning import goal_value, telling, unlocking, with_reviews, worth
from curriculum_rl.trackers.tracker import Outlook, Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform


@dataclass(frozen=True)
class Credit:
    """Attributes:
    credit: of what is unlocked, at the start of the course; 0: none.
    discount: of what lies one link further, in [0, 1].
    inform: of what an answer settles, at the start of the course; 0: none.
    upkeep: share of forgetting that later reviews make good, at the start of the course, in [0, 1]; 0: none.
    fade: how all three shrink with the share of the course that is left: its power, at least 0.
    """

    credit: float = 1.0
    discount: float = 0.5
    inform: float = 0.25
    upkeep: float = 0.5
    fade: float = 0.5

    def __post_init__(self) -> None:
        check = Violations("credit")
        check.number("credit", self.credit, at_least=0.0, at_most=1000.0)
        check.number("discount", self.discount, at_least=0.0, at_most=1.0)
        check.number("inform", self.inform, at_least=0.0, at_most=1000.0)
        check.number("upkeep", self.upkeep, at_least=0.0, at_most=1.0)
        check.number("fade", self.fade, at_least=0.0, at_most=100.0)
        check.raise_all()

    def points(self, outlook: Outlook, platform: Platform, value: Float, minutes_left: Float) -> Float:
        """Points of each activity with what it makes possible, (n, A).

        Args:
            outlook, platform, value: as in `worth`.
            minutes_left: of the course, (n,).
        """
        fading = (minutes_left / platform.course.total_minutes) ** self.fade
        if self.upkeep > 0:
            outlook = with_reviews(outlook, self.upkeep * fading)
        ahead = None
        if self.credit > 0:
            ahead = unlocking(outlook, platform, value, self.discount)
            ahead *= (self.credit * fading)[:, None]
        points = worth(outlook, platform, value, ahead)
        if self.inform > 0:
            told = telling(outlook, platform, value)
            told *= (self.inform * fading)[:, None]
            points += told
        return points

    def variants(self) -> Iterable[Credit]:
        """Weights of the three credits, from none, and how they spread and fade."""
        yield from (replace(self, credit=c) for c in (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0))
        yield from (replace(self, discount=d) for d in (0.0, 0.3, 0.6, 0.9))
        yield from (replace(self, inform=i) for i in (0.0, 0.12, 0.25, 0.5, 1.0))
        yield from (replace(self, upkeep=u) for u in (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8))
        yield from (replace(self, fade=f) for f in (0.2, 0.35, 0.5, 0.75, 1.0))


@dataclass(frozen=True)
class GreedyCredit:
    """Attributes:
    ahead: how what comes later is credited.
    tracker: what believes.
    """

    ahead: Credit = field(default_factory=Credit)
    tracker: Tracker = field(default_factory=BKTFilter)

    def variants(self) -> Iterable[Self]:
        """Other ways of giving credit."""
        return [replace(self, ahead=ahead) for ahead in self.ahead.variants()]

    def scores(self, view: View) -> Float:
        """Points a minute, what comes later credited, (n, A)."""
        belief, platform = view.belief, view.platform
        value = goal_value(platform, belief.goals)
        return per_minute(self.ahead.points(belief.outlook(), platform, value, view.minutes_left), view)

    def probabilities(self, view: View) -> Float:
        """All on the best, (n, A)."""
        return best(self.scores(view), view.mask)
