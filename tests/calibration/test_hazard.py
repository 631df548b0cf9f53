"""Dropout planted in a log's ends of sessions is found; who was at risk is told by hand; a pack gets it when asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curriculum_rl.calibration.calibrate import calibrate
from curriculum_rl.calibration.config import CalibrationConfig
from curriculum_rl.calibration.hazard import fit_hazard, session_ends
from curriculum_rl.logs.manifest import About
from curriculum_rl.logs.store import write_log
from curriculum_rl.packs import read_pack
from curriculum_rl.students.dropout import Dropout, Wavering
from curriculum_rl.violations import InvalidInput

DAY = 86_400.0


def log_of(folder: Path, rows: list[dict[str, object]]) -> Path:
    unsaid = dict.fromkeys(("response", "t_rel_s", "end_reason"))
    filled = [unsaid | {"activity_id": f"i{n % 5}", "skills": ["k"], "seq": n} | row for n, row in enumerate(rows)]
    write_log(folder, [pa.Table.from_pylist(filled)], About(source="made for a test"))
    return folder


def planted(folder: Path, dropout: Dropout, students: int, sessions: int = 6, tries: int = 5) -> Path:
    """Students who differ in how often they are wrong, and leave by this hazard."""
    rng = np.random.default_rng(0)
    rows: list[dict[str, object]] = []
    for i in range(students):
        wrong, state = rng.beta(2.0, 2.0), Wavering(np.zeros(1), np.zeros(1))
        for s in range(1, sessions + 1):
            for t in range(tries):
                right = rng.random() > wrong
                dropout.note(state, np.array([True]), np.array([right]))
                when = 3.0 * s * DAY + 60.0 * t
                rows.append({"student_id": f"u{i}", "response": float(right), "t_rel_s": when})
            left = s < sessions and rng.random() < dropout.hazard(state, np.array([s]), 0.5)[0]
            if left or s == sessions:
                rows[-1]["end_reason"] = "dropout" if left else "deadline"
                break
    return log_of(folder, rows)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dropout = Dropout(intercept=-1.5, time=-0.5, failures=1.5)
    return planted(tmp_path_factory.mktemp("log") / "log", dropout, students=800)


def test_what_was_planted_is_found(log: Path) -> None:
    apart = frozenset(f"u{i}" for i in range(160))
    found = fit_hazard(log, apart)
    truth = (-1.5, -0.5, 1.5)
    for name, true, error in zip(("intercept", "time", "failures"), truth, found.errors, strict=True):
        assert abs(getattr(found.dropout, name) - true) < 3 * error < 1.0, name
    assert found.dropout.engagement == 0.0
    ends = session_ends(log)
    assert found.unseen == np.isin(ends.student, sorted(apart)).sum()
    assert found.fitted + found.unseen == len(ends.left)
    for _, ends_here, left, expected in found.by_session[:3]:
        assert abs(left - expected) < 4 * np.sqrt(expected * (1 - expected) / ends_here)


def test_who_was_at_risk_by_hand(tmp_path: Path) -> None:
    def row(student: str, day: float, response: float | None, reason: str | None = None) -> dict[str, object]:
        return {"student_id": student, "t_rel_s": day * DAY, "response": response, "end_reason": reason}

    log = log_of(
        tmp_path / "log",
        [
            row("a", 0.0, 0.0),
            row("a", 0.1, None),
            row("a", 2.0, 1.0),
            row("a", 2.1, 0.0, "dropout"),
            row("b", 0.0, None),
            row("b", 1.0, 0.0),
            row("b", 1.4, 0.0, "mastery"),
            row("c", 0.0, 1.0),
        ],
    )
    ends = session_ends(log)
    assert ends.student.tolist() == ["a", "a", "b"]  # b's second session ended in mastery; nobody knows how c's did
    assert ends.session.tolist() == [1, 2, 1]
    assert ends.left.tolist() == [False, True, False]
    np.testing.assert_allclose(ends.recent, [0.1, 0.1 * 0.9 * 0.9 + 0.1, 0.0])


def test_a_pack_whose_students_leave(tmp_path: Path) -> None:
    log = planted(tmp_path / "log", Dropout(intercept=-1.5), students=120)
    config = CalibrationConfig(log=log, out=tmp_path / "pack", model="afm", dropout="fitted", iterations=3, repeats=1)
    report = calibrate(config)
    assert report.evidence.hazard is not None
    pack = read_pack(tmp_path / "pack")
    assert pack.population.faculties.dropout == report.evidence.hazard.dropout
    assert pack.provenance["faculties.dropout.failures"].startswith("fitted")
    card = (tmp_path / "pack/card.md").read_text()
    assert "--dropout fitted" in card
    assert "## Dropout" in card


def test_logs_that_cannot_tell(log: Path, tmp_path: Path) -> None:
    everybody = frozenset(f"u{i}" for i in range(800))
    with pytest.raises(InvalidInput, match="nobody who is fitted left by dropout"):
        fit_hazard(log, everybody)
    with pytest.raises(InvalidInput, match="a canonical log, a folder"):
        session_ends(tmp_path / "tries.csv")
    silent = log_of(tmp_path / "silent", [{"student_id": "a", "response": 1.0}])
    with pytest.raises(InvalidInput, match="end_reason: says nothing") as error:
        session_ends(silent)
    assert len(error.value.violations) == 2
    half = log_of(tmp_path / "half", [{"student_id": "a", "t_rel_s": t, "end_reason": "dropout"} for t in (1.0, None)])
    with pytest.raises(InvalidInput, match="1 rows have no time"):
        session_ends(half)
