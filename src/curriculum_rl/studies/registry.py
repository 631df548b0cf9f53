"""What was kept in MLflow, found again: the files of a study's run by its id, and the bundle that is champion.

The run of a study holds `config.yaml` and `results.json`, and each run of a seed below it the policy that was trained:
all that the study's folder holds too, so that a run can be exported where the folder is gone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import urlparse
from urllib.request import url2pathname

import pandas as pd

from curriculum_rl import __version__
from curriculum_rl.runner.bundle import open_bundle
from curriculum_rl.studies.tracking import MlflowTracking, opened, quieten, usable, waiting
from curriculum_rl.violations import InvalidInput

import mlflow  # isort: skip  (after tracking.py, which tells it to keep quiet)
from mlflow import MlflowClient  # isort: skip
from mlflow.entities import Run  # isort: skip
from mlflow.exceptions import MlflowException  # isort: skip
from mlflow.models import ModelSignature  # isort: skip
from mlflow.models.model import ModelInfo  # isort: skip

PARENT: Final = "mlflow.parentRunId"
POLICY: Final = "policy"
"""The folder of a seed's run that its policy is in."""
CHAMPION: Final = "champion"
"""The alias of the version that is to be served."""
DIGEST: Final = "bundle"
"""The tag that holds the digest of a version's bundle."""
LONGEST_TAG: Final = 5000
PACKAGE: Final = Path(__file__).resolve().parent.parent
MODEL: Final = "serve/pyfunc_model.py"
CARRIED: Final = ("violations.py", "runner", "serve")
"""What of the package runs a bundle."""
NEEDED: Final = ("numpy", "onnxruntime", "pandas", "pydantic", "starlette")
"""What the same imports."""


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
    return _local(run.info.artifact_uri)


def _local(uri: str) -> Path:
    return Path(url2pathname(urlparse(uri).path))


@dataclass(frozen=True)
class Version:
    """A version of a registered model.

    Attributes:
        bundle: the file that it runs.
        tags: what was recorded when it was promoted.
    """

    model: str
    number: str
    bundle: Path
    tags: Mapping[str, str] = field(repr=False)

    @property
    def digest(self) -> str:
        """Of the bundle."""
        return self.tags.get(DIGEST, "")


def champion(tracking: MlflowTracking, model: str) -> Version | None:
    """The version that has the alias, if there is one.

    Raises:
        InvalidInput: its bundle is gone.
    """
    quieten()
    if not tracking.database.is_file():
        return None
    with usable(tracking.database):
        client = _registry(tracking.database)
        try:
            found = client.get_model_version_by_alias(model, CHAMPION)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise
        logged = client.get_logged_model(str(found.source).removeprefix("models:/"))
    folder = _local(logged.artifact_location)
    bundles = [file for file in (folder / "artifacts").glob("*") if file.is_file()]
    if len(bundles) != 1:
        remedy = f"Take the alias {CHAMPION} from it, or bring the files back"
        raise InvalidInput("promote", [f"version {found.version} of {model}: its bundle is not in {folder}. {remedy}"])
    return Version(model, str(found.version), bundles[0], dict(found.tags))


def register(tracking: MlflowTracking, model: str, bundle: Path, tags: Mapping[str, str], study: str | None) -> Version:
    """Logs a bundle as a pyfunc model, registers it as the next version, and last of all moves the alias to it.

    Args:
        tags: of the version: what was measured, and whom it follows.
        study: id of the study's run, below which the run that holds the model is put.
    """
    _, experiment = opened(tracking.database, tracking.experiment)
    client = _registry(tracking.database)
    name, parent = f"promote {model}", {PARENT: study} if study else None
    short = {name: value[:LONGEST_TAG] for name, value in tags.items()}
    with _told_to(waiting(tracking.database)):
        with mlflow.start_run(experiment_id=experiment, run_name=name, tags=parent) as run:
            logged = _logged(bundle)
        if not client.search_registered_models(f"name = '{model}'"):
            client.create_registered_model(model)
        made = client.create_model_version(
            model, logged.model_uri, run_id=run.info.run_id, tags=short, model_id=logged.model_id
        )
        client.set_registered_model_alias(model, CHAMPION, made.version)
    found = champion(tracking, model)
    assert found is not None
    return found


def _logged(bundle: Path) -> ModelInfo:
    from curriculum_rl.serve.pyfunc_model import BUNDLE, INPUTS, OUTPUTS

    first = open_bundle(bundle).catalogue["activities"][0]["id"]
    asked = {"event_id": "example-1", "learner": "example", "excluded": []}
    after = {"event_id": "example-2", "last_activity": first, "correct": 1.0, "elapsed_s": 60.0, "excluded": [first]}
    with tempfile.TemporaryDirectory() as folder:
        logged: ModelInfo = mlflow.pyfunc.log_model(
            name=BUNDLE,
            python_model=str(PACKAGE / MODEL),
            artifacts={BUNDLE: str(bundle)},
            code_paths=[str(_code(Path(folder)))],
            signature=ModelSignature(INPUTS, OUTPUTS),
            input_example=pd.DataFrame([asked, asked | after]),
            pip_requirements=[f"{name}=={version(name)}" for name in NEEDED],
        )
    return logged


def _code(folder: Path) -> Path:
    """What a bundle needs of this package, in a folder: all that a model carries, so that it runs where this is not.

    Where the package is installed, what is not here is taken from there.
    """
    made = folder / PACKAGE.name
    made.mkdir()
    for name in CARRIED:
        if (PACKAGE / name).is_dir():
            shutil.copytree(PACKAGE / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PACKAGE / name, made / name)
    lines = ["from pkgutil import extend_path", "__path__ = extend_path(__path__, __name__)"]
    (made / "__init__.py").write_text("\n".join([*lines, f"__version__ = {__version__!r}", ""]), encoding="utf-8")
    return made


@contextmanager
def _told_to(uri: str) -> Iterator[None]:
    """MLflow's own functions tell the database at this address, for now."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def _registry(database: Path) -> MlflowClient:
    """A client whose models are in the database too, whatever the environment says of models."""
    return MlflowClient(waiting(database), waiting(database))
