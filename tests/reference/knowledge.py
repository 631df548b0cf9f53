"""The equations of the models of knowledge, one student and one concept at a time."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any, Protocol

from tests.reference.draws import SPARE, key

Load = tuple[int, float]  # concept, share
Draw = Callable[[], float]  # a uniform draw, made when it is asked for
Try = tuple[int, float, Draw, Draw]  # concept, strength, and the draws of learning and losing


def logistic(x: float) -> float:
    if x < 0:
        e = math.exp(x)
        return e / (1.0 + e)
    return 1.0 / (1.0 + math.exp(-x))


def logit(p: float) -> float:
    return math.log(p / (1.0 - p))


class Mind(Protocol):
    """What one student knows."""

    def state(self) -> dict[str, object]: ...  # every array of the vectorised state, by name

    def held(self, k: int) -> bool: ...
    def success(self, loads: list[Load], retention: list[float], difficulty: float) -> float: ...
    def tried(self, activity: int, tries: list[Try], correct: bool, answered: bool) -> list[tuple[bool, bool]]: ...
    def recall(self, k: int, retention: float) -> float: ...
    def score(self, k: int, recall: float) -> float: ...


class OneByOne:
    """Minds whose concepts are learned each for itself."""

    def tried(self, activity: int, tries: list[Try], correct: bool, answered: bool) -> list[tuple[bool, bool]]:
        return [self.learn(k, strength, u, v, correct) for k, strength, u, v in tries]

    def learn(self, k: int, strength: float, u: Draw, v: Draw, correct: bool) -> tuple[bool, bool]:
        raise NotImplementedError


class BKTMind(OneByOne):
    def __init__(self, model: Any, ability: float, rate: float, u: list[float]) -> None:
        self.p, self.rate = model, rate
        self.known = [float(x < logistic(logit(p) + ability)) for x, p in zip(u, model.initial, strict=True)]

    def state(self) -> dict[str, object]:
        return {"known": self.known, "rate": self.rate}

    def held(self, k: int) -> bool:
        return self.known[k] == 1.0

    def success(self, loads: list[Load], retention: list[float], difficulty: float) -> float:
        pairs = list(zip(loads, retention, strict=True))
        if self.p.items == "conjunctive":
            recalled = math.prod(self.known[k] * r for (k, _), r in pairs)
        else:
            recalled = sum(w * self.known[k] * r for (k, w), r in pairs)
        right = sum(w * logistic(logit(1.0 - self.p.slip[k]) - difficulty) for k, w in loads)
        lucky = sum(w * logistic(logit(self.p.guess[k]) - difficulty) for k, w in loads)
        return recalled * right + (1.0 - recalled) * lucky

    def learn(self, k: int, strength: float, u: Draw, v: Draw, correct: bool) -> tuple[bool, bool]:
        if self.known[k]:
            self.known[k] = 0.0 if v() < self.p.forget[k] else 1.0
            return self.held(k), False
        if u() < min(1.0, strength * logistic(logit(self.p.learn[k]) + self.rate)):
            self.known[k] = 1.0
            return True, True
        return False, False

    def recall(self, k: int, retention: float) -> float:
        return self.known[k] * retention

    def score(self, k: int, recall: float) -> float:
        return (1.0 - self.p.slip[k]) * recall + self.p.guess[k] * (1.0 - recall)


class AFMMind(OneByOne):
    def __init__(self, model: Any, ability: float, rate: float, u: list[float]) -> None:
        self.p, self.ability, self.rate, self.growth = model, ability, rate, [0.0] * len(u)

    def state(self) -> dict[str, object]:
        return {"growth": self.growth, "ability": self.ability, "rate": self.rate}

    def held(self, k: int) -> bool:
        return False

    def success(self, loads: list[Load], retention: list[float], difficulty: float) -> float:
        pairs = zip(loads, retention, strict=True)
        return logistic(
            self.ability + sum(w * (self.p.intercept[k] + self.growth[k] * r) for (k, w), r in pairs) - difficulty
        )

    def learn(self, k: int, strength: float, u: Draw, v: Draw, correct: bool) -> tuple[bool, bool]:
        self.growth[k] += strength * max(0.0, self.p.slope[k] + self.rate)
        return True, False

    def recall(self, k: int, retention: float) -> float:
        return logistic(self.ability + self.p.intercept[k] + self.growth[k] * retention)

    def score(self, k: int, recall: float) -> float:
        return recall


class PFAMind(AFMMind):
    def __init__(self, model: Any, ability: float, rate: float, u: list[float]) -> None:
        super().__init__(model, ability, rate, u)
        self.loss = [0.0] * len(u)

    def state(self) -> dict[str, object]:
        return {"gain": self.growth, "loss": self.loss, "ability": self.ability, "rate": self.rate}

    def success(self, loads: list[Load], retention: list[float], difficulty: float) -> float:
        pairs = list(zip(loads, retention, strict=True))
        kept = sum(w * self.growth[k] * r for (k, w), r in pairs)
        rest = sum(w * (self.p.intercept[k] + self.loss[k]) for k, w in loads)
        return logistic(self.ability + rest + kept - difficulty)

    def tried(self, activity: int, tries: list[Try], correct: bool, answered: bool) -> list[tuple[bool, bool]]:
        for k, strength, _, _ in tries:
            moved = self.p.wrong[k] if answered and not correct else max(0.0, self.p.right[k] + self.rate)
            if moved > 0:
                self.growth[k] += strength * moved
            else:
                self.loss[k] += strength * moved
        return [(True, False) for _ in tries]

    def recall(self, k: int, retention: float) -> float:
        return logistic(self.ability + self.p.intercept[k] + self.loss[k] + self.growth[k] * retention)


class IRTMind(OneByOne):
    def __init__(self, model: Any, ability: float, rate: float, u: list[float]) -> None:
        self.p, self.ability, self.rate, self.growth = model, ability, rate, [0.0] * len(u)

    def state(self) -> dict[str, object]:
        return {"growth": self.growth, "ability": self.ability, "rate": self.rate}

    def held(self, k: int) -> bool:
        return False

    def theta(self, k: int, retention: float) -> float:
        return self.ability + self.p.level[k] + self.growth[k] * retention

    def success(self, loads: list[Load], retention: list[float], difficulty: float) -> float:
        pairs = list(zip(loads, retention, strict=True))
        c = sum(w * self.p.guess[k] for k, w in loads)
        x = sum(w * self.p.discrimination[k] * (self.theta(k, r) - difficulty) for (k, w), r in pairs)
        return c + (1.0 - c) * logistic(x)

    def learn(self, k: int, strength: float, u: Draw, v: Draw, correct: bool) -> tuple[bool, bool]:
        mastered = logistic(self.p.discrimination[k] * self.theta(k, 1.0))
        self.growth[k] += strength * self.p.rise[k] * math.exp(self.rate) * (1.0 - mastered)
        return True, False

    def recall(self, k: int, retention: float) -> float:
        return logistic(self.p.discrimination[k] * self.theta(k, retention))

    def score(self, k: int, recall: float) -> float:
        return self.p.guess[k] + (1.0 - self.p.guess[k]) * recall


class TabularMind:
    def __init__(self, model: Any, ability: float, rate: float, u: list[float]) -> None:
        self.p, self.rate, self.state_now = model, rate, 0
        self.matrices = [model.transitions[name] for name in model.transitions]
        weights = [p * math.exp(ability * sum(row)) for p, row in zip(model.start, model.states, strict=True)]
        left = u[0] * sum(weights)
        while left >= weights[self.state_now]:
            left -= weights[self.state_now]
            self.state_now += 1

    def state(self) -> dict[str, object]:
        return {"state": self.state_now, "rate": self.rate}

    def held(self, k: int) -> bool:
        return self.p.states[self.state_now][k] == 1.0

    def success(self, loads: list[Load], retention: list[float], difficulty: float) -> float:
        recalled = math.prod(r if self.held(k) else 0.0 for (k, _), r in zip(loads, retention, strict=True))
        right = sum(w * logistic(logit(1.0 - self.p.slip[k]) - difficulty) for k, w in loads)
        lucky = sum(w * logistic(logit(self.p.guess[k]) - difficulty) for k, w in loads)
        return recalled * right + (1.0 - recalled) * lucky

    def tried(self, activity: int, tries: list[Try], correct: bool, answered: bool) -> list[tuple[bool, bool]]:
        before = [self.held(k) for k, *_ in tries]
        row = self.matrices[activity][self.state_now]
        away = 1.0 - row[self.state_now]
        if away > 0.0:
            often = 1.0 if away == 1.0 else logistic(logit(away) + self.rate)
            leaving, u = min(1.0, sum(strength for _, strength, *_ in tries) * often), tries[0][2]()
            if u < leaving:
                left, here = u / leaving * away, self.state_now
                for to, chance in enumerate(row):
                    if to != here:
                        if left < chance:
                            self.state_now = to
                            break
                        left -= chance
        after = [self.held(k) for k, *_ in tries]
        return [(a, a and not b and t[1] > 0) for a, b, t in zip(after, before, tries, strict=True)]

    def recall(self, k: int, retention: float) -> float:
        return retention if self.held(k) else 0.0

    def score(self, k: int, recall: float) -> float:
        return (1.0 - self.p.slip[k]) * recall + self.p.guess[k] * (1.0 - recall)


class StructureMind:
    """Levels on a structure of concepts."""

    def __init__(self, model: Any, ability: float, rate: float, u: list[float]) -> None:
        self.p, self.rate, self.last = model, rate, -1
        self.before: list[list[int]] = [[] for _ in u]
        self.after: list[list[int]] = [[] for _ in u]
        for j, k in model.links:
            self.before[k].append(j)
            self.after[j].append(k)
        values, harder = model.highest - model.lowest + 1, model.hardest - model.easiest + 1
        self.level = [
            min(model.top, model.lowest + int(x * values) + s + ability) for x, s in zip(u, model.start, strict=True)
        ]
        if model.difficulty_seed is None:
            left = [x * values - int(x * values) for x in u]
        else:
            spare = key(model.difficulty_seed, SPARE, 0)
            left = [spare.uniform(k) for k in range(len(u))]
        drawn = sorted(model.easiest + int(x * harder) for x in left)
        along = sorted(range(len(u)), key=lambda k: model.rank[k])
        self.difficulty = [float(drawn[along.index(k)]) for k in range(len(u))]

    def state(self) -> dict[str, object]:
        return {"level": self.level, "difficulty": self.difficulty, "last": self.last, "rate": self.rate}

    def held(self, k: int) -> bool:
        return False

    def reached(self, k: int) -> bool:
        if not self.p.gated or self.last in (-1, k):
            return True
        j = self.last
        near = {*self.after[j], *self.before[j]}
        for parent in self.before[j]:
            near |= {*self.after[parent], *self.before[parent]}
        return k in near

    def rise(self, k: int) -> float:
        missing = sum(self.p.top - self.level[j] for j in self.before[k])
        return float((self.p.top - self.level[k]) * math.exp(self.rate) * self.p.gain / math.exp(missing))

    def lifted(self, rises: list[Load]) -> list[float]:
        level = list(self.level)

        def promote(k: int, rise: float) -> None:
            level[k] = min(self.p.top, level[k] + rise)
            for above in self.after[k]:
                promote(above, rise * self.p.passed_on)

        for k, rise in rises:
            promote(k, rise)
        return level

    def chance(self, logit_: float, retention: float) -> float:
        return float(self.p.guess + (1.0 - self.p.guess) * retention * logistic(logit_))

    def response(self, k: int) -> float:
        return self.chance(self.p.slope * (self.level[k] - self.difficulty[k]), 1.0)

    def success(self, loads: list[Load], retention: list[float], difficulty: float) -> float:
        level = self.lifted([(k, w * self.rise(k)) for k, w in loads]) if self.reached(loads[0][0]) else self.level
        x = sum(w * (self.p.slope * (level[k] - self.difficulty[k]) - difficulty) for k, w in loads)
        chance = self.chance(x, sum(w * r for (_, w), r in zip(loads, retention, strict=True)))
        return chance if self.p.drawn else float(chance >= self.p.mark)

    def tried(self, activity: int, tries: list[Try], correct: bool, answered: bool) -> list[tuple[bool, bool]]:
        if self.reached(tries[0][0]) and tries[0][1] > 0:
            self.level = self.lifted([(k, strength * self.rise(k)) for k, strength, *_ in tries])
            self.last = tries[0][0]
        return [(True, False)] * len(tries)

    def recall(self, k: int, retention: float) -> float:
        x = self.p.slope * (self.level[k] - self.difficulty[k])
        return float(self.chance(x, retention) >= self.p.mark)

    def score(self, k: int, recall: float) -> float:
        return recall


class NetworkMind:
    """A recurrent network, gate by gate. The numbers of `lstm.tally` are written out where there is no file."""

    def __init__(self, model: Any, ability: float, rate: float, u: list[float]) -> None:
        self.p, self.ability, self.rate = model, ability, rate
        concepts = len(u)
        if model.weights is None:
            self.wrong, self.right = (
                [
                    [0.0] * 2 * concepts + [sign * 0.1 * (j == k) for j in range(concepts)] + [0.0] * concepts
                    for k in range(concepts)
                ]
                for sign in (-1, 1)
            )
            self.within = [[0.0] * concepts] * 4 * concepts
            self.bias = [40.0] * 2 * concepts + [0.0] * concepts + [40.0] * concepts
            self.out = [[2.0 * (j == k) for j in range(concepts)] for k in range(concepts)]
        else:
            kept = _rows(model.weights)
            self.wrong, self.right = kept["inputs"][:concepts], kept["inputs"][concepts:]
            self.within, self.bias, self.out = kept["hidden"], kept["bias"], kept["out"]
        self.h, self.c = [0.0] * (len(self.bias) // 4), [0.0] * (len(self.bias) // 4)
        self.moved = [0.0] * concepts

    def state(self) -> dict[str, object]:
        return {"hidden": self.h, "cell": self.c, "moved": self.moved, "ability": self.ability, "rate": self.rate}

    def held(self, k: int) -> bool:
        return False

    def level(self, k: int, retention: float) -> float:
        kept = retention if self.moved[k] > 0 else 1.0
        return float(self.p.intercept[k] + self.moved[k] * kept)

    def success(self, loads: list[Load], retention: list[float], difficulty: float) -> float:
        levels = sum(w * self.level(k, r) for (k, w), r in zip(loads, retention, strict=True))
        return logistic(self.ability + levels - difficulty)

    def tried(self, activity: int, tries: list[Try], correct: bool, answered: bool) -> list[tuple[bool, bool]]:
        whole = sum(strength for _, strength, *_ in tries)
        if whole > 0:
            gates = list(self.bias)
            for k, strength, *_ in tries:
                right = float(correct) if answered else self.recall(k, 1.0)
                share, yes, no = strength / whole, self.right[k], self.wrong[k]
                gates = [z + share * (right * a + (1.0 - right) * b) for z, a, b in zip(gates, yes, no, strict=True)]
            gates = [z + sum(map(operator.mul, self.h, row)) for z, row in zip(gates, self.within, strict=True)]
            far, size = min(1.0, math.exp(self.rate) * whole), len(self.h)
            for j in range(size):
                i, f, g, o = gates[j::size]
                cell = logistic(f) * self.c[j] + logistic(i) * math.tanh(g)
                self.h[j] += far * (logistic(o) * math.tanh(cell) - self.h[j])
                self.c[j] += far * (cell - self.c[j])
            self.moved = [sum(map(operator.mul, self.h, row)) for row in self.out]
        return [(True, False)] * len(tries)

    def recall(self, k: int, retention: float) -> float:
        return logistic(self.ability + self.level(k, retention))

    def score(self, k: int, recall: float) -> float:
        return recall


@functools.lru_cache(maxsize=4)
def _rows(network: Any) -> dict[str, list[Any]]:
    """The network's matrices as lists, those that h is multiplied by row by row."""
    return {
        "inputs": network.inputs.tolist(),
        "hidden": network.hidden.T.tolist(),
        "bias": network.bias.tolist(),
        "out": network.out.T.tolist(),
    }


MINDS: dict[str, Any] = {
    "DKT": NetworkMind,
    "KSS": StructureMind,
    "Tabular": TabularMind,
    "BKT": BKTMind,
    "AFM": AFMMind,
    "PFA": PFAMind,
    "IRT": IRTMind,
}
