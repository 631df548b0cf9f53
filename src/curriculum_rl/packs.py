"""A simulator pack on disk and the curriculum, population and calendar that it describes.

    card.md             what it models, where its numbers come from, how well it fits, its limits
    concepts.csv        id, name, tries, and a column for each per-concept parameter of the knowledge model
    prerequisites.csv   prerequisite, concept, strength
    activities.csv      id, name, form, concepts ("a" or "a:0.7;b:0.3"), difficulty, minutes, learning, answered
    population.yaml     knowledge, memory, pace, groups, goals, leak, course, provenance; faculties where any is on, and
                        a prelude where students do something before the course
    *.safetensors       weights, where the model of knowledge is a network

Every parameter has a line of provenance that begins with fitted, published or assumed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curriculum_rl.config import collect, nearest
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.pack_parts import MODELS, concept_fields, kind, refuse, sources, whole
from curriculum_rl.pack_tables import Table, read_activities, read_concepts, read_prerequisites
from curriculum_rl.resources import pack_names, simulators_folder
from curriculum_rl.students.access import Resource
from curriculum_rl.students.faculties import FACULTIES, Faculties
from curriculum_rl.students.pace import Pace
from curriculum_rl.students.population import Population
from curriculum_rl.students.prelude import Prelude
from curriculum_rl.students.traits import Group, check_groups
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.yaml_file import check_yaml

FILES = ("card.md", "concepts.csv", "prerequisites.csv", "activities.csv", "population.yaml")
_SETTINGS = ("knowledge", "memory", "pace", "groups", "goals", "leak", "course", "provenance")
_OPTIONAL = ("faculties", "prelude")


@dataclass(frozen=True)
class Pack:
    """A world as data.

    Attributes:
        name, folder: what it is called and where it is.
        digest: SHA-256 over its files.
        provenance: where each parameter comes from, by its dotted name.
        prelude: what every student does before the course, if anything.
    """

    name: str
    folder: Path
    curriculum: Curriculum
    population: Population
    course: Course
    provenance: Mapping[str, str]
    digest: str
    prelude: Prelude[Any] | None = None


def find_pack(name_or_folder: str | Path) -> Path:
    """The folder of a pack, by the name of one that comes with the package or by path.

    Raises:
        InvalidInput: there is no such pack.
    """
    for folder in (simulators_folder() / str(name_or_folder), Path(name_or_folder)):
        if (folder / "population.yaml").is_file():
            return folder
    remedy = f"{nearest(str(name_or_folder), pack_names())} Or give the folder of your own pack."
    raise InvalidInput("world", [f"{str(name_or_folder)!r} is no pack. {remedy}"])


def read_pack(name_or_folder: str | Path) -> Pack:
    """Reads and checks a pack.

    Raises:
        InvalidInput: everything that is wrong in any of its files, each with file, field, value and remedy.
    """
    folder = find_pack(name_or_folder)
    check = Violations(str(folder))
    for missing in [name for name in FILES if not (folder / name).is_file()]:
        check.that(False, f"{missing}: is missing")
    check.raise_all()
    settings = check_yaml(folder / "population.yaml")
    if not isinstance(settings, dict):
        raise InvalidInput(str(folder / "population.yaml"), ["must be a mapping of settings"])

    concept_table, concepts, columns = read_concepts(folder / "concepts.csv", concept_fields(settings), check)
    activity_table, activities = read_activities(folder / "activities.csv", check)
    link_table, prerequisites = read_prerequisites(folder / "prerequisites.csv", check)
    rules = Violations(str(folder))
    curriculum = _try(lambda: Curriculum(concepts, activities, prerequisites), rules)
    population, course = _population(settings, columns, len(concepts), rules)
    prelude = _prelude(settings, rules)
    population = population and _try(lambda: _with_files(population, folder), rules)
    if curriculum is not None and population is not None:
        population = replace(population, knowledge=population.knowledge.linked(curriculum))
        if prelude is not None:
            prelude.check(curriculum, population, rules)
        population.knowledge.check_fit(curriculum, rules)
        population.faculties.check_activities(curriculum, rules)
        population.faculties.check_forms(curriculum, rules)
    provenance = sources(settings, rules)
    tables = {"concepts": concept_table, "activities": activity_table, "prerequisites": link_table}
    _place_all(rules.found, tables, columns.keys(), check)
    check.raise_all()
    assert curriculum is not None
    assert population is not None
    return Pack(folder.name, folder, curriculum, population, course, provenance, digest(folder), prelude)


def digest(folder: Path) -> str:
    """SHA-256 over the names and contents of a pack's files."""
    total = hashlib.sha256()
    for name in (*FILES, *sorted(path.name for path in folder.glob("*.safetensors"))):
        content = (folder / name).read_bytes()
        total.update(f"{name}\n{len(content)}\n".encode() + content)
    return total.hexdigest()


def _with_files(population: Population, folder: Path) -> Population:
    """The same population with what its model of knowledge keeps in files of the pack."""
    return replace(population, knowledge=population.knowledge.within(folder))


