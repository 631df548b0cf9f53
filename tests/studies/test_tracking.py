"""What is told to a run is found in the database: parents, seeds, summaries, inputs, artifacts, and how it ended."""

from __future__ import annotations

import json
import math
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from curriculum_rl.studies.recording import DataSource, Untracked
from curriculum_rl.studies.tracking import LONGEST_PARAM, MlflowTracking, metric_name, summary
from curriculum_rl.violations import InvalidInput

SOURCE = DataSource("a pack", "0123456789abcdef" * 4, "made for this test", {"students": 12, "concepts": 3})


def runs(tracking: MlflowTracking) -> dict[str, Run]:
    client = MlflowClient(tracking.uri)
    experiment = client.get_experiment_by_name(tracking.experiment)
    assert experiment is not None
    return {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


def artifact(run: Run, name: str) -> Path:
    return Path(run.info.artifact_uri.removeprefix("file://")) / name


def test_a_study_is_a_parent_its_seeds_and_their_summary(tracking: MlflowTracking):
    with tracking.start("study") as parent:
        for seed, score in ((0, 10.0), (1, 14.0)):
            with parent.seed(f"seed {seed}", of="ppo") as run:
                run.params({"seed": seed})
                run.metrics({"score": 0.0}, step=1)
                run.metrics({"score": score}, step=2)
    found = runs(tracking)
    assert set(found) == {"study", "seed 0", "seed 1"}
    top = found["study"]
    assert {run.info.status for run in found.values()} == {"FINISHED"}
    for seed in ("seed 0", "seed 1"):
        assert found[seed].data.tags["mlflow.parentRunId"] == top.info.run_id
    expected = {"seeds": 2, "score/mean": 12, "score/min": 10, "score/max": 14, "score/sd": math.sqrt(8)}
    assert top.data.metrics == pytest.approx({f"ppo/{name}": value for name, value in expected.items()})


def test_what_is_kept_is_found(tracking: MlflowTracking, tmp_path: Path):
    policy = tmp_path / "policy"
    policy.mkdir()
    (policy / "weights.safetensors").write_bytes(b"weights")
    report = tmp_path / "report.html"
    report.write_text("<p>report</p>")
    with tracking.start("study") as run:
        run.params({"agent": {"frames": 100, "steps": []}, "why?": "x" * 7000})
        run.data(SOURCE, "training")
        run.data(SOURCE, "evaluation")
        run.table("outcomes", {"student": [1, 2], "score": [0.5, None]})
        run.text("config.yaml", "seeds: [0]\n")
        run.keep(policy, "policy")
        run.keep(report)
    found = runs(tracking)["study"]
    assert found.data.params["agent.frames"] == "100"
    assert len(found.data.params["why_"]) == LONGEST_PARAM
    assert found.data.params["why_"].endswith("[cut short: 7000 characters, see config.yaml]")
    used = {data.dataset.name: data for data in found.inputs.dataset_inputs}
    assert set(used) == {"a pack, training", "a pack, evaluation"}
    for context in ("training", "evaluation"):
        data = used[f"a pack, {context}"]
        assert data.dataset.digest == SOURCE.digest[:36]
        assert json.loads(data.dataset.source)["sha256"] == SOURCE.digest
        assert json.loads(data.dataset.profile) == SOURCE.rows
        assert {tag.key: tag.value for tag in data.tags} == {"mlflow.data.context": context}
    assert pq.read_table(artifact(found, "tables/outcomes.parquet")).to_pydict()["score"] == [0.5, None]
    assert artifact(found, "config.yaml").read_text() == "seeds: [0]\n"
    assert artifact(found, "policy/weights.safetensors").read_bytes() == b"weights"
    assert artifact(found, "report.html").is_file()


def test_every_metric_arrives_though_they_wait(tracking: MlflowTracking):
    with tracking.start("study") as run:
        for step in range(1200):
            run.metrics({"loss": float(step), "share/worked example": 0.5}, step)
    client = MlflowClient(tracking.uri)
    history = client.get_metric_history(runs(tracking)["study"].info.run_id, "loss")
    assert sorted((m.step, m.value) for m in history) == [(step, float(step)) for step in range(1200)]


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, "KILLED"), (RuntimeError, "FAILED")])
def test_a_run_is_closed_as_what_happened(tracking: MlflowTracking, error: type[BaseException], status: str):
    def study() -> None:
        with tracking.start("study") as parent, parent.seed("seed 0", of="ppo") as run:
            run.metrics({"score": 1.0})
            raise error

    with pytest.raises(error):
        study()
    found = runs(tracking)
    assert {run.info.status for run in found.values()} == {status}
    assert found["seed 0"].data.metrics == {"score": 1.0}
    assert found["study"].data.metrics == {}


