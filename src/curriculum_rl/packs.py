"""A simulator pack on disk and the curriculum, population and calendar that it describes.

    card.md             what it models, where its numbers come from, how well it fits, its limits
    concepts.csv        id, name, tries, and a column for each per-concept parameter of the knowledge model
    prerequisites.csv   prerequisite, concept, strength
    activities.csv      id, name, form, concepts ("a" or "a:0.7;b:0.3"), difficulty, minutes, learning, answered
    population.yaml     knowledge, memory, pace, groups, goals, leak, course, provenance, and faculties where any is on

Every parameter has a line of provenance that begins with fitted, published or assumed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from curriculum_rl.config import TARGET, collect, nearest, target_class
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.pack_tables import Table, read_activities, read_concepts, read_prerequisites
from curriculum_rl.resources import pack_names, simulators_folder
from curriculum_rl.students.access import Resource
from curriculum_rl.students.faculties import FACULTIES, Faculties
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.pace import Pace
from curriculum_rl.students.population import Goals, Population
from curriculum_rl.students.traits import Group, check_groups
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.yaml_file import check_yaml

FILES = ("card.md", "concepts.csv", "prerequisites.csv", "activities.csv", "population.yaml")
ORIGINS = ("fitted", "published", "assumed")
_SETTINGS = ("knowledge", "memory", "pace", "groups", "goals", "leak", "course", "provenance")
_OPTIONAL = ("faculties",)
_EXAMPLES = {"knowledge": "knowledge.bkt.BKT", "memory": "memory.exponential.Exponential"}
_MODELS = {"knowledge": "learn_from", "memory": "practise"}
"""Parts that are models of one kind or another, and a method that tells such a model."""
_TABLES = (
    "concepts",
    "prerequisites.strength",
    "activities.difficulty",
    "activities.minutes",
    "activities.learning",
)


@dataclass(frozen=True)
class Pack:
    """A world as data.

    Attributes:
        name, folder: what it is called and where it is.
        digest: SHA-256 over its files.
        provenance: where each parameter comes from, by its dotted name.
    """

    name: str
    folder: Path
    curriculum: Curriculum
    population: Population
    course: Course
    provenance: Mapping[str, str]
    digest: str


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

    concept_table, concepts, columns = read_concepts(folder / "concepts.csv", _fields(settings), check)
    activity_table, activities = read_activities(folder / "activities.csv", check)
    link_table, prerequisites = read_prerequisites(folder / "prerequisites.csv", check)
    rules = Violations(str(folder))
    curriculum = _try(lambda: Curriculum(concepts, activities, prerequisites), rules)
    population, course = _population(settings, columns, len(concepts), rules)
    if curriculum is not None and population is not None:
        population.knowledge.check_fit(curriculum, rules)
        population.faculties.check_activities(curriculum, rules)
        population.faculties.check_forms(curriculum, rules)
    provenance = _provenance(settings, rules)
    tables = {"concepts": concept_table, "activities": activity_table, "prerequisites": link_table}
    _place_all(rules.found, tables, columns.keys(), check)
    check.raise_all()
    assert curriculum is not None
    assert population is not None
    return Pack(folder.name, folder, curriculum, population, course, provenance, digest(folder))


def digest(folder: Path) -> str:
    """SHA-256 over the names and contents of a pack's files."""
    total = hashlib.sha256()
    for name in FILES:
        content = (folder / name).read_bytes()
        total.update(f"{name}\n{len(content)}\n".encode() + content)
    return total.hexdigest()


def _model(settings: Mapping[str, Any], part: str) -> type | None:
    """The class that the settings name for a part; None where it is no model of that part."""
    node = settings.get(part)
    try:
        cls = target_class(node[TARGET] if isinstance(node, dict) else None)
    except LookupError:
        return None
    return cls if hasattr(cls, _MODELS[part]) else None


