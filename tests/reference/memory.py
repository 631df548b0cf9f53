"""The equations of the models of memory, one student at a time."""

from __future__ import annotations

import math
from typing import Any, Protocol


class Memo(Protocol):
    """What one student remembers."""

    def state(self) -> dict[str, object]: ...  # every array of the vectorised state, by name
    def recalled(self, k: int, day: float) -> float: ...
    def practise(
        self, k: int, day: float, recalled: float, held: bool, correct: bool, answered: bool, new: bool
    ) -> None: ...


class HalfLifeMemo:
    """Half-lives that right answers make longer."""

    def __init__(self, model: Any, memory: float, held: list[bool], day: float) -> None:
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


MEMOS: dict[str, Any] = {"NoForgetting": HalfLifeMemo, "Exponential": HalfLifeMemo, "Power": HalfLifeMemo}
