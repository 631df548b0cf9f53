"""The JavaScript runner does in Node what the Python runner does, to the draw and to the word."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curriculum_rl.export.bundle import archive
from curriculum_rl.runner.bundle import MANIFEST, VECTORS, open_bundle
from curriculum_rl.runner.draw import drawn, explored, uniform
from curriculum_rl.runner.reasons import Reasons
from curriculum_rl.runner.replay import replay
from curriculum_rl.runner.runner import Runner, Step
from tests.web.conftest import BUNDLES, Ask

EACH = pytest.mark.parametrize("name", BUNDLES)
TOLERANCE = 1e-5


def files_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def resealed(files: dict[str, bytes]) -> bytes:
    """An archive whose digests are right, whatever is in it."""
    manifest = json.loads(files[MANIFEST])
    manifest["sha256"] = {n: hashlib.sha256(c).hexdigest() for n, c in files.items() if n != MANIFEST}
    return archive({**files, MANIFEST: json.dumps(manifest).encode()})


@EACH
def test_every_vector_is_replayed(ask: Ask, bundles: dict[str, Path], name: str):
    found = ask("replay", path=str(bundles[name]))
    assert found["decisions"] == replay(Runner(open_bundle(bundles[name])))
    assert found["furthest"] <= TOLERANCE


@EACH
def test_a_course_is_the_same_as_in_python(ask: Ask, bundles: dict[str, Path], name: str, rng: np.random.Generator):
    runner = Runner(open_bundle(bundles[name]))
    goals = runner.concepts[::2]
    allowed = rng.random(len(runner.activities)) < 0.7
    events = [(-1, 0, 0.0)] + [
        (int(rng.integers(len(allowed))), int(rng.integers(2)), float(rng.choice([60.0, 86_400.0, 3e7])))
        for _ in range(30)
    ]
    state = runner.start(1, goals)
    found = ask("steps", path=str(bundles[name]), goals=goals, events=events, allowed=allowed.astype(int).tolist())
    for event, chances in zip(events, found["probabilities"], strict=True):
        step = runner.step(state, *([x] for x in event), allowed[None])
        state = step.state
        assert np.allclose(step.probabilities[0], chances, rtol=0.0, atol=TOLERANCE)
    assert np.allclose(state[0], found["state"], rtol=TOLERANCE, atol=TOLERANCE)


def test_draws_are_those_of_python(ask: Ask, rng: np.random.Generator):
    rows = []
    for i in range(300):
        probs = rng.dirichlet(np.full(1 + i % 40, 0.3)).astype(np.float32)
        eligible = rng.random(len(probs)) < 0.8 if i % 10 else np.zeros(len(probs), dtype=np.bool_)
        probs = np.where(eligible & (i % 7 > 0), probs, np.float32(0.0))
        row = {"probs": probs.tolist(), "eligible": eligible.tolist()}
        rows.append(row | {"rate": float(rng.choice([0.0, 0.1, 1.0])), "draw": float(rng.random())})
    events, digest = [f"e{i}" for i in range(50)] + ["", "ä/€"], "sha256:abc"
    found = ask("draws", rows=rows, digest=digest, events=events)
    for row, chances, choice in zip(rows, found["chances"], found["drawn"], strict=True):
        wanted = explored(np.array(row["probs"], dtype=np.float32), np.array(row["eligible"]), row["rate"])
        assert chances == wanted.tolist()
        assert choice == drawn(wanted, row["draw"])
    assert found["uniform"] == [uniform(digest, event) for event in events]
    assert None in found["drawn"]


@EACH
def test_reasons_are_those_of_python(ask: Ask, bundles: dict[str, Path], name: str, rng: np.random.Generator):
    catalogue: dict[str, Any] = dict(open_bundle(bundles[name]).catalogue)
    activities, concepts = len(catalogue["activities"]), len(catalogue["concepts"])
    rows, wanted = [], []
    for i in range(200):
        mastery = np.round(rng.random(concepts) * 8).astype(np.float32) / 8  # ties, and halves of a percent
        eligible = rng.random(activities) < (0.05, 0.3, 1.0)[i % 3]
        chances = np.where(eligible, rng.choice([0.0, 0.0099, 0.01, 0.2, 0.345], activities), 0.0).astype(np.float32)
        chosen = int(rng.integers(activities))
        step = Step(np.zeros((1, 1), np.float32), chances[None], eligible[None], mastery[None])
        wanted.append(Reasons.of(catalogue).why(step, 0, chosen))
        rows.append(
            {"probabilities": chances.tolist(), "eligible": eligible.tolist(), "mastery": mastery.tolist()}
            | {"chosen": chosen}
        )
    assert ask("reasons", catalogue=catalogue, rows=rows) == wanted


def test_concepts_with_numbers_for_names_are_told_in_the_order_of_the_catalogue(ask: Ask):
    """JavaScript puts keys like these in an order of its own."""
    activity = {"id": "a", "name": "A", "answered": True, "concepts": {"b": 0.2, "10": 0.4, "9": 0.4}}
    concepts = [{"id": "10", "name": "ten"}, {"id": "b"}, {"id": "9", "name": ""}]
    catalogue: dict[str, Any] = {"activities": [activity], "concepts": concepts, "prerequisites": []}
    row = {"probabilities": [1.0], "eligible": [True], "mastery": [0.5, 0.25, 0.5]}
    step = Step(*(np.array([x]) for x in ([0.0], row["probabilities"], row["eligible"], row["mastery"])))
    (told,) = ask("reasons", catalogue=catalogue, rows=[row | {"chosen": 0}])
    assert told == Reasons.of(catalogue).why(step, 0, 0)
    assert told[0].index("ten (") < told[0].index("b (") < told[0].index("9 (")


def test_damage_is_refused(ask: Ask, bundles: dict[str, Path], tmp_path: Path, rng: np.random.Generator):
    content = bundles["gated"].read_bytes()
    paths = []
    for i, at in enumerate(rng.integers(0, len(content), 100)):
        flipped = bytearray(content)
        flipped[at] ^= 1 << int(rng.integers(8))
        paths.append(tmp_path / f"flipped{i}.zip")
        paths[-1].write_bytes(flipped)
    for length in (0, 1, 63, 64, 65, *rng.integers(66, len(content), 30), len(content) - 1):
        paths.append(tmp_path / f"cut{length}.zip")
        paths[-1].write_bytes(content[: int(length)])
    found = ask("refusals", paths=[str(path) for path in paths])
    assert all("is damaged or no bundle" in message for message in found)


def test_what_was_put_in_is_named(ask: Ask, bundles: dict[str, Path], tmp_path: Path):
    files = files_of(bundles["gated"])
    other = json.loads(files[MANIFEST]) | {"version": 99}
    smaller = json.loads(files[MANIFEST]) | {"state": {"size": 1, "goals": [0]}}
    unlisted = json.loads(files["catalogue.json"]) | {"concepts": []}
    cases = {
        "step.onnx: its digest is not the one": archive({**files, "step.onnx": files["step.onnx"] + b" "}),
        "must hold": archive({name: content for name, content in files.items() if name != "MODEL_CARD.md"}),
        "version 99": archive({**files, MANIFEST: json.dumps(other).encode()}),
        "is damaged: ": archive({**files, MANIFEST: b"[" * 100_000}),
        "lists no activities": resealed({**files, "catalogue.json": json.dumps(unlisted).encode()}),
        "is no NumPy array": resealed({**files, "initial_state.npy": b"x" * 100}),
        "not of the size that manifest.json says": resealed({**files, MANIFEST: json.dumps(smaller).encode()}),
        "is no vector of float32": resealed({**files, "initial_state.npy": files["initial_state.npy"][:-1]}),
    }
    paths = []
    for i, content in enumerate(cases.values()):
        paths.append(tmp_path / f"{i}.zip")
        paths[-1].write_bytes(content)
    for told, message in zip(cases, ask("refusals", paths=[str(path) for path in paths]), strict=True):
        assert told in message


@pytest.mark.parametrize(
    ("of", "told"),
    [("probs", "a probability differs"), ("mastery", "mastery differs"), ("reasons", "explains the choice as")],
)
def test_a_graph_that_does_something_else_is_found(
    ask: Ask, bundles: dict[str, Path], tmp_path: Path, of: str, told: str
):
    files = files_of(bundles["gated"])
    lines = [json.loads(line) for line in files[VECTORS].splitlines()]
    student, step = next((i, s) for i, one in enumerate(lines) for s in one["steps"] if s.get(of) and not s["level"])
    if of == "probs":
        step["probs"] = {a: p + 2e-5 for a, p in step["probs"].items()}
    elif of == "mastery":
        step["mastery"][-1] += 2e-5
    else:
        step["reasons"][0] = "Because."
    path = tmp_path / "other.zip"
    vectors = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    path.write_bytes(resealed({**files, VECTORS: vectors}))
    message = ask("replayed", path=str(path))
    assert f"line {student + 1}" in message
    assert told in message


def test_vectors_that_are_none_are_told(ask: Ask, bundles: dict[str, Path], tmp_path: Path):
    few, nothing = b'{"steps": [{}]}\n' * 199, b'{"steps": []}\n' * 200
    wrong = [(b"{}\n" * 200, "cannot be read"), (few, "has 199 students"), (nothing, "has 0 students")]
    for i, (vectors, told) in enumerate(wrong):
        path = tmp_path / f"{i}.zip"
        path.write_bytes(resealed({**files_of(bundles["gated"]), VECTORS: vectors}))
        assert told in ask("replayed", path=str(path))


def test_bad_arguments_are_all_named(ask: Ask, bundles: dict[str, Path]):
    calls = [
        [["NaN"], [2], ["Infinity"], [1]],
        [[99_999], [0], [-1], [1]],
        [[-1, 0], [0], [0], [1]],
        [[0.5], ["null"], [1e39], [7]],
    ]
    *steps, unknown, none = ask("wrong", path=str(bundles["gated"]), calls=calls)
    for message in steps:
        named = {line.strip().split(":")[0] for line in message.splitlines()[1:]}
        assert message.startswith("step: ")
        assert {"lastActivity", "allowed"} <= named or "correct" in named
    assert [line.split(":")[0].strip() for line in steps[0].splitlines()[1:]] == [
        "lastActivity", "correct", "elapsedS", "allowed",
    ]  # fmt: skip
    assert "'nonsense': is no concept" in unknown
    assert "'more': is no concept" in unknown
    assert "must name at least one" in none
