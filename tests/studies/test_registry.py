"""A model carries all of the package that it needs, and runs where nothing else of it is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from curriculum_rl.export.bundle import make
from curriculum_rl.policies.load import load_policy
from curriculum_rl.runner.bundle import open_bundle
from curriculum_rl.studies.registry import CARRIED, PACKAGE, champion, register
from curriculum_rl.studies.tracking import MlflowTracking
from curriculum_rl.world import load_world
from tests.test_layers import imports_of

CLEAN = """
import importlib.abc, json, sys
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
sys.path = [place for place in sys.path if not place.rstrip("/").endswith("src")]
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("torch", "gymnasium", "stable_baselines3", "onnx", "hydra", "rich"):
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
try:
    import curriculum_rl
except ModuleNotFoundError:
    pass
else:
    raise SystemExit("the package can be imported from " + curriculum_rl.__file__)
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/m@champion")
import curriculum_rl
rows = [{"event_id": "e", "learner": "a", "excluded": []}]
print(json.dumps([curriculum_rl.__file__, model.predict(rows).to_dict("records")]))
"""


def test_what_is_carried_needs_nothing_of_the_package_that_is_not():
    carried = {name.removesuffix(".py") for name in CARRIED}
    files = [
        file
        for name in CARRIED
        for file in ([PACKAGE / name] if name.endswith(".py") else (PACKAGE / name).rglob("*.py"))
    ]
    assert len(files) > len(CARRIED)
    for file in files:
        for line, name in imports_of(file):
            parts = name.split(".")
            inside = parts[0] != "curriculum_rl" or parts[1] in {*carried, "__version__"}
            assert inside, f"{file.relative_to(PACKAGE)}:{line}: {name} is not among {', '.join(sorted(carried))}"


@pytest.mark.slow
def test_a_registered_model_runs_where_the_package_is_not(tracking: MlflowTracking, tmp_path: Path):
    file = tmp_path / "a bundle of any name"
    file.write_bytes(make("mastery", load_policy("mastery"), load_world("fractions"), 1000).content)
    made = register(tracking, "m", file, {"bundle": open_bundle(file).digest}, None)
    assert champion(tracking, "m") == made
    assert champion(tracking, "another") is None
    ran = subprocess.run(
        [sys.executable, "-c", CLEAN, tracking.uri], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    place, (answer,) = json.loads(ran.stdout.splitlines()[-1])
    assert Path(place).is_relative_to(tmp_path)
    assert (answer["policy"], answer["event_id"]) == (open_bundle(file).digest, "e")
    MlflowClient(tracking.uri, tracking.uri).delete_registered_model_alias("m", "champion")
    assert champion(tracking, "m") is None
