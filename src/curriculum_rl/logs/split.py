"""Students of a log, parted by a hash of their ids: those that a policy is fitted on, and those held out from it.

    u(id) = SHA-256("split:" id) as a number in [0, 1);   fitted on where u(id) < share

So the part of a student is the same in every log, in any order, and a greater share only adds students. A saved
policy's record holds prints of those that it was fitted on, 64 bits of another hash each, so that whoever judges it
can find out, without their ids, that it has met a student before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from curriculum_rl.batch import Bool
from curriculum_rl.violations import Violations

PRINTS: Final = "fitted_on"
"""Where a saved policy's record holds the prints of the students that it was fitted on."""
_DIGITS: Final = 16


def fitting(ids: Sequence[str], share: float) -> Bool:
    """Which students to fit on, (n,); the others are held out.

    Raises:
        InvalidInput: `share` is no share, or leaves one of the two parts empty.
    """
    check = Violations("split")
    if check.number("share", share, above=0.0, below=1.0):
        own = np.array([int(_hash("split", i), 16) < share * 16**_DIGITS for i in ids], dtype=np.bool_)
        if own.all() or not own.any():
            part = "held out" if own.all() else "fitted on"
            check.add(
                "share", share, f"leaves none of {len(ids)} students to be {part}", "Give another, or a longer log"
            )
    check.raise_all()
    return own


def prints(ids: Sequence[str]) -> list[str]:
    """A print of each student, for a record: no id can be read from one, but a guessed id can be confirmed."""
    return [_hash("student", i) for i in ids]


def fitted_on(record: Mapping[str, Any], ids: Sequence[str]) -> Bool:
    """Which of these students the policy with this record was fitted on, (n,): nobody where it tells of none."""
    known = set(record.get(PRINTS, ()))
    return np.array([one in known for one in prints(ids)], dtype=np.bool_)


def _hash(purpose: str, student: str) -> str:
    return hashlib.sha256(f"{purpose}:{student}".encode()).hexdigest()[:_DIGITS]
