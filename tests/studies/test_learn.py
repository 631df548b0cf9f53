"""A policy learned from a log on disk: whom it was fitted on is written with it, and it plays like any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from curriculum_rl.agents import checkpoints
from curriculum_rl.cli import main
from curriculum_rl.logs.split import fitted_on, fitting
from curriculum_rl.logs.store import open_log
from curriculum_rl.studies.evaluate import find_policies
from curriculum_rl.verbs.verb import DONE, INVALID
from curriculum_rl.world import load_world

WORLD = "tms_horizon_4"
SETTINGS = ["--network", "flat", "passes=2"]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs") / "log"
    typed = ["record", "--world", WORLD, "--policy", "mastery", "--explore", ".3", "--students", "60"]
    assert main([*typed, "--skip", "1000", "--out", str(folder)]) == DONE
    return folder


@pytest.mark.parametrize("method", ["behaviour_cloning", "conservative_q", "batch_constrained_q"])
def test_the_record_says_who_was_fitted_on_and_by_what(method: str, log: Path, tmp_path: Path):
    assert main(["learn", "--log", str(log), "--method", method, "--out", str(tmp_path), *SETTINGS]) == DONE
    (name,) = find_policies(load_world(WORLD), [str(tmp_path / method)])
    assert name == method
    record = checkpoints.load(tmp_path / method)[1]["record"]
    table = open_log(log)
    ids = sorted({i for bucket in table.buckets(["student_id"]) for i in bucket["student_id"].to_pylist()})
    own = fitting(ids, 0.7)
    assert (fitted_on(record, ids) == own).all()
    assert record["students"] == {"fitting": own.sum(), "held_out": (~own).sum()}
    assert sum(record["decisions"].values()) == table.manifest.rows
    assert record["log"]["digests"] == table.manifest.digests
    assert record["world"] == {"name": WORLD, "digest": load_world(WORLD).digest}
    assert record["method"]["passes"] == 2
    assert record["held_out_loss"] > 0.0


def test_held_out_students_are_not_learned_from(log: Path, tmp_path: Path):
    """Another share, so other students in it, gives other weights; the same gives the same."""
    for name, share in (("one", ".5"), ("same", ".5"), ("other", ".6")):
        typed = ["learn", "--log", str(log), "--method", "behaviour_cloning", "--share", share]
        assert main([*typed, "--out", str(tmp_path / name), *SETTINGS]) == DONE
    one, same, other = (
        checkpoints.load(tmp_path / name / "behaviour_cloning")[1]["tensors"]["sha256"]
        for name in ("one", "same", "other")
    )
    assert one == same != other


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (["--method", "behavior_cloning"], "Did you mean behaviour_cloning?"),
        (["--tracker", "bktt"], "Did you mean bkt"),
        (["--network", "flatt"], "Did you mean flat?"),
        (["--world", "nowhere"], "nowhere"),
        (["--world", "new_material"], "ids are not in the catalogue"),
        (["--share", "1", "--seed", "-1"], "2 things to mend"),
        (["--share", ".999999"], "share = 0.999999"),
        (["alpha=1"], "alpha = 1: no such setting"),
        (["passes=[2"], "write settings as key=value"),
        (["--log", "no_folder"], "no such folder"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_message(
    change: list[str], told: str, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    typed = ["learn", "--log", str(log), "--method", "behaviour_cloning", "--network", "flat", "--out", str(tmp_path)]
    assert main([*typed, *change]) == INVALID
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_policy_that_is_there_is_kept(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    typed = ["learn", "--log", str(log), "--method", "behaviour_cloning", "--out", str(tmp_path), *SETTINGS]
    assert main(typed) == DONE
    before = (tmp_path / "behaviour_cloning.json").read_bytes()
    assert main([*typed, "--seed", "1"]) == INVALID
    assert "holds a policy 'behaviour_cloning' already" in capsys.readouterr().err
    assert (tmp_path / "behaviour_cloning.json").read_bytes() == before
