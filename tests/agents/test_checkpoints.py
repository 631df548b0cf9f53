"""What is on disk is what was written: every cut and every flipped bit is found, and a crash loses nothing."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from curriculum_rl.agents import checkpoints
from curriculum_rl.violations import InvalidInput

TENSORS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([True, False]), "c": np.zeros((0, 3))}
RECORD = {"frames": 3, "curve": {"x": [1.5, None]}, "name": "é"}


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir())


def test_what_is_loaded_is_what_was_saved(tmp_path: Path):
    checkpoints.save(tmp_path / "deep" / "x", TENSORS, RECORD)
    tensors, record = checkpoints.load(tmp_path / "deep" / "x")
    assert tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        assert tensors[name].dtype == array.dtype
        assert np.array_equal(tensors[name], array)
    assert {k: record[k] for k in RECORD} == RECORD


def test_saving_twice_gives_the_same_bytes_and_leaves_no_other_files(tmp_path: Path):
    checkpoints.save(tmp_path / "x", TENSORS, RECORD)
    first = {p.name: p.read_bytes() for p in files(tmp_path)}
    checkpoints.save(tmp_path / "x", {**TENSORS, "b": np.zeros(4)}, RECORD)
    assert len(files(tmp_path)) == 2
    checkpoints.save(tmp_path / "x", TENSORS, RECORD)
    assert {p.name: p.read_bytes() for p in files(tmp_path)} == first


def test_every_truncation_and_every_flipped_bit_is_found(tmp_path: Path):
    checkpoints.save(tmp_path / "x", TENSORS, RECORD)
    for path in files(tmp_path):
        content = path.read_bytes()
        for size in range(len(content)):
            path.write_bytes(content[:size])
            with pytest.raises(InvalidInput):
                checkpoints.load(tmp_path / "x")
        for place in range(len(content)):
            changed = bytearray(content)
            changed[place] ^= 1 << (place % 8)
            path.write_bytes(bytes(changed))
            with pytest.raises(InvalidInput):
                checkpoints.load(tmp_path / "x")
        path.write_bytes(content)
    checkpoints.load(tmp_path / "x")


@pytest.mark.parametrize("at", [0, 1])
def test_a_crash_before_either_rename_leaves_the_old_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int):
    checkpoints.save(tmp_path / "x", TENSORS, RECORD)
    rename, calls = os.replace, []

    def stop(*names: object) -> None:
        calls.append(names)
        if len(calls) > at:
            raise SystemExit
        rename(*names)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(SystemExit):
        checkpoints.save(tmp_path / "x", {"a": np.ones(9)}, {})
    assert checkpoints.load(tmp_path / "x")[1]["frames"] == 3


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InvalidInput, match=r"x\.json.*\n.*cannot be read"):
        checkpoints.load(tmp_path / "x")
