"""The rows and settings of a catalogue's file (`catalogue.py`), as they are written, each checked for itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar

from curriculum_rl.config import collect
from curriculum_rl.controls import check_controls
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Prerequisite
from curriculum_rl.described import describe
from curriculum_rl.students.memory.consolidation import Consolidation
from curriculum_rl.students.memory.none import NoForgetting
from curriculum_rl.students.traits import Group
from curriculum_rl.violations import Violations

PARAMETERS: Final = ("initial", "learn", "forget", "guess", "slip")
"""Of each concept; see `students/knowledge/bkt.py`."""
T = TypeVar("T")


@dataclass(frozen=True)
class Framework:
    """An entry of a competency framework."""

    name: str
    id: str


@dataclass(frozen=True)
class ActivityRow:
    """An activity as it is written; see `Activity`."""

    id: str
    form: str
    concepts: dict[str, float]
    minutes: float
    name: str = ""
    answered: bool = True
    difficulty: float = 0.0
    learning: float = 1.0
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConceptRow:
    """A concept as it is written; `framework` may be a URI."""

    id: str
    initial: float
    learn: float
    guess: float
    slip: float
    forget: float = 0.0
    name: str = ""
    tries: int = 0
    framework: Framework | str | None = None

    def __post_init__(self) -> None:
        check = Violations("concept")
        check.number("tries", self.tries, at_least=0)
        check.raise_all()


@dataclass(frozen=True)
class Calendar:
    """A `Course`, but for its threshold."""

    days: tuple[float, ...]
    minutes: float
    test_days: float

    def __post_init__(self) -> None:
        Course(self.days, self.minutes, self.test_days)


@dataclass(frozen=True)
class Thresholds:
    """Of a `Course`."""

    mastered: float

    def __post_init__(self) -> None:
        Course(mastered=self.mastered)


@dataclass(frozen=True)
class Spread:
    """How students differ; see `FilterParameters`."""

    ability_sd: float
    rate_sd: float
    correlation: float
    conjunctive: bool = False

    def __post_init__(self) -> None:
        Group("students", ability_sd=self.ability_sd, rate_sd=self.rate_sd, correlation=self.correlation)


@dataclass(frozen=True)
class Rest:
    """What else makes a `Platform`; of each concept, `follows` names those of which a try can come after one of it."""

    course: Calendar
    students: Spread
    memory: Consolidation
    leak: float
    follows: dict[str, tuple[str, ...]] | None = None
    controls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check = Violations("platform")
        check.number("leak", self.leak, at_least=0.0, at_most=1.0)
        check_controls(self.controls, check)
        if type(self.memory) is Consolidation:
            check.that(False, "memory._target_: is missing; it names the model of forgetting, such as Exponential")
        check.raise_all()


@dataclass(frozen=True)
class Parts:
    """The file as a whole."""

    activities: list[Any]
    concepts: list[Any]
    thresholds: Thresholds
    platform: Any  # a `Rest`, checked like a row
    prerequisites: list[Any] = field(default_factory=list)


def rows(content: object, part: str, kind: type[T], check: Violations) -> list[T]:
    """The entries of a list."""
    listed = content.get(part) if isinstance(content, Mapping) else None
    entries = listed if isinstance(listed, list) else []
    return [row(entry, f"{part}[{i}]", kind, check) for i, entry in enumerate(entries)]


def row(entry: object, path: str, kind: type[T], check: Violations) -> T:
    """An entry; of one that is not right, which is noted, what is right, so that the rest can be checked."""
    trial = Violations(check.where)
    made = collect(entry, trial, kind, path)
    if isinstance(made, kind):
        return made
    check.found += trial.found
    given = entry if isinstance(entry, Mapping) else {}
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    right = {k: v for k, v in given.items() if k in names and not said(f"{path}.{k}", trial.found)}
    for settings in ({**_STAND_IN[kind], **right}, _STAND_IN[kind]):
        made = collect(settings, Violations(check.where), kind)
        if isinstance(made, kind):
            break
    assert isinstance(made, kind)
    return made


_COURSE: Final = {"days": [0.0], "minutes": 1.0, "test_days": 0.0}
_STUDENTS: Final = {"ability_sd": 0.0, "rate_sd": 0.0, "correlation": 0.0}
_STAND_IN: Final[dict[type, dict[str, Any]]] = {
    ActivityRow: {"id": "", "form": "", "concepts": {}, "minutes": 1.0},
    ConceptRow: {"id": "", "initial": 0.5, "learn": 0.5, "guess": 1e-9, "slip": 1e-9},
    Prerequisite: {"prerequisite": "", "concept": ""},
    Rest: {"course": _COURSE, "students": _STUDENTS, "memory": describe(NoForgetting()), "leak": 0.0},
}


def said(place: str, found: Iterable[str]) -> bool:
    """Whether one of these violations is about this place, or about what it is in, or what is in it."""
    return any(_within(place, other) or _within(other, place) for other in map(place_of, found))


def place_of(line: str) -> str:
    """What a violation is about: the path that it begins with."""
    return re.split(r" = |: is missing", line, maxsplit=1)[0]


def _within(place: str, other: str) -> bool:
    return place.startswith(other) and place[len(other) :][:1] in ("", ".", "[")
