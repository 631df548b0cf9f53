"""What is exported is what was trained, or tuned: in the world of its study and with its figures, unless told else."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from mlflow import MlflowClient

from curriculum_rl import cli
from curriculum_rl.agents.learned import LearnedPolicy
from curriculum_rl.evaluation.tuning import Trial, Tuned, with_settings
from curriculum_rl.policies.load import load_policy, policy_names
from curriculum_rl.policies.policy import Tunable
from curriculum_rl.report.build import read_folder
from curriculum_rl.resources import configs_folder, simulators_folder
from curriculum_rl.runner.bundle import open_bundle
from curriculum_rl.studies.compose import check
from curriculum_rl.studies.evaluate import find_policies
from curriculum_rl.studies.exporting import Order, gathered
from curriculum_rl.studies.finished import read_study
from curriculum_rl.studies.run import run_study
from curriculum_rl.studies.tracking import MlflowTracking
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world
from tests.studies.finished import edit, log, scorer, write


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("studies") / "made")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "study"))


@pytest.mark.parametrize("name", [name for name in policy_names() if isinstance(load_policy(name), Tunable)])
def test_settings_that_a_study_wrote_down_make_the_policy_that_it_tuned(name: str):
    policy = load_policy(name)
    assert isinstance(policy, Tunable)
    for variant in policy.variants():
        (row,) = Tuned(variant, (Trial(variant, 1, 0.0, 0.0, 0.0, 0.0),)).table
        kept = json.loads(json.dumps(row))
        assert with_settings(policy, kept) == variant


def test_a_run_brings_its_world_its_gate_and_its_figures(folder: Path, tmp_path: Path):
    (folder / "config.yaml").write_text(
        "world: {_target_: curriculum_rl.world.WorldConfig, pack: fractions, initial_shift: -1.0, name: hard}\n"
        "gate: {_target_: curriculum_rl.envs.believed.Believed, believed: 0.5}\n"
    )
    found = gathered(Order(run=f"{folder}::ppo"))
    assert (found.name, found.world.name, found.gate.believed) == ("ppo-seed1", "hard", 0.5)  # type: ignore[union-attr]
    assert found.evidence is not None
    assert (found.evidence.name, found.evidence.seed, found.evidence.by_validation) == ("ppo", 1, True)
    assert any("validation" in notice for notice in found.notices)
    assert found.limits[0].startswith("Do not conclude anything")  # from the pack's card
    assert found.evidence.apart == ()
    ungated = gathered(Order(run=str(folder), gate="none"))
    assert ungated.gate is None
    assert ungated.evidence is not None
    assert ungated.evidence.apart == ("The gate is not the one behind which these scores were made.",)
    assert ungated.evidence.apart[0] in ungated.notices
    elsewhere = shutil.copytree(simulators_folder() / "fractions", tmp_path / "elsewhere")
    other = gathered(Order(run=str(folder), world=str(elsewhere)))
    assert other.world.name == "elsewhere"
    assert any("judged in fractions" in notice for notice in other.notices)


def test_a_heuristic_of_a_study_is_the_one_that_it_tuned(folder: Path):
    edit(folder, tuned={"mastery": [{"believed": 0.5, "tracker.nodes": 3, "score": 1.0}, {"believed": 0.6}]})
    found = gathered(Order(policy="mastery", studies=(folder,)))
    tuned = load_policy("mastery")
    assert (found.policy.believed, found.policy.tracker.nodes) == (0.5, 3)  # type: ignore[attr-defined]
    assert found.policy.lesson == tuned.lesson  # type: ignore[attr-defined]
    assert gathered(Order(policy="random", studies=(folder,))).policy == load_policy("random")
    assert gathered(Order(policy="mastery")).policy == tuned
    with pytest.raises(InvalidInput, match="did not judge 'zpdes'"):
        gathered(Order(policy="zpdes", studies=(folder,)))


def test_what_is_not_as_it_was_judged_is_told(folder: Path):
    content = json.loads((folder / "results.json").read_text())
    for policy in content["policies"]:
        policy["sampled_mean"] = 12.345
    edit(folder, slate=3, policies=content["policies"])
    evidence = gathered(Order(run=str(folder), sampled=True)).evidence
    assert evidence is not None
    several, drawn = evidence.apart
    assert "offered up to 3 activities at a time" in several
    assert f"Drawn, it had {12.345:.2f} points" in drawn
    assert len(gathered(Order(run=str(folder))).evidence.apart) == 1  # type: ignore[union-attr]


def test_what_nobody_could_compare_is_no_evidence(folder: Path, tmp_path: Path):
    """Settings of one's own under the name of a heuristic that was judged, and weights that the study no longer has."""
    own = tmp_path / "mastery.yaml"
    own.write_text(Path(configs_folder() / "policy" / "mastery.yaml").read_text())
    found = gathered(Order(policy=str(own), studies=(folder,))).evidence
    assert found is not None
    assert found.apart[0].startswith("Its settings are from a file of its own")
    assert gathered(Order(policy="mastery", studies=(folder,))).evidence.apart == ()  # type: ignore[union-attr]
    shutil.move(folder / "policies", tmp_path / "loose")
    found = gathered(Order(run=str(tmp_path / "loose" / "ppo-seed0"), studies=(folder,))).evidence
    assert found is not None
    assert found.apart[0].startswith("The study's own copy of its weights is gone")


