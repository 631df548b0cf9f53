"""What was kept in MLflow, found again: the files of a study's run by its id.

The run of a study holds `config.yaml` and `results.json`, and each run of a seed below it the policy that was trained:
all that the study's folder holds too, so that a run can be exported where the folder is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from curriculum_rl.studies.tracking import MlflowTracking, quieten, usable, waiting
from curriculum_rl.violations import InvalidInput

from mlflow import MlflowClient  # isort: skip  (after tracking.py, which tells it to keep quiet)
from mlflow.entities import Run  # isort: skip
from mlflow.exceptions import MlflowException  # isort: skip

PARENT = "mlflow.parentRunId"
POLICY = "policy"
"""The folder of a seed's run that its policy is in."""


@dataclass(frozen=True)
class RunFiles:
    """Where the files of a study's run lie.

    Attributes:
        id: of the study's run.
        study: the folder of its files.
        policies: of each run below it that trained a policy.
        asked: the folder of the policy of the run that was asked for, where that is one of a seed.
    """

    id: str
    study: Path
    policies: tuple[Path, ...]
    asked: Path | None = None


def run_files(tracking: MlflowTracking, run_id: str) -> RunFiles:
    """The files of the run of a study, or of the study that the run of a seed belongs to.

    Raises:
        InvalidInput: there is no such run, or its files are gone.
    """
    quieten()
    if not tracking.database.is_file():
        remedy = "Go where the study was run, or say which database with --tracking sqlite:///PATH"
        raise InvalidInput("run", [f"{run_id}: there is no database {tracking.database} to find it in. {remedy}"])
    with usable(tracking.database):
        client = MlflowClient(waiting(tracking.database))
        asked = _run(client, run_id, tracking)
        parent = asked.data.tags.get(PARENT)
        study = _run(client, parent, tracking) if parent else asked
        below = client.search_runs(
            [study.info.experiment_id], f"tags.`{PARENT}` = '{study.info.run_id}'", order_by=["attributes.start_time"]
        )
    folder = _folder(study)
    if not folder.is_dir():
        remedy = "Export from the study's own folder, with --run FOLDER"
        raise InvalidInput("run", [f"{run_id}: its files are gone: there is no {folder}. {remedy}"])
    own = _folder(asked) / POLICY if parent else None
    if own is not None and not own.is_dir():
        raise InvalidInput("run", [f"{run_id}: holds no policy. Give the run of a seed that was trained to its end"])
    return RunFiles(study.info.run_id, folder, tuple(_with_policies(below)), own)


def _run(client: MlflowClient, run_id: str, tracking: MlflowTracking) -> Run:
    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        remedy = f"`mlflow ui --backend-store-uri {tracking.uri}` shows those that there are"
        raise InvalidInput("run", [f"{run_id}: is no run in {tracking.database}. {remedy}"]) from None


def _with_policies(runs: Iterable[Run]) -> Iterable[Path]:
    return (folder for run in runs if (folder := _folder(run) / POLICY).is_dir())


def _folder(run: Run) -> Path:
    """Where the artifacts of a run lie: on this machine, for that is where the database is."""
    return Path(url2pathname(urlparse(run.info.artifact_uri).path))
