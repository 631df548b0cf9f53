"""Policies by name: one YAML a policy in `configs/policy`."""

from __future__ import annotations

from typing import Final, cast

from curriculum_rl.named import load_named, names_of
from curriculum_rl.policies.policy import Policy

ON_REQUEST: Final = frozenset({"lookahead", "sequence"})
"""Heuristics that must be asked for: one takes minutes for some thousand students, one wants to be told an order."""


def policy_names() -> list[str]:
    """Names of all heuristics."""
    return names_of("policy")


def usual_names() -> list[str]:
    """Names of the heuristics that take part unless told otherwise: those that need not be asked for."""
    return [name for name in policy_names() if name not in ON_REQUEST]


def load_policy(name: str) -> Policy:
    """The heuristic of this name, with the parameters of its YAML.

    Raises:
        InvalidInput: there is none of that name.
    """
    return cast(Policy, load_named("policy", name, "policy"))
