"""One log, several models: each pack as it is written alone, all judged on the same students, from the command line."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import pytest

from curriculum_rl.calibration.arguments import add_arguments, configs_of
from curriculum_rl.calibration.calibrate import calibrate
from curriculum_rl.calibration.config import CalibrationConfig
from curriculum_rl.cli import main
from curriculum_rl.packs import read_pack
from curriculum_rl.students.knowledge.bkt import BKT
from curriculum_rl.violations import InvalidInput
from tests.calibration.simulated import write_log

MODEL = BKT(initial=(0.3, 0.5), learn=(0.15, 0.25), forget=(0.01, 0.01), guess=(0.2, 0.15), slip=(0.1, 0.15))


def typed(*words: str) -> tuple[CalibrationConfig, ...]:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return configs_of(parser.parse_args(["--log", "log.csv", "--out", "family", *words]))


def test_one_model_is_a_pack_and_several_are_a_folder_of_them() -> None:
    assert [(c.model, c.out) for c in typed("--model", "bkt")] == [("bkt", Path("family"))]
    several = typed("--model", "irt", "bkt", "irt")
    assert [(c.model, c.out) for c in several] == [("irt", Path("family/irt")), ("bkt", Path("family/bkt"))]
    assert [c.model for c in typed("--model", "all")] == ["afm", "bkt", "dkt", "irt", "pfa"]


def test_what_is_not_typed_is_as_in_the_configuration() -> None:
    assert typed("--model", "bkt") == (CalibrationConfig(log=Path("log.csv"), out=Path("family")),)


def test_a_memory_goes_to_the_models_that_can_have_it() -> None:
    words = ("--memory", "power", "--practice", "as_logged", "--start-slope", "0.02")
    family = {c.model: c for c in typed("--model", "all", *words)}
    assert {model: c.memory for model, c in family.items() if c.memory != "assumed"} == {"afm": "power", "irt": "power"}
    assert {c.start_slope for model, c in family.items() if model != "afm"} == {0.1}
    assert family["afm"].start_slope == 0.02
    with pytest.raises(InvalidInput, match="can be fitted with the models afm and irt alone"):
        typed("--model", "bkt", "dkt", "--memory", "power", "--practice", "as_logged")


def test_a_family_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, out = tmp_path / "log.csv", tmp_path / "family"
    write_log(log, MODEL, 1.2, 0.5, students=150, tries=8)
    options = ["--iterations", "3", "--repeats", "1"]
    assert main(["calibrate", "--log", str(log), "--model", "bkt", "pfa", "--out", str(out), *options]) == 0
    assert [read_pack(out / model).name for model in ("bkt", "pfa")] == ["bkt", "pfa"]

    with (out / "comparison.csv").open() as file:
        rows = {row["model"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"BKT", "individual PFA", "item only", "PFA", "log-count PFA + item", "Best-LR"}
    assert [float(r["auc"]) for r in rows.values()] == sorted((float(r["auc"]) for r in rows.values()), reverse=True)
    assert len({row["tries"] for row in rows.values()}) == 1
    less = float(rows["BKT"]["auc"]) - float(rows["Best-LR"]["auc"])
    assert float(rows["BKT"]["auc_less_best_lr"]) == pytest.approx(less, abs=2e-6)

    page, said = (out / "comparison.html").read_text(), capsys.readouterr().out
    for words in ("Best-LR", "individual PFA", "115 students fitted", "wheel-spinning", "sd between students"):
        assert words in page
    assert f"compared in {out / 'comparison.html'}" in said

    # A member's pack is the one that the command on its card writes, alone.
    alone = CalibrationConfig(log=log, out=tmp_path / "alone/pfa", model="pfa", iterations=3, repeats=1)
    calibrate(alone)
    for path in (tmp_path / "alone/pfa").iterdir():
        assert path.read_bytes() == (out / "pfa" / path.name).read_bytes(), path.name


def test_too_many_unusable_rows_publish_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    write_log(log, MODEL, 1.2, 0.5, students=20, tries=4)
    log.write_text(log.read_text().replace(",1,", ",maybe,"))
    assert main(["calibrate", "--log", str(log), "--model", "afm", "bkt", "--out", str(tmp_path / "family")]) == 4
    assert not (tmp_path / "family").exists()
    assert (tmp_path / "family.rejects.csv").is_file()
