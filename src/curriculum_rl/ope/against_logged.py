"""How much more a target policy would have earned than what was logged, on the same students.

    D = V - mean_i G_i,  with terms x_i - G_i where x_i are those of V

Pairing takes out what students have in common: where the target often does what was logged, the interval of D is much
narrower than that of V.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate, Estimator


@dataclass(frozen=True)
class AgainstLogged:
    """An estimator of the difference, for any interval.

    Attributes:
        estimator: of the target's value.
    """

    estimator: Estimator

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the value is that of the target less the mean logged return."""
        of = self.estimator.estimate(episodes, discount)
        returns = episodes.returns(discount)
        return replace(of, value=of.value - float(returns.mean()), terms=of.terms - returns)
