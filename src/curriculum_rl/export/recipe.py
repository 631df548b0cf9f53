"""What a policy is made again from, without the files it was trained to: its settings, and a network's weights.

Settings are those of the YAML files, as `config.build` reads them. Weights are kept where they mean something in
another catalogue, which those of a network that is bound to its own do not: as base64 of single precision, the last
index fastest, lowest byte first.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import numpy as np

from curriculum_rl.config import TARGET, build
from curriculum_rl.described import describe
from curriculum_rl.policies.policy import Policy
from curriculum_rl.trackers.tracker import Float32
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform

LEARNED: Final = "curriculum_rl.agents.learned.LearnedPolicy"


@dataclass(frozen=True)
class Learned:
    """What `LearnedPolicy.settings` tells, made again."""

    network: Any
    tracker: Any
    forms: tuple[str, ...]
    controls: tuple[str, ...]
    sampled: bool
    slate: int


def recipe(policy: Policy) -> dict[str, Any]:
    """The settings of a policy."""
    learned: Any = policy
    return {TARGET: LEARNED, **learned.settings()} if _is_learned(policy) else describe(policy)


def weights(policy: Policy) -> dict[str, Any] | None:
    """Every weight of a network by its name; None where there is no network, or it is bound to its catalogue."""
    learned: Any = policy
    if not _is_learned(policy) or not learned.network.portable:
        return None
    return {name: _written(array) for name, array in learned.weights().items()}


def policy_from(recipe: Mapping[str, Any], weights: Mapping[str, Any] | None, platform: Platform) -> Policy:
    """The policy, on a platform.

    Raises:
        InvalidInput: it is no policy of this package, its network is bound to another catalogue, or the weights do
            not fit.
    """
    if recipe.get(TARGET) != LEARNED:
        made = build(recipe, "policy")
        if not hasattr(made, "probabilities"):
            raise InvalidInput("policy", [f"{TARGET} = {recipe.get(TARGET)!r}: is no policy"])
        return cast(Policy, made)
    from curriculum_rl.agents.learned import bound, from_weights  # which needs torch, as heuristics do not

    settings: Learned = build({**recipe, TARGET: f"{__name__}.{Learned.__name__}"}, "policy", Learned)
    if not (hasattr(settings.network, "actor") and hasattr(settings.tracker, "start")):
        raise InvalidInput("policy", ["has no network, or no tracker. Export it again"])
    if weights is None:
        raise bound(settings.network)
    arrays = {name: _read(name, array) for name, array in weights.items()}
    made_of = settings.network, settings.tracker, arrays, settings.sampled, settings.forms, settings.controls
    return replace(from_weights(platform, *made_of), slate=settings.slate)


def _is_learned(policy: Policy) -> bool:
    return hasattr(policy, "actor")


def _written(array: Float32) -> dict[str, Any]:
    return {"shape": list(array.shape), "float32": base64.b64encode(array.astype("<f4").tobytes()).decode()}


def _read(name: str, written: Any) -> Float32:
    try:
        shape = tuple(int(size) for size in written["shape"])
        content = base64.b64decode(written["float32"], validate=True)
    except (TypeError, KeyError, ValueError, binascii.Error):
        content, shape = b"", (-1,)
    if min(shape, default=0) < 0 or len(content) != 4 * math.prod(shape):
        raise InvalidInput("weights", [f"{name}: is not a shape and as many numbers. Export the policy again"])
    return np.frombuffer(content, dtype="<f4").astype(np.float32).reshape(shape)
