"""A JSON object that is read strictly: what is wrong is noted with its place, and reading goes on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curriculum_rl.report.schema import Series
from curriculum_rl.violations import Violations


def plain(value: object) -> float:
    """A number that was checked to be one."""
    return float(value) if isinstance(value, (int, float)) else float(str(value))


@dataclass(frozen=True)
class Record:
    """A JSON object at a place in the file, whose reads note what is wrong and go on."""

    values: Mapping[str, object]
    place: str
    check: Violations

    def at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def text(self, key: str, default: str | None = "") -> str:
        """A text; `default=None` makes it required."""
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (default is None and not value):
            self.check.add(self.at(key), value, "must be a text")
            return ""
        return value

    def number(self, key: str) -> float:
        """A required, finite number."""
        value = self.values.get(key)
        return plain(value) if self.check.number(self.at(key), value) else 0.0

    def maybe(self, key: str) -> float | None:
        """A number, or None where it is missing, null or not a number at all (NaN)."""
        value = self.values.get(key)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        return self.number(key)

    def count(self, key: str) -> int | None:
        value = self.maybe(key)
        return None if value is None else int(value)

    def sequence(self, key: str) -> Sequence[object]:
        value = self.values.get(key)
        if value is None:
            return ()
        if isinstance(value, str) or not isinstance(value, Sequence):
            self.check.add(self.at(key), value, "must be a list")
            return ()
        return value

    def numbers(self, key: str) -> tuple[float, ...]:
        values = self.sequence(key)
        return tuple(float(str(v)) for v in values) if self.check.each(self.at(key), values) else ()

    def series(self, key: str, length: int) -> Series:
        """Numbers with gaps, `length` of them; empty if nothing was measured."""
        values = self.sequence(key)
        if values and len(values) != length:
            self.check.add(self.at(key), f"{len(values)} values", f"must have one for each of {length} frames")
        gap = [value is None or (isinstance(value, float) and math.isnan(value)) for value in values]
        known = [value for value, missing in zip(values, gap, strict=True) if not missing]
        if not self.check.each(self.at(key), known):
            return ()
        return tuple(None if m else plain(v) for v, m in zip(values, gap, strict=True))

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.sequence(key)
        if not all(isinstance(value, str) for value in values):
            self.check.add(self.at(key), values, "must be a list of texts")
        return tuple(str(value) for value in values)

    def mapping(self, key: str) -> Mapping[str, object]:
        value = self.values.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.check.add(self.at(key), value, "must be an object with named fields")
            return {}
        return {str(name): entry for name, entry in value.items()}

    def record(self, key: str) -> Record | None:
        return Record(self.mapping(key), self.at(key), self.check) if self.values.get(key) else None

    def records(self, key: str, required: bool = False) -> list[Record]:
        if required and self.values.get(key) is None:
            self.check.add(self.at(key), None, "is missing: must be a list")
        found = []
        for i, value in enumerate(self.sequence(key)):
            if isinstance(value, Mapping):
                found.append(Record(value, f"{self.at(key)}[{i}]", self.check))
            else:
                self.check.add(f"{self.at(key)}[{i}]", value, "must be an object with named fields")
        return found