def _try(make: Any, check: Violations) -> Any:
    try:
        return make()
    except InvalidInput as error:
        check.found.extend(error.violations)
        return None


_ROW = re.compile(r"(concepts|activities|prerequisites)\[(\d+)\]\.")
_CELL = re.compile(r"knowledge\.(\w+)\[(\d+)\]( \+ \w+)?(\[\d+\])?")
_WHOLE = re.compile(r"(concepts|activities|prerequisites) = ")


def _place_all(found: list[str], tables: Mapping[str, Table], columns: Iterable[str], check: Violations) -> None:
    """Notes what was found wrong, with file and line; what was noted of a cell already is not said again."""
    said = {line.partition(" = ")[0] for line in check.found}
    for message in found:
        placed = _placed(message, tables, set(columns))
        if placed.partition(" = ")[0] not in said:
            check.that(False, placed)


def _placed(message: str, tables: Mapping[str, Table], columns: set[str]) -> str:
    if row := _ROW.match(message):
        return f"{tables[row[1]].place(int(row[2]))}: {message[row.end() :]}"
    cell = _CELL.match(message)
    if cell and cell[1] in columns:
        return f"{tables['concepts'].place(int(cell[2]))}: {cell[1]}{cell[3] or ''}{message[cell.end() :]}"
    if whole := _WHOLE.match(message):
        return f"{whole[1]}.csv: rows = {message[whole.end() :]}"
    return f"population.yaml: {message}"


def _population(
    settings: Mapping[str, Any], columns: Mapping[str, list[float]], concepts: int, check: Violations
) -> tuple[Population | None, Course]:
    for key in settings.keys() - {*_SETTINGS, *_OPTIONAL}:
        check.add(str(key), settings[key], "no such setting", nearest(str(key), [*_SETTINGS, *_OPTIONAL]))
    for key in [k for k in _SETTINGS if k not in settings]:
        check.that(False, f"{key}: is missing")
    for part in [p for p in (*MODELS, "goals") if p in settings and kind(settings, p) is None]:
        refuse(part, settings[part], check)
    knowledge = memory = goals = None
    if kind(settings, "knowledge"):
        knowledge = collect(_with_columns(settings, columns, concepts), check, path="knowledge")
    if kind(settings, "memory"):
        memory = collect(whole(settings, "memory", kind(settings, "memory"), check), check, path="memory")
    if kind(settings, "goals"):
        goals = collect(
            whole(settings, "goals", kind(settings, "goals"), check), check, kind(settings, "goals"), "goals"
        )
    pace = collect(whole(settings, "pace", Pace, check), check, Pace, "pace")
    course = collect(whole(settings, "course", Course, check), check, Course, "course")
    faculties = collect(_faculties(settings, check), check, Faculties, "faculties")
    listed = settings.get("groups", [])
    if not isinstance(listed, list):
        check.add("groups", listed, "must be a list of subgroups")
        listed = []
    groups = tuple(
        collect(whole({path: group}, path, Group, check), check, Group, path)
        for path, group in ((f"groups[{i}]", g) for i, g in enumerate(listed))
    )
    leak = settings.get("leak", 0.0)
    check.number("leak", leak, at_least=0.0, at_most=1.0)
    if check.found or knowledge is None or memory is None or goals is None:
        if all(isinstance(g, Group) for g in groups):
            check_groups(groups, check)
        return None, Course()
    return _try(lambda: Population(knowledge, memory, pace, groups, goals, leak, faculties), check), course


def _with_columns(settings: Mapping[str, Any], columns: Mapping[str, list[float]], concepts: int) -> object:
    """The settings of the knowledge model with the columns of concepts.csv; one number stands for every concept."""
    node, each = settings["knowledge"], concept_fields(settings) or ()
    same = {name: [float(x)] * concepts for name, x in node.items() if name in each and _is_number(x)}
    return {**node, **columns, **same}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _prelude(settings: Mapping[str, Any], check: Violations) -> Prelude[Any] | None:
    """What comes before the course; None where nothing does, or where it is not right, which is noted."""
    cls, before = kind(settings, "prelude"), len(check.found)
    if "prelude" not in settings:
        return None
    if cls is None:
        refuse("prelude", settings["prelude"], check)
        return None
    made: Prelude[Any] = collect(whole(settings, "prelude", cls, check), check, cls, "prelude")
    return made if len(check.found) == before else None


def _faculties(settings: Mapping[str, Any], check: Violations) -> object:
    """The settings of the faculties; of each that is on, every number stands in the pack."""
    node = settings.get("faculties", {})
    on = node if isinstance(node, dict) else {}
    parts = {f"faculties.{name}": (on[name], cls) for name, cls in FACULTIES.items() if isinstance(on.get(name), dict)}
    access = on.get("access")
    resources = access.get("resources") if isinstance(access, dict) else None
    for i, resource in enumerate(resources if isinstance(resources, list) else []):
        parts[f"faculties.access.resources[{i}]"] = (resource, Resource)
    for path, (part, cls) in parts.items():
        whole({path: part}, path, cls, check)
    return node
