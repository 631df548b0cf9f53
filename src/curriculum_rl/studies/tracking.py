"""Runs kept in MLflow, in one SQLite file on this machine. What was kept is found again by `registry.py`.

A parent run is a configuration, its child runs are the seeds, and the parent holds the mean, standard deviation,
least and greatest of the last value of every metric of the seeds (MLflow does not summarise). Look at them with

    mlflow ui --backend-store-uri sqlite:///runs/mlflow.db
"""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from curriculum_rl.studies.recording import DataSource, Run
from curriculum_rl.violations import InvalidInput, Violations

# Before mlflow is imported, which reads them: nothing is told to anybody, and no git is asked for.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
from mlflow.exceptions import MlflowException

SQLITE: Final = "sqlite:///"
LONGEST_PARAM: Final = 6000
"""Characters of a param's value that MLflow keeps."""
BATCH: Final = 1000
"""Metrics that one `log_batch` takes; each call costs tens of milliseconds however few there are."""
PARAM_BATCH: Final = 100
KIND: Final = {"mlflow.experimentKind": "custom_model_development"}
"""MLflow's pages open on the runs rather than on an overview of language models."""
LONGEST_WAIT_SECONDS: Final = 10.0
"""Metrics wait no longer than this to be written, so that the UI shows a run as it goes."""
_LONGEST_DIGEST: Final = 36
_LOCK_SECONDS: Final = 120.0


@dataclass(frozen=True)
class MlflowTracking:
    """Keeps runs in MLflow.

    Attributes:
        uri: `sqlite:///` and the path of the database, relative to where the command runs. It is created if need
            be; artifacts lie in a folder beside it.
        experiment: the name under which MLflow groups the runs.
    """

    uri: str = "sqlite:///runs/mlflow.db"
    experiment: str = "curriculum_rl"

    def __post_init__(self) -> None:
        check = Violations("tracking")
        if not self.uri.startswith(SQLITE) or len(self.uri) == len(SQLITE):
            remedy = "Runs are kept on this machine; import the file into a server if you have one."
            check.add("uri", self.uri, f"must be {SQLITE} and a path, such as sqlite:///runs/mlflow.db", remedy)
        if not self.experiment.strip():
            check.add("experiment", self.experiment, "must be a name")
        check.raise_all()

    @property
    def database(self) -> Path:
        """The database file."""
        return Path(self.uri.removeprefix(SQLITE)).absolute()

    @property
    def hint(self) -> str:
        """The command that shows the runs in a browser."""
        return f"Runs:    mlflow ui --backend-store-uri {self.uri}"

    @contextmanager
    def start(self, name: str) -> Iterator[Run]:
        """Opens the run of one configuration.

        Raises:
            InvalidInput: the database cannot be created or opened.
        """
        quieten()
        client, experiment = opened(self.database, self.experiment)
        with _running(_MlflowRun(client, experiment, name, None)) as run:
            yield run


def quieten() -> None:
    """Only warnings of MLflow and of its migrations are worth a reader's time."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


class _MlflowRun:
    """One run in the database. Metrics wait in a buffer, for a call costs tens of milliseconds."""

    def __init__(self, client: MlflowClient, experiment: str, name: str, parent: str | None) -> None:
        tags = {"mlflow.source.name": "curriculum-rl study"}
        if parent is not None:
            tags["mlflow.parentRunId"] = parent
        self._client, self._experiment = client, experiment
        self.id: str = client.create_run(experiment, tags=tags, run_name=name).info.run_id
        self._waiting: list[Metric] = []
        self._flushed = time.monotonic()
        self._last: dict[str, float] = {}
        self._seeds: dict[str, list[dict[str, float]]] = {}

    def params(self, values: Mapping[str, object]) -> None:
        """Settings; nested mappings become dotted names, and what is too long is cut short with a notice."""
        params = [Param(metric_name(name), _shortened(str(value))) for name, value in _flat(values)]
        for first in range(0, len(params), PARAM_BATCH):
            self._client.log_batch(self.id, params=params[first : first + PARAM_BATCH])

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Numbers at one step."""
        now = int(time.time() * 1000)
        for name, value in values.items():
            clean = metric_name(name)
            self._waiting.append(Metric(clean, float(value), now, step))
            self._last[clean] = float(value)
        if len(self._waiting) >= BATCH or time.monotonic() - self._flushed > LONGEST_WAIT_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Writes the metrics that wait."""
        while self._waiting:
            self._client.log_batch(self.id, metrics=self._waiting[:BATCH])
            del self._waiting[:BATCH]
        self._flushed = time.monotonic()

    def data(self, source: DataSource, context: str) -> None:
        """A data set that was used.

        MLflow keeps 36 characters of a digest, so the whole stands in the source; and it keeps one context for each
        name, so the context stands in the name.
        """
        origin = json.dumps({"origin": source.origin, "sha256": source.digest})
        profile = json.dumps(dict(source.rows))
        dataset = Dataset(f"{source.name}, {context}", source.digest[:_LONGEST_DIGEST], "local", origin, None, profile)
        tag = InputTag("mlflow.data.context", context)
        self._client.log_inputs(self.id, datasets=[DatasetInput(dataset, [tag])])

    def table(self, name: str, columns: Mapping[str, Sequence[object]]) -> None:
        """A table, as the artifact `tables/<name>.parquet`."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{name}.parquet"
            pq.write_table(pa.table({key: list(values) for key, values in columns.items()}), file)
            self.keep(file, "tables")

    def text(self, name: str, content: str) -> None:
        """A text file, as an artifact."""
        self._client.log_text(self.id, content, name)

    def keep(self, path: Path, under: str = "") -> None:
        """A copy of a file or of a whole folder, as artifacts."""
        log = self._client.log_artifacts if path.is_dir() else self._client.log_artifact
        log(self.id, str(path), under or None)

    @contextmanager
    def seed(self, name: str, of: str) -> Iterator[Run]:
        """A child run; what it ends with counts in this run's summary if it ends well."""
        child = _MlflowRun(self._client, self._experiment, name, self.id)
        with _running(child):
            yield child
        self._seeds.setdefault(of, []).append(child._last)

    def close(self, status: str) -> None:
        """Writes what waits, the summary of the seeds too, and ends the run."""
        try:
            for of, seeds in self._seeds.items():
                self.metrics({f"{of}/{name}": value for name, value in summary(seeds).items()})
            self.flush()
        finally:
            self._client.set_terminated(self.id, status)


