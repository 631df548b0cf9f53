"""A policy played by any number of students, in chunks, to what it did for each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int, take_rows
from curriculum_rl.envs.simulation import Gate, Simulation, check_slate
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.outcomes import BINS, Outcomes, Traces
from curriculum_rl.objectives.objective import Adaptive, Objective, check_fit
from curriculum_rl.policies.policy import Controlling, Policy, Slated
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import World

CHUNK = 4096
OFFERS_FROM = 40
"""Each further offer of a slate draws from counters so many bits up in the POLICY stream. Frozen."""


@runtime_checkable
class Privileged(Protocol):
    """Chooses from the true state of students: a bound that policies are measured by, never one of them."""

    @property
    def tracker(self) -> Tracker:
        """What masks are made from, where activities are gated."""

    def probabilities_knowing(self, simulation: Simulation) -> Float:
        """P(each activity), (n, A): rows sum to 1, exactly 0 where masked."""


Player = Policy | Privileged
"""What can be played: a rollout shows the true state to the privileged alone."""


def rollout(
    world: World,
    policy: Player,
    students: int | Int | range = 1000,
    seed: int = 0,
    *,
    gate: Gate | None = None,
    slate: int = 1,
    chunk: int = CHUNK,
    objective: Objective | None = None,
    traces: Traces | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outcomes:
    """Plays a policy with students, each from start to end of the course.

    Where students sit in classes, their classmates are taught by the same policy, and not reported unless asked for:
    so what becomes of a student is the same whoever else is asked for.

    Args:
        world: what is simulated.
        policy: what chooses; a random policy draws from a stream of each student's own.
        students: ids, or how many of the test cohort.
        seed: of the students and of the policy's draws.
        gate: masks activities as in the environments.
        slate: activities that each student is offered at a time; the privileged offer one, and who learned to offer
            so many offers those.
        chunk: students at a time, whole classes; it changes no result but a network's last bits.
        objective: whose rewards are summed where given, at their cost.
        traces: filled in where given, at a cost of O(n K) a step.
        progress: called with the number of students who finished since the last call.
    """
    check = Violations("rollout")
    check_slate(slate, world, check)
    check_slate(own_slate(policy, 1), world, check)
    check.raise_all()
    if objective is not None:
        check_fit(objective, world)
    ids = first(TEST, students) if isinstance(students, int) else np.asarray(students, dtype=np.int64)
    played, asked = world.classmates(ids)
    reported = np.zeros(len(played), dtype=np.bool_)
    reported[asked] = True
    together = max(chunk // world.class_size, 1) * world.class_size
    parts = [
        _play(world, policy, played[part], reported[part], seed, gate, slate, objective, traces, progress)
        for part in (slice(i, i + together) for i in range(0, len(played), together))
    ]
    columns = {f.name: np.concatenate([getattr(p, f.name) for p in parts])[asked] for f in fields(Outcomes)}
    return Outcomes(**columns)


def choose(probabilities: Float, u: Float) -> Int:
    """Draws one activity a student by inverse distribution function, (n,): never one of probability zero."""
    total = probabilities.cumsum(axis=1)
    u = u * total[:, -1]
    choice: Int = (total <= u[:, None]).sum(axis=1)
    np.minimum(choice, probabilities.shape[1] - 1, out=choice)
    return choice


def own_slate(policy: Player, asked: int) -> int:
    """How many activities a policy offers at a time, of so many that are asked for: its own number, if it has one."""
    return policy.slate if isinstance(policy, Slated) and policy.slate > 1 else asked


def offer(policy: Player, simulation: Simulation, key: streams.Keys, slate: int = 1) -> Int:
    """What is offered: one activity each, (n,), or a slate of them, (slate, n), the first choice first.

    A slate is what the policy would choose, then what it would choose if that were masked, and so on; where nothing
    else is allowed, the first choice again.
    """
    step = simulation.students.step.astype(np.uint64)
    if isinstance(policy, Privileged):
        return choose(policy.probabilities_knowing(simulation), streams.uniform(key, step))
    slate, view = own_slate(policy, slate), simulation.view(isinstance(policy, Controlling) and bool(policy.controls))
    offered = [choose(policy.probabilities(view), streams.uniform(key, step))]
    if slate == 1:
        return offered[0]
    rows, mask = np.arange(len(step)), view.mask.copy()
    for place in range(1, slate):
        mask[rows, offered[-1]] = False
        none = ~mask.any(axis=1)
        mask[none, offered[0][none]] = True
        u = streams.uniform(key, step + np.uint64(place << OFFERS_FROM))
        offered.append(choose(policy.probabilities(replace(view, mask=mask)), u))
    return np.stack(offered)


def _play(
    world: World,
    policy: Player,
    ids: Int,
    reported: Bool,
    seed: int,
    gate: Gate | None,
    slate: int,
    objective: Objective | None,
    traces: Traces | None,
    progress: Callable[[int], None] | None,
) -> Outcomes:
    simulation = Simulation(world, policy.tracker, ids, seed, gate)
    outcomes = _blank(world, simulation)
    key = streams.keys(seed, streams.Purpose.POLICY, ids)
    place = np.arange(len(ids))  # of each lane in the outcomes
    form = world.actions.form
    while len(place):
        offered = offer(policy, simulation, key, slate)
        before = simulation.students if traces is None else take_rows(simulation.students, slice(None))
        known = None if objective is None else objective.before(simulation.students, world)
        happened = simulation.step(offered)
        if traces is not None:
            rows = np.flatnonzero(reported[place] & ~(happened.waited | happened.ended))
            _trace(traces, simulation.world, take_rows(before, rows), happened.activity[rows])
        outcomes.forms[place, form[happened.activity]] += ~happened.waited
        outcomes.followed[place] += (happened.activity == offered.reshape(-1, len(place))[0]) & ~happened.waited
        outcomes.minutes[place] += happened.minutes
        if objective is not None:
            rewards = _rewards(objective, happened, simulation, known)
            outcomes.reward[place] += rewards[0] * ~happened.waited
            outcomes.measured[place] += rewards[-1] * ~happened.waited
        over = happened.over
        if over.any():
            _finish(outcomes, place[over], simulation, over, happened)
            if progress is not None:
                progress(int((over & reported[place]).sum()))
            going = simulation.going(over)
            simulation.keep(going)
            place, key = place[going], take_rows(key, going)
    return outcomes


def _rewards(objective: Objective, happened: Happened, simulation: Simulation, known: Any) -> tuple[Float, ...]:
    """By which policies are judged, (n,) each: multipliers are for training alone."""
    students, world = simulation.students, simulation.world
    if isinstance(objective, Adaptive):
        return objective.rewards(happened, students, world, known)
    return (objective.reward(happened, students, world, known),)


def _blank(world: World, simulation: Simulation) -> Outcomes:
    students, population = simulation.students, world.population
    n = len(students)
    zeros: npt.NDArray[np.float64] = np.zeros((3, n))
    return Outcomes(
        student=students.id.copy(),
        group=students.traits.group.copy(),
        ability=students.traits.ability.copy(),
        pretest=100.0 * population.expected_score(students),
        delayed_test=zeros[0],
        mastery_before=100.0 * population.mean_mastery(students),
        mastery_after=zeros[1],
        minutes=zeros[2],
        decisions=np.zeros(n, dtype=np.int64),
        finished=np.zeros(n, dtype=np.bool_),
        left=np.zeros(n, dtype=np.bool_),
        stopped=np.zeros(n, dtype=np.bool_),
        followed=np.zeros(n, dtype=np.int64),
        engagement=np.full(n, 0.5),
        forms=np.zeros((n, len(world.actions.forms)), dtype=np.int64),
        reward=np.zeros(n),
        measured=np.zeros(n),
        teacher_minutes=np.zeros(n),
        belonging=np.full(n, 0.5),
    )


def _finish(outcomes: Outcomes, place: Int, simulation: Simulation, over: Bool, happened: Happened) -> None:
    done = take_rows(simulation.students, np.flatnonzero(over))
    population = simulation.world.population
    outcomes.delayed_test[place] = 100.0 * population.expected_score(done)
    outcomes.mastery_after[place] = 100.0 * population.mean_mastery(done)
    outcomes.decisions[place] = done.step
    outcomes.finished[place] = happened.terminated[over]
    outcomes.left[place] = happened.left[over]
    outcomes.stopped[place] = happened.stopped[over]
    if done.inner.mood is not None:
        outcomes.engagement[place] = done.inner.mood.level
    if done.inner.seats is not None:
        outcomes.teacher_minutes[place] = done.inner.seats.taught
        outcomes.belonging[place] = done.inner.seats.belonging


def _trace(traces: Traces, world: World, students: Students, activity: Int) -> None:
    course = world.course
    spent = 1.0 - course.minutes_left(students.clock) / course.total_minutes
    part = np.minimum((spent * BINS).astype(np.int64), BINS - 1)
    concepts, shares = world.curriculum.practised(activity)
    for concept, share in zip(concepts, shares, strict=True):
        np.add.at(traces.chosen, (part, concept), share)
    recall = world.population.recall_now(students)
    member = (part[:, None] == np.arange(BINS)).astype(np.float64)
    traces.recall += member.T @ recall
    traces.moments += member.sum(axis=0)