def _fields(settings: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The columns that the knowledge model reads from concepts.csv; None if it cannot be told which model it is."""
    model = _model(settings, "knowledge")
    return model.concept_fields() if model is not None and issubclass(model, ConceptModel) else None


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
    for part in [p for p in _MODELS if p in settings and _model(settings, p) is None]:
        _refuse_model(part, settings[part], check)
    knowledge = memory = None
    if _model(settings, "knowledge"):
        knowledge = collect(_with_columns(settings, columns, concepts), check, path="knowledge")
    if _model(settings, "memory"):
        memory = collect(_whole(settings, "memory", _model(settings, "memory"), check), check, path="memory")
    pace = collect(_whole(settings, "pace", Pace, check), check, Pace, "pace")
    goals = collect(_whole(settings, "goals", Goals, check), check, Goals, "goals")
    course = collect(_whole(settings, "course", Course, check), check, Course, "course")
    faculties = collect(_faculties(settings, check), check, Faculties, "faculties")
    listed = settings.get("groups", [])
    if not isinstance(listed, list):
        check.add("groups", listed, "must be a list of subgroups")
        listed = []
    groups = tuple(
        collect(_whole({path: group}, path, Group, check), check, Group, path)
        for path, group in ((f"groups[{i}]", g) for i, g in enumerate(listed))
    )
    leak = settings.get("leak", 0.0)
    check.number("leak", leak, at_least=0.0, at_most=1.0)
    if check.found or knowledge is None or memory is None:
        if all(isinstance(g, Group) for g in groups):
            check_groups(groups, check)
        return None, Course()
    return _try(lambda: Population(knowledge, memory, pace, groups, goals, leak, faculties), check), course


def _refuse_model(part: str, node: object, check: Violations) -> None:
    example = f"such as curriculum_rl.students.{_EXAMPLES[part]}"
    if not isinstance(node, dict):
        check.add(part, node, f"must be a mapping of settings with a {TARGET}, {example}")
    elif TARGET not in node:
        check.that(False, f"{part}.{TARGET}: is missing; it names a model of {part}, {example}")
    else:
        check.add(f"{part}.{TARGET}", node[TARGET], f"must name a model of {part}, {example}")


def _with_columns(settings: Mapping[str, Any], columns: Mapping[str, list[float]], concepts: int) -> object:
    """The settings of the knowledge model with the columns of concepts.csv; one number stands for every concept."""
    node = settings["knowledge"]
    return {**node, **columns, **{name: [float(x)] * concepts for name, x in node.items() if _is_number(x)}}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _whole(settings: Mapping[str, Any], part: str, cls: type | None, check: Violations) -> object:
    """The settings of a part; notes each that is missing, since every number of a world stands in its pack."""
    node = settings.get(part, {})
    if isinstance(node, dict) and cls is not None and part in settings:
        required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
        for name in [f.name for f in fields(cls) if f.name not in node and f.name not in required]:
            check.that(False, f"{part}.{name}: is missing")
    return node


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
        _whole({path: part}, path, cls, check)
    return node


def _provenance(settings: Mapping[str, Any], check: Violations) -> dict[str, str]:
    """Every parameter must have its line, and every line must say fitted, published or assumed."""
    lines = settings.get("provenance", {})
    if not isinstance(lines, dict):
        check.add("provenance", lines, "must map every parameter to its source")
        return {}
    node = settings.get("knowledge")
    given = set(node if isinstance(node, dict) and _model(settings, "knowledge") else ()) - {TARGET}
    needed = {f"knowledge.{name}" for name in given.union(_fields(settings) or ())} | set(_TABLES)
    needed |= {"groups", "goals.share", "leak", "course", *(f"pace.{f.name}" for f in fields(Pace))}
    memory = _model(settings, "memory")
    needed |= {f"memory.{f.name}" for f in fields(memory)} if memory else set()
    faculties = settings.get("faculties", {})
    on = [name for name in FACULTIES if isinstance(faculties, dict) and faculties.get(name) is not None]
    needed |= {f"faculties.{name}" for name in on}
    single = {f"faculties.{name}.{f.name}" for name in on for f in fields(FACULTIES[name])}
    example = 'Begin with fitted, published or assumed, then the source: "assumed: ..."'
    for name in sorted(needed - lines.keys()):
        check.that(False, f"provenance.{name}: is missing. {example}")
    for name in sorted(lines.keys() - needed - single, key=str):
        if memory or not str(name).startswith("memory."):
            check.add(f"provenance.{name}", lines[name], "is about no parameter", nearest(str(name), needed))
    for name, line in lines.items():
        if not str(line).startswith(ORIGINS):
            check.add(f"provenance.{name}", line, "must say where the number comes from", example)
    return {str(name): str(line) for name, line in lines.items()}