def summary(seeds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean, standard deviation (n - 1), least and greatest over the seeds of each metric's last value."""
    found: dict[str, float] = {"seeds": float(len(seeds))} if seeds else {}
    for name in sorted({name for seed in seeds for name in seed}):
        values = np.array([seed[name] for seed in seeds if name in seed])
        found[f"{name}/mean"] = float(values.mean())
        found[f"{name}/min"] = float(values.min())
        found[f"{name}/max"] = float(values.max())
        if len(values) > 1:
            found[f"{name}/sd"] = float(values.std(ddof=1))
    return found


def metric_name(name: str) -> str:
    """A name that MLflow accepts: letters, digits and `_-. /:`; no path that climbs."""
    clean = re.sub(r"[^\w\-. /:]", "_", name, flags=re.ASCII)
    parts = [part for part in clean.split("/") if part.strip(".")]
    return "/".join(parts)[:250].rstrip("/") or "_"


@contextmanager
def _running(run: _MlflowRun) -> Iterator[_MlflowRun]:
    """Closes the run whatever happens, as what happened."""
    status = "FAILED"
    try:
        yield run
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        run.close(status)


def opened(database: Path, experiment: str) -> tuple[MlflowClient, str]:
    """A client on the database, which is created if it is not there, and the id of the experiment.

    Eight processes that create one database at once leave it broken; here one of them makes it under a lock,
    whole, beside its place, and moves it there.
    """
    with usable(database):
        database.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{database}.lock", timeout=_LOCK_SECONDS):
            if not database.exists():
                _create(database)
            with closing(sqlite3.connect(database)) as connection:
                connection.execute("PRAGMA schema_version")  # fails where the file is no database
            client = MlflowClient(waiting(database))
            found = client.get_experiment_by_name(experiment)
            if found is not None:
                return client, found.experiment_id
            place = (database.parent / f"{database.stem}-artifacts").as_uri()
            return client, client.create_experiment(experiment, artifact_location=place, tags=KIND)


@contextmanager
def usable(database: Path) -> Iterator[None]:
    """Says in one message what keeps the database from being used."""
    try:
        yield
    except (OSError, TimeoutError, sqlite3.Error) as error:
        raise InvalidInput("tracking", [_told(database, str(error), "give another path as tracking.uri")]) from error
    except MlflowException as error:
        remedy = f"move it away, or bring it up to date: mlflow db upgrade {SQLITE}{database}"
        raise InvalidInput("tracking", [_told(database, str(error).splitlines()[0], remedy)]) from error


def _create(database: Path) -> None:
    draft = database.with_name(f"{database.name}.{os.getpid()}.tmp")
    try:
        MlflowClient(f"{SQLITE}{draft}").search_experiments(max_results=1)
        draft.replace(database)
    finally:
        draft.unlink(missing_ok=True)


def waiting(database: Path) -> str:
    """The address of a database. Other writers are waited for, instead of failing after five seconds."""
    return f"{SQLITE}{database}?timeout={_LOCK_SECONDS:.0f}"


def _told(database: Path, problem: str, remedy: str) -> str:
    return f"uri: {database} cannot be used ({problem}): {remedy}, or run without: tracking=none"


def _flat(values: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping) and value:
            yield from _flat(value, here)
        else:
            yield here, value


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_PARAM:
        return text
    notice = f" [cut short: {len(text)} characters, see config.yaml]"
    return text[: LONGEST_PARAM - len(notice)] + notice
