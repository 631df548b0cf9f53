"""The best policy that sees the true state, exactly, where a world has a few joint states: privileged.

The activity with the highest sum over s' of M_a[s, s'] V_{t + m_a}(s') (`dynamic_programming.py`). Where a gate masks
it, the best of what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation.dynamic_programming import Process
from curriculum_rl.policies.policy import best
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World


@dataclass(frozen=True)
class TrueOptimum:
    """Attributes:
    tracker: what masks are made from, where activities are gated.
    """

    tracker: Tracker = field(default_factory=BKTFilter)

    def fits(self, world: World) -> bool:
        """Whether the world can be solved."""
        try:
            Process.of(world)
        except InvalidInput:
            return False
        return True

    def probabilities_knowing(self, simulation: Simulation) -> Float:
        """All on the best, (n, A).

        Raises:
            InvalidInput: the world is none that can be solved.
        """
        process, table = self._solved(simulation.world)
        clock = simulation.students.clock
        time = process.time_of(simulation.world, clock.session, clock.used)
        state = simulation.students.knowledge.state
        return best(table[np.minimum(time, len(table) - 1), :, state], simulation.mask())

    def _solved(self, world: World) -> tuple[Process, Float]:
        """The world's process, and the worth of each activity by time and state, (T, A, S): found once."""
        kept: dict[str, tuple[World, Process, Float]] = self.__dict__.setdefault("_kept", {})
        if "last" not in kept or kept["last"][0] is not world:
            process = Process.of(world)
            worth = np.array([process.next_values(process.best, t) for t in range(len(process.after))])
            kept["last"] = world, process, worth
        return kept["last"][1:]
