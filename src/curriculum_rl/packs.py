"""A simulator pack on disk and the curriculum, population and calendar that it describes.

    card.md             what it models, where its numbers come from, how well it fits, its limits
    concepts.csv        id, name, tries, and a column for each per-concept parameter of the knowledge model
    prerequisites.csv   prerequisite, concept, strength
    activities.csv      id, name, form, concepts ("a" or "a:0.7;b:0.3"), difficulty, minutes, learning, answered
    population.yaml     knowledge, memory, pace, groups, goals, leak, course, provenance

Every parameter has a line of provenance that begins with fitted, published or assumed.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from curriculum_rl.config import collect, nearest, target_class
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Activity, Concept, Curriculum, Prerequisite
from curriculum_rl.resources import pack_names, simulators_folder
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.memory.consolidation import Consolidation
from curriculum_rl.students.pace import Pace
from curriculum_rl.students.population import Goals, Population
from curriculum_rl.students.traits import Group
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.yaml_file import check_yaml

FILES = ("card.md", "concepts.csv", "prerequisites.csv", "activities.csv", "population.yaml")
ORIGINS = ("fitted", "published", "assumed")
_SETTINGS = ("knowledge", "memory", "pace", "groups", "goals", "leak", "course", "provenance")
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
    for key in settings.keys() - set(_SETTINGS):
        check.add(f"population.yaml: {key}", settings[key], "no such setting", nearest(str(key), _SETTINGS))

    concepts, columns = _concepts(folder / "concepts.csv", _fields(settings), check)
    activities = _activities(folder / "activities.csv", check)
    prerequisites = _prerequisites(folder / "prerequisites.csv", check)
    curriculum = _try(lambda: Curriculum(concepts, activities, prerequisites), check)
    population, course = _population(settings, columns, len(concepts), check)
    provenance = _provenance(settings, check)
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


def _fields(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that the knowledge model reads from concepts.csv; none if it cannot be told which model it is."""
    try:
        model = target_class(settings["knowledge"]["_target_"])
    except (LookupError, TypeError):
        return ()
    return model.concept_fields() if issubclass(model, ConceptModel) else ()


def _try(make: Any, check: Violations) -> Any:
    try:
        return make()
    except InvalidInput as error:
        check.found.extend(error.violations)
        return None


def _rows(path: Path, required: tuple[str, ...], check: Violations) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with their line numbers; a missing column or a ragged row is noted."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        header = reader.fieldnames or []
        for name in [c for c in required if c not in header]:
            check.add(f"{path.name}: columns", list(header), f"must have a column {name!r}")
        if any(c not in header for c in required):
            return []
        rows = []
        for row in reader:
            if None in row or None in row.values():
                check.that(False, f"{path.name} line {reader.line_num}: must have {len(header)} cells")
            else:
                rows.append((reader.line_num, {k: v.strip() for k, v in row.items()}))
        return rows


def _number(text: str, where: str, check: Violations) -> float:
    try:
        return float(text)
    except ValueError:
        check.add(where, text, "must be a number")
        return 0.0


def _concepts(
    path: Path, parameters: tuple[str, ...], check: Violations
) -> tuple[tuple[Concept, ...], dict[str, tuple[float, ...]]]:
    rows = _rows(path, ("id",), check)
    columns: dict[str, list[float]] = {}
    concepts = []
    for line, row in rows:
        tries = _number(row.get("tries") or "0", f"{path.name} line {line}: tries", check)
        concepts.append(Concept(row["id"], row.get("name", ""), int(tries) if tries == tries else 0))
        for name in (p for p in parameters if p in row):
            columns.setdefault(name, []).append(_number(row[name], f"{path.name} line {line}: {name}", check))
    return tuple(concepts), {name: tuple(values) for name, values in columns.items()}


