"""What each faculty does when its turn comes, in the order of events of `student.py`. What is off does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from curriculum_rl.batch import Bool, Float, Int, take_rows
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.access import usable
from curriculum_rl.students.choice import activities_by_concept, any_of
from curriculum_rl.students.class_turns import OVERRIDE, ClassTurns, Peers
from curriculum_rl.students.faculties import Faculties
from curriculum_rl.students.knowledge.knowledge import At, Knowledge, Tried
from curriculum_rl.students.population import Students

RAPID, LEAVE, OWN_WAY, PICK, ACTIVITY = 2, 3, 12, 13, 14
"""Slots of the faculties' draws in the stream of a step. Frozen: another faculty takes a free number."""
_SLOTS: Final = {
    "rapid_guessing": (RAPID,),
    "dropout": (LEAVE,),
    "choice": (OWN_WAY, PICK, ACTIVITY),
    "classroom": (OVERRIDE,),
}

Luck = Mapping[int, Float]
"""Uniform draws of one step, (n,) each, by slot; of slots that are one for each concept, by the first, (L, n)."""


@dataclass(frozen=True)
class Turns:
    """The faculties that a world has on, and what they need to know of its catalogue."""

    curriculum: Curriculum
    knowledge: Knowledge[Any]
    faculties: Faculties
    classes: ClassTurns | None

    def together(self, students: Students) -> ClassTurns | None:
        """What classes do, where these students sit in theirs: none do who are imagined on their own."""
        return None if students.inner.seats is None else self.classes

    @cached_property
    def _needs(self) -> Int:
        access = self.faculties.access
        return access.needs(self.curriculum) if access else np.zeros(len(self.curriculum.activities), dtype=np.int64)

    @cached_property
    def _kinds(self) -> Bool | None:
        return self.faculties.access.kinds(self._needs) if self.faculties.access else None

    @cached_property
    def _by_concept(self) -> Int:
        return activities_by_concept(self.curriculum)

    @cached_property
    def _help(self) -> Float:
        """Assistance and feedback of every activity, (2, A); nothing where forms are off."""
        forms = self.faculties.forms
        by_form = forms.table(self.curriculum.forms) if forms else np.zeros((2, len(self.curriculum.forms)))
        return by_form[:, self.curriculum.form]

    @cached_property
    def slots(self) -> tuple[int, ...]:
        """Of the faculties' draws."""
        return tuple(slot for name, slots in _SLOTS.items() if name in self.faculties.on for slot in slots)

    def allowed(self, students: Students) -> Bool | None:
        """What each can do today, (n, A); None where everything can be done."""
        access, conditions, classes = self.faculties.access, students.inner.conditions, self.together(students)
        can = None if access is None or conditions is None else access.allowed(conditions, self._needs, self._kinds)
        if classes is None:
            return can
        if can is None:
            can = np.ones((len(students), len(self.curriculum.activities)), dtype=np.bool_)
        can[classes.shut(students)] &= ~classes.tutored
        return can

    def possible(self, students: Students, activities: Int, rows: Int | slice = slice(None)) -> Bool:
        """Which of these activities, (m, r), the students in these rows, (r,), can do today."""
        conditions, classes = students.inner.conditions, self.together(students)
        if conditions is None:
            possible = np.ones(activities.shape, dtype=np.bool_)
        else:
            possible = usable(conditions.today[rows], self._needs.take(activities))
        if classes is not None:
            possible &= ~(classes.tutored.take(activities) & classes.shut(students)[rows])
        return possible

    def chosen(self, students: Students, offered: Int, luck: Luck) -> Int:
        """What is done of one offer, (n,), or of a slate, (m, n), unless the teacher has another plan."""
        chosen, classes = self._liked(students, offered, luck), self.together(students)
        if classes is None:
            return chosen
        rows = np.flatnonzero(luck[OVERRIDE] < classes.overruled(students))
        if len(rows):
            picked = classes.picked(students, rows)
            able = (picked >= 0) & self.possible(students, picked[None], rows)[0]
            chosen = chosen.copy()
            chosen[rows[able]] = picked[able]
        return chosen

    def _liked(self, students: Students, offered: Int, luck: Luck) -> Int:
        """What the student would do of what is offered."""
        slate = offered if offered.ndim == 2 else offered[None]
        choice, interests = self.faculties.choice, students.inner.interests
        if choice is None or interests is None:
            first: Int = slate[0]
            return first
        chosen = choice.picked(interests, slate, self.curriculum, luck[PICK]).copy()
        rows = np.flatnonzero(luck[OWN_WAY] < choice.own_way(interests, len(slate)))
        if len(rows):
            listed = self._by_concept[:, choice.drawn(interests, rows, luck[PICK][rows])]
            able = self.possible(students, listed, rows) & (listed >= 0)
            chosen[rows] = any_of(listed, able, slate[0, rows], luck[ACTIVITY][rows])
        return chosen

    def guessed(
        self, students: Students, chance: Float, minutes: Float, luck: Luck
    ) -> tuple[Bool | None, Float, Float]:
        """Who guesses rapidly, and P(right) and minutes of everyone with that taken in, (n,) each."""
        guessing, hasty = self.faculties.rapid_guessing, students.inner.hasty
        if guessing is None or hasty is None:
            return None, chance, minutes
        rapid: Bool = luck[RAPID] < guessing.chance(hasty, _level(students))
        return rapid, np.where(rapid, guessing.right, chance), np.where(rapid, minutes * guessing.haste, minutes)

    def teach(
        self,
        students: Students,
        strength: Float,
        at: At,
        retention: Float,
        activity: Int,
        wrong: Bool,
        rapid: Bool | None,
    ) -> None:
        """Multiplies the strength of learning, (L, n), in place: by effort, haste and the form."""
        faculties, inner = self.faculties, students.inner
        if faculties.engagement is not None and inner.mood is not None:
            strength *= faculties.engagement.effort_of(inner.mood)
        if faculties.rapid_guessing is not None and rapid is not None:
            strength *= np.where(rapid, faculties.rapid_guessing.learning, 1.0)
        if faculties.forms is not None and inner.taste is not None:
            known = self.knowledge.recall(students.knowledge, at, retention)
            assistance, feedback = self._help.take(activity, axis=1)
            preferred = self.curriculum.form.take(activity) == inner.taste.preferred
            strength *= faculties.forms.factor(assistance, feedback, known, wrong, preferred)

    def peers(self, students: Students, activity: Int) -> Peers | None:
        """Who works with classmates; None where there are no classes."""
        classes = self.together(students)
        return None if classes is None else classes.in_session(students, activity)

    def taught(
        self, students: Students, strength: Float, at: At, activity: Int, minutes: Float, peers: Peers | None
    ) -> Float:
        """Multiplies the strength of learning by what peers and teachers add; minutes with a teacher, (n,)."""
        if self.classes is None or peers is None:
            return np.zeros(len(students))
        return self.classes.teach(students, strength, at, activity, minutes, peers)

    def feel(self, students: Students, tried: Tried, chance: Float, offers: int, peers: Peers | None) -> None:
        """Moves engagement, and what dropout remembers of failures, in place."""
        faculties, inner = self.faculties, students.inner
        if faculties.dropout is not None and inner.wavering is not None:
            faculties.dropout.note(inner.wavering, tried.answered, tried.correct)
        company = np.full(len(students), 0.5)
        if self.classes is not None and peers is not None:
            company = self.classes.belong(students, tried.activity, peers)
        if faculties.engagement is None or inner.mood is None:
            return
        form = self.curriculum.form.take(tried.activity)
        extra = np.full(len(students), faculties.engagement.autonomy if offers > 1 else 0.0)
        if faculties.forms is not None and inner.taste is not None:
            extra += faculties.forms.fondness * (form == inner.taste.preferred)
        faculties.engagement.feel(inner.mood, chance, tried.answered, tried.correct, form, company, extra)

    def leaves(self, students: Students, ended: Bool, luck: Luck) -> Bool:
        """Who of those whose session has ended leaves for good, (n,); what can be done in the next is drawn too."""
        faculties, inner, session = self.faculties, students.inner, students.clock.session
        if faculties.access is not None and inner.conditions is not None:
            faculties.access.renew(inner.conditions, session)
        left: Bool = np.zeros(len(students), dtype=np.bool_)
        if faculties.dropout is not None and inner.wavering is not None:
            rows = np.flatnonzero(ended)
            level = 0.5 if inner.mood is None else inner.mood.level[rows]
            chance = faculties.dropout.hazard(take_rows(inner.wavering, rows), session[rows], level)
            left[rows] = luck[LEAVE][rows] < chance
        return left


def _level(students: Students) -> Float | float:
    """Engagement, (n,), or 1/2 where it is off."""
    return 0.5 if students.inner.mood is None else students.inner.mood.level
