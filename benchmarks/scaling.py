"""How time and memory grow with students, concepts and activities, one thing at a time, in one run on one core.

    OMP_NUM_THREADS=1 python -m benchmarks.scaling [--quick]

Time is of one step of all students in chunks of 4,096 (students and tracker, counts; features apart, since they are
O(concepts)), the fastest of several, in microseconds and per student. Memory is of the arrays of students and beliefs.
A step costs O(students): its cost per student should stay level along every axis, but for what the cache no longer
holds.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np

from benchmarks.synthetic import synthetic_world
from curriculum_rl.batch import arrays
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.trackers.counts import Counts

CHUNK = 4096
BASE = (1024, 50, 200)
"""Students, concepts, activities where they do not vary."""


@dataclass(frozen=True)
class Measured:
    """One size."""

    students: int
    concepts: int
    activities: int
    step_s: float
    features_s: float
    megabytes: float

    @property
    def per_student_ns(self) -> float:
        """Nanoseconds of a step, a student."""
        return 1e9 * self.step_s / self.students


def measure(students: int, concepts: int, activities: int) -> Measured:
    """Times the steps of one size; a million students are a list of simulations of one chunk each."""
    world = synthetic_world(concepts, activities)
    starts = range(0, students, CHUNK)
    chunks = [Simulation(world, Counts(), np.arange(s, min(s + CHUNK, students)), 1) for s in starts]
    states = [state for chunk in chunks for state in (chunk.students, chunk.belief)]
    megabytes = sum(array.nbytes for state in states for _, array in arrays(state)) / 1e6
    rng = np.random.default_rng(0)
    rounds = int(np.clip(2_000_000 // max(students, 4096), 3, 60))
    step, features = float("inf"), float("inf")
    for _ in range(rounds):
        actions = [rng.integers(0, activities, len(chunk)) for chunk in chunks]
        began = time.process_time()
        for chunk, action in zip(chunks, actions, strict=True):
            chunk.step(action)
        step = min(step, time.process_time() - began)
        began = time.process_time()
        for chunk in chunks:
            chunk.view().features()
        features = min(features, time.process_time() - began)
    return Measured(students, concepts, activities, step, features, megabytes)


def table(heading: str, rows: list[Measured], base: int) -> None:
    """Prints one axis; ratios of the cost per student are to the row `base`."""
    print(f"\n{heading}")
    columns = (
        "students",
        "concepts",
        "activities",
        "step us",
        "ns/student",
        "ratio",
        "features us",
        "MB",
        "bytes/student",
    )
    print("".join(f"{name:>14s}" for name in columns))
    for row in rows:
        ratio = row.per_student_ns / rows[base].per_student_ns
        numbers = (f"{row.students:,}", f"{row.concepts:,}", f"{row.activities:,}", f"{1e6 * row.step_s:,.0f}")
        rest = (f"{row.per_student_ns:,.0f}", f"{ratio:.2f}", f"{1e6 * row.features_s:,.0f}", f"{row.megabytes:,.1f}")
        print("".join(f"{cell:>14s}" for cell in (*numbers, *rest, f"{1e6 * row.megabytes / row.students:,.0f}")))


def main() -> None:
    """Prints three tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="leave out the largest size of each axis")
    asked = options.parse_args()
    _, concepts, activities = BASE
    last = -1 if asked.quick else None
    measure(*BASE)  # what is made once is made now
    students = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000][:last]
    table("Students", [measure(n, concepts, activities) for n in students], base=3)
    table("Concepts", [measure(BASE[0], k, 4 * k) for k in [10, 30, 100, 300, 1_000][:last]], base=0)
    table("Activities", [measure(BASE[0], concepts, a) for a in [50, 200, 1_000, 3_000, 10_000][:last]], base=0)


if __name__ == "__main__":
    main()
