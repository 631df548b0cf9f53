"""Every benchmark, one after the other: `OMP_NUM_THREADS=1 python -m benchmarks` (about twenty minutes on one core)."""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    "environment",
    "scaling",
    "faculties",
    "policies",
    "importing",
    "replaying",
    "training",
    "exporting",
    "serving",
)

if __name__ == "__main__":
    for name in NAMES:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
