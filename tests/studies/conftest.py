"""A database of runs for each test, without the seconds that making one takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from curriculum_rl.studies.tracking import MlflowTracking, quieten


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated database a session: making it takes seconds, copying it none."""
    quieten()
    file = tmp_path_factory.mktemp("mlflow") / "empty.db"
    MlflowClient(f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture
def tracking(tmp_path: Path, empty_database: Path) -> MlflowTracking:
    """Runs in a database that holds none."""
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return MlflowTracking(uri=f"sqlite:///{tmp_path}/mlflow.db", experiment="test")
