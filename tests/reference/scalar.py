"""One simulated student at a time, in plain Python: written from the docstrings, compared with the package.

It reads the parameters of a `World`, and calls none of the package's arithmetic.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.reference.draws import LIFE, PERSON, Key, key, step_counter
from tests.reference.inner import Faculties, Inner
from tests.reference.knowledge import MINDS, Load, Mind
from tests.reference.memory import MEMOS, Memo
from tests.reference.prelude import Script

GOALS_FROM, KNOWN_FROM, MEMORY_FROM = 1 << 20, 1 << 21, 1 << 22
ANSWER, PACE, LEARN, LOSE = 0, 1, 4, 8
AGAIN, PRELUDE = 1 << 48, 1 << 40  # counters between draws of a student, and before those of the prelude
TIE = 1e-9  # sums that differ in their last bits alone are the same


@dataclass
class Student:
    """All that is true of one student."""

    life: Key
    person: Key
    group: int
    ability: float
    rate: float
    pace: float
    memory: float
    goals: list[bool]
    mind: Mind
    memo: Memo
    inner: Inner
    now: float
    step: int = 0
    session: int = 0
    used: float = 0.0
    at_test: list[float] = field(default_factory=list)  # recall on the day of the test, as it stands
    aims: list[int] = field(default_factory=list)  # the goals by number
    begun: float = 0.0  # mean mastery of the goals when the course began


@dataclass
class Event:
    """What one step did."""

    activity: int
    correct: bool
    minutes: float
    elapsed: float
    terminated: bool
    truncated: bool
    left: bool
    stopped: bool = False

    @property
    def over(self) -> bool:
        return self.terminated or self.truncated or self.left or self.stopped


class Reference:
    """The rules of one world."""

    def __init__(self, world: Any) -> None:
        self.population, self.course, self.prelude = world.population, world.course, world.prelude
        self.activities, self.controls = world.curriculum.activities, world.controls
        self.index = {c.id: k for k, c in enumerate(world.curriculum.concepts)}
        self.loads: list[list[Load]] = [
            [(self.index[c], share) for c, share in a.loads.items()] for a in self.activities
        ]
        self.parents: list[list[Load]] = [[] for _ in self.index]
        for p in world.curriculum.prerequisites:
            self.parents[self.index[p.concept]].append((self.index[p.prerequisite], p.strength))
        self.test_day = self.course.days[-1] + self.course.test_days
        self.faculties = Faculties(world)

    def student(self, seed: int, student: int) -> Student:
        """Draws one student, again where nothing is left to learn after the prelude, and plays the prelude."""
        for again in itertools.count():
            made = self.drawn(seed, student, again)
            if self.prelude is None:
                return made
            self._play(made)
            if self.test_recall(made) < self.course.mastered - TIE:
                return made
        raise AssertionError

    def _play(self, s: Student) -> None:
        """The prelude: it takes no time, and no luck of the course."""
        script = Script(self.prelude, self.activities, [loads[0][0] for loads in self.loads])
        life, first_day = s.life, s.now
        s.life = life.ahead(PRELUDE)
        while (activity := script.next(s.mind, s.life)) is not None:
            event = self.step(s, activity)
            script.log.append((event.activity, event.correct))
            s.session, s.used, s.now = 0, 0.0, first_day
        s.life, s.step, s.begun = life, 0, self.mastery(s)

    def drawn(self, seed: int, student: int, again: int) -> Student:
        """One student before the prelude, who was drawn so often before."""
        person = key(seed, PERSON, student).ahead(again * AGAIN)
        u, total, group = person.uniform(0), 0.0, 0
        for i, g in enumerate(self.population.groups):
            total += g.share
            if u < total:
                group = i
                break
        else:
            group = len(self.population.groups) - 1
        of = self.population.groups[group]
        first = person.normal(1)
        second = of.correlation * first + math.sqrt(1.0 - of.correlation**2) * person.normal(2)
        ability, rate = of.ability_mean + of.ability_sd * first, of.rate_mean + of.rate_sd * second
        memory = of.memory_mean + of.memory_sd * person.normal(4)
        concepts = range(len(self.index))
        model = self.population.knowledge
        mind: Mind = MINDS[type(model).__name__](
            model, ability, rate, [person.uniform(KNOWN_FROM + k) for k in concepts]
        )
        remembers, first_day = self.population.memory, float(self.course.days[0])
        memo = MEMOS[type(remembers).__name__](
            remembers,
            memory,
            [mind.held(k) for k in concepts],
            first_day,
            lambda kind, k: person.uniform(MEMORY_FROM + (kind << 20) + k),
        )
        made = Student(
            life=key(seed, LIFE, student).ahead(again * AGAIN),
            person=person,
            group=group,
            ability=ability,
            rate=rate,
            pace=of.pace_mean + of.pace_sd * person.normal(3),
            memory=memory,
            goals=self._goals([person.uniform(GOALS_FROM + k) for k in concepts]),
            mind=mind,
            memo=memo,
            inner=self.faculties.start(group, person),
            now=first_day,
        )
        made.at_test, made.aims = self.at_test(made), [k for k, goal in enumerate(made.goals) if goal]
        made.begun = self.mastery(made)
        return made

    def _goals(self, u: list[float]) -> list[bool]:
        """What was drawn, and all that it needs; or so many, and nothing else."""
        rule = self.population.goals
        if type(rule).__name__ == "Targets":
            count = rule.fewest + int(math.fsum(u) % 1.0 * (rule.most - rule.fewest + 1))
            return [x in sorted(u)[:count] for x in u]
        waiting = [k for k, x in enumerate(u) if x < self.population.goals.share or x == min(u)]
        goals = [False] * len(u)
        while waiting:
            k = waiting.pop()
            if not goals[k]:
                goals[k] = True
                waiting += [parent for parent, _ in self.parents[k]]
        return goals

    def recall(self, s: Student, k: int, day: float) -> float:
        """How far a concept can be used on a day."""
        return s.mind.recall(k, s.memo.recalled(k, day))

    def readiness(self, s: Student, k: int) -> float:
        """How well prepared the student is to learn a concept."""
        ready = 1.0
        for parent, strength in self.parents[k]:
            ready *= 1.0 - strength * (1.0 - self.recall(s, parent, s.now))
        return self.population.leak + (1.0 - self.population.leak) * ready

    def step(self, s: Student, *offered: int) -> Event:
        """The student does one activity of those offered, unless the first is the end of the session or course."""
        if self.is_control(offered[0]):
            return self.end(s, offered[0])
        slate = self.slate(offered)
        return self.do(s, self.faculties.chosen(s.inner, slate, s.goals, s.life, s.step), len(slate))

    def is_control(self, action: int) -> bool:
        """Whether this ends something."""
        return action >= len(self.activities)

    def slate(self, offered: Sequence[int]) -> list[int]:
        """What can be done of a slate; in a later place a control is the first offer again."""
        return [offered[0] if self.is_control(x) else x for x in offered]

    def end(self, s: Student, action: int) -> Event:
        """The platform ends today's session, or all that are left."""
        stops, now = self.controls[action - len(self.activities)] == "stop", s.now
        s.session, s.used = len(self.course.days) if stops else s.session + 1, 0.0
        s.now = self._today(s)
        self.faculties.renew(s.inner, s.person, s.session)
        ended = s.session >= len(self.course.days)
        left = not ended and self.faculties.leaves(s.inner, s.session, s.life, s.step)
        s.step += 1
        return Event(action, False, 0.0, s.now - now, False, ended and not stops, left, stops)

    def minutes(self, s: Student, activity: int) -> float:
        """What the student's next activity takes."""
        guessing, noise = self.faculties.on.rapid_guessing, s.life.normal(step_counter(s.step, PACE))
        haste = guessing.haste if self.faculties.rapid(s.inner, s.life, s.step) else 1.0
        return self.activities[activity].minutes * math.exp(self.population.pace.residual_sd * noise - s.pace) * haste

    def do(
        self, s: Student, activity: int, offers: int, *, beside: Sequence[float] = (1.0,) * 4, company: float = 0.5
    ) -> Event:
        """The student does this; `beside` is what others multiply the learning of each of its concepts by."""
        faculties, life = self.faculties, s.life
        a, loads = self.activities[activity], self.loads[activity]
        kept = [s.memo.recalled(k, s.now) for k, _ in loads]
        minutes, rapid = self.minutes(s, activity), faculties.rapid(s.inner, life, s.step)
        chance = faculties.on.rapid_guessing.right if rapid else s.mind.success(loads, kept, a.difficulty)
        correct = a.answered and life.uniform(step_counter(s.step, ANSWER)) < chance
        ready = [self.readiness(s, k) for k, _ in loads]
        tries = []
        for i, (k, share) in enumerate(loads):
            u, v = (partial(life.uniform, step_counter(s.step, slot + i)) for slot in (LEARN, LOSE))
            wrong, known = a.answered and not correct, s.mind.recall(k, kept[i])
            strength = ready[i] * a.learning * share * beside[i]
            strength *= faculties.teaching(s.inner, activity, known, wrong, rapid)
            tries.append((k, strength, u, v))
        came = s.mind.tried(activity, tries, correct, a.answered)
        for i, ((k, _), (held, new)) in enumerate(zip(loads, came, strict=True)):
            held = held and (new or not rapid)  # who did not look did not remember either
            s.memo.practise(k, s.now, kept[i], held, held and correct, a.answered, new)
        for k in self.index.values() if self.population.knowledge.wide else [k for k, _ in loads]:
            s.at_test[k] = self.recall(s, k, self.test_day)
        faculties.feel(s.inner, activity, chance, a.answered, correct, offers, company)
        before = s.session
        elapsed = self._clock(s, minutes)
        done, ended = self.test_recall(s) >= self.course.mastered - TIE, s.session >= len(self.course.days)
        left = False
        if s.session > before:
            faculties.renew(s.inner, s.person, s.session)
            left = not (done or ended) and faculties.leaves(s.inner, s.session, life, s.step)
        s.step += 1
        return Event(activity, correct, minutes, elapsed, done, ended, left)

    def _clock(self, s: Student, minutes: float) -> float:
        s.used += minutes
        if s.used >= self.course.minutes:
            s.session, s.used = s.session + 1, 0.0
        now = self._today(s)
        elapsed, s.now = now - s.now, now
        return elapsed

    def _today(self, s: Student) -> float:
        """Days since the course began, by session and minutes."""
        if s.session < len(self.course.days):
            return float(self.course.days[s.session] + s.used / 1440.0)
        return float(self.course.days[-1] + self.course.minutes / 1440.0)

    def at_test(self, s: Student) -> list[float]:
        """Recall of every concept on the day of the test, afresh."""
        return [self.recall(s, k, self.test_day) for k in range(len(self.index))]

    def test_recall(self, s: Student) -> float:
        """Its mean over the goals."""
        return sum([s.at_test[k] for k in s.aims]) / len(s.aims)

    def mastery(self, s: Student) -> float:
        """Mean recall of the goals as if just practised."""
        return sum([s.mind.recall(k, 1.0) for k in s.aims]) / len(s.aims)

    def expected_score(self, s: Student) -> float:
        """Expected share of right answers on the test."""
        return sum([s.mind.score(k, s.at_test[k]) for k in s.aims]) / len(s.aims)
