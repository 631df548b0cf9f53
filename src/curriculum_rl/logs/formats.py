"""What an adapter says about its source; the adapters are the files of `logs/adapters`, each with one `FORMAT`."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from curriculum_rl.logs import adapters
from curriculum_rl.logs.cells import SECONDS, Cells
from curriculum_rl.logs.schema import SCHEMA
from curriculum_rl.violations import Violations

SHORT: Final = {
    "student": "student_id",
    "order": "seq",
    "item": "activity_id",
    "answer": "response",
    "time": "timestamp",
    "duration": "duration_s",
    "episode": "episode_id",
    "course": "course_id",
    "logger": "logger_id",
}
"""What the columns of the canonical log may be called for short where a role is named."""

ROLES: Final = (*(n for n in SCHEMA.names if n not in ("source_row", "t_rel_s")), "event_id")

Event = Callable[[dict[str, Any]], "dict[str, Any] | str"]
"""What one JSON object says, by role, or the code of its reject. A role that is left out has no value."""


@dataclass(frozen=True)
class Format:
    """How the rows of one kind of source become rows of the canonical log.

    Attributes:
        columns: role to the names that the source may give it; case, spaces and punctuation do not matter. Roles
            beyond those of the log are for `prepare`.
        event: reads one object of JSON lines, where the source is no table.
        inside: the key of a list of objects, where sources wrap several in one.
        needed: roles that the source must have.
        encoding: utf-8 or latin-1, of text files.
        time_unit, duration_unit: of numbers.
        event_type: of rows that name none.
        by_rows: whether rows stand in the order of events where nothing else tells.
        joins: whether some events complete earlier ones of the same `event_id`.
        aggregated: whether a row sums up several answers.
        student_from_name: whether each file is one student's, and is named after the student; a folder may be given.
        answer_key: whether answers can be marked only with a key of the items.
        prepare: what is particular, done on each block before its cells are read.
        notes: for the manifest.
    """

    columns: Mapping[str, tuple[str, ...]]
    event: Event | None = None
    inside: str | None = None
    needed: tuple[str, ...] = ("student_id", "activity_id", "response")
    encoding: str = "utf-8"
    time_unit: str = "s"
    duration_unit: str = "s"
    event_type: str | None = "attempt"
    by_rows: bool = False
    joins: bool = False
    aggregated: bool = False
    student_from_name: bool = False
    answer_key: bool = False
    prepare: Callable[[Cells, Mapping[str, AnswerKey]], None] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnswerKey:
    """What is known of one item: the right answer, and the skills."""

    answer: str
    skills: tuple[str, ...]


def names() -> list[str]:
    """The adapters there are."""
    return sorted(module.name for module in pkgutil.iter_modules(adapters.__path__))


def find(name: str) -> Format:
    """The format of this name."""
    found: Format = importlib.import_module(f"curriculum_rl.logs.adapters.{name}").FORMAT
    return found


@dataclass(frozen=True)
class ImportConfig:
    """One import, as it was asked for.

    Attributes:
        source: name of the adapter.
        files: what is imported, in the order of events where only rows tell it.
        out: folder of the log, to be made.
        columns: role to column, where the source's names are not the expected ones.
        groups: name of a group to column.
        key: file of the secret key of the pseudonyms; None: `OUT.key`.
        answer_key: CSV of question_id, correct_answer and tags.
        q_matrix: skills of the items, .npz or CSV, where they stand apart.
        encoding, time_unit, duration_unit: None: the source's own.
        max_score: the most that an answer can score; answers are divided by it.
        by_rows: whether rows stand in the order of events, where no column tells it or several tie.
        behaviour: name of the strategy that chose, if it is known.
        randomised: whether chance chose by a known rule.
        title: the source in words, for the manifest; "": the names of the files.
        reject_limit: share of faulty rows above which nothing is published.
        memory_mb: how much may be held while rows are sorted; the process needs some 400 MB besides.
    """

    source: str
    files: tuple[Path, ...]
    out: Path
    columns: Mapping[str, str]
    groups: Mapping[str, str]
    key: Path | None = None
    answer_key: Path | None = None
    q_matrix: Path | None = None
    encoding: str | None = None
    time_unit: str | None = None
    duration_unit: str | None = None
    max_score: float = 1.0
    by_rows: bool = False
    behaviour: str | None = None
    randomised: bool = False
    title: str = ""
    reject_limit: float = 0.01
    memory_mb: int = 1000

    def __post_init__(self) -> None:
        check = Violations("import")
        if self.source not in names():
            check.add("from", self.source, f"must be one of {', '.join(names())}")
        check.that(self.files, "files: none was given")
        for role in self.columns:
            if role not in ROLES:
                check.add("column", role, f"must be one of {', '.join([*SHORT, *ROLES])}")
        for name, column in self.groups.items():
            if not name.isidentifier():
                check.add("group", name, "must be a word of letters, digits and _")
            if is_personal(column):
                check.add("group", column, "names or addresses people; no such column is written")
        for role, column in self.columns.items():
            if role != "student_id" and is_personal(column):
                check.add(f"column {role}", column, "names or addresses people; no such column is written")
        check.number("max-score", self.max_score, above=0.0)
        check.number("reject-limit", self.reject_limit, at_least=0.0, at_most=1.0)
        check.number("memory-mb", self.memory_mb, at_least=100, whole=True)
        for option, unit in (("time-unit", self.time_unit), ("duration-unit", self.duration_unit)):
            check.that(unit is None or unit in SECONDS, f"{option} = {unit!r}: must be one of {', '.join(SECONDS)}")
        check.that(
            self.encoding in (None, "utf-8", "latin-1"), f"encoding = {self.encoding!r}: must be utf-8 or latin-1"
        )
        check.raise_all()
        if find(self.source).answer_key != (self.answer_key is not None):
            verb = "needs" if self.answer_key is None else "uses no"
            check.that(False, f"answer-key: {self.source} {verb} --answer-key FILE (such as EdNet's questions.csv)")
        check.raise_all()


_PERSONAL: Final = re.compile(
    r"(student|user|learner|teacher)?(first|last|full|display|user|sur|login|nick)?(name|mail|mbox|phone|telephone|mobile"
    r"|address|street|postcode|zip|birthday|birthdate|dateofbirth|dob|ip|ipaddress|login|ssn|passport|iban)"
)


def is_personal(column: str) -> bool:
    """Whether a column of this name is likely to say who somebody is or where to find them."""
    plain = re.sub("[^a-z0-9]", "", column.lower())
    return _PERSONAL.fullmatch(plain) is not None or "email" in plain
