"""The alias moves to what passed, with a record of it; where something is refused, nothing is registered."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from curriculum_rl import cli
from curriculum_rl.export.bundle import make
from curriculum_rl.export.evidence import Evidence
from curriculum_rl.policies.load import load_policy
from curriculum_rl.report.build import read_folder
from curriculum_rl.runner.bundle import open_bundle
from curriculum_rl.studies.champions import Order, promoted, tried
from curriculum_rl.studies.promotion import Rules
from curriculum_rl.studies.registry import champion
from curriculum_rl.studies.tracking import MlflowTracking
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world
from tests.studies.finished import edit, write

WORLD = load_world("fractions")
MODEL = "curriculum-policy-fractions"
LEARNERS = {"good": "greedy_credit_grid", "middling": "mastery", "bad": "random"}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    learners = {name: [load_policy(of)] for name, of in LEARNERS.items()}
    folder = write(tmp_path_factory.mktemp("studies") / "study", learners=learners, heuristics=("zone",))
    for name, of in LEARNERS.items():
        evidence = Evidence(read_folder(folder), name, 0)
        made = make(name, load_policy(of), WORLD, 1000, evidence=evidence)
        (folder / f"{name}.zip").write_bytes(made.content)
    return folder


def promote(tracking: MlflowTracking, study: Path, name: str, *more: str) -> int:
    typed = ["promote", str(study / f"{name}.zip"), "--run", str(study), "--tracking", tracking.uri, "--margin", "100"]
    return cli.main([*typed, "--students", "60", *more])


def registered(tracking: MlflowTracking) -> int:
    return len(MlflowClient(tracking.uri, tracking.uri).search_model_versions())


def test_what_is_worse_is_refused_and_nothing_is_registered(
    tracking: MlflowTracking, study: Path, capsys: pytest.CaptureFixture[str]
):
    assert promote(tracking, study, "bad") == cli.INVALID
    said = capsys.readouterr()
    assert [line.split(":")[0] for line in said.out.splitlines()] == [
        "passed  vectors", "passed  locked", "FAILED  heuristics", "passed  gaps",
    ]  # fmt: skip
    assert "heuristics: made for a test: bad against zone" in said.err
    assert registered(tracking) == 0
    assert champion(tracking, MODEL) is None


def test_a_dry_run_says_what_would_be_and_does_nothing(
    tracking: MlflowTracking, study: Path, capsys: pytest.CaptureFixture[str]
):
    assert promote(tracking, study, "good", "--dry-run") == cli.DONE
    assert f"would become the champion of {MODEL}" in capsys.readouterr().out
    assert promote(tracking, study, "bad", "--dry-run") == cli.INVALID
    assert "would not become" in capsys.readouterr().out
    assert registered(tracking) == 0


@pytest.mark.slow
def test_the_alias_moves_forward_alone_and_keeps_a_record(
    tracking: MlflowTracking, study: Path, capsys: pytest.CaptureFixture[str]
):
    digests = {name: open_bundle(study / f"{name}.zip").digest for name in LEARNERS}
    assert promote(tracking, study, "middling") == cli.DONE
    first = champion(tracking, MODEL)
    assert first is not None
    assert (first.number, first.digest) == ("1", digests["middling"])
    assert first.bundle.read_bytes() == (study / "middling.zip").read_bytes()
    assert first.tags["previous"] == "none"

    assert promote(tracking, study, "middling") == cli.INVALID
    assert "it is the champion" in capsys.readouterr().err
    assert promote(tracking, study, "bad") == cli.INVALID
    assert champion(tracking, MODEL) == first

    assert promote(tracking, study, "good") == cli.DONE
    second = champion(tracking, MODEL)
    assert second is not None
    assert (second.number, second.digest) == ("2", digests["good"])
    assert second.tags["previous"] == f"version 1, {digests['middling']}"
    assert {name for name in second.tags if name.startswith("gate.")} == {
        "gate.vectors", "gate.locked", "gate.heuristics", "gate.gaps", "gate.champion",
    }  # fmt: skip
    assert second.tags["study.commit"] == "c0ffee"

    assert promote(tracking, study, "middling") == cli.INVALID  # back is not forward
    assert "champion: against good" in capsys.readouterr().err
    assert champion(tracking, MODEL) == second
    assert registered(tracking) == 2


@pytest.mark.slow
def test_the_champion_loads_as_a_model_of_mlflow(tracking: MlflowTracking, study: Path):
    assert promote(tracking, study, "good", "--name", "my course") == cli.DONE
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(tracking.uri)
    try:
        model = mlflow.pyfunc.load_model("models:/my course@champion")
    finally:
        mlflow.set_tracking_uri(before)
    example = model.input_example if hasattr(model, "input_example") else None
    rows = [{"event_id": "e", "learner": "a", "excluded": []}] if example is None else example
    (found,) = model.predict(rows).to_dict("records")[:1]
    assert found["policy"] == open_bundle(study / "good.zip").digest
    requirements = (Path(model.metadata.artifact_path.removeprefix("file://")) / "requirements.txt").read_text()
    assert not {"torch", "gymnasium", "curriculum"} & {line.partition("==")[0] for line in requirements.split()}


def test_a_study_that_is_not_the_bundles_is_no_evidence(tracking: MlflowTracking, study: Path, tmp_path: Path):
    def refusal(**changes: object) -> str:
        folder = tmp_path / "other"
        folder.mkdir(exist_ok=True)
        for name in ("results.json", "config.yaml"):
            (folder / name).write_text((study / name).read_text())
        edit(folder, **changes)
        order = Order(study / "good.zip", run=str(folder), tracking=tracking.uri, rules=Rules(decisions=250))
        with pytest.raises(InvalidInput) as told:
            tried(order)
        return str(told.value)

    origin = json.loads((study / "results.json").read_text())["provenance"]
    assert "of another study" in refusal(provenance=origin | {"config_digest": "d2" * 32})
    assert "have changed since the study" in refusal(provenance=origin | {"pack_digest": "0" * 64})
    assert "judged in the world elsewhere" in refusal(world={"name": "elsewhere"})
    assert "Leave --run out to play it anew" in refusal(world={"name": "elsewhere"})


def test_a_bundle_that_is_not_as_it_was_judged_is_no_evidence(tracking: MlflowTracking, study: Path, tmp_path: Path):
    evidence = Evidence(read_folder(study), "good", 0, apart=("It stands on its head.",))
    made = make("good", load_policy("greedy_credit_grid"), WORLD, 1000, evidence=evidence)
    (tmp_path / "good.zip").write_bytes(made.content)
    assert "**It stands on its head.**" in open_bundle(tmp_path / "good.zip").card
    with pytest.raises(InvalidInput, match=r"is not as it was judged: It stands on its head\. Leave --run out"):
        tried(Order(tmp_path / "good.zip", run=str(study), tracking=tracking.uri))


@pytest.mark.slow
def test_whoever_was_overtaken_does_not_take_the_alias_back(tracking: MlflowTracking, study: Path):
    rules = Rules(decisions=250, margin=100.0, students=60)
    slow, fast = (
        Order(study / f"{n}.zip", run=str(study), tracking=tracking.uri, rules=rules) for n in ("middling", "good")
    )
    trial = tried(slow)
    first = promoted(fast, tried(fast))
    with pytest.raises(InvalidInput, match="has another champion by now"):
        promoted(slow, trial)
    assert champion(tracking, MODEL) == first


def test_a_damaged_bundle_is_refused_before_anything(tracking: MlflowTracking, study: Path, tmp_path: Path):
    content = bytearray((study / "good.zip").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "good.zip").write_bytes(bytes(content))
    with pytest.raises(InvalidInput, match="is damaged or no bundle"):
        tried(Order(tmp_path / "good.zip", run=str(study), tracking=tracking.uri))


@pytest.mark.parametrize("name", ["", "a/b", "a:b", " a", "a'b", "x" * 300])
def test_names_that_a_registry_would_not_take_are_refused(name: str, study: Path):
    with pytest.raises(InvalidInput, match="name = "):
        Order(study / "good.zip", model=name)


def test_a_bundle_that_names_no_study_is_judged_by_none(tracking: MlflowTracking, study: Path, tmp_path: Path):
    """Also where the study does not say what it was made from: nothing is no proof that two things are the same."""
    path, unsaid = tmp_path / "alone.zip", shutil.copytree(study, tmp_path / "study")
    path.write_bytes(make("good", load_policy("greedy_credit_grid"), WORLD, 1000).content)
    origin = json.loads((unsaid / "results.json").read_text())["provenance"]
    edit(unsaid, provenance={name: value for name, value in origin.items() if name != "config_digest"})
    for folder in (study, unsaid):
        with pytest.raises(InvalidInput, match="the bundle is of another study"):
            tried(Order(path, str(folder), tracking=tracking.uri, rules=Rules(decisions=250, students=20)))
