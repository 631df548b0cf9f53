"""How time and memory of a replay grow with the rows of a log.

    OMP_NUM_THREADS=1 python -m benchmarks.replaying [--rows N ...] [--policy NAME] [--folder FOLDER]

A random strategy is recorded for 20,000 decisions in the default world, and the log is copied with other students until
it has as many as asked for. What is timed is a process that reads the log, folds the tracker of a policy over every
student, and asks the policy what it would have done at each decision. Its peak of resident memory should stay level.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.record import Recording, record
from curriculum_rl.logs.manifest import About
from curriculum_rl.logs.store import open_log, write_log
from curriculum_rl.ope.logged import read_logged
from curriculum_rl.ope.replay import likelihoods
from curriculum_rl.policies.load import load_policy
from curriculum_rl.studies.evaluate import find_objective
from curriculum_rl.world import load_world

WORLD = "new_material"
SMALL, HORIZON = 20_000, 50
SIZES = (20_000, 100_000, 500_000)


def copies(rows: int) -> Iterator[pa.Table]:
    """Recorded decisions, again and again, of other students each time."""
    students = first(TEST, SMALL // HORIZON)
    tables = record(
        load_world(WORLD), load_policy("random"), students, find_objective("delayed_test"), Recording(horizon=HORIZON)
    )
    one = pa.concat_tables(tables)
    at = one.column_names.index("student_id")
    for copy in range(max(rows // len(one), 1)):
        yield one.set_column(at, "student_id", pc.binary_join_element_wise(str(copy), one["student_id"], "-"))


def replay_all(folder: Path, policy: str) -> None:
    """Replays the log; tells the parent what it took."""
    began, platform, chooser = time.perf_counter(), load_world(WORLD).platform, load_policy(policy)
    rows, agreed = 0, 0.0
    for table in open_log(folder).buckets():
        found = likelihoods(read_logged(table, platform), platform, chooser)
        rows, agreed = rows + len(found), agreed + float(found.sum())
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(rows, time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, agreed / rows)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, help=f"of each log, some {SMALL:,} a copy")
    parser.add_argument("--policy", default="mastery")
    parser.add_argument("--folder", type=Path, help="for the logs, where there is room")
    parser.add_argument("--replay", type=Path, help=argparse.SUPPRESS)
    typed = parser.parse_args()
    if typed.replay:
        replay_all(typed.replay, typed.policy)
        return
    print(f"{'rows':>12} {'log MB':>7} | {'replay s':>9} {'cpu s':>7} {'peak MB':>8} {'us/row':>7}")
    for rows in typed.rows:
        with tempfile.TemporaryDirectory(dir=typed.folder) as scratch:
            log = Path(scratch) / "log"
            write_log(log, copies(rows), About(source="benchmark", world=WORLD))
            size = sum(path.stat().st_size for path in log.iterdir()) / 1e6
            worker = [sys.executable, "-m", "benchmarks.replaying", "--replay", str(log), "--policy", typed.policy]
            out = subprocess.run(worker, check=True, capture_output=True, text=True).stdout.split()
            seconds, cpu, megabytes = (float(text) for text in out[1:4])
            print(
                f"{int(out[0]):>12,} {size:>7.1f} | {seconds:>9.1f} {cpu:>7.1f} {megabytes:>8.0f} "
                f"{1e6 * cpu / int(out[0]):>7.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
