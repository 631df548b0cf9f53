"""Policies by name: one YAML a policy in `configs/policy`."""

from __future__ import annotations

from typing import Final, cast

from curriculum_rl.config import build, nearest
from curriculum_rl.policies.policy import Policy
from curriculum_rl.resources import configs_folder
from curriculum_rl.violations import InvalidInput
from curriculum_rl.yaml_file import check_yaml

ON_REQUEST: Final = frozenset({"lookahead", "sequence"})
"""Heuristics that must be asked for: one takes minutes for some thousand students, one wants to be told an order."""


def policy_names() -> list[str]:
    """Names of all heuristics."""
    return sorted(p.stem for p in (configs_folder() / "policy").glob("*.yaml"))


def usual_names() -> list[str]:
    """Names of the heuristics that take part unless told otherwise: those that need not be asked for."""
    return [name for name in policy_names() if name not in ON_REQUEST]


def load_policy(name: str) -> Policy:
    """The heuristic of this name, with the parameters of its YAML.

    Raises:
        InvalidInput: there is none of that name.
    """
    path = configs_folder() / "policy" / f"{name}.yaml"
    if not path.is_file():
        raise InvalidInput("policy", [f"{name!r} is no policy. {nearest(name, policy_names())}"])
    return cast(Policy, build(check_yaml(path), str(path)))
