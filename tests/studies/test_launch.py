"""Hydra runs one job or a sweep; each has its own folder, and what goes wrong in a job comes through as it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from omegaconf import DictConfig

from curriculum_rl.studies.launch import launch
from curriculum_rl.violations import InvalidInput

ROOT = """
defaults:
  - _self_
  - override hydra/job_logging: none
minutes: 30
days: [0]
hydra:
  run: {dir: runs/one}
  sweep: {dir: runs/many, subdir: '${hydra.job.num}'}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root config, and an empty folder to run in."""
    configs = tmp_path / "configs"
    configs.mkdir()
    (configs / "study.yaml").write_text(ROOT)
    monkeypatch.chdir(tmp_path)
    return configs


def test_one_job_has_one_folder(folder: Path):
    ran: list[tuple[int, Path]] = []
    launch(["minutes=20"], lambda config, to: ran.append((config.minutes, to)), folder=folder)
    assert ran == [(20, folder.parent / "runs" / "one")]


def test_a_sweep_is_a_job_for_every_combination(folder: Path, capfd: pytest.CaptureFixture[str]):
    ran: list[tuple[int, list[int], str]] = []
    launch(
        ["minutes=10,20", "days=[0],[0,1]"],
        lambda config, to: ran.append((config.minutes, list(config.days), to.name)),
        multirun=True,
        folder=folder,
    )
    assert ran == [(10, [0], "0"), (10, [0, 1], "1"), (20, [0], "2"), (20, [0, 1], "3")]
    assert "Job 4: days=[0,1],minutes=20" in capfd.readouterr().out


@pytest.mark.parametrize("error", [InvalidInput("x", ["y"]), KeyboardInterrupt(), RuntimeError("z")])
@pytest.mark.parametrize("multirun", [False, True])
def test_errors_of_a_job_come_through(
    folder: Path, error: BaseException, multirun: bool, capfd: pytest.CaptureFixture[str]
):
    typed, environment = list(sys.argv), dict(os.environ)

    def job(config: DictConfig, to: Path) -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        launch([], job, multirun=multirun, folder=folder)
    assert caught.value is error
    assert (sys.argv, os.environ) == (typed, environment)
    assert capfd.readouterr().err == ""
