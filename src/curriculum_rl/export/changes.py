"""What differs between two catalogues: activities, concepts and prerequisites by their ids, and settings by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

SHOWN: Final = 5
"""Names in a line before the rest are counted."""


@dataclass(frozen=True)
class Change:
    """What happened to some entries of a part.

    Attributes:
        part: "activities", "concepts", "prerequisites" or "settings".
        what: "added", "removed", "changed" or "moved", to another place of the list.
        names: ids, pairs of ids, or names of settings.
    """

    part: str
    what: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        rest = f" and {len(self.names) - SHOWN:,} more" if len(self.names) > SHOWN else ""
        return f"{self.part}: {len(self.names):,} {self.what}: {', '.join(self.names[:SHOWN])}{rest}"


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs between two catalogues as `catalogue.written` gives them."""
    found = []
    old, new = _entries(before), _entries(after)
    for part in old:
        was, now = old[part], new[part]
        kept = [name for name in was if name in now]
        moved = kept != [name for name in now if name in was]
        by_kind = {
            "added": [name for name in now if name not in was],
            "removed": [name for name in was if name not in now],
            "changed": [name for name in kept if was[name] != now[name]],
            "moved": kept if moved and part in ("activities", "concepts") else [],
        }
        found += [Change(part, what, tuple(names)) for what, names in by_kind.items() if names]
    return found


def _entries(catalogue: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every entry by its name; the order of the concepts of an activity is part of it."""
    activities = {a["id"]: {**a, "concepts": list(a["concepts"].items())} for a in catalogue["activities"]}
    return {
        "activities": activities,
        "concepts": {c["id"]: c for c in catalogue["concepts"]},
        "prerequisites": {f"{p['prerequisite']} -> {p['concept']}": p for p in catalogue["prerequisites"]},
        "settings": {**catalogue["thresholds"], **catalogue["platform"]},
    }
