"""A bundle is whole or refused, and does in its file what it did in the package."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from curriculum_rl import cli
from curriculum_rl.export.bundle import archive, make
from curriculum_rl.export.parity import parity
from curriculum_rl.export.step import step_graph
from curriculum_rl.policies.load import load_policy
from curriculum_rl.runner.bundle import FORMAT, MANIFEST
from curriculum_rl.runner.verify import verify
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world


@pytest.fixture(scope="module")
def content() -> bytes:
    return make("mastery", load_policy("mastery"), load_world("fractions"), 1000).content


def files_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def refused(folder: Path, content: bytes) -> str:
    path = folder / "bundle.zip"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as told:
        verify(path)
    return str(told.value)


def test_a_whole_bundle_verifies(content: bytes, tmp_path: Path):
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    bundle, compared = verify(path)
    found = bundle.manifest
    assert (found["format"], found["name"], found["world"]) == (FORMAT, "mastery", "fractions")
    assert compared >= 1000
    assert len(content) < 2_000_000


def test_the_same_policy_makes_the_same_bytes(content: bytes):
    assert make("mastery", load_policy("mastery"), load_world("fractions"), 1000).content == content


def test_every_flipped_bit_and_every_cut_is_refused(content: bytes, tmp_path: Path):
    rng = np.random.default_rng(0)
    for at in rng.integers(0, len(content), 150):
        flipped = bytearray(content)
        flipped[at] ^= 1 << int(rng.integers(8))
        assert "is damaged or no bundle" in refused(tmp_path, bytes(flipped))
    for length in (0, 1, 63, 64, 65, *rng.integers(66, len(content), 50), len(content) - 1):
        assert "is damaged or no bundle" in refused(tmp_path, content[: int(length)])


@pytest.mark.parametrize("name", ["step.onnx", "catalogue.json", "test_vectors.jsonl", "initial_state.npy"])
def test_a_file_that_was_put_in_is_refused(content: bytes, tmp_path: Path, name: str):
    files = files_of(content)
    files[name] += b" "
    assert f"{name}: its digest is not the one in manifest.json" in refused(tmp_path, archive(files))


def test_files_that_are_missing_or_strange_are_refused(content: bytes, tmp_path: Path):
    files = files_of(content)
    assert "must hold" in refused(tmp_path, archive({k: v for k, v in files.items() if k != "MODEL_CARD.md"}))
    assert "must hold" in refused(tmp_path, archive({**files, "../evil": b""}))
    assert "is not what `curriculum-rl export` writes" in refused(tmp_path, archive({**files, MANIFEST: b"[]"}))
    other = json.loads(files[MANIFEST]) | {"version": 99}
    assert "version 99" in refused(tmp_path, archive({**files, MANIFEST: json.dumps(other).encode()}))


def test_a_graph_of_another_policy_fails_the_vectors(content: bytes, tmp_path: Path):
    import hashlib

    files = files_of(content)
    files["step.onnx"] = step_graph(load_policy("round_robin"), load_world("fractions").platform).SerializeToString()
    told = json.loads(files[MANIFEST])
    told["sha256"]["step.onnx"] = hashlib.sha256(files["step.onnx"]).hexdigest()
    files[MANIFEST] = json.dumps(told).encode()
    assert "test_vectors.jsonl: line " in refused(tmp_path, archive(files))


def test_parity_sees_another_policy():
    world = load_world("fractions")
    platform = world.platform
    model = step_graph(load_policy("round_robin"), platform).SerializeToString()
    assert parity(model, load_policy("round_robin"), platform, 2000).passed
    assert not parity(model, load_policy("mastery"), platform, 2000).passed


def test_the_verbs(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "greedy.zip"
    typed = ["export", "--policy", "greedy_credit", "--world", "fractions", "--out", str(out), "--observations", "1000"]
    assert cli.main(typed) == cli.DONE
    assert cli.main(["verify", str(out)]) == cli.DONE
    assert "is whole: greedy_credit for fractions" in capsys.readouterr().out
    out.write_bytes(out.read_bytes()[:-1])
    assert cli.main(["verify", str(out)]) == cli.INVALID
    assert cli.main(["verify", str(tmp_path / "nothing.zip")]) == cli.INVALID
    assert "there is no such file" in capsys.readouterr().err


def test_what_cannot_be_a_graph_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out, own = tmp_path / "imagined.zip", tmp_path / "imagined.yaml"
    own.write_text("_target_: curriculum_rl.policies.lookahead.Lookahead\ncopies: 4\n")
    assert cli.main(["export", "--policy", str(own), "--world", "fractions", "--out", str(out)]) == cli.INVALID
    assert "imagined: cannot be written as a graph" in capsys.readouterr().err
    assert not out.exists()
