"""How time and memory of an import, and of reading the log back, grow with the rows of the file.

    OMP_NUM_THREADS=1 python -m benchmarks.importing [--rows N ...] [--memory-mb N] [--folder FOLDER]

A file of 20,000 tries is made, and copied with other students until it has as many rows as asked for. Each import and
each reading of all buckets is a process of its own, whose peak of resident memory is what is shown: it should stay
level while time grows with the rows.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SMALL = 20_000
STUDENTS = 200
SIZES = (20_000, 100_000, 500_000)
HEADER = b"student,order,item,answer,skills,time,duration\n"


@dataclass(frozen=True)
class Measured:
    """One process."""

    seconds: float
    processor_s: float
    megabytes: float


def small() -> bytes:
    """The rows that the others are copies of; "@" is where a copy names its students apart."""
    rng = np.random.default_rng(0)
    columns = (rng.integers(0, STUDENTS, SMALL), rng.integers(0, 5_000, SMALL), rng.integers(0, 2, SMALL))
    lines = [
        f"@{s},{i},item{j},{right},k{j % 99};k{j % 7},{1_500_000_000 + 30 * i},{5 + j % 40}\n"
        for i, (s, j, right) in enumerate(zip(*(column.tolist() for column in columns), strict=True))
    ]
    return "".join(lines).encode()


def write(path: Path, rows: int) -> None:
    """A file with this many rows."""
    block = small()
    with path.open("wb") as file:
        file.write(HEADER)
        for copy in range(rows // SMALL):
            file.write(block.replace(b"@", b"c%d-" % copy))


def work(what: str, file: Path, folder: Path, memory_mb: int) -> None:
    """Imports the file, or reads the log; tells the parent what it took."""
    began = time.perf_counter()
    if what == "import":
        from curriculum_rl.logs.formats import ImportConfig
        from curriculum_rl.logs.importing import import_log

        found = import_log(ImportConfig("table", (file,), folder, {}, {}, memory_mb=memory_mb))
        rows = found.counts.accepted
    else:
        from curriculum_rl.logs.store import open_log

        rows = sum(bucket.num_rows for bucket in open_log(folder).buckets())
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(rows, time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(what: str, file: Path, folder: Path, memory_mb: int, rows: int) -> Measured:
    """Runs one process."""
    typed = [sys.executable, "-m", "benchmarks.importing", "--work", what, str(file), str(folder), str(memory_mb)]
    out = subprocess.run(typed, check=True, capture_output=True, text=True).stdout.split()
    if int(out[0]) != rows:
        raise AssertionError(f"{out[0]} rows of {rows}")
    return Measured(*(float(text) for text in out[1:]))


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, help=f"of each file, in steps of {SMALL:,}")
    parser.add_argument("--memory-mb", type=int, default=1000)
    parser.add_argument("--folder", type=Path, help="for the files, where there is room")
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    typed = parser.parse_args()
    if typed.work:
        what, file, folder, memory = typed.work
        work(what, Path(file), Path(folder), int(memory))
        return
    print(
        f"{'rows':>12} {'file MB':>8} {'log MB':>7} | {'import s':>9} {'cpu s':>7} {'peak MB':>8} {'us/row':>7} |"
        f" {'read s':>7} {'cpu s':>7} {'peak MB':>8}"
    )
    for rows in typed.rows:
        with tempfile.TemporaryDirectory(dir=typed.folder) as scratch:
            file, log = Path(scratch) / "tries.csv", Path(scratch) / "log"
            write(file, rows)
            rows = rows // SMALL * SMALL
            taken = measure("import", file, log, typed.memory_mb, rows)
            read = measure("read", file, log, typed.memory_mb, rows)
            size = sum(path.stat().st_size for path in log.iterdir()) / 1e6
            print(
                f"{rows:>12,} {file.stat().st_size / 1e6:>8.0f} {size:>7.1f} | {taken.seconds:>9.1f} "
                f"{taken.processor_s:>7.1f} {taken.megabytes:>8.0f} {1e6 * taken.processor_s / rows:>7.1f} | "
                f"{read.seconds:>7.1f} {read.processor_s:>7.1f} {read.megabytes:>8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
