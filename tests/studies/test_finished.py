"""A policy is found by its run, its folder or its path: the same one; validation chooses the seed, and never a test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from curriculum_rl.studies.finished import find_trained, read_study
from curriculum_rl.studies.tracking import MlflowTracking
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world
from tests.studies.finished import edit, log, scorer, write

TWO = {"ppo": 2, "dqn": 1}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = load_world("fractions")
    learners = {name: [scorer(world) for _ in range(n)] for name, n in TWO.items()}
    return write(tmp_path_factory.mktemp("studies") / "made", learners=learners, heuristics=("random",))


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "study"))


def refusal(name: str, tracking: MlflowTracking | None = None) -> str:
    with pytest.raises(InvalidInput) as told:
        find_trained(name, tracking.uri if tracking else None)
    (line,) = told.value.violations
    return line


def test_the_same_policy_by_run_by_seed_by_folder_and_by_path(folder: Path, tracking: MlflowTracking):
    ids, path = log(folder, tracking), folder / "policies" / "ppo-seed1"
    found = [
        find_trained(f"{ids['study']}::ppo", tracking.uri),
        find_trained(ids["ppo-seed1"], tracking.uri),
        find_trained(f"{folder}::ppo"),
        find_trained(str(path)),
        find_trained(f"{path}.json"),
    ]
    for one in found:
        assert one.path.with_suffix(".json").read_bytes() == path.with_suffix(".json").read_bytes()
        assert (one.learner, one.seed) == ("ppo", 1)
        assert one.study is not None
        assert one.study.results == read_study(folder).results
        assert one.study.world().digest == load_world("fractions").digest
        assert one.study.gate() is None
    assert [one.by_validation for one in found] == [True, False, True, False, False]
    assert [one.study and one.study.run for one in found] == [ids["study"], ids["study"], None, None, None]


def test_the_run_is_enough_where_the_folder_is_gone(folder: Path, tracking: MlflowTracking):
    ids = log(folder, tracking)
    shutil.rmtree(folder)
    assert find_trained(f"{ids['study']}::dqn", tracking.uri).seed == 0


def test_the_seed_is_chosen_by_validation_whatever_the_tests_say(folder: Path):
    study = read_study(folder)
    policies = [{"name": p.name, "kind": p.kind, "mean": p.mean, "ci_low": p.ci_low, "ci_high": p.ci_high}
                | {"seed_means": [99.0, -99.0]} for p in study.results.policies]  # fmt: skip
    edit(folder, policies=policies)
    assert find_trained(f"{folder}::ppo").seed == 1
    last = {0: [9.0, 8.0, None], 1: [20.0, 7.0, None]}  # what it ends with counts, where it was looked at
    edit(
        folder,
        curves=[{"policy": "ppo", "seed": s, "frames": [1, 2, 3], "validation_return": v} for s, v in last.items()],
    )
    assert find_trained(f"{folder}::ppo").seed == 0


def test_what_leaves_a_choice_open_is_refused(folder: Path, tracking: MlflowTracking):
    assert "several learners. Say which: ::dqn, ::ppo" in refusal(str(folder))
    assert "no learner 'pppo'. Did you mean ppo?" in refusal(f"{folder}::pppo")
    ids = log(folder, tracking)
    assert "several learners" in refusal(ids["study"], tracking)
    edit(folder, curves=[])
    assert "not all were validated. Give the path of one policy" in refusal(f"{folder}::ppo")
    assert find_trained(f"{folder}::dqn").seed == 0  # there is but one


def test_what_is_not_there_is_told_in_one_line(folder: Path, tracking: MlflowTracking, tmp_path: Path):
    assert "neither the id of a run" in refusal("nonsense", tracking)
    assert "is no run in" in refusal("0" * 32, tracking)
    elsewhere = MlflowTracking(uri=f"sqlite:///{tmp_path}/other.db")
    assert "there is no database" in refusal("0" * 32, elsewhere)
    assert not elsewhere.database.exists()
    with tracking.start("unfinished") as run, run.seed("ppo, seed 0", of="ppo") as child:
        pass
    assert "its files are gone" in refusal(run.id, tracking)  # type: ignore[attr-defined]
    assert "its files are gone" in refusal(child.id, tracking)  # type: ignore[attr-defined]
    with tracking.start("without results") as run:
        run.text("config.yaml", "name: x\n")
        with run.seed("ppo, seed 0", of="ppo") as child:
            pass
    assert "it holds no results.json" in refusal(run.id, tracking)  # type: ignore[attr-defined]
    assert "holds no policy" in refusal(child.id, tracking)  # type: ignore[attr-defined]
    for file in (folder / "policies").iterdir():
        file.unlink()
    assert "nothing was trained in it" in refusal(str(folder))
    with pytest.raises(InvalidInput, match="there is no such file"):
        find_trained(str(tmp_path))


def test_a_policy_outside_any_study_comes_alone(folder: Path, tmp_path: Path):
    shutil.copytree(folder / "policies", tmp_path / "loose")
    found = find_trained(str(tmp_path / "loose" / "ppo-seed0"))
    assert (found.path, found.study) == (tmp_path / "loose" / "ppo-seed0", None)
