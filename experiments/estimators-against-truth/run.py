"""How often intervals hold the truth on three courses whose value is known: python run.py [PROCESS ...] [intervals]

Without a name, all three processes and the comparison of intervals. Prints a table, and where a cell is not as
`expected.json` has it, says so; exit code 0 where all is, 1 where something is not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from curriculum_rl.ope.behaviour.behaviour import Fitted
from curriculum_rl.ope.behaviour.counts import Counts
from curriculum_rl.ope.coverage import Coverage, coverage
from curriculum_rl.ope.estimators.estimator import Estimator
from curriculum_rl.ope.estimators.load import load_estimator
from curriculum_rl.ope.intervals.bootstrap import Bootstrap
from curriculum_rl.ope.intervals.empirical_bernstein import EmpiricalBernstein
from curriculum_rl.ope.intervals.interval import Interval
from curriculum_rl.ope.intervals.load import load_interval
from curriculum_rl.ope.intervals.student_t import StudentT
from curriculum_rl.ope.processes import PROCESSES

WEIGHTED = ("is", "wis", "pdis", "pdwis", "mis")
MODELLED = ("dr", "wdr", "switch")
CELLS = (  # students, decisions, repeats, repeats of what fits a model, repeats of the slowest
    (1000, 1, 1000, 1500, 0),
    (1000, 2, 1000, 1500, 200),
    (1000, 5, 1000, 500, 200),
    (1000, 10, 1000, 500, 0),
    (1000, 20, 1000, 300, 0),
    (1000, 50, 500, 0, 0),
    (250, 5, 500, 300, 0),
    (250, 20, 500, 0, 0),
    (4000, 5, 300, 0, 0),
    (4000, 20, 300, 0, 0),
)


def named(names: tuple[str, ...]) -> dict[str, Estimator]:
    """Estimators with the settings of their YAML."""
    return {name: load_estimator(name) for name in names}


def cells(process: str) -> Iterator[tuple[int, int, str, Coverage]]:
    """Students, decisions, estimator and what became of it."""
    usual = load_interval("usual")
    # Every replicate fits the model again: a tenth of the usual number, in half the repeats, keeps this to minutes.
    quick = Bootstrap(replicates=100)
    counted = {"pdis, propensities counted": Fitted(load_estimator("pdis"), Counts())}
    for students, horizon, *repeats in CELLS:
        groups: tuple[tuple[Mapping[str, Estimator], Interval, int], ...] = (
            (named(WEIGHTED), usual, repeats[0]),
            (named(MODELLED) | counted, usual, repeats[1]),
            (named(("magic",)), usual, repeats[2]),
            (named(("direct",)), quick, repeats[2] // 2),
        )
        for estimators, interval, times in groups:
            if times:
                found = coverage(PROCESSES[process], estimators, interval, students, horizon, times)
                yield from ((students, horizon, name, of) for name, of in found.items())


def failures(of: Coverage, expected: dict[str, Any], estimator: str, students: int, horizon: int) -> list[str]:
    """What is not as it should be; other numbers of students are there to show how errors shrink."""
    found = []
    if estimator not in expected["biased"] and abs(of.bias) > expected["bias"] * of.bias_error:
        found.append(f"bias of {of.bias / of.bias_error:.1f} standard errors")
    low, high = expected["covered"]
    if students == expected["students"] and estimator not in expected["not_covered"] and not low <= of.covered <= high:
        if horizon <= expected["short"]:
            found.append(f"covers {of.covered:.3f}")
        elif of.told_right < expected["told_right"]:
            found.append(f"covers {of.covered:.3f}, and covers or warns in {of.told_right:.3f}")
    return found


def intervals() -> None:
    """The kinds of interval side by side: the stochastic process, 1,000 students, 5 decisions, 200 repeats."""
    kinds: dict[str, Interval] = {
        "t": StudentT(),
        "bootstrap": Bootstrap(replicates=200),
        "bca": Bootstrap(replicates=200, corrected=True, groups=100),
        "empirical_bernstein": EmpiricalBernstein(smallest_reward=-0.2, largest_reward=1.3, largest_ratio=1.5),
    }
    print("interval              estimator  covered   width")
    for kind, interval in kinds.items():
        means = kind == "empirical_bernstein"
        estimators = named(("is", "pdis") if means else ("pdis", "wis"))
        for name, of in coverage(PROCESSES["stochastic"], estimators, interval, 1000, 5, 200).items():
            print(f"{kind:21} {name:10} {of.covered:7.3f} {of.width:7.3f}", flush=True)


def main() -> int:
    """Prints the table; returns the exit code."""
    expected = json.loads((Path(__file__).parent / "expected.json").read_text(encoding="utf-8"))
    names = sys.argv[1:] or [*PROCESSES, "intervals"]
    unexpected = []
    for process in names:
        if process == "intervals":
            intervals()
            continue
        print(
            "process       students decisions estimator                     bias     rmse  covered  warned told right"
        )
        for students, horizon, name, of in cells(process):
            told = failures(of, expected, name, students, horizon)
            unexpected += [f"{process}, {students} students, {horizon} decisions, {name}: {t}" for t in told]
            print(
                f"{process:13} {students:8} {horizon:9} {name:26} {of.bias:+7.4f} {of.error:8.4f} "
                f"{of.covered:8.3f} {of.warned:7.2f} {of.told_right:10.3f}{'  <' if told else ''}",
                flush=True,
            )
    print("\n".join(unexpected) or "All as expected.")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
