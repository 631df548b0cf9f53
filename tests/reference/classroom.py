"""One class of scalar students, written from the docstring of `students/classroom.py`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tests.reference.draws import step_counter
from tests.reference.knowledge import logistic, logit
from tests.reference.scalar import Event, Reference, Student

BELONGING, OVERRIDE = 10, 15


@dataclass
class Pupil:
    """A student in a seat."""

    student: Student
    belonging: float
    base: float
    overruled: float
    taught: float = 0.0
    present: bool = True


class Room:
    """One class of a world."""

    def __init__(self, world: Any, seed: int, number: int) -> None:
        self.reference, self.rules = Reference(world), world.population.faculties.classroom
        size = self.rules.size
        self.pupils = [self._pupil(seed, number * size + i) for i in range(size)]
        self.session, self.spent = 0, 0.0

    def _pupil(self, seed: int, student: int) -> Pupil:
        made, rules, offset = self.reference.student(seed, student), self.rules, self.reference.faculties.offset
        z = rules.belonging_mean + offset(made.group, rules.belonging_by_group)
        base = logistic(z + rules.belonging_sd * made.person.normal(BELONGING))
        overruled = rules.override
        if 0.0 < overruled < 1.0:
            overruled = logistic(logit(overruled) + offset(made.group, rules.override_by_group))
        return Pupil(made, base, base, overruled)

    def working(self) -> list[int]:
        """Who takes part in the next step."""
        return [i for i, p in enumerate(self.pupils) if p.present and p.student.session == self.session]

    def closed(self) -> set[int]:
        """What needs a teacher who has no time left."""
        activities = self.reference.activities
        spent = self.rules.minutes - self.spent <= 1e-9
        return {i for i, a in enumerate(activities) if spent and a.form in self.rules.tutored}

    def possible(self, pupil: Pupil) -> list[bool]:
        """Of each activity, whether it can be done today."""
        able, closed = self.reference.faculties.possible(pupil.student.inner), self.closed()
        return [can and activity not in closed for activity, can in enumerate(able)]

    def step(self, offers: list[list[int]]) -> list[Event | None]:
        """One step of all; what is offered to who waits does nothing. Who is told to end takes part in nothing else."""
        reference, there = self.reference, self.working()
        told = [i for i in there if reference.is_control(offers[i][0])]
        working = [i for i in there if i not in told]
        done = {i: self._activity(self.pupils[i], offers[i]) for i in working}
        minutes = {i: reference.minutes(self.pupils[i].student, done[i]) for i in working}
        forms = {i: reference.activities[done[i]].form for i in working}
        asked = sum([minutes[i] for i in working if forms[i] in self.rules.tutored], 0.0)
        left = max(0.0, self.rules.minutes - self.spent)
        share = 1.0 if asked <= left else left / asked
        beside = {i: self._beside(i, done[i], forms[i], share) for i in working}
        company = {i: self._belonging(i, forms[i]) for i in working}
        events: list[Event | None] = [None] * len(self.pupils)
        for i in told:
            events[i] = reference.end(self.pupils[i].student, offers[i][0])
        for i in working:
            given = minutes[i] * share if forms[i] in self.rules.tutored else 0.0
            self.pupils[i].taught += given
            self.spent += given
            self.pupils[i].belonging = company[i]
            events[i] = reference.do(
                self.pupils[i].student, done[i], len(offers[i]), beside=beside[i], company=company[i]
            )
        for i in there:
            self.pupils[i].present = not events[i].over
        following = min([p.student.session for p in self.pupils if p.present], default=self.session)
        if following > self.session:
            self.session, self.spent = following, 0.0
        return events

    def _activity(self, p: Pupil, offered: list[int]) -> int:
        s, faculties = p.student, self.reference.faculties
        liked = faculties.chosen(s.inner, self.reference.slate(offered), s.goals, s.life, s.step, self.closed())
        if s.life.uniform(step_counter(s.step, OVERRIDE)) >= p.overruled:
            return liked
        for k in self._order():
            medium = self._medium(k)
            if s.goals[k] and s.mind.recall(k, 1.0) < 0.95 and medium is not None:
                return medium if self.possible(p)[medium] else liked
        return liked

    def _order(self) -> list[int]:
        """Every concept after all that it needs, else as listed."""
        order: list[int] = []
        while len(order) < len(self.reference.index):
            ready = [
                k
                for k in self.reference.index.values()
                if k not in order and all(parent in order for parent, _ in self.reference.parents[k])
            ]
            order.append(ready[0])
        return order

    def _medium(self, k: int) -> int | None:
        """The plain answered activity on this concept alone that is nearest to a medium one."""
        apart = {*self.rules.peers, *self.rules.tutored}
        found = [
            (abs(a.difficulty), i)
            for i, a in enumerate(self.reference.activities)
            if a.answered and [j for j, _ in self.reference.loads[i]] == [k] and a.form not in apart
        ]
        return min(found)[1] if found else None

    def _end(self) -> float:
        """The day on which the session ends."""
        course = self.reference.course
        return course.days[self.session] + course.minutes / 1440.0

    def _mates(self, i: int) -> list[Pupil]:
        return [p for j, p in enumerate(self.pupils) if j != i and p.present]

    def _beside(self, i: int, activity: int, form: str, share: float) -> list[float]:
        """What others multiply the learning of each concept by."""
        s, mates, factors = self.pupils[i].student, self._mates(i), []
        for k, _ in self.reference.loads[activity]:
            factor = 1.0 + self.rules.tutoring * share if form in self.rules.tutored else 1.0
            if form in self.rules.peers and mates:
                own = self.reference.recall(s, k, self._end())
                theirs = math.fsum([self.reference.recall(p.student, k, self._end()) for p in mates]) / len(mates)
                gap = theirs - own
                factor *= 1.0 + self.rules.help * max(0.0, gap) + self.rules.explaining * max(0.0, -gap)
            factors.append(factor)
        return factors

    def _belonging(self, i: int, form: str) -> float:
        p, rules = self.pupils[i], self.rules
        b = p.belonging
        if form in rules.peers and self._mates(i):
            b += rules.together * (1.0 - b)
        elif form not in rules.tutored:
            b -= rules.isolation * b
        return b + rules.pull * (p.base - b)

    def state(self, i: int) -> dict[str, object]:
        """Every array of the vectorised state of a seat, by name."""
        p = self.pupils[i]
        found = {name: getattr(p, name) for name in ("present", "belonging", "base", "overruled", "taught")}
        return {f"inner.seats.{name}": x for name, x in {**found, "session": self.session, "spent": self.spent}.items()}