def _activities(path: Path, check: Violations) -> tuple[Activity, ...]:
    required = ("id", "form", "concepts", "difficulty", "minutes", "learning", "answered")
    activities = []
    for line, row in _rows(path, required, check):
        where = f"{path.name} line {line}"
        if row["answered"] not in ("0", "1"):
            check.add(f"{where}: answered", row["answered"], "must be 0 or 1")
        activities.append(
            Activity(
                id=row["id"],
                name=row.get("name", ""),
                form=row["form"],
                loads=_loads(row["concepts"], f"{where}: concepts", check),
                difficulty=_number(row["difficulty"], f"{where}: difficulty", check),
                minutes=_number(row["minutes"], f"{where}: minutes", check),
                learning=_number(row["learning"], f"{where}: learning", check),
                answered=row["answered"] == "1",
            )
        )
    return tuple(activities)


def _loads(text: str, where: str, check: Violations) -> dict[str, float]:
    """`a` or `a:0.7;b:0.3`."""
    if ";" not in text and ":" not in text:
        return {text: 1.0} if text else {}
    loads: dict[str, float] = {}
    for part in text.split(";"):
        concept, _, share = part.strip().rpartition(":")
        if not concept or concept in loads:
            check.add(where, text, 'must read "concept" or "concept:share;concept:share", each concept once')
            return {}
        loads[concept] = _number(share, where, check)
    return loads


def _prerequisites(path: Path, check: Violations) -> tuple[Prerequisite, ...]:
    return tuple(
        Prerequisite(
            row["prerequisite"],
            row["concept"],
            _number(row.get("strength") or "1", f"{path.name} line {line}: strength", check),
        )
        for line, row in _rows(path, ("prerequisite", "concept"), check)
    )


def _population(
    settings: Mapping[str, Any], columns: Mapping[str, tuple[float, ...]], concepts: int, check: Violations
) -> tuple[Population | None, Course]:
    before = len(check.found)
    knowledge_node = dict(settings.get("knowledge") or {})
    for name in _fields(settings):
        if isinstance(knowledge_node.get(name), (int, float)):
            knowledge_node[name] = [float(knowledge_node[name])] * concepts
        elif name in columns:
            knowledge_node[name] = list(columns[name])
    knowledge = collect(knowledge_node, check, path="knowledge")
    memory = collect(settings.get("memory") or {}, check, path="memory")
    pace = collect(settings.get("pace") or {}, check, Pace, "pace")
    goals = collect(settings.get("goals") or {}, check, Goals, "goals")
    course = collect(settings.get("course") or {}, check, Course, "course")
    listed = settings.get("groups")
    if not isinstance(listed, list):
        check.add("groups", listed, "must be a list of subgroups")
        listed = []
    groups = tuple(collect(g, check, Group, f"groups[{i}]") for i, g in enumerate(listed))
    if len(check.found) > before:
        return None, Course()
    for part, value, kind in (("knowledge", knowledge, ConceptModel), ("memory", memory, Consolidation)):
        if not isinstance(value, kind):
            check.add(f"{part}._target_", type(value).__name__, f"must be a model of {part}")
    leak = settings.get("leak", 0.1)
    if len(check.found) > before:
        return None, course
    return _try(lambda: Population(knowledge, memory, pace, groups, goals, leak), check), course


def _provenance(settings: Mapping[str, Any], check: Violations) -> dict[str, str]:
    """Every parameter must have its line, and every line must say fitted, published or assumed."""
    lines = settings.get("provenance")
    if not isinstance(lines, dict):
        check.add("provenance", lines, "must map every parameter to its source")
        return {}
    needed = {f"knowledge.{name}" for name in _fields(settings)} | set(_TABLES)
    needed |= {"groups", "goals.share", "leak", "course"}
    for part in ("memory", "pace"):
        node = settings.get(part)
        try:
            cls = target_class(node["_target_"]) if isinstance(node, dict) and "_target_" in node else Pace
        except LookupError:
            continue  # noted where the part is built
        needed |= {f"{part}.{f.name}" for f in fields(cls)}
    example = 'Begin with fitted, published or assumed, then the source: "assumed: ..."'
    for name in sorted(needed - lines.keys()):
        check.that(False, f"provenance.{name}: is missing. {example}")
    for name in sorted(map(str, lines.keys() - needed)):
        check.add(f"provenance.{name}", lines[name], "is about no parameter", nearest(name, needed))
    for name, line in lines.items():
        if not str(line).startswith(ORIGINS):
            check.add(f"provenance.{name}", line, "must say where the number comes from", example)
    return {str(name): str(line) for name, line in lines.items()}
