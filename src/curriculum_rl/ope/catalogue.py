"""What a platform knows by its log alone: the activities that stand in it, and the concepts that they practise.

An activity that could have been chosen and never was is one too, or nobody could say that the log never shows it; which
skills it has is not known, so that it practises one of its own.
No prerequisites, and nothing about how students learn: the population is what Bayesian knowledge tracing finds in the
middle of 114 skills of ASSISTments 2009-10, fitted one by one by expectation-maximisation (medians: known before .67,
learned .14, guess .21, slip .19); that abilities and rates do not differ and nothing is forgotten is *assumed*.
Trackers that only count need none of it. A world that was fitted to the log says more: name it instead.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from curriculum_rl.course import Course
from curriculum_rl.curriculum import MAX_LOADS, Activity, Concept, Curriculum
from curriculum_rl.logs.store import Log
from curriculum_rl.students.knowledge.knowledge import FilterParameters
from curriculum_rl.students.memory.none import NoForgetting
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform

INITIAL, LEARN, GUESS, SLIP = 0.67, 0.14, 0.21, 0.19
MINUTES: Final = 1.0
"""What an activity takes where no time was logged; assumed."""
MOST: Final = 5_000
"""Activities beyond which a choice among all of them is no question that a log can answer."""

_ACTIVITIES = """
    select activity_id, any_value(skills) as skills, median(duration_s) as seconds, count(*) as tries,
           count(response) > 0 as answered
    from log group by activity_id order by activity_id
"""
_LONGEST = """
    select max(minutes) as minutes
    from (select sum(coalesce(duration_s, 60) / 60) as minutes from log group by student_id)
"""


def platform_of(log: Log) -> Platform:
    """The platform of a log that names no world.

    Raises:
        InvalidInput: it has more activities than can be chosen among.
    """
    named = _could_be_chosen(log)
    if max(len(named), log.manifest.activities) > MOST:
        seen = f"activities = {max(len(named), log.manifest.activities):,}: must be at most {MOST:,} to be chosen among"
        raise InvalidInput("log", [f"{seen}. Import it with skills, or sets of items, as activities"])
    rows = log.sql(_ACTIVITIES).to_pylist()
    never = sorted(named - {row["activity_id"] for row in rows})
    rows += [{"activity_id": name, "skills": None, "seconds": None, "tries": 0, "answered": True} for name in never]
    activities = tuple(_activity(row) for row in rows)
    tries: dict[str, int] = {}
    for row, activity in zip(rows, activities, strict=True):
        for concept in activity.loads:
            tries[concept] = tries.get(concept, 0) + row["tries"]
    concepts = tuple(Concept(name, tries=count) for name, count in sorted(tries.items()))
    initial, learn, forget, guess, slip = np.repeat([[INITIAL], [LEARN], [0.0], [GUESS], [SLIP]], len(concepts), axis=1)
    minutes = float(log.sql(_LONGEST).to_pylist()[0]["minutes"])
    return Platform(
        curriculum=Curriculum(concepts, activities),
        course=Course(days=(0.0,), minutes=max(minutes, MINUTES)),
        filter=FilterParameters(initial, learn, forget, guess, slip, ability_sd=0.0, rate_sd=0.0, correlation=0.0),
        memory=NoForgetting().forgetting,
        leak=1.0,
    )


def _could_be_chosen(log: Log) -> set[str]:
    """Activities that stand in an eligible set, or were recommended."""
    found: set[str] = set()
    for table in log.buckets(["eligible", "offered"]):
        for column in (pc.list_flatten(table["eligible"]), table["offered"]):
            found.update(pc.unique(column).drop_null().to_pylist())
    return found


def _activity(row: dict[str, Any]) -> Activity:
    """Practises the skills that it is logged with; more than an activity can have, or none, are one of their own."""
    skills = sorted(set(row["skills"] or ())) or [row["activity_id"]]
    if len(skills) > MAX_LOADS:
        skills = [" + ".join(skills)]
    minutes = MINUTES if row["seconds"] is None else max(row["seconds"] / 60.0, 1.0 / 60.0)
    return Activity(
        id=row["activity_id"],
        form="activity",
        loads={skill: 1.0 / len(skills) for skill in skills},
        minutes=minutes,
        answered=row["answered"],
    )
