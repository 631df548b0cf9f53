"""Whole paths of students as bytes, to compare to the last bit."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Int, arrays
from curriculum_rl.envs.simulation import Gate, Simulation
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.mastery_gain import MasteryGain
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.world import World

TOLD = (
    "activity",
    "correct",
    "minutes",
    "taught",
    "elapsed",
    "waited",
    "terminated",
    "truncated",
    "left",
    "ended",
    "stopped",
)
Bytes = npt.NDArray[np.uint8]


def actions_of(world: World, ids: Int, step: int) -> Int:
    """What is chosen for each student at a step, whatever the batch: (n,)."""
    u = streams.uniform(streams.keys(99, streams.Purpose.SPARE, ids), np.array(step, dtype=np.uint64))
    return (u * len(world.actions)).astype(np.int64)


def within(mask: Bool, activity: Int) -> Int:
    """The next activity after each of these, (n,), itself included, that may be chosen, going round."""
    turned = (activity[:, None] + np.arange(mask.shape[1])) % mask.shape[1]
    rows = np.arange(len(mask))
    nearest: Int = turned[rows, mask[rows[:, None], turned].argmax(axis=1)]
    return nearest


def path(
    world: World,
    tracker: Tracker,
    ids: Int,
    steps: int,
    seed: int = 3,
    gate: Gate | None = None,
    slate: int = 1,
    told: Int | None = None,
) -> dict[int, bytes]:
    """All that happened to each student, hidden and seen, by id: the bytes of every array at every step.

    Where students sit in classes, their classmates are there too. `told` are those of whom it is told: all of `ids`
    unless given.
    """
    there, asked = world.classmates(ids)
    simulation = Simulation(world, tracker, there, seed, gate)
    at = asked if told is None else np.array([np.flatnonzero(there == i)[0] for i in told])
    rows = moments(simulation, at)
    for step in range(steps):
        offered = [actions_of(world, there, step + 1000 * place) for place in range(slate)]
        happened = simulation.step(offered[0] if slate == 1 else np.stack(offered))
        for reward in (DelayedTest(), MasteryGain()):
            rows.append(_rows(reward.reward(happened, simulation.students, world), at))
        for name in TOLD:
            rows.append(_rows(getattr(happened, name), at))
        rows += moments(simulation, at)
    rows += [_rows(array, at) for state in (simulation.students, simulation.belief) for _, array in arrays(state)]
    joined = np.concatenate(rows, axis=1)
    return {int(i): row.tobytes() for i, row in zip(there[at], joined, strict=True)}


def moments(simulation: Simulation, at: Int) -> list[Bytes]:
    """What a policy would see now of these lanes."""
    view = simulation.view()
    seen = (view.features(), simulation.action_mask(), view.minutes_left, view.session_left, view.sessions_left)
    return [_rows(array, at) for array in seen]


def digest(paths: dict[int, bytes]) -> str:
    """SHA-256 over the paths in the order of the ids."""
    total = hashlib.sha256()
    for student in sorted(paths):
        total.update(student.to_bytes(8, "little") + paths[student])
    return total.hexdigest()


def _rows(array: npt.NDArray[np.generic], at: Int) -> Bytes:
    flat = np.ascontiguousarray(array[at]).reshape(len(at), -1)
    return flat.view(np.uint8)
