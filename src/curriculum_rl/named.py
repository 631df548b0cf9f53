"""Components by name: one YAML each in `configs/<group>`, and no registry."""

from __future__ import annotations

from typing import Any

from curriculum_rl.config import build, nearest
from curriculum_rl.resources import configs_folder
from curriculum_rl.violations import InvalidInput
from curriculum_rl.yaml_file import check_yaml


def names_of(group: str) -> list[str]:
    """Names of all members of a group."""
    return sorted(path.stem for path in (configs_folder() / group).glob("*.yaml"))


def load_named(group: str, name: str, kind: str) -> Any:
    """The member of this name, with the settings of its YAML; `kind` is what people call such a member.

    Raises:
        InvalidInput: there is none of that name.
    """
    check_named(group, name, kind)
    path = configs_folder() / group / f"{name}.yaml"
    return build(check_yaml(path), str(path))


def check_named(group: str, name: str, kind: str) -> None:
    """Refuses a name that no member of a group has, and says which one may be meant."""
    known = names_of(group)
    if name not in known:
        raise InvalidInput(group, [f"{name!r} is no {kind}. {nearest(name, known)}"])
