"""The command on the card of a fitted pack writes the pack again. Needs the logs, and some minutes."""

from __future__ import annotations

import os
import shlex
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from curriculum_rl.calibration.card import _SHOWN
from curriculum_rl.calibration.config import CalibrationConfig
from curriculum_rl.cli import main

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("CURRICULUM_RL_DATA", ROOT.parent / "shared" / "data"))
TYPED = "    curriculum-rl calibrate"
FITTED = sorted(card.parent.name for card in (ROOT / "simulators").glob("*/card.md") if TYPED in card.read_text())
PACKS = [pack for pack in FITTED if pack != "assistments09"]  # test_assistments.py writes that one


def command(pack: str) -> list[str]:
    """What is typed after `curriculum-rl`."""
    lines = (ROOT / "simulators" / pack / "card.md").read_text().splitlines()
    return shlex.split(next(line for line in lines if line.startswith(TYPED)))[1:]


def test_every_fitted_pack_is_found() -> None:
    models = ("afm", "dkt", "irt", "pfa")
    assert {"algebra05", "low-learning", *(f"assistments09-{model}" for model in models)} <= set(PACKS)


@pytest.mark.slow
@pytest.mark.parametrize("pack", PACKS)
def test_the_command_on_the_card_writes_the_pack_again(
    pack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = command(pack)
    if not (DATA / typed[typed.index("--log") + 1]).is_file():
        pytest.skip("the log is not here; set CURRICULUM_RL_DATA to its folder")
    monkeypatch.chdir(DATA)
    typed[typed.index("--out") + 1] = str(tmp_path / pack)
    assert main(typed) == 0
    committed = sorted((ROOT / "simulators" / pack).iterdir())
    assert [path.name for path in committed] == sorted(path.name for path in (tmp_path / pack).iterdir())
    for path in committed:
        assert (tmp_path / pack / path.name).read_bytes() == path.read_bytes(), path.name


def test_every_setting_that_has_a_default_is_on_the_card_where_it_is_another() -> None:
    usual = {field.name for field in fields(CalibrationConfig) if field.default is not MISSING}
    always = {"model", "q_matrix"}  # `_command` writes these itself
    assert usual - always == set(_SHOWN)
