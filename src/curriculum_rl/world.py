"""A world: a curriculum, the students who meet it, and the calendar they do it by."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.config import build, nearest
from curriculum_rl.controls import CONTROLS, Actions, check_controls
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.packs import Pack, find_pack, read_pack
from curriculum_rl.resources import configs_folder, pack_names
from curriculum_rl.revision import Revision, positions
from curriculum_rl.students.faculties import FACULTIES, Faculties
from curriculum_rl.students.knowledge.concept_model import changed
from curriculum_rl.students.knowledge.knowledge import FilterParameters, all_of
from curriculum_rl.students.memory.memory import Forgetting
from curriculum_rl.students.population import Goals, Population, Students
from curriculum_rl.students.prelude import Prelude
from curriculum_rl.students.student import Dynamics
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.yaml_file import check_yaml


class ExcludedGroup(UserWarning):
    """Nobody in a subgroup can do an activity: it lacks what the activity needs."""


@dataclass(frozen=True)
class Platform:
    """All that a platform knows before it meets a student: the catalogue, the calendar, its students in general.

    Attributes:
        filter: the population as Bayesian knowledge tracing sees it.
        memory: how it takes them to forget.
        leak: how they learn what they are not ready for.
        follows: whether a try of concept k can come after one of j, (K, K) at [j, k]; None where any can follow any.
        controls: what it may do instead of offering an activity (`controls.py`).
    """

    curriculum: Curriculum
    course: Course
    filter: FilterParameters
    memory: Forgetting
    leak: float
    follows: Bool | None = None
    controls: tuple[str, ...] = ()

    @cached_property
    def answers(self) -> tuple[Float, Float]:
        """P(right) on each activity by luck, and how much recall adds to it, (A,) each."""
        concepts, shares = self.curriculum.loads
        difficulty = self.curriculum.difficulty
        lucky = (shares * expit(logit(self.filter.guess)[concepts] - difficulty)).sum(axis=0)
        right = (shares * expit(-logit(self.filter.slip)[concepts] - difficulty)).sum(axis=0)
        return lucky, right - lucky

    def together(self, recall: Float, shares: Float) -> Float:
        """How far activities are recalled as a whole, (...), from the recall of their concepts and shares, (L, ...)."""
        if self.filter.conjunctive:
            return all_of(recall, shares)
        mean: Float = (shares * recall).sum(axis=0)
        return mean


@dataclass(frozen=True)
class World:
    """What an environment simulates.

    Attributes:
        name: of the pack or configuration.
        provenance: where each parameter comes from, by its dotted name.
        digest: SHA-256 over the pack's files.
        prelude: what every student does before the course; None where they come as they are.
        controls: what can be chosen instead of an activity (`controls.py`).
    """

    name: str
    curriculum: Curriculum
    population: Population
    course: Course
    provenance: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    prelude: Prelude[Any] | None = None
    controls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check = Violations("world")
        check_controls(self.controls, check, self.curriculum)
        if self.prelude is not None:
            self.prelude.check(self.curriculum, self.population, check)
        self.population.knowledge.check_fit(self.curriculum, check)
        faculties = self.population.faculties
        faculties.check_activities(self.curriculum, check)
        check.raise_all()
        for excluded in faculties.excluded(self.population.groups, self.curriculum):
            warnings.warn(excluded, ExcludedGroup, stacklevel=2)

    @cached_property
    def dynamics(self) -> Dynamics:
        """The rules, ready to be applied to students."""
        return Dynamics(self.curriculum, self.population, self.course, self.controls)

    @cached_property
    def actions(self) -> Actions:
        """All that can be chosen for a student."""
        return Actions(self.curriculum, self.controls)

    @cached_property
    def platform(self) -> Platform:
        """What a platform knows of this world."""
        population = self.population
        known = population.knowledge.filter_parameters(population.groups)
        return Platform(
            curriculum=self.curriculum,
            course=self.course,
            filter=known,
            memory=population.memory.forgetting,
            leak=population.leak,
            follows=population.knowledge.follows,
            controls=self.controls,
        )

    @property
    def class_size(self) -> int:
        """Students whose paths hang together; 1 where each has one of their own."""
        classroom = self.population.faculties.classroom
        return 1 if classroom is None else classroom.size

    def check_students(self, ids: Int) -> None:
        """Refuses students who cannot be simulated without others.

        Raises:
            InvalidInput: they do not form whole classes, side by side.
        """
        classroom = self.population.faculties.classroom
        if classroom is not None:
            classroom.check_students(ids)

    def classmates(self, ids: Int) -> tuple[Int, Int]:
        """All ids of the classes that these students sit in, (m,), and where these are among them, (n,).

        They themselves, where each has a path of their own.
        """
        if self.class_size == 1:
            return ids, np.arange(len(ids))
        first = np.unique(ids // self.class_size) * self.class_size
        everyone = (first[:, None] + np.arange(self.class_size)).ravel()
        return everyone, np.searchsorted(everyone, ids)

    def students(self, seed: int, ids: Int, again: Int | None = None) -> Students:
        """The students with these ids, (n,), before any prelude and the course; `again` as in `Population.sample`."""
        return self.population.sample(seed, ids, self.curriculum, self.course, again)


@dataclass(frozen=True)
class WorldConfig:
    """A pack, or a part of one with some things changed.

    Attributes:
        pack: its name, or the folder of your own.
        name: what the world is called in results; null calls it by its pack.
        concepts: keep so many concepts, those with the most evidence (`tries`), or these, by id; null keeps all.
        initial_shift: logits added to first knowledge; below 0 the course is newer to its students.
        leak: replaces the pack's; null keeps it.
        goal_share: replaces the pack's; 1: everything is everyone's goal; null keeps it.
        course: replaces the pack's calendar; null keeps it.
        revision: of the catalogue that is left: another order, new activities; null leaves it as it is.
        faculties: those that stand here replace the pack's; null changes none.
        without: faculties to switch off, by name.
        knowledge: settings of the pack's model of knowledge that are replaced, by name; those that are no columns.
        controls: what a policy may choose instead of an activity: stop, advance; in any order.
    """

    pack: str
    name: str | None = None
    concepts: int | tuple[str, ...] | None = None
    initial_shift: float = 0.0
    leak: float | None = None
    goal_share: float | None = None
    course: Course | None = None
    revision: Revision | None = None
    faculties: Faculties | None = None
    without: tuple[str, ...] = ()
    knowledge: dict[str, int | float | bool | None] = field(default_factory=dict)
    controls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check = Violations("world")
        try:
            find_pack(self.pack)
        except InvalidInput as error:
            check.found.extend(error.violations)
        if isinstance(self.concepts, tuple):
            check.that(self.concepts, "concepts = []: must name at least one; null keeps all")
            for i, concept in enumerate(self.concepts):
                if concept in self.concepts[:i]:
                    check.add(f"concepts[{i}]", concept, "stands twice", "Name it once.")
        elif self.concepts is not None:
            check.number("concepts", self.concepts, at_least=1, whole=True)
        check.number("initial_shift", self.initial_shift, at_least=-10.0, at_most=10.0)
        for name in ("leak", "goal_share"):
            if getattr(self, name) is not None:
                check.number(name, getattr(self, name), at_least=0.0, at_most=1.0)
        for i, name in enumerate(self.without):
            if name not in FACULTIES:
                check.add(f"without[{i}]", name, "must name a faculty", nearest(name, FACULTIES))
            elif self.faculties is not None and name in self.faculties.on:
                check.add(f"without[{i}]", name, "is set in faculties too", "Either set it or switch it off.")
        check_controls(self.controls, check)
        if self.goal_share == 0.0:
            check.add("goal_share", 0.0, "must be above 0", "Every student needs a goal.")
        check.raise_all()

    def load(self) -> World:
        """Reads the pack and makes the changes."""
        return _derive(read_pack(self.pack), self)


def load_world(name_or_folder: str | Path) -> World:
    """A world by the name of a pack or of a config in `configs/world`, or from the folder of your own pack.

    Raises:
        InvalidInput: there is none of that name, or its files are not right; the message says what to mend.
    """
    config = configs_folder() / "world" / f"{name_or_folder}.yaml"
    if str(name_or_folder) in pack_names() or Path(name_or_folder).is_dir():
        return WorldConfig(pack=str(name_or_folder)).load()
    if not config.is_file():
        names = pack_names() + sorted(p.stem for p in config.parent.glob("*.yaml"))
        remedy = f"{nearest(str(name_or_folder), names)} Or give the folder of your own pack."
        raise InvalidInput("world", [f"{str(name_or_folder)!r} is neither pack nor folder. {remedy}"])
    made: WorldConfig = build(check_yaml(config), str(config), WorldConfig)
    return made.load()


def _changed(config: WorldConfig) -> dict[str, str]:
    """The source of what a configuration sets beside the pack."""
    changes: dict[str, float | None] = {
        "concepts.kept": len(config.concepts) if isinstance(config.concepts, tuple) else config.concepts,
        "leak": config.leak,
        "goals.share": config.goal_share,
        "knowledge.initial_shift": config.initial_shift or None,
    }
    by = "set by the world's configuration"
    lines = {name: f"assumed: {value:g}, {by}" for name, value in changes.items() if value is not None}
    lines |= {"course": f"assumed: {by}"} if config.course else {}
    lines |= {"controls": f"assumed: {', '.join(config.controls)}, {by}"} if config.controls else {}
    lines |= {f"knowledge.{name}": f"assumed: {value}, {by}" for name, value in config.knowledge.items()}
    lines |= {f"faculties.{name}": f"assumed: {by}" for name in (config.faculties.on if config.faculties else ())}
    lines |= {f"faculties.{name}": f"assumed: switched off, {by}" for name in config.without}
    return lines | (config.revision.sources if config.revision else {})


def _derive(pack: Pack, config: WorldConfig) -> World:
    curriculum, population = pack.curriculum, pack.population
    knowledge = changed(population.knowledge, config.knowledge)
    kept = positions(curriculum, config.concepts)
    if len(kept) < len(curriculum.concepts):
        knowledge = knowledge.subset(kept)
        curriculum = curriculum.keep([curriculum.concepts[k].id for k in kept])
    if config.revision is not None:
        knowledge = knowledge.subset(config.revision.concepts(len(kept)))
        curriculum = config.revision.revised(curriculum)
    if config.initial_shift:
        knowledge = knowledge.shifted(config.initial_shift)
    if "access" in config.without:
        everything = (replace(a, needs=()) for a in curriculum.activities)  # can be done by everyone
        curriculum = replace(curriculum, activities=tuple(everything))
    if config.faculties is not None:
        check = Violations("world")
        config.faculties.check_forms(curriculum, check)
        check.raise_all()
    population = replace(
        population,
        knowledge=knowledge.linked(curriculum),
        leak=population.leak if config.leak is None else config.leak,
        goals=population.goals if config.goal_share is None else Goals(config.goal_share),
        faculties=population.faculties.changed(config.faculties, config.without),
    )
    return World(
        name=config.name or pack.name,
        curriculum=curriculum,
        population=population,
        course=config.course or pack.course,
        provenance={**pack.provenance, **_changed(config)},
        digest=pack.digest,
        prelude=pack.prelude and pack.prelude.kept(curriculum),
        controls=tuple(name for name in CONTROLS if name in config.controls),
    )
