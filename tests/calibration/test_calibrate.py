"""From a log to a pack: what is written, when nothing is, and that doing it again gives the same bytes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from rich.console import Console
from scipy import sparse

from curriculum_rl.calibration.attempts import Attempts, build_attempts
from curriculum_rl.calibration.calibrate import calibrate, fitter
from curriculum_rl.calibration.command import run
from curriculum_rl.calibration.config import CalibrationConfig, Model
from curriculum_rl.calibration.fit import Fit, Tick
from curriculum_rl.calibration.pack import SUBGROUPS, groups, quantile
from curriculum_rl.calibration.q_matrix import read_q_matrix
from curriculum_rl.calibration.scores import scores
from curriculum_rl.calibration.spread import Spread
from curriculum_rl.logs.fitting_log import read_log
from curriculum_rl.packs import FILES, read_pack
from curriculum_rl.students.knowledge.bkt import BKT
from curriculum_rl.students.traits import Group, spread
from curriculum_rl.violations import InvalidInput
from tests.calibration.simulated import write_log

MODEL = BKT(initial=(0.3, 0.5), learn=(0.15, 0.25), forget=(0.01, 0.01), guess=(0.2, 0.15), slip=(0.1, 0.15))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "log.csv"
    write_log(path, MODEL, 1.2, 0.5, students=150, tries=8)
    return path


def small(log: Path, out: Path) -> CalibrationConfig:
    return CalibrationConfig(log=log, out=out, iterations=8, repeats=1)


@pytest.mark.parametrize("model", get_args(Model))
def test_again_gives_the_same_bytes(log: Path, tmp_path: Path, model: str) -> None:
    for place in ("one", "two"):
        calibrate(replace(small(log, tmp_path / place / "pack"), model=model))  # type: ignore[arg-type]
    names = [path.name for path in (tmp_path / "one/pack").iterdir()]
    assert set(FILES) <= set(names)
    for name in names:
        assert (tmp_path / "one/pack" / name).read_bytes() == (tmp_path / "two/pack" / name).read_bytes()


def test_the_pack_can_be_read_and_says_where_its_numbers_come_from(log: Path, tmp_path: Path) -> None:
    report = calibrate(small(log, tmp_path / "pack"))
    pack = read_pack(tmp_path / "pack")
    assert [c.id for c in pack.curriculum.concepts] == ["sc0", "sc1"]
    assert len(pack.curriculum.activities) == 8
    assert pack.provenance["knowledge.learn"].startswith("fitted")
    card = (tmp_path / "pack/card.md").read_text()
    assert f"{report.judged['BKT'].scores.auc:.3f}" in card
    assert f"{report.practice['all students, traits from their own answers'].wheel_spinning:.1%}" in card


def test_no_student_is_both_fitted_and_judged(log: Path) -> None:
    attempts = build_attempts(read_log(log), None, 0.2)
    fitting, unseen = attempts.of_students(~attempts.unseen), attempts.of_students(attempts.unseen)
    assert not np.intersect1d(fitting.student, unseen.student).size
    assert len(fitting.right) + len(unseen.right) == len(attempts.right)
    assert 0.1 < attempts.unseen.mean() < 0.3


def test_who_is_unseen_does_not_depend_on_the_order_of_the_file(log: Path, tmp_path: Path) -> None:
    rows = log.read_text().splitlines()
    turned = tmp_path / "turned.csv"
    turned.write_text("\n".join([rows[0], *rows[:0:-1]]) + "\n")
    sets = []
    for path in (log, turned):
        attempts = build_attempts(read_log(path), None, 0.2)
        sets.append({s for s, out in zip(attempts.students, attempts.unseen, strict=True) if out})
    assert sets[0] == sets[1]


def spoiled(log: Path, out: Path, rows: int) -> Path:
    """The log with the answers of its first rows made unreadable."""
    lines = log.read_text().splitlines()
    for i in range(1, rows + 1):
        student, order, item, _, skills = lines[i].split(",")
        lines[i] = ",".join([student, order, item, "maybe", skills])
    out.write_text("\n".join(lines) + "\n")
    return out


@pytest.mark.parametrize(("rows", "code"), [(0, 0), (5, 3), (100, 4)])
def test_exit_codes(log: Path, tmp_path: Path, rows: int, code: int) -> None:
    bad = spoiled(log, tmp_path / "bad.csv", rows)
    console = Console(record=True, width=200)
    assert run([small(bad, tmp_path / "pack")], tmp_path / "pack", console).code == code
    rejects = tmp_path / "pack.rejects.csv"
    assert rejects.exists() == (rows > 0)
    assert (tmp_path / "pack").exists() == (code != 4)
    if rows:
        assert rejects.stat().st_mode & 0o777 == 0o600
        with rejects.open() as file:
            listed = list(csv.DictReader(file))
        assert [int(r["line"]) for r in listed] == list(range(2, rows + 2))
        assert {(r["column"], r["code"]) for r in listed} == {("answer", "answer")}
    assert "u00000" not in console.export_text() + (rejects.read_text() if rows else "")


def test_settings_out_of_range_are_all_named() -> None:
    with pytest.raises(InvalidInput) as error:
        CalibrationConfig(log=Path("x"), out=Path("y"), model="guess", unseen_share=1.5, repeats=0)  # type: ignore[arg-type]
    assert len(error.value.violations) == 3
    with pytest.raises(InvalidInput, match="must be as_logged where memory is fitted"):
        CalibrationConfig(log=Path("x"), out=Path("y"), model="irt", memory="exponential")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: [r for r in rows if "u00001" in r or "student" in r], "too few students"),
        (lambda rows: rows[:400], "no concept has enough evidence"),
    ],
)
def test_a_log_with_too_little_in_it(
    log: Path, tmp_path: Path, change: Callable[[list[str]], list[str]], words: str
) -> None:
    few = tmp_path / "few.csv"
    few.write_text("\n".join(change(log.read_text().splitlines())) + "\n")
    with pytest.raises(InvalidInput, match=words):
        calibrate(replace(small(few, tmp_path / "pack"), min_tries=10_000))
    assert not (tmp_path / "pack").exists()


def test_subgroups_together_have_the_fitted_spread() -> None:
    fitted = Spread(1.5, 1.0, 0.5)
    mixture = tuple(Group(**g) for g in groups(fitted))
    _, ability_sd, _, rate_sd, correlation = spread(mixture)
    assert sum(g.share for g in SUBGROUPS) == 1.0
    assert (ability_sd, rate_sd, correlation) == pytest.approx((1.5, 1.0, 0.5), rel=1e-3)


def test_q_matrices(tmp_path: Path) -> None:
    matrix = sparse.csr_matrix(np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]]))
    sparse.save_npz(tmp_path / "q.npz", matrix)
    (tmp_path / "q.csv").write_text("item,skill\n0,add\n0,carry\n2,minus\n")
    assert read_q_matrix(tmp_path / "q.npz").skills == {"0": (0, 2), "2": (1,)}
    table = read_q_matrix(tmp_path / "q.csv")
    assert (table.concepts, table.skills) == (("add", "carry", "minus"), {"0": (0, 1), "2": (2,)})
    (tmp_path / "no.npz").write_text("nothing")
    (tmp_path / "no.csv").write_text("a,b\n1,2\n")
    for name in ("no.npz", "no.csv", "none.csv"):
        with pytest.raises(InvalidInput):
            read_q_matrix(tmp_path / name)


def test_items_of_several_skills(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("student,order,item,answer,skills\ns,0,i,1,a;b\ns,1,j,0,a\n")
    as_set, as_each = (build_attempts(read_log(path), None, 0.2, how) for how in ("set", "each"))
    assert as_set.concepts == ("a", "a+b")
    assert as_each.concepts == ("a", "b")
    assert as_each.chains.share.tolist() == [0.5, 0.5, 1.0]


def test_scores_by_hand() -> None:
    found = scores(np.array([0.1, 0.4, 0.4, 0.8]), np.array([0.0, 0.0, 1.0, 1.0]), bins=2)
    assert found.auc == pytest.approx(3.5 / 4)
    assert found.rmse == pytest.approx(np.sqrt((0.01 + 0.16 + 0.36 + 0.04) / 4))
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.6, 0.4, 0.8]).mean())
    assert found.calibration[0] == pytest.approx((0.25, 0.0, 2))


def test_weighted_quantiles_by_hand() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0])
    assert [quantile(values, weights, q) for q in (0.0, 0.25, 0.5, 0.75, 1.0)] == [1.0, 1.0, 2.0, 2.0, 3.0]


def test_a_model_that_is_degenerate_everywhere_is_named(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fitter("bkt")

    def nothing_but_guessing(attempts: Attempts, iterations: int, tick: Tick) -> Fit:
        return replace(whole(attempts, 1, tick), degenerate=("guess above .5",) * len(attempts.concepts))

    monkeypatch.setattr("curriculum_rl.calibration.fit_bkt.fit_bkt", nothing_but_guessing)
    with pytest.raises(InvalidInput, match=r"BKT: every .* is degenerate \(guess above .5\); leave this model out"):
        calibrate(small(log, tmp_path / "pack"))
    assert not (tmp_path / "pack").exists()
