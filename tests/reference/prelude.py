"""The warm-up before a course, one student at a time."""

from __future__ import annotations

from typing import Any, Protocol

from tests.reference.draws import Key, step_counter

ORDERED = 28  # first slot of the script's three draws


class Answering(Protocol):
    """A mind that says how it would answer now."""

    def response(self, k: int) -> float: ...


class Script:
    """What comes next, from all that came before."""

    def __init__(self, prelude: Any, activities: Any, concept: list[int]) -> None:
        self.p, self.concept = prelude, concept
        self.order = [[a.id for a in activities].index(name) for name in prelude.order]
        self.log: list[tuple[int, bool]] = []
        self.again = False  # the last one is to be done once more

    def next(self, mind: Answering, luck: Key) -> int | None:
        """The next activity; None where the warm-up is over."""
        if len(self.log) == self.p.steps:
            return None
        u = [luck.uniform(step_counter(len(self.log), ORDERED + i)) for i in range(3)]
        if self.log:
            last, passed = self.log[-1]
            if self.again:
                self.again = False
                return last
            if passed and len({a for a, _ in self.log[-3:]}) > 1:
                self.again = True
                return last
            if not passed and u[0] < self.p.repeat:
                return last
        if u[1] < self.p.ordered:
            short = [a for a in self.order if mind.response(self.concept[a]) < self.p.below]
            return short[0] if short else None
        return int(u[2] * len(self.concept))
