"""Classes: students who sit together, what they bring one another, and a teacher whose minutes they share.

    peer session   learning * (1 + help max(0, m - k) + explaining max(0, k - m))
    tutoring       learning * (1 + tutoring share),  share = min(1, minutes left / minutes asked for in this step)
    belonging      b <- b + together (1 - b) after a peer session, b - isolation b after work alone
                   b <- b + pull (base - b) then
    overruled      with chance logistic(logit(override) + offset of the subgroup)

k is how far the student can use the practised concept by the end of the session, m its mean over the classmates who
are there: help comes from those who know more, and who knows more learns by explaining. A peer session with nobody
there is work alone; tutoring is neither. `base` is the student's own, logistic(belonging_mean + offset of the subgroup
+ belonging_sd z), and belonging moves engagement (`engagement.py`). A student who asks the teacher for the minutes of
a tutoring gets them while the class has minutes left in its session; what is asked for beyond that is shared in
proportion.

Students with ids `size c` to `size (c + 1) - 1` sit in class c and keep one calendar: the next session begins for all
when each has used up this one, and who is done before waits. Who has finished or left is there no more. So a path
depends on (seed, class, what was done by all in it).

Learning together: small groups d = .17 (Lou et al. 1996), peer tutoring .37 (Leung 2015); a human tutor .79 (VanLehn
2011): all recalled, and reading standardised effects as factors is assumed, as are the numbers without a source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.special import expit, logit

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.config import nearest
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.traits import Group, Traits, check_offsets, of_groups
from curriculum_rl.violations import Violations

BELONGING: Final = 10
"""Counter of this draw in the PERSON stream. Frozen."""
LARGEST: Final = 1024
SPENT: Final = 1e-9
"""Teacher minutes that are none: sums of shares differ from the budget in their last bits."""


@dataclass
class Seats:
    """Where n students sit, whole classes in adjacent rows.

    A platform sees who is there, the session, and what the teacher's timetable says; the rest is hidden.
    """

    present: Bool  # (n,) neither finished nor left
    session: Int  # (n,) that the class is in; the same for classmates
    spent: Float  # (n,) teacher minutes spent in it; the same for classmates
    taught: Float  # (n,) teacher minutes that the student has had, in all sessions
    belonging: Float  # (n,) in [0, 1]
    base: Float  # (n,) where it returns to
    overruled: Float  # (n,) chance that the teacher decides instead


@dataclass(frozen=True)
class Classroom:
    """Attributes:
    size: students of a class.
    peers: forms in which students work together, by label.
    help: what classmates who all know add to the learning of one who knows nothing.
    explaining: what a peer session adds to the learning of one who knows, among classmates who know nothing.
    belonging_mean, belonging_sd: of the students' own level of belonging, logits.
    belonging_by_group: logits added for a subgroup, by its name or a part of it.
    together, isolation: share of what is missing, and of what there is, that a peer session adds and work alone takes.
    pull: share of the way back to the student's own level, at each activity.
    tutored: forms in which a teacher sits beside the student, by label.
    tutoring: what a teacher adds to learning.
    minutes: of tutoring that the teacher has for the class in each session.
    override: chance that the teacher sets a medium problem on the first goal, in the order of the curriculum, that is
        truly below mastery of .95, whatever was offered and liked.
    override_by_group: logits added for a subgroup, by its name or a part of it.
    """

    size: int = 16
    peers: tuple[str, ...] = ("peer session",)
    help: float = 0.37
    explaining: float = 0.17
    belonging_mean: float = 0.0
    belonging_sd: float = 0.8
    belonging_by_group: Mapping[str, float] = field(default_factory=dict)
    together: float = 0.05
    isolation: float = 0.01
    pull: float = 0.05
    tutored: tuple[str, ...] = ("tutoring",)
    tutoring: float = 0.79
    minutes: float = 20.0
    override: float = 0.05
    override_by_group: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check = Violations("classroom")
        remedy = "A class of no students teaches nobody."
        if check.number("size", self.size, at_most=LARGEST, whole=True) and self.size < 1:
            check.add("size", self.size, f"must be a whole number at least 1 and at most {LARGEST}", remedy)
        check.number("belonging_mean", self.belonging_mean, at_least=-10.0, at_most=10.0)
        check.number("belonging_sd", self.belonging_sd, at_least=0.0, at_most=10.0)
        for name in ("help", "explaining", "tutoring"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=10.0)
        for name in ("together", "isolation", "pull", "override"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=1.0)
        check.number("minutes", self.minutes, at_least=0.0, at_most=1e6)
        for label in sorted(set(self.peers) & set(self.tutored)):
            check.add("tutored", label, "is a form of peers too", "A session is one or the other.")
        check.raise_all()

    def check(self, groups: tuple[Group, ...], check: Violations) -> None:
        """Notes what does not fit these subgroups."""
        check_offsets("belonging_by_group", groups, self.belonging_by_group, check)
        check_offsets("override_by_group", groups, self.override_by_group, check)

    def check_labels(self, labels: tuple[str, ...], check: Violations) -> None:
        """Notes settings of forms that no activity has."""
        for name in ("peers", "tutored"):
            for label in sorted(set(getattr(self, name)) - set(labels)):
                check.add(f"faculties.classroom.{name}", label, "is no activity's form", nearest(label, labels))

    def check_activities(self, curriculum: Curriculum, check: Violations) -> None:
        """Notes that there is nothing to do once the teacher's minutes are spent."""
        if all(a.form in self.tutored or a.needs for a in curriculum.activities):
            remedy = "Add one of another form, with an empty `needs`."
            check.that(False, f"activities: every one needs a resource or a teacher: nothing may be left. {remedy}")

    def check_students(self, ids: Int) -> None:
        """Refuses students who do not form whole classes, side by side.

        Raises:
            InvalidInput: they do not.
        """
        check = Violations("students")
        rest = len(ids) % self.size
        if rest == 0:
            first = ids[:: self.size]
            rest = bool((first % self.size).any() or (ids != (first[:, None] + np.arange(self.size)).ravel()).any())
        remedy = f"Class c are the ids {self.size} c to {self.size} (c + 1) - 1."
        check.that(not rest, f"ids: must be whole classes of {self.size} students, side by side. {remedy}")
        check.raise_all()

    def start(self, groups: tuple[Group, ...], traits: Traits, person: streams.Keys) -> Seats:
        """Everyone there, at their own level of belonging."""
        z = streams.normal(streams.uniform(person, np.array(BELONGING, dtype=np.uint64)))
        n = len(z)
        own = self.belonging_mean + of_groups(groups, self.belonging_by_group)[traits.group] + self.belonging_sd * z
        with np.errstate(divide="ignore"):  # never and always are so for everybody
            overruled = expit(logit(self.override) + of_groups(groups, self.override_by_group)[traits.group])
        return Seats(
            present=np.ones(n, dtype=np.bool_),
            session=np.zeros(n, dtype=np.int64),
            spent=np.zeros(n),
            taught=np.zeros(n),
            belonging=expit(own),
            base=expit(own),
            overruled=overruled,
        )

    def in_class(self, values: Float) -> Float:
        """The sum of each student's class, (n,), of values, (n,)."""
        return np.repeat(values.reshape(-1, self.size).sum(axis=1), self.size)

    def spent(self, seats: Seats) -> Bool:
        """Whose class has no teacher minutes left in its session, (n,)."""
        spent: Bool = seats.spent > self.minutes - SPENT
        return spent

    def shared(self, seats: Seats, asked: Float) -> Float:
        """Share of the teacher minutes asked for, (n,), that the class has, (n,) in [0, 1]."""
        left, total = np.maximum(self.minutes - seats.spent, 0.0), self.in_class(asked)
        share: Float = np.divide(left, total, out=np.ones_like(total), where=total > left)
        return share

    def helped(self, own: Float, theirs: Float) -> Float:
        """What a peer session multiplies learning by, from what the student knows and what classmates do; one shape."""
        gap = theirs - own
        return 1.0 + self.help * np.maximum(gap, 0.0) + self.explaining * np.maximum(-gap, 0.0)

    def belong(self, seats: Seats, together: Bool, alone: Bool) -> None:
        """Moves belonging after an activity, in place; `together` and `alone`, (n,), are never both."""
        b = seats.belonging
        b += np.where(together, self.together * (1.0 - b), 0.0) - np.where(alone, self.isolation * b, 0.0)
        b += self.pull * (seats.base - b)

    def gather(self, seats: Seats, over: Bool, taught: Float, session: Int) -> None:
        """Ends a step, in place: who is over, (n,), goes; the class moves to the session, (n,), of the last of it.

        `taught` are the teacher minutes that each had in the step, (n,).
        """
        seats.present &= ~over
        seats.taught += taught
        seats.spent += self.in_class(taught)
        there = seats.present.reshape(-1, self.size)
        latest = np.iinfo(np.int64).max
        first = np.where(there, session.reshape(-1, self.size), latest).min(axis=1)
        first = np.repeat(np.where(there.any(axis=1), first, seats.session[:: self.size]), self.size)
        seats.spent[first > seats.session] = 0.0
        seats.session[:] = first
