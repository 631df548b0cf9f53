"""A bundle as a policy of the package, so that what is judged is the file that will run, and nothing else.

The belief is the graph's own state. An event moves it by one step of the graph; probabilities come from another one, in
which nothing happened. The two agree with one step that does both, but for a rounding to single precision.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.course import SECONDS_PER_DAY
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.policy import evenly
from curriculum_rl.runner.draw import explored
from curriculum_rl.runner.runner import Runner, State
from curriculum_rl.trackers.tracker import Belief, blank_record
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform


@dataclass
class BundleBelief(Belief):
    """The states of n students."""

    state: State  # (n, S)
    runner: Runner

    def update(self, activity: Int, correct: Bool, elapsed: Float) -> None:
        """One step of the graph."""
        everything = np.ones((len(activity), len(self.runner.activities)), dtype=np.bool_)
        step = self.runner.step(self.state, activity, correct, elapsed * SECONDS_PER_DAY, everything)
        self.state[:] = step.state
        self.steps += 1
        self.now += elapsed


@dataclass(frozen=True)
class BundleTracker:
    """Starts from the state of the bundle."""

    runner: Runner
    belief = BundleBelief

    def start(self, platform: Platform, goals: Bool) -> BundleBelief:
        """The belief about n students with these goals, (n, K)."""
        check_catalogue(self.runner, platform)
        state = self.runner.start(len(goals))
        for first in self.runner.bundle.manifest["state"]["goals"]:
            state[:, first : first + goals.shape[1]] = goals
        return BundleBelief(**blank_record(platform, goals), state=state, runner=self.runner)


@dataclass(frozen=True)
class BundlePolicy:
    """Plays what a bundle says, explored at its rate."""

    runner: Runner
    tracker: BundleTracker = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tracker", BundleTracker(self.runner))

    def probabilities(self, view: View) -> Float:
        """P(each activity), (n, A); where it finds nothing eligible, evenly of what the world allows."""
        belief: Any = view.belief
        nothing = np.zeros(len(view.mask))
        step = self.runner.step(belief.state, nothing.astype(np.int64) - 1, nothing, nothing, view.mask)
        chances = explored(step.probabilities, step.eligible & view.mask, self.runner.bundle.manifest["exploration"])
        none = ~chances.any(axis=1)
        chances[none] = evenly(view.mask[none])
        return chances


def check_catalogue(runner: Runner, platform: Platform) -> None:
    """Refuses a world whose activities or concepts are not those of the bundle, in the same order.

    Raises:
        InvalidInput: they differ.
    """
    curriculum = platform.curriculum
    same = [a.id for a in curriculum.activities] == runner.activities
    if not (same and [c.id for c in curriculum.concepts] == runner.concepts):
        world = runner.bundle.manifest["world"]
        raise InvalidInput("bundle", [f"is for another catalogue than this world's: it was exported for {world!r}"])
