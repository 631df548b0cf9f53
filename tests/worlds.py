"""Worlds to test in: one for every model of knowledge and of memory that has a YAML, and every pack.

A model that is added with its file and its YAML is found here, and so by every test that walks these lists.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from curriculum_rl.batch import Int
from curriculum_rl.config import TARGET, build, target_class
from curriculum_rl.controls import CONTROLS
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Activity, Concept, Curriculum, Prerequisite
from curriculum_rl.packs import pack_names
from curriculum_rl.resources import configs_folder
from curriculum_rl.students.access import Access, Resource
from curriculum_rl.students.choice import Choice
from curriculum_rl.students.classroom import Classroom
from curriculum_rl.students.dropout import Dropout
from curriculum_rl.students.engagement import Engagement
from curriculum_rl.students.faculties import Faculties
from curriculum_rl.students.form import Forms
from curriculum_rl.students.pace import Pace
from curriculum_rl.students.population import Goals, Population
from curriculum_rl.students.rapid_guessing import RapidGuessing
from curriculum_rl.students.traits import Group
from curriculum_rl.studies.compose import member
from curriculum_rl.world import World, WorldConfig, load_world
from curriculum_rl.yaml_file import check_yaml

CONCEPTS = 8
COURSE = Course(days=(0.0, 2.0, 9.0), minutes=20.0, test_days=5.0, mastered=0.95)
SPREAD: dict[str, Any] = {
    "ability_sd": 1.0,
    "rate_sd": 0.3,
    "correlation": 0.5,
    "pace_mean": 0.1,
    "pace_sd": 0.25,
    "memory_mean": -0.1,
    "memory_sd": 0.3,
}
GROUPS = (
    Group("ahead", 0.35, ability_mean=0.6, rate_mean=0.1, **SPREAD),
    Group("behind", 0.65, ability_mean=-0.5, rate_mean=-0.1, **SPREAD),
)
FORMS = (
    ("easy problem", -1.0, 1.8, 0.7, True),
    ("problem", 0.0, 2.0, 1.0, True),
    ("hard problem", 1.0, 2.4, 1.25, True),
    ("worked example", 0.0, 2.0, 1.7, False),
)


def yaml_files(group: str) -> list[Path]:
    """The YAML of every member of a group of configs."""
    return sorted((configs_folder() / group).glob("*.yaml"))


def names(group: str) -> list[str]:
    """Their names."""
    return [f.stem for f in yaml_files(group)]


@functools.cache
def component(group: str, name: str) -> Any:
    """What a YAML of `configs/<group>` describes: frozen, so one does for all tests."""
    file = configs_folder() / group / f"{name}.yaml"
    node = check_yaml(file)
    return build(member(group, name) if "defaults" in node else node, str(file))


def knowledge_model(name: str, concepts: int = CONCEPTS, spread: float = 0.0) -> Any:
    """The model of `configs/knowledge/<name>.yaml`, its numbers repeated for every concept.

    `spread` makes concepts differ: each number is multiplied by up to 1 + spread, first concept to last.
    """
    file = configs_folder() / "knowledge" / f"{name}.yaml"
    node = dict(check_yaml(file))
    factor = 1.0 + spread * np.linspace(-1.0, 1.0, concepts)
    for field in target_class(node[TARGET]).concept_fields():  # type: ignore[attr-defined]
        node[field] = (float(node[field]) * factor).tolist()
    if "transitions" in node:
        node |= _chain(node, concepts)
    return build(node, str(file)).linked(curriculum(concepts))


def _chain(node: Mapping[str, Any], concepts: int) -> dict[str, Any]:
    """Joint states of so many concepts, learned one after the other as in the YAML; from the middle one may be lost.

    An activity on several concepts may teach the two next ones at once, be they its own or not.
    """
    one, (_, then) = next(iter(node["transitions"].values()))[0][1], list(node["transitions"].values())
    matrices = {}
    for activity in curriculum(concepts).activities:
        matrix = np.eye(concepts + 1)
        for k in range(concepts):
            if f"c{k}" in activity.loads:
                chance = one if k % 2 == 0 else then[1][2]
                matrix[k, k], matrix[k, k + 1] = 1.0 - chance, chance
            if len(activity.loads) > 1 and k < concepts - 1:
                matrix[k, k], matrix[k, k + 2] = matrix[k, k] - 0.25, 0.25
        if activity.id == "pair":
            matrix[4, 4], matrix[4, 3] = matrix[4, 4] - 0.2, 0.2
        matrices[activity.id] = matrix.tolist()
    held = np.tril(np.ones((concepts + 1, concepts)), -1)
    start = [0.5, *[0.5 / concepts] * concepts]
    return {"states": held.tolist(), "start": start, "transitions": matrices}


def curriculum(concepts: int = CONCEPTS, several: bool = True) -> Curriculum:
    """A chain with a branch, four forms a concept, and activities on two and on four concepts."""
    listed = tuple(Concept(f"c{k}", tries=100 - k) for k in range(concepts))
    activities = [
        Activity(f"c{k}-{i}", form, {f"c{k}": 1.0}, "", difficulty, minutes, learning, answered)
        for k in range(concepts)
        for i, (form, difficulty, minutes, learning, answered) in enumerate(FORMS)
    ]
    if several and concepts >= 4:
        activities += [
            Activity("pair", "project", {"c2": 0.7, "c0": 0.3}, "", 0.5, 6.0, 1.5),
            Activity("four", "project", {"c3": 0.4, "c0": 0.3, "c1": 0.2, "c2": 0.1}, "", 0.2, 9.0, 1.4),
        ]
    links = [Prerequisite(f"c{k - 1}", f"c{k}", 0.9) for k in range(1, concepts)]
    links += [Prerequisite("c0", f"c{k}", 0.5) for k in range(2, concepts, 2)]
    return Curriculum(listed, tuple(activities), tuple(links))


@functools.cache
def made_world(knowledge: str = "bkt", memory: str = "exponential") -> World:
    """A world of these models with all else switched on: subgroups, goals, prerequisites, several concepts."""
    population = Population(
        knowledge=knowledge_model(knowledge, spread=0.2),
        memory=component("memory", memory),
        pace=Pace(0.5),
        groups=GROUPS,
        goals=Goals(0.4),
        leak=0.1,
    )
    return World(f"{knowledge} {memory}", curriculum(), population, COURSE)


@functools.cache
def forgetful_world() -> World:
    """Knowledge tracing whose students can lose what they practise."""
    node = knowledge_model("bkt", spread=0.2)
    fields = {name: getattr(node, name) for name in node.concept_fields()}
    world = made_world("bkt", "power")
    population = Population(
        knowledge=type(node)(**{**fields, "forget": tuple([0.15] * CONCEPTS)}),
        memory=world.population.memory,
        groups=GROUPS,
        goals=Goals(0.4),
        leak=0.1,
    )
    return World("bkt with loss", world.curriculum, population, COURSE)


FACULTIES = Faculties(
    engagement=Engagement(
        base_mean=0.6,
        base_sd=0.9,
        by_group={"village": -0.5, "late": 0.3},
        target=0.6,
        success=0.08,
        failure=0.11,
        boredom=0.07,
        variety=0.03,
        belonging=0.05,
        autonomy=0.04,
        pull=0.08,
        effort=0.7,
    ),
    dropout=Dropout(
        intercept=-1.6,
        by_group={"village": 0.8, "city / late": -0.4},
        time=-0.5,
        failures=1.7,
        engagement=2.6,
        memory=0.3,
    ),
    rapid_guessing=RapidGuessing(
        intercept=-1.2, by_group={"late": 0.5}, engagement=3.0, haste=0.25, right=0.3, learning=0.4
    ),
    forms=Forms(
        assistance={"worked example": 0.9, "easy problem": 0.3},
        feedback={"problem": 0.6, "hard problem": 0.8, "project": 0.5},
        novice=0.7,
        expert=0.6,
        correction=0.5,
        fondness=0.06,
        meshing=0.2,
    ),
    choice=Choice(own=-0.7, by_group={"city": 0.4, "early": -0.6}, relief=0.8, trust=1.4, interest=0.6, goal=1.7),
    access=Access(
        (
            Resource("online", share=0.8, by_group={"village": -1.1}, daily=0.7),
            Resource("sound", share=0.9, by_group={"late": 0.6}, daily=1.0),
        )
    ),
)
"""Every faculty that acts on one student, no number of which is its default."""


@functools.cache
def world_of_faculties(*names: str) -> World:
    """These of `FACULTIES`, in a world whose students can lose concepts; with access, activities have needs."""
    plain = forgetful_world()
    groups = (
        Group("city / early", 0.5, ability_mean=0.4, **SPREAD),
        Group("city / late", 0.2, **SPREAD),
        Group("village / late", 0.3, ability_mean=-0.3, **SPREAD),
    )
    needs = {"worked example": ("online",), "hard problem": ("sound",), "project": ("online", "sound")}
    activities = tuple(
        replace(a, needs=needs.get(a.form, ()) if "access" in names else ()) for a in plain.curriculum.activities
    )
    on = Faculties(**{name: getattr(FACULTIES, name) for name in names})
    return World(
        " and ".join(names),
        replace(plain.curriculum, activities=activities),
        replace(plain.population, groups=groups, faculties=on),
        Course(days=(0.0, 1.0, 3.0, 6.0, 10.0, 15.0), minutes=14.0, test_days=4.0, mastered=0.7),
    )


CLASSROOM = Classroom(
    size=4,
    peers=("peer session", "group work"),
    help=1.3,
    explaining=0.7,
    belonging_mean=0.3,
    belonging_sd=0.6,
    belonging_by_group={"village": -0.7},
    together=0.2,
    isolation=0.04,
    pull=0.06,
    tutored=("tutoring",),
    tutoring=1.6,
    minutes=11.0,
    override=0.2,
    override_by_group={"late": 0.9},
)
"""No number of which is its default."""


@functools.cache
def world_of_classes(*names: str, knowledge: str = "bkt", memory: str = "power") -> World:
    """Classes, and these of `FACULTIES`: some of the problems are for peers, the worked examples are tutoring."""
    world = world_of_faculties(*names)
    forms = {"easy problem": "peer session", "worked example": "tutoring"}
    own = {"pair": "tutoring", "four": "group work"}
    activities = tuple(
        replace(a, form=own.get(a.id, forms.get(a.form, a.form)), needs=a.needs if a.form == "hard problem" else ())
        for a in world.curriculum.activities
    )
    plain, on = made_world(knowledge, memory).population, world.population.faculties
    if on.forms is not None:
        help_ = Forms(assistance={"tutoring": 0.9}, feedback={"problem": 0.6, "peer session": 0.8}, meshing=0.2)
        on = replace(on, forms=help_)
    population = replace(
        plain if (knowledge, memory) != ("bkt", "power") else world.population,
        groups=world.population.groups,
        faculties=replace(on, classroom=CLASSROOM),
    )
    named = " and ".join(("classes", *names))
    return World(named, replace(world.curriculum, activities=activities), population, world.course)


CLASSES: tuple[str, ...] = ("classes", "classes with all faculties", "classes that may be stopped")
"""Names of worlds in which a class is what a path depends on, rather than a student."""

WORLDS: tuple[str, ...] = (
    *(f"{knowledge} exponential" for knowledge in names("knowledge")),
    *(f"bkt {memory}" for memory in names("memory") if memory != "exponential"),
    "bkt with loss",
    "all faculties",
    "may be stopped",
    *CLASSES,
    *(f"pack {name}" for name in pack_names()),
)
"""Names for `world_named`: every model of knowledge, every model of memory, all faculties, controls, every pack."""

ALONE: tuple[str, ...] = tuple(f"faculty {name}" for name in FACULTIES.on)
"""Names of worlds with one faculty alone."""


@functools.cache
def world_named(name: str) -> World:
    """A world of the lists above."""
    if name == "bkt with loss":
        return forgetful_world()
    if name == "all faculties":
        return world_of_faculties(*FACULTIES.on)
    if name == "may be stopped":
        return replace(world_of_faculties(*FACULTIES.on), name=name, controls=CONTROLS)
    if name == "classes that may be stopped":
        return replace(world_of_classes(*FACULTIES.on), name=name, controls=CONTROLS)
    if name in CLASSES:
        return world_of_classes(*(FACULTIES.on if name != "classes" else ()))
    kind, _, what = name.partition(" ")
    if kind == "faculty":
        return world_of_faculties(what)
    return pack_world(what) if kind == "pack" else made_world(kind, what)


MANY, FEW = 300, 40
"""A pack with more concepts than the first is walked in part: so many of them, in its first three sessions.

The whole is in `tests/test_large_worlds.py`.
"""


def pack_world(name: str) -> World:
    """A pack, or of a large one a part that was chosen evenly."""
    world = load_world(name)
    concepts = [c.id for c in world.curriculum.concepts]
    if len(concepts) <= MANY:
        return world
    course = replace(world.course, days=world.course.days[:3])
    return WorldConfig(pack=name, concepts=tuple(concepts[:: len(concepts) // FEW]), course=course).load()


def whole(world: World, students: int) -> int:
    """At least so many students, in whole classes."""
    return -(-students // world.class_size) * world.class_size


def random_actions(world: World, steps: int, lanes: int, seed: int = 0) -> Int:
    """Any action at all, (steps, lanes)."""
    return np.random.default_rng(seed).integers(0, len(world.actions), (steps, lanes))
