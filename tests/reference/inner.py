"""The faculties of one student, written from their docstrings: what each does when its turn comes."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from tests.reference.draws import Key, step_counter
from tests.reference.knowledge import logistic, logit

BASE, PREFERRED, INTEREST_FROM, HAS_FROM, MOST_RESOURCES = 8, 9, 1 << 24, 1 << 25, 32
RAPID, LEAVE, OWN_WAY, PICK, ACTIVITY = 2, 3, 12, 13, 14


@dataclass
class Inner:
    """What one student has of the faculties that are on."""

    offset: dict[str, float]  # logits of the subgroup, by faculty
    level: float = 0.5  # of engagement
    base: float = 0.5
    form: int = -1  # of the last activity
    recent: float = 0.0  # failures
    preferred: int = -1
    interest: tuple[float, ...] = ()
    has: tuple[bool, ...] = ()
    today: tuple[bool, ...] = ()
    session: int = 0


class Faculties:
    """The faculties of one world."""

    def __init__(self, world: Any) -> None:
        self.on = world.population.faculties
        self.groups = [g.name for g in world.population.groups]
        self.activities = world.curriculum.activities
        self.forms = list(dict.fromkeys(a.form for a in self.activities))
        self.concepts = [c.id for c in world.curriculum.concepts]

    def offset(self, group: int, by_group: Any) -> float:
        name = self.groups[group]
        return sum([x for part, x in by_group.items() if part in {name, *name.split(" / ")}], 0.0)

    def start(self, group: int, person: Key) -> Inner:
        """A student before the course."""
        on = self.on
        names = [name for name in ("engagement", "dropout", "rapid_guessing", "choice") if getattr(on, name)]
        made = Inner({name: self.offset(group, getattr(on, name).by_group) for name in names})
        if on.engagement:
            z = on.engagement.base_mean + made.offset["engagement"] + on.engagement.base_sd * person.normal(BASE)
            made.level = made.base = logistic(z)
        if on.forms:
            made.preferred = int(person.uniform(PREFERRED) * len(self.forms))
        if on.choice:
            made.interest = tuple(person.normal(INTEREST_FROM + k) for k in range(len(self.concepts)))
        if on.access:
            made.has = tuple(
                person.uniform(HAS_FROM + i) < self.share(r.share, self.offset(group, r.by_group))
                for i, r in enumerate(on.access.resources)
            )
            self.renew(made, person, 0)
        return made

    @staticmethod
    def share(of_all: float, offset: float) -> float:
        return of_all if of_all in (0.0, 1.0) else logistic(logit(of_all) + offset)

    def renew(self, inner: Inner, person: Key, session: int) -> None:
        """Draws what works in a session."""
        if not self.on.access:
            return
        first, resources = HAS_FROM + (session + 1) * MOST_RESOURCES, self.on.access.resources
        inner.today = tuple(
            has and person.uniform(first + i) < r.daily
            for i, (has, r) in enumerate(zip(inner.has, resources, strict=True))
        )
        inner.session = session

    def possible(self, inner: Inner) -> list[bool]:
        """Of each activity, whether it can be done today."""
        if not self.on.access:
            return [True] * len(self.activities)
        usable = {r.name for r, works in zip(self.on.access.resources, inner.today, strict=True) if works}
        return [usable.issuperset(a.needs) for a in self.activities]

    def chosen(
        self, inner: Inner, offered: list[int], goals: list[bool], life: Key, step: int, closed: Container[int] = ()
    ) -> int:
        """What the student does of what is offered, the first offer first; nobody goes own ways to what is closed."""
        choice = self.on.choice
        if choice is None:
            return offered[0]
        own = choice.own + inner.offset["choice"] - choice.relief * math.log(len(offered))
        pick = life.uniform(step_counter(step, PICK))
        if life.uniform(step_counter(step, OWN_WAY)) < logistic(own):
            drawn_to = [
                math.exp(choice.interest * i + choice.goal * g) for i, g in zip(inner.interest, goals, strict=True)
            ]
            concept = self.concepts[_place(drawn_to, pick)]
            possible = self.possible(inner)
            able = [i for i, a in enumerate(self.activities) if concept in a.loads and i not in closed and possible[i]]
            return able[int(life.uniform(step_counter(step, ACTIVITY)) * len(able))] if able else offered[0]
        liked = []
        for place, i in enumerate(offered):
            loads = self.activities[i].loads
            mean = sum([share * inner.interest[self.concepts.index(c)] for c, share in loads.items()])
            liked.append(math.exp(choice.trust * (place == 0) + choice.interest * mean))
        return offered[_place(liked, pick)]

    def rapid(self, inner: Inner, life: Key, step: int) -> bool:
        """Whether this is a rapid guess."""
        guessing = self.on.rapid_guessing
        if guessing is None:
            return False
        x = guessing.intercept + inner.offset["rapid_guessing"] - guessing.engagement * (inner.level - 0.5)
        return life.uniform(step_counter(step, RAPID)) < logistic(x)

    def teaching(self, inner: Inner, activity: int, known: float, wrong: bool, rapid: bool) -> float:
        """What the learning of one concept is multiplied by, from how far it can be used just now."""
        factor, form = 1.0, self.activities[activity].form
        if self.on.engagement:
            factor *= 1.0 - self.on.engagement.effort * (1.0 - inner.level)
        if rapid:
            factor *= self.on.rapid_guessing.learning
        if forms := self.on.forms:
            help_ = forms.assistance.get(form, 0.0)
            factor *= 1.0 + help_ * (forms.novice * (1.0 - known) - forms.expert * known)
            factor *= 1.0 + forms.correction * forms.feedback.get(form, 0.0) * wrong
            factor *= 1.0 + forms.meshing * (self.forms.index(form) == inner.preferred)
        return factor

    def feel(
        self,
        inner: Inner,
        activity: int,
        chance: float,
        answered: bool,
        correct: bool,
        offers: int,
        company: float,
    ) -> None:
        """What the try does to failures and engagement."""
        form = self.forms.index(self.activities[activity].form)
        if self.on.dropout and answered:
            inner.recent += self.on.dropout.memory * ((not correct) - inner.recent)
        if e := self.on.engagement:
            step = e.pull * (inner.base - inner.level)
            if answered:
                fit = 1.0 - abs(chance - e.target) / max(e.target, 1.0 - e.target)
                step += e.success * fit if correct else -e.failure
                step -= e.boredom * max(0.0, chance - e.target) / (1.0 - e.target)
            step += e.variety * (inner.form not in (-1, form)) + e.autonomy * (offers > 1)
            step += e.belonging * (company - 0.5)
            if self.on.forms:
                step += self.on.forms.fondness * (form == inner.preferred)
            inner.level = min(1.0, max(0.0, inner.level + step))
            inner.form = form

    def leaves(self, inner: Inner, session: int, life: Key, step: int) -> bool:
        """Whether the student leaves for good at the end of this session, the first of which is 1."""
        dropout = self.on.dropout
        if dropout is None:
            return False
        x = dropout.intercept + inner.offset["dropout"] + dropout.time * math.log(session)
        x += dropout.failures * inner.recent - dropout.engagement * (inner.level - 0.5)
        return life.uniform(step_counter(step, LEAVE)) < logistic(x)

    def state(self, inner: Inner, goals: list[bool], person: Key) -> dict[str, object]:
        """Every array of the vectorised state, by name, where its faculty is on."""
        on, found = self.on, dict[str, object]()
        if on.engagement:
            found |= {"mood.level": inner.level, "mood.base": inner.base, "mood.form": inner.form}
        if on.dropout:
            found |= {"wavering.offset": inner.offset["dropout"], "wavering.recent": inner.recent}
        if on.rapid_guessing:
            found["hasty"] = inner.offset["rapid_guessing"]
        if on.forms:
            found["taste.preferred"] = inner.preferred
        if on.choice:
            total, drawn_to = 0.0, []
            for i, goal in zip(inner.interest, goals, strict=True):
                total += math.exp(on.choice.interest * i + on.choice.goal * goal)
                drawn_to.append(total)
            offset = inner.offset["choice"]
            found |= {"interests.interest": inner.interest, "interests.drawn_to": drawn_to, "interests.offset": offset}
        if on.access:
            for name in ("has", "today"):
                found[f"conditions.{name}"] = sum([x << i for i, x in enumerate(getattr(inner, name))])
            found |= {"conditions.session": inner.session, "conditions.person.a": person.a}
            found["conditions.person.b"] = person.b
        return {f"inner.{name}": value for name, value in found.items()}


def _place(weights: list[float], u: float) -> int:
    """One of these with chance proportional to its weight."""
    left = u * sum(weights)
    for place, weight in enumerate(weights):
        left -= weight
        if left < 0.0:
            return place
    return len(weights) - 1
