"""The committed pack is what calibration makes of the real log. Needs the log, and some minutes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from curriculum_rl.calibration.calibrate import calibrate
from curriculum_rl.calibration.config import CalibrationConfig
from curriculum_rl.packs import FILES

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("CURRICULUM_RL_DATA", ROOT.parent / "shared" / "data"))
LOG = DATA / "assistments09.parquet"


@pytest.mark.slow
@pytest.mark.skipif(not LOG.is_file(), reason="the log is not here; set CURRICULUM_RL_DATA to its folder")
def test_the_committed_pack_is_reproduced(tmp_path: Path) -> None:
    config = CalibrationConfig(
        log=LOG,
        q_matrix=DATA / "assistments09_qmatrix.npz",
        out=tmp_path / "assistments09",
        source="ASSISTments 2009-10 skill builder, as processed for Gervet et al. (2020)",
    )
    report = calibrate(config)
    assert report.evidence.counts.rejected == 0
    auc = {name: judged.scores.auc for name, judged in report.judged.items()}
    assert max(auc, key=lambda name: auc[name]) == "BKT"
    assert min(auc["BKT"], auc["Best-LR"]) > 0.77
    practice = report.practice["all students, traits from their own answers"]
    assert practice.real.wheel_spinning == pytest.approx(0.126, abs=0.0005)
    assert practice.furthest < 0.03
    assert abs(practice.wheel_spinning - practice.real.wheel_spinning) < 0.02
    for name in FILES:
        committed = ROOT / "simulators" / "assistments09" / name
        assert (tmp_path / "assistments09" / name).read_bytes() == committed.read_bytes(), name
