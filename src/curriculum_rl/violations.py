"""Bad input gets one message that lists everything to mend: what was seen, what was expected, the remedy."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np


class InvalidInput(ValueError):
    """Something that a person gave cannot be used; `str()` says what, and how to mend it.

    Attributes:
        violations: one line for each thing to mend.
    """

    def __init__(self, where: str, violations: Iterable[str]) -> None:
        self.where = where
        self.violations = list(violations)
        count = len(self.violations)
        head = f"{where}: {count} thing{'s' if count != 1 else ''} to mend"
        super().__init__("\n  ".join([head, *self.violations]))


class Violations:
    """Collects what is wrong with one piece of input, to say it all at once.

    Args:
        where: the file, component or option that is checked; it heads the message.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self.found: list[str] = []

    def add(self, field: str, seen: object, expected: str, remedy: str = "") -> None:
        """Notes one violation: the field, the value seen, what was expected, how to mend it."""
        tail = f" {remedy}" if remedy else ""
        self.found.append(f"{field} = {_show(seen)}: {expected}.{tail}")

    def that(self, ok: object, message: str) -> None:
        """Notes `message` unless `ok` holds (everywhere, if it is an array)."""
        if not (ok.all() if isinstance(ok, np.ndarray) else ok):
            self.found.append(message)

    def number(
        self,
        name: str,
        value: object,
        *,
        above: float | None = None,
        below: float | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
        whole: bool = False,
    ) -> bool:
        """Checks that `value` is a finite (or whole) number within the bounds; returns whether it is."""
        bounds = _bounds(above, below, at_least, at_most)
        kind, types = ("whole ", (int, np.integer)) if whole else ("", (int, float, np.integer, np.floating))
        if isinstance(value, bool) or not isinstance(value, types):
            self.add(name, value, f"must be a {kind}number {bounds}".rstrip())
            return False
        x = float(value)
        ok = math.isfinite(x)
        ok = ok and (above is None or x > above) and (at_least is None or x >= at_least)
        ok = ok and (below is None or x < below) and (at_most is None or x <= at_most)
        if not ok:
            self.add(name, value, f"must be a finite number {bounds}".rstrip())
        return ok

    def each(
        self,
        name: str,
        values: Iterable[object],
        *,
        above: float | None = None,
        below: float | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> bool:
        """Checks every entry like `number`; returns whether all of them pass."""
        checked = [
            self.number(f"{name}[{i}]", v, above=above, below=below, at_least=at_least, at_most=at_most)
            for i, v in enumerate(values)
        ]
        return all(checked)

    def raise_all(self) -> None:
        """Raises one `InvalidInput` if anything was noted."""
        if self.found:
            raise InvalidInput(self.where, self.found)


def _bounds(above: float | None, below: float | None, at_least: float | None, at_most: float | None) -> str:
    words = [
        (above, "above"),
        (at_least, "at least"),
        (below, "under"),
        (at_most, "at most"),
    ]
    return " and ".join(f"{word} {bound:g}" for bound, word in words if bound is not None)


def _show(seen: object) -> str:
    text = repr(seen)
    return text if len(text) <= 80 else f"{text[:77]}..."
