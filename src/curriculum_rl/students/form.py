"""Forms of activity: how much help they give, what feedback, and who likes them.

    learning * (1 + assistance (novice (1 - m) - expert m))
             * (1 + correction feedback [wrong]) * (1 + meshing [preferred])

m is how far the practised concept can be used just now. High assistance helps those who know little and hinders those
who know much: the expertise reversal effect (Kalyuga et al. 2003, doi:10.1207/S15326985EP3801_4; effects of +.5 and
-.4 in Tetzlaff et al. 2025, recalled); feedback on a wrong answer is where feedback teaches (Hattie & Timperley 2007,
doi:10.3102/003465430298487). Reading standardised effects as factors is assumed.

`meshing` is 0, and should be unless a study is about it: that people learn more from the form that they prefer was
tested and refuted (Pashler et al. 2008, doi:10.1111/j.1539-6053.2009.01038.x; Rogowsky et al. 2015). Preference
moves engagement alone, by `fondness`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.config import nearest
from curriculum_rl.violations import Violations

PREFERRED: Final = 9
"""Counter of this draw in the PERSON stream. Frozen."""


@dataclass
class Taste:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    preferred: Int  # (n,) position of the form that each likes best


@dataclass(frozen=True)
class Forms:
    """Attributes:
    assistance: of each form, by its label, in [0, 1]: 0 is a plain problem, 1 a full worked example; 0 unless named.
    feedback: of each form, in [0, 1]: 0 says nothing, 1 explains what was wrong; 0 unless named.
    novice, expert: what full assistance adds to, and takes from, the learning of those who know nothing and all.
    correction: what full feedback adds to what a wrong answer teaches.
    fondness: what a preferred form adds to engagement, a step of its level.
    meshing: what a preferred form adds to learning; 0, for the reason above.
    """

    assistance: Mapping[str, float] = field(default_factory=dict)
    feedback: Mapping[str, float] = field(default_factory=dict)
    novice: float = 0.5
    expert: float = 0.4
    correction: float = 0.3
    fondness: float = 0.01
    meshing: float = 0.0

    def __post_init__(self) -> None:
        check = Violations("forms")
        for name in ("assistance", "feedback"):
            for label, value in getattr(self, name).items():
                check.number(f"{name}[{label}]", value, at_least=0.0, at_most=1.0)
        for name in ("novice", "correction", "fondness", "meshing"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=10.0)
        check.number("expert", self.expert, at_least=0.0, at_most=1.0)
        check.raise_all()

    def check_labels(self, labels: tuple[str, ...], check: Violations) -> None:
        """Notes settings of forms that no activity has."""
        for name in ("assistance", "feedback"):
            for label in getattr(self, name).keys() - set(labels):
                where = f"faculties.forms.{name}[{label}]"
                check.add(where, getattr(self, name)[label], "is no activity's form", nearest(label, labels))

    def start(self, forms: int, person: streams.Keys) -> Taste:
        """Each likes one of the forms best, any of them equally often."""
        u = streams.uniform(person, np.array(PREFERRED, dtype=np.uint64))
        return Taste((u * forms).astype(np.int64))

    def table(self, labels: tuple[str, ...]) -> Float:
        """Assistance and feedback of each form, (2, forms)."""
        return np.array([[of.get(label, 0.0) for label in labels] for of in (self.assistance, self.feedback)])

    def factor(self, assistance: Float, feedback: Float, known: Float, wrong: Bool, preferred: Bool) -> Float:
        """What learning is multiplied by, (L, n), from how far each concept can be used, (L, n); the rest (n,)."""
        help_: Float = 1.0 + assistance * (self.novice * (1.0 - known) - self.expert * known)
        help_ *= (1.0 + self.correction * feedback * wrong) * (1.0 + self.meshing * preferred)
        return help_
