"""Courses to compare a graph with the package on: students as the tracker takes them to be, on the platform alone.

Each answers rightly with the chance that the belief itself gives, does what the policy would choose or anything at all,
half and half, mostly minutes apart, with a session's or a fortnight's rest between, and some activities are locked.

What is believed is rounded to single precision after every step, as a platform keeps it: what is compared is the graph,
and not how a course drifts apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from curriculum_rl.batch import Bool, Float, put_rows, take_rows
from curriculum_rl.course import SECONDS_PER_DAY
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.evaluation.rollout import choose
from curriculum_rl.export.step import eligible, packed, unpacked, view_of
from curriculum_rl.policies.lookahead import Lookahead
from curriculum_rl.policies.policy import Policy
from curriculum_rl.runner.replay import TOLERANCE
from curriculum_rl.trackers.tracker import Belief
from curriculum_rl.world import Platform

LOCKED: Final = 0.2
"""Share of activities that are locked for a student at a decision."""
ALL_LOCKED: Final = 0.01
"""Share of decisions at which all are."""
DIGITS: Final = 1e-9
"""Share of its points by which a lookahead must prefer what it chooses."""
RESTS: Final = 0.1
"""Share of events after which hours or days go by."""
Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Observation:
    """What goes into a graph for n students, and what the package makes of it."""

    inputs: dict[str, Numbers]
    probabilities: Numbers  # (n, A)
    eligible: Bool  # (n, A)
    mastery: Numbers  # (n, K)
    level: Bool  # (n,) whether the package chooses otherwise where its numbers differ a little


@dataclass(frozen=True)
class Plan:
    """What is special about each of n students.

    Attributes:
        goals: what they are here for, (n, K).
        wrong: who answers everything wrongly, (n,).
        away: who stays away for a year after the third event, (n,).
        shut: who finds everything locked at the third decision, (n,).
    """

    goals: Bool
    wrong: Bool
    away: Bool
    shut: Bool

    @classmethod
    def plain(cls, n: int, concepts: int) -> Plan:
        """n students of whom nothing is special."""
        none = np.zeros(n, dtype=np.bool_)
        return cls(np.ones((n, concepts), dtype=np.bool_), none, none, none)


def courses(
    policy: Policy, platform: Platform, plan: Plan, steps: int, gate: Gate | None = None, seed: int = 0
) -> Iterator[Observation]:
    """Every step of these students, all at once."""
    rng = np.random.default_rng(seed)
    belief = policy.tracker.start(platform, plan.goals)
    n, activities = len(plan.goals), len(platform.curriculum.activities)
    event = {"last_activity": np.full(n, -1), "correct": np.zeros(n, np.float32), "elapsed_s": np.zeros(n, np.float32)}
    for step in range(steps):
        shut: Bool = np.where(step == 2, plan.shut, rng.random(n) < ALL_LOCKED)
        allowed = (rng.random((n, activities)) >= LOCKED) & ~shut.reshape(n, 1)
        inputs = {"state": packed(belief), **event, "allowed": allowed}
        belief, seen = _package(policy, belief, inputs, gate)
        yield seen
        some = seen.eligible.any(axis=1, keepdims=True)
        done = choose(np.where(some, seen.probabilities, 1.0 / activities), rng.random(n))
        done = np.where(rng.random(n) < 0.5, rng.integers(0, activities, n), done)
        right: Bool = np.asarray(rng.random(n) < belief.success()[np.arange(n), done])
        seconds = _between(platform, done, rng)
        seconds[plan.away & np.array(step == 2)] = 365 * SECONDS_PER_DAY
        event = {"last_activity": done, "correct": np.where(plan.wrong, 0, right).astype(np.float32)}
        event["elapsed_s"] = seconds.astype(np.float32)


def _between(platform: Platform, done: npt.NDArray[np.int64], rng: np.random.Generator) -> Float:
    """Seconds to the next decision: what the activity takes, half or double; or an hour to a fortnight."""
    n, minutes = len(done), np.array([a.minutes for a in platform.curriculum.activities])
    busy = 60.0 * minutes[done] * np.exp(rng.uniform(-0.7, 0.7, n))
    rest = np.exp(rng.uniform(np.log(3600.0), np.log(14 * SECONDS_PER_DAY), n))
    return np.where(rng.random(n) < RESTS, rest, busy)


def _package(policy: Policy, like: Belief, inputs: dict[str, Numbers], gate: Gate | None) -> tuple[Belief, Observation]:
    """The belief after the event, and what the package makes of it."""
    after, open_, chances = _stepped(policy, like, inputs, gate, 0.0)
    others = [_stepped(policy, like, inputs, gate, shift)[1:] for shift in (-TOLERANCE, TOLERANCE)]
    level = np.any([np.abs(chances - other).max(axis=1) > 0.5 for _, other in others], axis=0)
    level |= _close(policy, after, open_)
    return after, Observation(inputs, chances, open_, after.outlook().stored, level)


def _close(policy: Policy, belief: Belief, open_: Bool) -> Bool:
    """Where the two best activities are as good as equal, (n,): within the tolerance in the chances of a network that
    takes the likeliest, to the last digits in the points of a lookahead, which are sums of thousands of numbers."""
    learned: Any = policy
    view = view_of(belief, open_ | ~open_.any(axis=1, keepdims=True))
    if isinstance(policy, Lookahead):
        points = np.sort(np.where(open_, policy.scores(view), -1.0), axis=1)  # points are never below 0
        close = points[:, -1] - points[:, -2] <= DIGITS * points[:, -1]
    elif hasattr(policy, "drawn") and not learned.sampled:
        chances = np.sort(learned.drawn().probabilities(view), axis=1)
        close = chances[:, -1] - chances[:, -2] < TOLERANCE
    else:
        close = np.zeros(len(open_), dtype=np.bool_)
    both: Bool = close & (open_.sum(axis=1) > 1)
    return both


def _stepped(
    policy: Policy, like: Belief, inputs: dict[str, Numbers], gate: Gate | None, shift: float
) -> tuple[Belief, Bool, Numbers]:
    state = inputs["state"]
    counts = state == np.round(state)  # are exact in single precision
    belief = unpacked(like, np.where(counts, state, state * np.float32(1.0 + shift)))
    begun = np.flatnonzero(inputs["last_activity"] >= 0)
    if len(begun):
        part = take_rows(belief, begun)
        days = inputs["elapsed_s"][begun].astype(np.float64) / SECONDS_PER_DAY
        part.update(inputs["last_activity"][begun], inputs["correct"][begun] >= 0.5, days)
        put_rows(belief, begun, part, slice(None))
    open_ = eligible(belief, inputs["allowed"], gate)
    some = open_.any(axis=1, keepdims=True)  # a policy is not asked where there is nothing to choose
    chances = np.where(some, policy.probabilities(view_of(belief, open_ | ~some)), 0.0)
    return belief, open_, chances
