"""Writes paths.json, what some students answered in the worlds of the tests: `python -m tests.data.make_paths`.

Answers, sessions and endings alone, since the last bits of real numbers differ between platforms. A change of these is
a change of the simulator: say so in the changelog, and write the file anew.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.trackers.counts import Counts
from tests.paths import actions_of
from tests.worlds import ALONE, WORLDS, world_named

FILE = Path(__file__).with_name("paths.json")
NAMES = [*(name for name in WORLDS if not name.startswith("pack ")), *ALONE]
STUDENTS, STEPS = 256, 40


def digest(name: str) -> str:
    """SHA-256 of what the students of one world did and answered, and when their sessions ended."""
    simulation = Simulation(world_named(name), Counts(), np.arange(STUDENTS), 20_240)
    total = hashlib.sha256(simulation.students.goals.tobytes() + simulation.students.traits.group.tobytes())
    for step in range(STEPS):
        happened = simulation.step(actions_of(simulation.world, simulation.students.id, step))
        for array in (happened.correct, simulation.students.clock.session, happened.terminated, happened.truncated):
            total.update(np.ascontiguousarray(array).tobytes())
        if simulation.world.population.faculties.on:
            total.update(happened.activity.tobytes() + happened.left.tobytes())
        if simulation.world.controls:
            total.update(happened.stopped.tobytes())
    return total.hexdigest()


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: digest(name) for name in NAMES}, indent=1) + "\n", encoding="utf-8")
