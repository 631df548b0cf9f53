"""The parts of a pack's population.yaml: which class each names, what stands in it, and where its numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final

from curriculum_rl.config import TARGET, nearest, target_class
from curriculum_rl.students.faculties import FACULTIES
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.pace import Pace
from curriculum_rl.students.population import Goals
from curriculum_rl.violations import Violations

ORIGINS = ("fitted", "published", "assumed")
MODELS = ("knowledge", "memory")
"""Parts that are models of one kind or another."""
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "knowledge": ("learn_from", "knowledge.bkt.BKT"),
    "memory": ("practise", "memory.exponential.Exponential"),
    "goals": ("draw", "population.Targets"),
    "prelude": ("choose", "warm_up.WarmUp"),
}
"""A method that tells a class of the part, and an example."""
_TABLES = (
    "concepts",
    "prerequisites.strength",
    "activities.difficulty",
    "activities.minutes",
    "activities.learning",
)


def kind(settings: Mapping[str, Any], part: str) -> type | None:
    """The class that the settings name for a part; None where it is none of that part. Goals need not name theirs."""
    node = settings.get(part)
    if part == "goals" and not (isinstance(node, dict) and TARGET in node):
        return Goals
    try:
        cls = target_class(node[TARGET] if isinstance(node, dict) else None)
    except LookupError:
        return None
    return cls if hasattr(cls, _KINDS[part][0]) else None


def concept_fields(settings: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The columns that the knowledge model reads from concepts.csv; None if it cannot be told which model it is."""
    model = kind(settings, "knowledge")
    return model.concept_fields() if model is not None and issubclass(model, ConceptModel) else None


def refuse(part: str, node: object, check: Violations) -> None:
    """Notes that a part names no class of its kind."""
    named = f"a model of {part}" if part in MODELS else f"a kind of {part}"
    example = f"such as curriculum_rl.students.{_KINDS[part][1]}"
    if not isinstance(node, dict):
        check.add(part, node, f"must be a mapping of settings with a {TARGET}, {example}")
    elif TARGET not in node:
        check.that(False, f"{part}.{TARGET}: is missing; it names {named}, {example}")
    else:
        check.add(f"{part}.{TARGET}", node[TARGET], f"must name {named}, {example}")


def whole(settings: Mapping[str, Any], part: str, cls: type | None, check: Violations) -> object:
    """The settings of a part; notes each that is missing, since every number of a world stands in its pack."""
    node = settings.get(part, {})
    if isinstance(node, dict) and cls is not None and part in settings:
        required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
        for name in [f.name for f in fields(cls) if f.name not in node and f.name not in required]:
            check.that(False, f"{part}.{name}: is missing")
    return node


def sources(settings: Mapping[str, Any], check: Violations) -> dict[str, str]:
    """Every parameter must have its line, and every line must say fitted, published or assumed."""
    lines = settings.get("provenance", {})
    if not isinstance(lines, dict):
        check.add("provenance", lines, "must map every parameter to its source")
        return {}
    node = settings.get("knowledge")
    given = set(node if isinstance(node, dict) and kind(settings, "knowledge") else ()) - {TARGET}
    needed = {f"knowledge.{name}" for name in given.union(concept_fields(settings) or ())} | set(_TABLES)
    needed |= {"groups", "leak", "course", *(f"pace.{f.name}" for f in fields(Pace))}
    memory = kind(settings, "memory")
    for part in ("memory", "goals", *(["prelude"] if "prelude" in settings else [])):
        cls = kind(settings, part)
        needed |= {f"{part}.{f.name}" for f in fields(cls)} if cls else set()
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
