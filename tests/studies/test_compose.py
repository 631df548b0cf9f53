"""Every bad override is named with its remedy, all at once, before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from curriculum_rl.studies.compose import check
from curriculum_rl.violations import InvalidInput

ROOT = """
defaults:
  - _self_
  - experiment: null
_target_: curriculum_rl.course.Course
days: [0, 4]
minutes: 30
test_days: 7
mastered: 0.95
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small tree of configs over two dataclasses of the package."""
    (tmp_path / "study.yaml").write_text(ROOT)
    (tmp_path / "experiment").mkdir()
    for name, minutes in (("short", 10), ("long", 60)):
        (tmp_path / "experiment" / f"{name}.yaml").write_text(f"# @package _global_\nminutes: {minutes}\n")
    return tmp_path


def violations_of(folder: Path, *overrides: str, sweep: bool = False) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        check(overrides, sweep=sweep, folder=folder)
    return caught.value.violations


def test_good_overrides_compose(folder: Path):
    assert check(["experiment=short", "test_days=3"], folder=folder).minutes == 10
    assert check(["experiment=short,long", "test_days=1,2"], sweep=True, folder=folder).minutes == 10


def test_everything_wrong_is_said_at_once(folder: Path):
    found = violations_of(
        folder, "experiment=shrot", "minuets=20", "test_days=-1", "mastered=often", "+typo=1", "days=[0", "x.y=1"
    )
    assert len(found) == 7
    said = "\n".join(found)
    for part in (
        "experiment = 'shrot': no such choice. Did you mean short?",
        "minuets = 20: no such setting. Did you mean minutes?",
        "test_days = -1",
        "mastered = 'often': must be a number",
        "typo = 1: no such setting",
        "'days=[0': ",
        "x.y = 1: no such setting",
    ):
        assert part in said


def test_several_values_need_multirun(folder: Path):
    (found,) = violations_of(folder, "minutes=10,20")
    assert "--multirun" in found


def test_every_value_of_a_sweep_is_checked(folder: Path):
    found = violations_of(folder, "minutes=10,-1,long", "experiment=short,lnog", sweep=True)
    assert len(found) == 3


def test_settings_of_hydra_pass(folder: Path):
    assert check(["hydra.run.dir=there"], folder=folder).minutes == 30
    (found,) = violations_of(folder, "hydra.run.dri=there")
    assert "dri" in found
