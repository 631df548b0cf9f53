"""Makes a bundle: a policy as one file, whose form is told in `runner/bundle.py`, compared with the package first.

The same policy makes the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from curriculum_rl import __version__
from curriculum_rl.described import describe
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.export.card import card
from curriculum_rl.export.catalogue import written
from curriculum_rl.export.evidence import Evidence
from curriculum_rl.export.parity import Parity, parity
from curriculum_rl.export.recipe import recipe, weights
from curriculum_rl.export.step import goals_in, packed, step_graph
from curriculum_rl.export.vectors import vectors
from curriculum_rl.policies.policy import Policy
from curriculum_rl.runner.bundle import CARD, CATALOGUE, DIGITS, FORMAT, GRAPH, MANIFEST, STATE, VECTORS, VERSION
from curriculum_rl.runner.bundle import read_bundle as read
from curriculum_rl.runner.replay import TOLERANCE, replay
from curriculum_rl.runner.runner import Runner
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform, World

_WHEN: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Made:
    """A bundle's bytes, and what the comparison with the package came to."""

    content: bytes
    parity: Parity


def make(
    name: str,
    policy: Policy,
    world: World,
    observed: int = 100_000,
    gate: Gate | None = None,
    evidence: Evidence | None = None,
    limits: Sequence[str] = (),
) -> Made:
    """The bundle of a policy in a world.

    Args:
        observed: observations over which graph and package are compared.
        gate: shuts activities, in the graph too.
        evidence: what a study says of the policy, for its card.
        limits: of the simulator, for its card.

    Raises:
        InvalidInput: it cannot be traced, or the graph does not do what the package does.
    """
    told = {"world": world.name, "world_digest": world.digest, "study": evidence.told() if evidence else None}
    return bundled(
        name,
        policy,
        world.platform,
        told,
        lambda found: card(name, policy, world, found, gate, evidence, limits),
        observed,
        gate,
    )


def bundled(
    name: str,
    policy: Policy,
    platform: Platform,
    told: Mapping[str, Any],
    card_of: Callable[[Parity], str],
    observed: int = 100_000,
    gate: Gate | None = None,
    frameworks: Mapping[str, Any] | None = None,
) -> Made:
    """The bundle of a policy on a platform.

    Args:
        told: what the manifest says of where it comes from.
        card_of: the model card, given what the comparison came to.
        observed, gate: as of `make`.
        frameworks: competency frameworks of concepts; see `catalogue.py`.

    Raises:
        InvalidInput: it cannot be traced, or the graph does not do what the package does, or what is written cannot be
            read again, or does not do what its test vectors say.
    """
    if gate is not None:
        gate.check(platform)
    try:
        exact = step_graph(policy, platform, gate).SerializeToString()
        goals = goals_in(policy.tracker, platform)
    except TypeError as error:
        remedy = "Teach a network to choose as it does (agent=distil), and export that"
        raise InvalidInput("export", [f"{name}: cannot be written as a graph: {error}. {remedy}"]) from None
    model, found = compared(exact, policy, platform, gate, observed)
    if not found.passed:
        apart = f"differs from the package in {found.apart:,} of {found.observations:,} observations"
        raise InvalidInput("export", [f"{name}: {apart}, by {found.furthest:.2g} at most. Nothing was written"])
    initial = packed(policy.tracker.start(platform, np.ones((1, len(platform.curriculum.concepts)), dtype=np.bool_)))[0]
    state = io.BytesIO()
    np.save(state, initial)
    catalogue = written(platform, frameworks)
    files = {
        GRAPH: model,
        STATE: state.getvalue(),
        CATALOGUE: _json(catalogue),
        VECTORS: "".join(f"{json.dumps(line)}\n" for line in vectors(policy, platform, catalogue, gate)).encode(),
        CARD: card_of(found).encode(),
    }
    about = manifest(name, policy, gate, found) | dict(told) | {"state": {"size": len(initial), "goals": goals}}
    digests = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
    files[MANIFEST] = _json(about | {"sha256": digests})
    content = archive(files)
    replay(Runner(read(content)))
    return Made(content, found)


def compared(
    exact: bytes, policy: Policy, platform: Platform, gate: Gate | None, observed: int
) -> tuple[bytes, Parity]:
    """The graph to take, and what its comparison with the package came to.

    A network's is taken in single precision where that is closer than it has to be, as runtimes differ too; else as
    exact as it was given. Ties and thresholds, which heuristics and gates live by, are not for single precision.
    """
    if hasattr(policy, "actor") and gate is None:
        model = step_graph(policy, platform, single=True).SerializeToString()
        if _close(parity(model, policy, platform, observed // 10)):
            found = parity(model, policy, platform, observed)
            if _close(found):
                return model, found
    return exact, parity(exact, policy, platform, observed, gate)


def _close(found: Parity) -> bool:
    return found.passed and found.furthest <= TOLERANCE / 10


def manifest(name: str, policy: Policy, gate: Gate | None, found: Parity) -> dict[str, Any]:
    """What is known of it beside its files and where it comes from."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "made_by": f"curriculum_rl {__version__}",
        "policy": recipe(policy),
        "tracker": describe(policy.tracker),
        "weights": weights(policy),
        "gate": None if gate is None else describe(gate),
        "exploration": 0.0,
        "units": {
            "elapsed_s": "seconds since the last event",
            "correct": "1 right, 0 wrong",
            "last_activity": "-1: none",
        },
        "parity": {"observations": found.observations, "furthest": found.furthest, "level": found.level},
    }


def archive(files: dict[str, bytes]) -> bytes:
    """The zip of these files; its comment is the digest of all that stands before."""
    packed_up = io.BytesIO()
    with zipfile.ZipFile(packed_up, "w", zipfile.ZIP_DEFLATED) as whole:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            whole.writestr(entry, files[name])
        whole.comment = b"0" * DIGITS
    content = packed_up.getvalue()[:-DIGITS]
    return content + hashlib.sha256(content).hexdigest().encode()


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
