"""Whether a bundle does here what it did where it was made: every test vector, played again.

A vector is the course of one student, from the initial state on; each step's state goes into the next:

    {"case": "played", "goals": null, "steps": [{"last_activity": -1, "correct": 0, "elapsed_s": 0, "locked": [3],
     "probs": {"5": 1.0}, "level": false, "shut": [3, 4], "mastery": [...], "choice": 5, "reasons": ["..."]}, ...]}

`locked` is what the platform does not allow, `shut` all that is not eligible where a gate shuts more. The probabilities
that are not given are 0. Where `level` is true, the policy itself chooses otherwise on numbers that differ in the
sixth digit, and its choice is not compared. `reasons` are those of a `choice`, word for word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from curriculum_rl.runner.bundle import VECTORS, refused
from curriculum_rl.runner.reasons import Reasons
from curriculum_rl.runner.runner import Runner, Step
from curriculum_rl.violations import InvalidInput

TOLERANCE: Final = 1e-5
FEWEST: Final = 200
"""Students that the vectors of a bundle have at least."""


def replay(runner: Runner) -> int:
    """Plays every vector again; returns how many decisions were compared.

    Raises:
        InvalidInput: one differs, or there are too few students who do something.
    """
    try:
        return _replay(runner, list(runner.bundle.vectors()))
    except InvalidInput:
        raise
    except Exception as error:  # what a hostile file makes of the graph is no promise of its authors
        raise refused(f"{VECTORS}: cannot be read: {error!r:.200}") from None


def _replay(runner: Runner, students: Sequence[dict[str, Any]]) -> int:
    some = sum(bool(student["steps"]) for student in students)
    if some < FEWEST:
        raise refused(f"{VECTORS}: has {some} students with steps; must have at least {FEWEST}")
    activities, compared, reasons = len(runner.activities), 0, Reasons.of(runner.bundle.catalogue)
    state = np.concatenate([runner.start(1, _named(runner, student["goals"])) for student in students])
    for turn in range(max(len(student["steps"]) for student in students)):
        rows = [i for i, student in enumerate(students) if turn < len(student["steps"])]
        steps = [students[i]["steps"][turn] for i in rows]
        last, correct, elapsed = ([one[name] for one in steps] for name in ("last_activity", "correct", "elapsed_s"))
        allowed = np.ones((len(rows), activities), dtype=np.bool_)
        for row, one in enumerate(steps):
            allowed[row, one["locked"]] = False
        found = runner.step(state[rows], last, correct, elapsed, allowed)
        for row, one in enumerate(steps):
            wrong = _differs(one, found, row) or _told(one, found, row, reasons)
            if wrong:
                raise refused(f"{VECTORS}: line {rows[row] + 1}, step {turn + 1}: {wrong}")
        state[rows] = found.state
        compared += len(rows)
    return compared


def _named(runner: Runner, goals: list[int] | None) -> list[str] | None:
    return None if goals is None else [runner.concepts[k] for k in goals]


def _differs(wanted: dict[str, Any], found: Step, row: int) -> str:
    """What differs; nothing where it is the same."""
    chances = found.probabilities[row]
    shut = wanted.get("shut", wanted["locked"])
    eligible = np.ones(len(chances), dtype=np.bool_)
    eligible[shut] = False
    if not np.array_equal(eligible, found.eligible[row]):
        return "other activities are eligible"
    if chances[~eligible].any():
        return "what is locked is recommended"
    expected = np.zeros(len(chances))
    expected[[int(a) for a in wanted["probs"]]] = list(wanted["probs"].values())
    if not wanted["level"] and not np.allclose(chances, expected, rtol=0.0, atol=TOLERANCE):
        return f"a probability differs by {np.abs(chances - expected).max():.2g}"
    mastery = wanted.get("mastery", found.mastery[row])
    if not np.allclose(found.mastery[row], mastery, rtol=0.0, atol=TOLERANCE):
        return f"mastery differs by {np.abs(found.mastery[row] - mastery).max():.2g}"
    return ""


def _told(wanted: dict[str, Any], found: Step, row: int, reasons: Reasons) -> str:
    """Whether a choice is explained otherwise; nothing where it is not, or is not to be."""
    if "reasons" not in wanted:
        return ""
    said = reasons.why(found, row, wanted["choice"])
    return "" if said == wanted["reasons"] else f"explains the choice as {' '.join(said)!r}"
