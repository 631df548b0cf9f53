"""What a platform may do instead of offering an activity, in a world that lets it: end the session, or the course.

    stop      the course ends: nothing more happens to the student before the test
    advance   today's session ends: the student goes on with the next one, on its day

Neither practises anything, takes minutes or is answered, so neither is an activity: the catalogue stays as it is, and
so does all that is made of it. An action is the number of an activity or, from A on, that of a control. To stop is to
advance for good: it leaves a student as the end of the calendar would. That neither costs anything is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from curriculum_rl.batch import Int
from curriculum_rl.config import nearest
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.violations import Violations

STOP: Final = "stop"
ADVANCE: Final = "advance"
CONTROLS: Final = (STOP, ADVANCE)
"""All there are. A world that offers both lists them in this order, so that an action means the same everywhere."""


def check_controls(controls: Sequence[str], check: Violations, curriculum: Curriculum | None = None) -> None:
    """Notes what is no control, what stands twice, and what a catalogue calls one of its own activities or forms."""
    activities = curriculum.activities if curriculum is not None else ()
    taken = {a.id: "an activity" for a in activities} | {a.form: "a form" for a in activities}
    for i, name in enumerate(controls):
        if name not in CONTROLS:
            check.add(f"controls[{i}]", name, "is no control", nearest(str(name), CONTROLS))
        elif name in controls[:i]:
            check.add(f"controls[{i}]", name, "stands twice", "Name it once.")
        elif name in taken:
            check.add(f"controls[{i}]", name, f"is {taken[name]} of this catalogue too", "Call that something else.")


@dataclass(frozen=True)
class Actions:
    """All that can be chosen for a student: the A activities of a catalogue, then the C controls of a world."""

    curriculum: Curriculum
    controls: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.curriculum.activities) + len(self.controls)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Of activities, and the names of controls, (A + C)."""
        return (*(a.id for a in self.curriculum.activities), *self.controls)

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The distinct forms of the catalogue, then the controls: each is a form of its own."""
        return (*self.curriculum.forms, *self.controls)

    @cached_property
    def form(self) -> Int:
        """Position in `forms` of each action, (A + C,)."""
        own = len(self.curriculum.forms) + np.arange(len(self.controls))
        return np.concatenate([self.curriculum.form, own])
