"""The faculties of a student beside knowing, remembering and pace: each off unless a pack switches it on.

Each is a file of its own, with parameters and state of its own; here they are drawn together, and `student.py` says
when each has its turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy.typing as npt

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.access import Access, Conditions
from curriculum_rl.students.choice import Choice, Interests
from curriculum_rl.students.classroom import Classroom, Seats
from curriculum_rl.students.dropout import Dropout, Wavering
from curriculum_rl.students.engagement import Engagement, Mood
from curriculum_rl.students.form import Forms, Taste
from curriculum_rl.students.rapid_guessing import RapidGuessing
from curriculum_rl.students.traits import Group, Traits, of_groups
from curriculum_rl.violations import Violations

FACULTIES: Final[Mapping[str, type]] = {
    "engagement": Engagement,
    "dropout": Dropout,
    "rapid_guessing": RapidGuessing,
    "forms": Forms,
    "choice": Choice,
    "access": Access,
    "classroom": Classroom,
}
"""Every faculty by the name of its setting."""


@dataclass
class Inner:
    """The state of the faculties that are on, of n students. Hidden, but for what a platform sees: `conditions`, and of
    `seats` what is said there."""

    mood: Mood | None = None
    wavering: Wavering | None = None
    hasty: Float | None = None  # (n,) logits of rapid guessing, of the subgroup
    taste: Taste | None = None
    interests: Interests | None = None
    conditions: Conditions | None = None
    seats: Seats | None = None  # whole classes side by side

    def moving(self) -> Iterator[npt.NDArray[Any]]:
        """What a step changes, before the class goes on; the rest says who they are, and where the class is."""
        if self.mood is not None:
            yield from (self.mood.level, self.mood.form)
        if self.wavering is not None:
            yield self.wavering.recent
        if self.conditions is not None:
            yield from (self.conditions.today, self.conditions.session)
        if self.seats is not None:
            yield self.seats.belonging


@dataclass(frozen=True)
class Faculties:
    """Attributes:
    engagement, dropout, rapid_guessing, forms, choice, access, classroom: null where it is off.
    """

    engagement: Engagement | None = None
    dropout: Dropout | None = None
    rapid_guessing: RapidGuessing | None = None
    forms: Forms | None = None
    choice: Choice | None = None
    access: Access | None = None
    classroom: Classroom | None = None

    @property
    def on(self) -> dict[str, Any]:
        """Those that are on, by name."""
        return {name: getattr(self, name) for name in FACULTIES if getattr(self, name) is not None}

    @property
    def plain(self) -> bool:
        """Whether what is offered is done, and teaches what it would without any faculty."""
        meddling = (self.engagement, self.rapid_guessing, self.forms, self.choice, self.classroom)
        return all(faculty is None for faculty in meddling)

    def check(self, groups: tuple[Group, ...], check: Violations) -> None:
        """Notes what does not fit these subgroups."""
        for name, faculty in self.on.items():
            if not hasattr(faculty, "check"):
                continue
            found = Violations(name)
            faculty.check(groups, found)
            check.found += [f"faculties.{name}.{line}" for line in found.found]

    def check_activities(self, curriculum: Curriculum, check: Violations) -> None:
        """Notes activities that ask for what no student could have, and that there is nothing for everyone."""
        if self.classroom is not None:
            self.classroom.check_activities(curriculum, check)
        if self.access is not None:
            self.access.check_activities(curriculum, check)
            return
        for i, activity in enumerate(curriculum.activities):
            if activity.needs:
                remedy = "Switch on faculties.access and name the resource there, or leave it empty."
                check.add(f"activities[{i}].needs", list(activity.needs), "is no resource", remedy)

    def check_forms(self, curriculum: Curriculum, check: Violations) -> None:
        """Notes settings of forms that no activity has."""
        if self.forms is not None:
            self.forms.check_labels(curriculum.forms, check)
        if self.classroom is not None:
            self.classroom.check_labels(curriculum.forms, check)

    def excluded(self, groups: tuple[Group, ...], curriculum: Curriculum) -> Iterator[str]:
        """Says of each activity in which subgroups nobody can do it."""
        if self.access is not None:
            yield from self.access.excluded(groups, curriculum)

    def changed(self, other: Faculties | None, without: tuple[str, ...]) -> Faculties:
        """With the members of `other` in place of these, and some switched off."""
        changes: dict[str, Any] = dict.fromkeys(without) | (other.on if other is not None else {})
        return replace(self, **changes)

    def start(self, groups: tuple[Group, ...], traits: Traits, goals: Bool, forms: int, person: streams.Keys) -> Inner:
        """The state of n students before the course."""
        inner = Inner()
        if self.engagement is not None:
            inner.mood = self.engagement.start(groups, traits, person)
        if self.dropout is not None:
            inner.wavering = self.dropout.start(groups, traits)
        if self.rapid_guessing is not None:
            inner.hasty = of_groups(groups, self.rapid_guessing.by_group)[traits.group]
        if self.forms is not None:
            inner.taste = self.forms.start(forms, person)
        if self.choice is not None:
            inner.interests = self.choice.start(groups, traits, goals, person)
        if self.access is not None:
            inner.conditions = self.access.start(groups, traits, person)
        if self.classroom is not None:
            inner.seats = self.classroom.start(groups, traits, person)
        return inner
