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


MEMOS: dict[str, Any] = {
    "NoForgetting": HalfLifeMemo,
    "Exponential": HalfLifeMemo,
    "Power": HalfLifeMemo,
    "FSRS": FSRSMemo,
    "ExponentialCurve": ExponentialCurveMemo,
    "HalfLifeRegression": HalfLifeRegressionMemo,
}
