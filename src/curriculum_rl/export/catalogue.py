"""What a platform teaches and knows of its students in general, as a file that people can edit.

    activities     id, name, form, minutes, answered, difficulty, learning, needs, concepts {id: share}
    concepts       id, name, tries, what is taken of students at first (initial, learn, forget, guess, slip), and, if
                   there is one, the competency framework that it stands in
    prerequisites  prerequisite, concept, strength
    thresholds     mastered
    platform       course, students (how they differ), memory, leak, follows, controls

Fields mean what they mean in `Curriculum`, `BKT`, `Course` and `Platform`, and are checked by the same rules. Numbers
are written so that the same ones are read back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final, TypeVar

import numpy as np

from curriculum_rl.batch import Bool
from curriculum_rl.config import collect, nearest
from curriculum_rl.controls import CONTROLS, check_controls
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Activity, Concept, Curriculum, Prerequisite
from curriculum_rl.described import describe
from curriculum_rl.export.catalogue_rows import (
    PARAMETERS,
    ActivityRow,
    ConceptRow,
    Parts,
    Rest,
    Spread,
    place_of,
    row,
    rows,
    said,
)
from curriculum_rl.students.knowledge.bkt import BKT
from curriculum_rl.students.knowledge.knowledge import FilterParameters
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import Platform

WHOLE: Final = ("activities", "concepts", "prerequisites")
"""Lists whose entries are checked one by one, and once more together."""
T = TypeVar("T")


def written(platform: Platform, frameworks: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The content of the file for a platform; `frameworks` has what `frameworks_of` found, by concept."""
    curriculum, known = platform.curriculum, platform.filter
    ids = [c.id for c in curriculum.concepts]
    frameworks = frameworks or {}
    return {
        "activities": [
            {"id": a.id, "name": a.name, "form": a.form, "minutes": a.minutes, "answered": a.answered}
            | {"difficulty": a.difficulty, "learning": a.learning, "needs": list(a.needs), "concepts": dict(a.loads)}
            for a in curriculum.activities
        ],
        "concepts": [
            {"id": c.id, "name": c.name, "tries": c.tries}
            | {name: float(getattr(known, name)[k]) for name in PARAMETERS}
            | ({"framework": frameworks[c.id]} if c.id in frameworks else {})
            for k, c in enumerate(curriculum.concepts)
        ],
        "prerequisites": [asdict(p) for p in curriculum.prerequisites],
        "thresholds": {"mastered": platform.course.mastered},
        "platform": {
            "course": {
                "days": list(platform.course.days),
                "minutes": platform.course.minutes,
                "test_days": platform.course.test_days,
            },
            "students": {f.name: getattr(known, f.name) for f in fields(Spread)},
            "memory": describe(platform.memory),
            "leak": platform.leak,
            "follows": None if platform.follows is None else _named(platform.follows, ids),
            "controls": list(platform.controls),
        },
    }


def read(content: Any, where: str = "catalogue") -> Platform:
    """The platform that a file describes.

    Raises:
        InvalidInput: everything that is wrong anywhere in it.
    """
    check = Violations(where)
    parts = collect(content, check, Parts)
    listed = not {"activities", "concepts"} & set(map(place_of, check.found))
    activities = rows(content, "activities", ActivityRow, check)
    concepts = rows(content, "concepts", ConceptRow, check)
    links = rows(content, "prerequisites", Prerequisite, check)
    columns: dict[str, Any] = {name: tuple(getattr(c, name) for c in concepts) for name in PARAMETERS}
    rules: list[str] = []
    curriculum = _tried(lambda: _curriculum(activities, concepts, links), rules)
    _tried(lambda: BKT(**columns), rules)
    if listed:
        places = {line: place_of(line) for line in map(_placed, rules)}
        check.found += [line for line, place in places.items() if place in WHOLE or not said(place, check.found)]
    given = isinstance(content, Mapping) and "platform" in content
    rest = row(content["platform"], "platform", Rest, check) if given else None
    if rest is not None:
        _check_rest(rest, curriculum, [c.id for c in concepts], check)
    check.found = list(dict.fromkeys(check.found))
    check.raise_all()
    assert curriculum is not None
    assert rest is not None
    numbers: dict[str, Any] = {name: np.array(column) for name, column in columns.items()}
    return Platform(
        curriculum=curriculum,
        course=Course(rest.course.days, rest.course.minutes, rest.course.test_days, parts.thresholds.mastered),
        filter=FilterParameters(**numbers, **asdict(rest.students)),
        memory=rest.memory,
        leak=rest.leak,
        follows=None if rest.follows is None else _matrix(rest.follows, curriculum),
        controls=rest.controls,
    )


def frameworks_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The competency framework of each concept that has one, by id, as it stands in a file that can be read."""
    return {c["id"]: c["framework"] for c in content["concepts"] if c.get("framework") is not None}


def _curriculum(
    activities: Sequence[ActivityRow], concepts: Sequence[ConceptRow], links: Sequence[Prerequisite]
) -> Curriculum:
    return Curriculum(
        concepts=tuple(Concept(c.id, c.name, c.tries) for c in concepts),
        activities=tuple(
            Activity(a.id, a.form, a.concepts, a.name, a.difficulty, a.minutes, a.learning, a.answered, a.needs)
            for a in activities
        ),
        prerequisites=tuple(links),
    )


def _tried(make: Callable[[], T], rules: list[str]) -> T | None:
    try:
        return make()
    except InvalidInput as error:
        rules += error.violations
        return None


_COLUMN: Final = re.compile(rf"({'|'.join(PARAMETERS)})\[(\d+)\]")


def _placed(line: str) -> str:
    """A violation of a column of numbers, `guess[3] = ...`, with the place of the concept."""
    return _COLUMN.sub(r"concepts[\2].\1", line) if _COLUMN.match(line) else line


def _check_rest(rest: Rest, curriculum: Curriculum | None, ids: Sequence[str], check: Violations) -> None:
    """Notes what of it does not go with the concepts and activities."""
    own = Violations(check.where)
    check_controls([c for c in rest.controls if c in CONTROLS], own, curriculum)
    for before, after in (rest.follows or {}).items():
        for one in (before, *after):
            if one not in ids:
                own.add(f"follows[{before}]", one, "is no concept of this catalogue", nearest(one, ids))
    check.found += [f"platform.{line}" for line in own.found if f"platform.{line}" not in check.found]


def _named(follows: Bool, ids: Sequence[str]) -> dict[str, list[str]]:
    return {ids[j]: [ids[k] for k in np.flatnonzero(follows[j]).tolist()] for j in range(len(ids))}


def _matrix(follows: Mapping[str, Sequence[str]], curriculum: Curriculum) -> Bool:
    index = curriculum.concept_index
    matrix = np.zeros((len(index), len(index)), dtype=np.bool_)
    for before, after in follows.items():
        matrix[index[before], [index[one] for one in after]] = True
    return matrix
