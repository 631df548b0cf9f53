"""Whether a graph does what the package does: the same state in, the same event, and what comes out compared.

Both start from the same numbers in single precision, so that what is compared is the graph, and not how a course
drifts apart whose state is rounded at every step. Probabilities may differ by `TOLERANCE`; where one activity is chosen
for sure, it must be the same one unless the package itself would choose otherwise on numbers that differ by as little.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from curriculum_rl.batch import Bool, Int, put_rows, take_rows
from curriculum_rl.envs.simulation import Simulation, View
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.rollout import choose
from curriculum_rl.export.step import packed, unpacked, view_of
from curriculum_rl.policies.policy import Policy
from curriculum_rl.trackers.tracker import Belief
from curriculum_rl.world import World

TOLERANCE: Final = 1e-5
LOCKED: Final = 0.2
"""Share of activities that are locked for a student at a decision, beside what the world allows."""
Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Observation:
    """What goes into a graph for n students, and what the package makes of it."""

    inputs: dict[str, Numbers]
    probabilities: Numbers  # (n, A)
    level: Bool  # (n,) whether the package chooses otherwise where its numbers differ a little


@dataclass(frozen=True)
class Parity:
    """What the comparison came to.

    Attributes:
        observations: how many.
        furthest: the largest difference of a probability where the choice is not level.
        apart: observations where it is above the tolerance, and the choice not level.
        level: observations in which the package itself is undecided.
    """

    observations: int
    furthest: float
    apart: int
    level: int

    @property
    def passed(self) -> bool:
        """Whether they are the same."""
        return self.apart == 0


def session(model: bytes) -> onnxruntime.InferenceSession:
    """A graph, ready to run on one core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def observations(policy: Policy, world: World, students: Int, seed: int = 0) -> Iterator[Observation]:
    """What the policy meets in whole courses of these students, played by itself and at random, half and half."""
    simulation = Simulation(world, policy.tracker, students, seed)
    rng = np.random.default_rng(seed)
    n, activities = len(students), len(world.curriculum.activities)
    state = packed(simulation.belief)
    event = {"last_activity": np.full(n, -1), "correct": np.zeros(n, np.float32), "elapsed_s": np.zeros(n, np.float32)}
    while n:
        allowed = simulation.mask() & (rng.random((n, activities)) >= LOCKED)
        none = ~allowed.any(axis=1)
        allowed[none] = simulation.mask()[none]
        inputs = {"state": state, **event, "allowed": allowed}
        after, chances, level = _package(policy, simulation.belief, inputs)
        yield Observation(inputs, chances, level)
        offered = choose(chances, rng.random(n))
        offered = np.where(rng.random(n) < 0.5, rng.integers(0, activities, n), offered)
        happened = simulation.step(offered)
        going = simulation.going(happened.over)
        seconds = (happened.elapsed * 86_400.0).astype(np.float32)
        event = {"last_activity": happened.activity, "correct": happened.correct.astype(np.float32)}
        event = {name: value[going] for name, value in {**event, "elapsed_s": seconds}.items()}
        state = packed(after)[going]
        simulation.keep(going)
        n = len(going)


def _package(policy: Policy, like: Belief, inputs: dict[str, Numbers]) -> tuple[Belief, Numbers, Bool]:
    """The belief after the event, P(each activity), and whether the choice is level."""
    after, chances = _stepped(policy, like, inputs, 0.0)
    others = [_stepped(policy, like, inputs, shift)[1] for shift in (-TOLERANCE, TOLERANCE)]
    level = np.any([np.abs(chances - other).max(axis=1) > 0.5 for other in others], axis=0)
    return after, chances, level


def _stepped(policy: Policy, like: Belief, inputs: dict[str, Numbers], shift: float) -> tuple[Belief, Numbers]:
    state = inputs["state"]
    counts = state == np.round(state)  # are exact in single precision
    belief = unpacked(like, np.where(counts, state, state * np.float32(1.0 + shift)))
    begun = np.flatnonzero(inputs["last_activity"] >= 0)
    if len(begun):
        part = take_rows(belief, begun)
        days = inputs["elapsed_s"][begun].astype(np.float64) / 86_400.0
        part.update(inputs["last_activity"][begun], inputs["correct"][begun] >= 0.5, days)
        put_rows(belief, begun, part, slice(None))
    view: View = view_of(belief, inputs["allowed"])
    return belief, policy.probabilities(view)


def parity(model: bytes, policy: Policy, world: World, at_least: int = 100_000, seed: int = 0) -> Parity:
    """Compares over so many observations."""
    graph, count, furthest, apart, level, batch = session(model), 0, 0.0, 0, 0, 0
    while count < at_least:
        students = first(TEST, 512, 512 * batch)
        for one in observations(policy, world, students, seed + batch):
            found = graph.run(["probs"], one.inputs)[0]
            differ = np.abs(found - one.probabilities).max(axis=1)
            differ[one.level] = 0.0
            count, level = count + len(differ), level + int(one.level.sum())
            furthest, apart = max(furthest, float(differ.max())), apart + int((differ > TOLERANCE).sum())
            if count >= at_least:
                break
        batch += 1
    return Parity(count, furthest, apart, level)