def test_each_learner_has_a_summary_of_its_own(tracking: MlflowTracking):
    with tracking.start("study") as parent:
        for learner, score in (("ppo", 1.0), ("dqn", 5.0)):
            with parent.seed(f"{learner}, seed 0", of=learner) as run:
                run.metrics({"score": score})
    found = runs(tracking)["study"].data.metrics
    assert (found["ppo/score/mean"], found["dqn/score/mean"]) == (1.0, 5.0)


def test_a_second_study_joins_the_same_experiment(tracking: MlflowTracking):
    for name in ("one", "two"):
        with tracking.start(name):
            pass
    assert set(runs(tracking)) == {"one", "two"}


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("gain/goal concepts", "gain/goal concepts"),
        ("share(easy) %", "share_easy_ _"),
        ("../../x//y", "x/y"),
        ("höhe", "h_he"),
        ("?", "_"),
        ("", "_"),
        ("x" * 300, "x" * 250),
    ],
)
def test_names_are_made_acceptable(given: str, clean: str):
    assert metric_name(given) == clean


def test_names_made_acceptable_are_accepted(tracking: MlflowTracking):
    with tracking.start("study") as run:
        run.metrics(dict.fromkeys(("../x", "a//b", "a/./b", "share(easy)", "ü", "./", "a/../b", "x" * 300), 1.0))
    assert set(runs(tracking)["study"].data.metrics) == {"x", "a/b", "share_easy_", "_", "x" * 250}


def test_a_summary_of_nothing_is_empty_and_of_one_has_no_spread():
    assert summary([]) == {}
    assert summary([{"a": 2.0}]) == {"seeds": 1.0, "a/mean": 2.0, "a/min": 2.0, "a/max": 2.0}


def test_bad_settings_are_refused():
    with pytest.raises(InvalidInput) as caught:
        MlflowTracking(uri="https://example.org", experiment=" ")
    assert len(caught.value.violations) == 2


def broken(file: Path) -> None:
    file.write_bytes(b"this is no database, but a text of some length" * 100)


def old(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")


@pytest.mark.parametrize("harm", [broken, old])
def test_a_database_that_cannot_be_used_says_so(tracking: MlflowTracking, harm: Callable[[Path], None]):
    harm(tracking.database)
    with pytest.raises(InvalidInput, match=r"tracking: 1 thing to mend\n  uri: .*mlflow\.db"), tracking.start("study"):
        pass


def test_untracked_takes_everything_and_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with Untracked().start("study") as parent, parent.seed("seed 0", of="ppo") as run:
        run.params({"a": 1})
        run.metrics({"a": 1.0}, 2)
        run.data(SOURCE, "training")
        run.table("t", {"a": [1]})
        run.text("a.txt", "a")
        run.keep(tmp_path)
    assert list(tmp_path.iterdir()) == []


EIGHTH = """
import sys
from curriculum_rl.studies.tracking import MlflowTracking
with MlflowTracking(uri=sys.argv[1]).start(sys.argv[2]) as parent:
    with parent.seed("seed 0", of="ppo") as run:
        for step in range(1500):
            run.metrics({"loss": float(step)}, step)
"""


@pytest.mark.slow
def test_eight_processes_may_start_at_once(tmp_path: Path):
    uri = f"sqlite:///{tmp_path}/runs/mlflow.db"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", EIGHTH, uri, f"study {i}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for i in range(8)
    ]
    said = [process.communicate(timeout=300) for process in started]
    assert [process.returncode for process in started] == [0] * 8, said
    assert {out + err for out, err in said} == {""}
    found = MlflowClient(uri).search_runs(["1"])
    assert len(found) == 16
    assert {run.info.status for run in found} == {"FINISHED"}
    assert sorted(p.name for p in (tmp_path / "runs").iterdir() if not p.name.endswith("-artifacts")) == [
        "mlflow.db",
        "mlflow.db.lock",
    ]