def test_a_policy_that_was_moved_says_its_world_and_takes_figures_from_a_study(folder: Path, tmp_path: Path):
    shutil.copytree(folder / "policies", tmp_path / "loose")
    path = tmp_path / "loose" / "ppo-seed0"
    alone = gathered(Order(run=str(path)))
    assert (alone.world.name, alone.evidence) == ("fractions", None)
    with_study = gathered(Order(run=str(path), studies=(folder,)))
    assert with_study.evidence is not None
    assert (with_study.evidence.name, with_study.evidence.seed) == ("ppo", 0)
    shutil.copy(path.with_name("ppo-seed1.json"), path.with_suffix(".json"))
    with pytest.raises(InvalidInput, match="trained another ppo-seed0 than"):
        gathered(Order(run=str(path), studies=(folder,)))
    scorer(load_world("fractions")).save(tmp_path / "mute")
    with pytest.raises(InvalidInput, match=r"does not say in which world it was trained\. Give --world"):
        gathered(Order(run=str(tmp_path / "mute")))


def test_the_verb_writes_what_the_run_holds(folder: Path, tracking: MlflowTracking, tmp_path: Path):
    ids, out = log(folder, tracking), tmp_path / "ppo.zip"
    typed = ["export", "--run", ids["study"], "--tracking", tracking.uri, "--observations", "1000", "--out", str(out)]
    assert cli.main(typed) == cli.DONE
    bundle = open_bundle(out)
    kept = bundle.manifest["study"]
    assert (kept["policy"], kept["seed"], kept["run"]) == ("ppo", 1, ids["study"])
    assert (kept["commit"], kept["config_digest"]) == ("c0ffee", "d1" * 32)
    assert bundle.manifest["world"] == "fractions"
    assert f"`{ids['study']}`" in bundle.card
    shutil.rmtree(folder)
    assert cli.main(typed) == cli.DONE
    with zipfile.ZipFile(io.BytesIO(out.read_bytes())) as whole:
        assert "Seed 1 alone" in whole.read("MODEL_CARD.md").decode()


def test_a_refusal_writes_nothing(tracking: MlflowTracking, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "out.zip"
    assert cli.main(["export", "--run", "0" * 32, "--tracking", tracking.uri, "--out", str(out)]) == cli.INVALID
    assert "is no run in" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.slow
def test_a_study_that_was_run_is_exported_by_its_id(tracking: MlflowTracking, tmp_path: Path):
    """The files lie where the run puts them, and not only where the other tests do."""
    folder = tmp_path / "study"
    world = ("world.pack=fractions", "world.concepts=null", "world.initial_shift=0.0", "world.name=toy")
    agent = ("agent=maskable_ppo", "agent.frames=512", "agent.lanes=16", "agent.steps=16", "agent.batch=128")
    judged = ("evaluation.students=40", "evaluation.workers=1", "evaluation.replicates=1000", "network.width=8")
    rivals = ("policies.names=[random,mastery]", "policies.privileged=false", "policies.tuning_students=10")
    kept = (f"tracking.uri={tracking.uri}", f"tracking.experiment={tracking.experiment}", "seeds=[0,1]")
    run_study(check([*world, *agent, *judged, *rivals, *kept]), folder)
    client = MlflowClient(tracking.uri)
    ids = {run.info.run_name: run.info.run_id for run in client.search_runs(["1"])}
    whole = gathered(Order(run=ids["study"], tracking=tracking.uri))
    assert whole.evidence is not None
    assert whole.evidence.results == read_folder(folder)
    assert whole.world.name == "toy"
    for seed in (0, 1):
        (run_id,) = (run for name, run in ids.items() if name.endswith(f"seed {seed}"))
        one = gathered(Order(run=run_id, tracking=tracking.uri))
        saved = find_policies(whole.world, [str(folder / "policies" / one.name)])[one.name]
        assert weights(one.policy) == weights(saved)
        assert (weights(whole.policy) == weights(saved)) == (seed == whole.evidence.seed)
    (tuned,) = (rows for name, rows in read_study(folder).tuned.items() if name == "mastery")
    heuristic = gathered(Order(policy="mastery", studies=(folder,))).policy
    assert heuristic.believed == tuned["believed"]  # type: ignore[attr-defined]


def weights(policy: object) -> dict[str, bytes]:
    assert isinstance(policy, LearnedPolicy)
    return {name: array.tobytes() for name, array in policy.weights().items()}
