"""YAML read strictly: a key given twice is refused, and `1e-4` is a number."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from curriculum_rl.violations import InvalidInput, Violations


def check_yaml(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        InvalidInput: the file is missing, is not YAML, or gives a key twice (every such key is named, with
            both lines; YAML readers would silently keep the last).
    """
    where = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(where, [f"cannot be read ({error.strerror}): check the path"]) from None
    except UnicodeDecodeError as error:
        raise InvalidInput(where, [f"is not UTF-8 text (byte {error.start}): save it as UTF-8"]) from None
    violations = Violations(where)
    try:
        content, repeated = _load(text)
    except yaml.YAMLError as error:
        raise InvalidInput(where, [_syntax(error)]) from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # What PyYAML lets through for a tag that does not fit its value, or for nesting without end.
        raise InvalidInput(where, [f"is not plain YAML: {error}"]) from None
    for message in repeated:
        violations.that(False, message)
    violations.raise_all()
    return content


def _load(text: str) -> tuple[Any, list[str]]:
    """The content, and what is said of keys that are given twice."""
    loader = _Loader(text)
    try:
        return loader.get_single_data(), loader.repeated
    finally:
        loader.dispose()


class _Loader(yaml.SafeLoader):
    """Builds plain data only; dates stay text."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeated: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        first_line: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + 1
            if key.value in first_line:
                lines = f"lines {first_line[key.value]} and {line}"
                self.repeated.append(f"{key.value}: is given twice, on {lines}. Delete one of them")
            first_line.setdefault(key.value, line)
        return super().construct_mapping(node, deep)


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """YAML 1.1 takes `1e-4` for text; YAML 1.2, and everybody, for a number."""
    number = re.compile(r"^[-+]?(\d[\d_]*)(\.[\d_]*)?[eE][-+]?\d+$")
    resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for first in "-+0123456789":
        resolvers[first] = [("tag:yaml.org,2002:float", number), *resolvers.get(first, [])]
    return resolvers


_Loader.yaml_implicit_resolvers = _resolvers()


def _syntax(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}is not YAML: {problem}"
