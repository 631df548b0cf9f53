"""What a study is judged by, what its learners are trained for, and what it says where these make no sense."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from curriculum_rl import cli
from curriculum_rl.studies.compose import check
from curriculum_rl.studies.run import run_study

FAIR = (
    "+learners.fair={agent: ${agent}, network: ${network}, tracker: ${tracker}, objective: "
    "{_target_: curriculum_rl.objectives.gap.Gap, axis: most deprived, courses: 10}}"
)
SMALL = (
    *("seeds=[0]", "agent.frames=4096", "agent.lanes=64", "agent.steps=32", "agent.batch=256", "network=flat"),
    *("policies.names=[random]", "policies.tune=false", "policies.privileged=false"),
    *("evaluation.students=60", "evaluation.traced=20", "evaluation.replicates=1000"),
)
SHORT = "world.course={days: [0.0, 3.0], minutes: 15.0, test_days: 7.0}"


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (["objective=engagement_kept"], "have no engagement that could be kept. Switch on faculties.engagement"),
        (["world.pack=classroom", "objective=gap", "objective.axis=disbled"], "Did you mean disabled or not disabled?"),
        ([FAIR], "learners.fair: gap: axis = 'most deprived': is no part of a subgroup's name"),
        (
            ["objective=weighted", "objective.weights.cost=0", "objective.weights.retention=0"],
            "must not sum to nothing",
        ),
        (["objective=cost", "+objective.by_form.vdieo=1.0"], "by_form = 'vdieo': is no activity's form"),
        (["world.pack=classroom", "evaluation.students=20"], "students = 20: must be at least 32, two classes of 16"),
        (["objective=constrained", "objective.limited.activity=-1"], "limited.activity = -1.0: must be a finite"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_runs(
    overrides: list[str], reason: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    where = [f"hydra.run.dir={tmp_path / 'run'}", "tracking=none"]
    assert cli.main(["study", *overrides, *where]) == cli.INVALID
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "run" / "results.json").exists()


@pytest.mark.slow
def test_learners_may_be_trained_for_something_else_than_they_are_judged_by(tmp_path: Path):
    database = f"sqlite:///{tmp_path / 'mlflow.db'}"
    run_study(check([*SMALL, "world.pack=classroom", SHORT, FAIR, f"tracking.uri={database}"]), tmp_path / "run")
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert (results["objective"], results["outcome"]) == ("DelayedTest", "gain")
    curves = {curve["policy"]: curve["multipliers"] for curve in results["curves"]}
    assert curves["maskable_ppo_flat"] == {}
    names = {f"{kind}/{part}" for kind in ("multiplier", "measured") for part in ("most deprived", "least deprived")}
    assert names <= set(curves["fair"])
    assert {gap["by"] for gap in results["subgroup_gaps"]} >= {"most deprived, middle, least deprived"}
    client = MlflowClient(database)
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    (fair,) = [run for run in runs if run.info.run_name == "fair, seed 0"]
    assert names <= set(fair.data.metrics)
    assert "Multiplier, most deprived" in (tmp_path / "run" / "report.html").read_text()
