"""A policy as one file: the graph, the state of a new student, the catalogue, and how to find out that it is whole.

    step.onnx            tracker, mask and policy in one graph (`step.py`)
    initial_state.npy    the state of a student of whom nothing is known, whose goals are everything, (S,)
    catalogue.json       activities, concepts and prerequisites, in the order of the graph's columns
    manifest.json        name, units, what it was made from, and the SHA-256 of every other file
    test_vectors.jsonl   courses of students, step by step: what goes in, and what has to come out
    MODEL_CARD.md        what it is, and what it is not

The comment of the archive is the SHA-256 of all bytes before it, so that a single bit that differs, anywhere, is seen.
The same policy makes the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from curriculum_rl import __version__
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.export.parity import Parity, observations, parity
from curriculum_rl.export.step import packed, step_graph
from curriculum_rl.policies.policy import Policy
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World

FORMAT: Final = "curriculum-rl policy"
VERSION: Final = 1
GRAPH, STATE, CATALOGUE, MANIFEST = "step.onnx", "initial_state.npy", "catalogue.json", "manifest.json"
VECTORS, CARD = "test_vectors.jsonl", "MODEL_CARD.md"
STUDENTS, STEPS = 200, 6
_WHEN: Final = (1980, 1, 1, 0, 0, 0)
_DIGITS: Final = 64


@dataclass(frozen=True)
class Made:
    """A bundle's bytes, and what the comparison with the package came to."""

    content: bytes
    parity: Parity


def make(name: str, policy: Policy, world: World, observed: int = 100_000) -> Made:
    """The bundle of a policy in a world.

    Raises:
        InvalidInput: it cannot be traced, or the graph does not do what the package does.
    """
    try:
        model = step_graph(policy, world.platform).SerializeToString()
    except TypeError as error:
        raise InvalidInput("export", [f"{name}: cannot be written as a graph: {error}"]) from None
    found = parity(model, policy, world, observed)
    if not found.passed:
        told = f"differs from the package in {found.apart:,} of {found.observations:,} observations"
        raise InvalidInput("export", [f"{name}: {told}, by {found.furthest:.2g} at most. Nothing was written"])
    belief = policy.tracker.start(world.platform, np.ones((1, len(world.curriculum.concepts)), dtype=np.bool_))
    state = io.BytesIO()
    np.save(state, packed(belief)[0])
    files = {
        GRAPH: model,
        STATE: state.getvalue(),
        CATALOGUE: _json(catalogue(world)),
        VECTORS: "".join(f"{json.dumps(line)}\n" for line in vectors(policy, world)).encode(),
        CARD: card(name, policy, world, found).encode(),
    }
    digests = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
    files[MANIFEST] = _json(manifest(name, policy, world, found) | {"sha256": digests})
    return Made(archive(files), found)


def catalogue(world: World) -> dict[str, Any]:
    """What the graph's columns are about."""
    curriculum = world.curriculum
    return {
        "activities": [
            {"id": a.id, "name": a.name, "form": a.form, "minutes": a.minutes, "answered": a.answered}
            | {"concepts": dict(a.loads)}
            for a in curriculum.activities
        ],
        "concepts": [{"id": c.id, "name": c.name} for c in curriculum.concepts],
        "prerequisites": [
            {"prerequisite": p.prerequisite, "concept": p.concept, "strength": p.strength}
            for p in curriculum.prerequisites
        ],
    }


def manifest(name: str, policy: Policy, world: World, found: Parity) -> dict[str, Any]:
    """All that is known of it beside its files."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "made_by": f"curriculum_rl {__version__}",
        "policy": type(policy).__name__,
        "tracker": type(policy.tracker).__name__,
        "world": world.name,
        "world_digest": world.digest,
        "units": {
            "elapsed_s": "seconds since the last event",
            "correct": "1 right, 0 wrong",
            "last_activity": "-1: none",
        },
        "parity": {"observations": found.observations, "furthest": found.furthest, "level": found.level},
    }


def vectors(policy: Policy, world: World) -> Iterator[dict[str, Any]]:
    """Steps of students: state, event and what is locked, with what has to come out; only what is not 0."""
    for step, one in enumerate(observations(policy, world, first(TEST, STUDENTS, 1_000_000), seed=1)):
        if step == STEPS:
            return
        for row in range(len(one.probabilities)):
            chances = one.probabilities[row]
            given = {key: value[row].tolist() for key, value in one.inputs.items() if key not in ("state", "allowed")}
            yield {
                "state": [float(f"{x:.9g}") for x in one.inputs["state"][row]],
                **given,
                "locked": np.flatnonzero(~one.inputs["allowed"][row]).tolist(),
                "probs": {int(a): float(f"{chances[a]:.7g}") for a in np.flatnonzero(chances)},
                "level": bool(one.level[row]),
            }


def card(name: str, policy: Policy, world: World, found: Parity) -> str:
    """The model card."""
    return f"""# {name}

A teaching policy ({type(policy).__name__}, seeing students through {type(policy.tracker).__name__}) for the catalogue
of the world `{world.name}`: {len(world.curriculum.activities)} activities on {len(world.curriculum.concepts)} concepts.

**Not validated on real students.** Its students are simulated; how good it is where they are not, nobody has measured.

Graph and package agree over {found.observations:,} observations: probabilities differ by {found.furthest:.1g} at most.
"""


def archive(files: dict[str, bytes]) -> bytes:
    """The zip of these files; its comment is the digest of all that stands before."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as whole:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            whole.writestr(entry, files[name])
        whole.comment = b"0" * _DIGITS
    content = written.getvalue()[:-_DIGITS]
    return content + hashlib.sha256(content).hexdigest().encode()


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
