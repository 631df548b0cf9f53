"""A component as the mapping that makes it again: the other way round from `config.build`."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from curriculum_rl.config import TARGET


def describe(component: Any) -> dict[str, Any]:
    """The mapping that `config.build` makes this dataclass of settings from; weights are left out."""
    kind = type(component)
    values = {f.name: getattr(component, f.name) for f in fields(component) if not f.metadata.get("weights")}
    return {TARGET: f"{kind.__module__}.{kind.__qualname__}", **{name: _plain(v) for name, v in values.items()}}


def _plain(value: Any) -> Any:
    """What YAML and JSON can say."""
    if is_dataclass(value):
        return describe(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value
