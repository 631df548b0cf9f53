"""The equations of the models of memory, one student at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from tests.reference.draws import INVERSE

Luck = Callable[[int, int], float]  # a uniform draw of a kind and a concept, made when it is asked for


class Memo(Protocol):
    """What one student remembers."""

    def state(self) -> dict[str, object]: ...  # every array of the vectorised state, by name
    def recalled(self, k: int, day: float) -> float: ...
    def practise(
        self, k: int, day: float, recalled: float, held: bool, correct: bool, answered: bool, new: bool
    ) -> None: ...


class HalfLifeMemo:
    """Half-lives that right answers make longer."""

    def __init__(self, model: Any, memory: float, held: list[bool], day: float, luck: Luck) -> None:
        self.p, self.new = model, model.new_days * math.exp(memory)
        self.half_life = [math.exp(memory) * (model.known_days if x else model.new_days) for x in held]
        self.last = [day] * len(held)

    def state(self) -> dict[str, object]:
        return {"half_life": self.half_life, "last": self.last, "new": self.new}

    def recalled(self, k: int, day: float) -> float:
        days, half_life = day - self.last[k], self.half_life[k]
        kind = type(self.p).__name__
        if kind == "NoForgetting":
            return 1.0
        if kind == "Exponential":
            return 2.0 ** (-days / half_life)
        assert kind == "Power", kind
        return (1.0 + (2.0 ** (1.0 / self.p.decay) - 1.0) * days / half_life) ** -self.p.decay

    def practise(
        self, k: int, day: float, recalled: float, held: bool, correct: bool, answered: bool, new: bool
    ) -> None:
        if new:
            self.half_life[k] = self.new
        elif held and correct:
            longer = self.half_life[k] * (1.0 + self.p.gain + self.p.spacing * (1.0 - recalled))
            self.half_life[k] = max(self.half_life[k], min(self.p.cap_days, longer))
        if held:
            self.last[k] = day


class FSRSMemo:
    """FSRS-6, as the package has it."""

    def __init__(self, model: Any, memory: float, held: list[bool], day: float, luck: Luck) -> None:
        self.p, self.w, self.factor = model, model.weights, math.exp(memory)
        self.stability = [model.known_days if x else self.w[model.first - 1] for x in held]
        self.difficulty = [self.difficulty_at_first(model.right if x else model.first, True) for x in held]
        self.last = [day] * len(held)

    def state(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("stability", "difficulty", "last", "factor")}

    def difficulty_at_first(self, grade: int, bounded: bool) -> float:
        d = self.w[4] - math.exp(self.w[5] * (grade - 1)) + 1
        return min(10.0, max(1.0, d)) if bounded else d

    def days(self, k: int, day: float) -> float:
        days = day - self.last[k]
        return float(math.floor(days)) if self.p.whole_days else days

    def recalled(self, k: int, day: float) -> float:
        scale = 0.9 ** (-1 / self.w[20]) - 1
        return (1 + scale * max(0.0, self.days(k, day) / self.factor) / self.stability[k]) ** -self.w[20]

    def practise(
        self, k: int, day: float, recalled: float, held: bool, correct: bool, answered: bool, new: bool
    ) -> None:
        if new:
            self.stability[k] = self.w[self.p.first - 1]
            self.difficulty[k] = self.difficulty_at_first(self.p.first, True)
        elif held and answered:
            self.review(k, recalled, self.p.right if correct else 1, self.days(k, day) < self.p.same_day)
        if held:
            self.last[k] = day

    def review(self, k: int, r: float, grade: int, same_day: bool) -> None:
        w, s, d = self.w, self.stability[k], self.difficulty[k]
        if same_day:
            factor = math.exp(w[17] * (grade - 3 + w[18])) * s ** -w[19]
            s *= max(1.0, factor) if grade > 1 else factor
        elif grade == 1:
            long = w[11] * d ** -w[12] * ((s + 1) ** w[13] - 1) * math.exp(w[14] * (1 - r))
            s = min(long, s / math.exp(w[17] * w[18]))
        else:
            bonus = {2: w[15], 3: 1.0, 4: w[16]}[grade]
            s *= 1 + math.exp(w[8]) * (11 - d) * s ** -w[9] * (math.exp(w[10] * (1 - r)) - 1) * bonus
        d -= w[6] * (grade - 3) * (10 - d) / 9
        d = w[7] * self.difficulty_at_first(4, False) + (1 - w[7]) * d
        self.stability[k], self.difficulty[k] = max(0.001, s), min(10.0, max(1.0, d))


class ExponentialCurveMemo:
    """Rates of items, and strengths that reviews add to."""

    def __init__(self, model: Any, memory: float, held: list[bool], day: float, luck: Luck) -> None:
        self.p = model
        z = [INVERSE(max(luck(0, k), 2.0**-54)) for k in range(len(held))]
        self.rate = [model.rate * math.exp(model.rate_sd * x - memory) for x in z]
        self.strength = [model.known_strength if x else 1.0 for x in held]
        self.last = [day] * len(held)

    def state(self) -> dict[str, object]:
        return {"rate": self.rate, "strength": self.strength, "last": self.last}

    def recalled(self, k: int, day: float) -> float:
        return math.exp(-self.rate[k] * max(0.0, day - self.last[k]) / self.strength[k])

    def practise(
        self, k: int, day: float, recalled: float, held: bool, correct: bool, answered: bool, new: bool
    ) -> None:
        if held:
            self.strength[k] = 1.0 if new else self.strength[k] + self.p.growth
            self.last[k] = day


class HalfLifeRegressionMemo:
    """Half-lives from how often it was right and wrong."""

    def __init__(self, model: Any, memory: float, held: list[bool], day: float, luck: Luck) -> None:
        self.p = model
        z = [INVERSE(max(luck(0, k), 2.0**-54)) for k in range(len(held))]
        self.item = [model.item_sd * x + memory / math.log(2.0) for x in z]
        self.right, self.wrong = [model.known_right if x else 0.0 for x in held], [0.0] * len(held)
        self.last = [day] * len(held)

    def state(self) -> dict[str, object]:
        return {"right": self.right, "wrong": self.wrong, "item": self.item, "last": self.last}

    def recalled(self, k: int, day: float) -> float:
        x, y = (math.sqrt(1 + n) if self.p.roots else n for n in (self.right[k], self.wrong[k]))
        power = self.p.bias + self.p.right_weight * x + self.p.wrong_weight * y + self.item[k]
        half_life = min(self.p.cap_days, max(self.p.floor_days, 2.0 ** min(power, 500.0)))
        return 2.0 ** (-max(0.0, day - self.last[k]) / half_life)

    def practise(
        self, k: int, day: float, recalled: float, held: bool, correct: bool, answered: bool, new: bool
    ) -> None:
        if new:
            self.right[k], self.wrong[k] = 1.0, 0.0
        elif held and answered:
            self.right[k] += correct
            self.wrong[k] += not correct
        if held:
            self.last[k] = day


class DashMemo:
    """All answers with their times, of which the last ones are counted in windows."""

    def __init__(self, model: Any, memory: float, held: list[bool], day: float, luck: Luck) -> None:
        self.p, self.factor = model, math.exp(memory)
        z = [INVERSE(max(luck(0, k), 2.0**-54)) for k in range(len(held))]
        self.difficulty = [model.difficulty + model.difficulty_sd * x for x in z]
        self.answers: list[list[tuple[float, bool]]] = [[] for _ in held]  # the oldest first
        self.tries_ever = [model.known_tries if x else 0.0 for x in held]
        self.rights_ever = list(self.tries_ever)

    def state(self) -> dict[str, object]:
        last = [[*reversed(a[-self.p.size :])] for a in self.answers]
        rest = [self.p.size - len(a) for a in last]
        return {
            "times": [[day for day, _ in a] + [-math.inf] * n for a, n in zip(last, rest, strict=True)],
            "rights": [[float(right) for _, right in a] + [0.0] * n for a, n in zip(last, rest, strict=True)],
            **{name: getattr(self, name) for name in ("tries_ever", "rights_ever", "difficulty", "factor")},
        }

    def recalled(self, k: int, day: float) -> float:
        x = self.p.ability - self.difficulty[k]
        for days, right, tries in zip(self.p.windows, self.p.right[:-1], self.p.tries[:-1], strict=True):
            inside = [r for then, r in self.answers[k][-self.p.size :] if (day - then) / self.factor < days]
            x += right * math.log(1 + sum(inside)) - tries * math.log(1 + len(inside))
        x += self.p.right[-1] * math.log(1 + self.rights_ever[k]) - self.p.tries[-1] * math.log(1 + self.tries_ever[k])
        return 1.0 / (1.0 + math.exp(-x))

    def practise(
        self, k: int, day: float, recalled: float, held: bool, correct: bool, answered: bool, new: bool
    ) -> None:
        if new:
            self.answers[k], self.tries_ever[k], self.rights_ever[k] = [(day, True)], 1.0, 1.0
        elif held and answered:
            self.answers[k].append((day, correct))
            self.tries_ever[k] += 1
            self.rights_ever[k] += correct


class DashBlocksMemo:
    """Answers counted in blocks of the course."""

    def __init__(self, model: Any, memory: float, held: list[bool], day: float, luck: Luck) -> None:
        def normal(kind: int, k: int) -> float:
            return INVERSE(max(luck(kind, k), 2.0**-54))

        self.p, self.first, items = model, day, range(len(held))
        self.tries = [[0.0] * len(model.weights) for _ in items]
        self.rights = [[0.0] * len(model.weights) for _ in items]
        self.difficulty = [model.difficulty + model.difficulty_sd * normal(0, k) for k in items]
        self.decay = [math.exp(-math.exp(model.decay + model.decay_sd * normal(1, k))) for k in items]
        self.rate = model.rate * math.exp(model.rate_sd * normal(2, 0) - memory)
        self.last = [day] * len(held)

    def state(self) -> dict[str, object]:
        names = ("tries", "rights", "difficulty", "decay", "rate", "last", "first")
        return {name: getattr(self, name) for name in names}

    def block(self, day: float) -> int:
        return sum(day - self.first >= end for end in self.p.ends)

    def recalled(self, k: int, day: float) -> float:
        x = self.p.ability - self.difficulty[k]
        for w in range(self.block(day)):
            x += self.p.weights[w] * (math.log(1 + self.rights[k][w]) + math.log(1 + self.tries[k][w]))
        power = (1.0 + self.rate * max(0.0, day - self.last[k])) ** self.decay[k]
        return 1.0 / (1.0 + math.exp(-x)) / power

    def practise(
        self, k: int, day: float, recalled: float, held: bool, correct: bool, answered: bool, new: bool
    ) -> None:
        if new:
            self.tries[k], self.rights[k] = [0.0] * len(self.p.weights), [0.0] * len(self.p.weights)
        if new or (held and answered):
            self.tries[k][self.block(day)] += 1
            self.rights[k][self.block(day)] += new or correct
        if held:
            self.last[k] = day


class ActRMemo:
    """Practices with their times and decays, the older ones as if even."""

    def __init__(self, model: Any, memory: float, held: list[bool], day: float, luck: Luck) -> None:
        self.p, self.factor = model, math.exp(memory)
        self.traces: list[list[tuple[float, float]]] = [[] for _ in held]  # day and decay, the newest first
        self.older = [model.known_tries if x else 0.0 for x in held]
        self.older_decay = [x * model.intercept for x in self.older]
        self.older_first, self.older_last = [day - model.known_days] * len(held), [day] * len(held)

    def state(self) -> dict[str, object]:
        rest = [self.p.size - len(traces) for traces in self.traces]
        both = list(zip(self.traces, rest, strict=True))
        names = ("older", "older_decay", "older_first", "older_last", "factor")
        return {
            "times": [[day for day, _ in traces] + [-math.inf] * n for traces, n in both],
            "decays": [[decay for _, decay in traces] + [self.p.intercept] * n for traces, n in both],
            **{name: getattr(self, name) for name in names},
        }

    def seconds(self, days: float) -> float:
        session = self.p.session_minutes * 60
        seconds = days * 86400
        if seconds > session:
            seconds = session + self.p.between * (seconds - session)
        return max(self.p.least_seconds, seconds)

    def strength(self, k: int, day: float, factor: float) -> float:
        total = sum(self.seconds((day - then) / factor) ** -decay for then, decay in self.traces[k])
        if self.older[k]:
            near, far = (self.seconds((day - x[k]) / factor) for x in (self.older_last, self.older_first))
            e = 1.0 - self.older_decay[k] / self.older[k]
            if far > near * (1 + 1e-6):
                total += self.older[k] * (far**e - near**e) / (e * (far - near))
            else:
                total += self.older[k] * near ** (e - 1)
        return total

    def recalled(self, k: int, day: float) -> float:
        strength = self.strength(k, day, self.factor)
        if strength == 0:
            return 0.0
        return 1.0 / (1.0 + math.exp((self.p.threshold - math.log(strength)) / self.p.noise))

    def practise(
        self, k: int, day: float, recalled: float, held: bool, correct: bool, answered: bool, new: bool
    ) -> None:
        if new:
            self.traces[k], self.older[k], self.older_decay[k] = [(day, self.p.intercept)], 0.0, 0.0
        elif held:
            decay = self.p.scale * self.strength(k, day, 1.0) + self.p.intercept
            self.traces[k].insert(0, (day, decay))
            if len(self.traces[k]) > self.p.size:
                self.older_last[k], lost = self.traces[k].pop()
                self.older_first[k] = self.older_first[k] if self.older[k] else self.older_last[k]
                self.older[k] += 1
                self.older_decay[k] += lost


MEMOS: dict[str, Any] = {
    "NoForgetting": HalfLifeMemo,
    "Exponential": HalfLifeMemo,
    "Power": HalfLifeMemo,
    "FSRS": FSRSMemo,
    "ExponentialCurve": ExponentialCurveMemo,
    "HalfLifeRegression": HalfLifeRegressionMemo,
    "Dash": DashMemo,
    "DashBlocks": DashBlocksMemo,
    "ActR": ActRMemo,
}
