"""The wheel is enough: installed where there is no checkout, it carries its configs and packs and runs the main job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from curriculum_rl.export.bundle import make
from curriculum_rl.policies.load import load_policy
from curriculum_rl.world import load_world

CHECKOUT = Path(__file__).resolve().parent.parent
SMALL_STUDY = (
    "experiment=quickstart",
    "seeds=[0]",
    "agent.frames=4096",
    "evaluation.students=50",
    "evaluation.replicates=1000",
    "policies.names=[random,round_robin]",
    "policies.tune=false",
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds this wheel.

    Its dependencies are those of the tested environment, found through a path file (so that gigabytes need not be
    installed again); path files of that environment are not followed, so the checkout itself is out of sight.
    """
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    tested = sysconfig.get_paths()
    borrowed = Path(paths["purelib"]) / "tested_environment.pth"
    borrowed.write_text("\n".join(dict.fromkeys([tested["purelib"], tested["platlib"]])))
    programs = Path(paths["scripts"])
    install = ["install", "--no-deps", "--no-index", "--ignore-installed", str(wheel)]
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), *install]
    subprocess.run(pip, check=True, capture_output=True)
    return programs


def run(installed: Path, here: Path, *command: str) -> str:
    """What a program of the installed environment prints, run in an empty folder."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [installed / command[0], *command[1:]], cwd=here, env=env, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_what_the_checkout_holds(wheel: Path):
    held = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        if name.startswith(("configs/", "simulators/")):
            assert f"curriculum_rl/{name}" in held
        elif name.startswith("src/"):
            assert name.removeprefix("src/") in held
    assert not [name for name in held if name.endswith((".parquet", ".db", ".npz"))]


def test_the_package_comes_from_the_wheel(installed: Path, tmp_path: Path):
    program = "import curriculum_rl as crl; print(crl.__file__); print(crl.load_world('new_material').name)"
    place, world = run(installed, tmp_path, "python", "-c", program).split()
    assert Path(place).is_relative_to(installed.parent)
    assert world == "new_material"


def test_the_wheel_is_complete(installed: Path, tmp_path: Path):
    said = run(installed, tmp_path, "curriculum-rl", "doctor")
    assert "Everything that is needed is here." in said
    assert str(CHECKOUT) not in said.replace(sys.prefix, "")
    assert "assistments09" in run(installed, tmp_path, "curriculum-rl", "worlds")


def test_the_wheel_runs_the_main_job(installed: Path, tmp_path: Path):
    run(installed, tmp_path, "curriculum-rl", "study", *SMALL_STUDY)
    (results,) = (tmp_path / "runs" / "quickstart").rglob("results.json")
    kinds = {policy["kind"] for policy in json.loads(results.read_text())["policies"]}
    assert {"learned", "heuristic"} <= kinds
    assert results.with_name("report.html").is_file()
    assert (tmp_path / "runs" / "mlflow.db").is_file()


@pytest.fixture(scope="module")
def serving(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that was installed to serve, and for nothing else."""
    folder = tmp_path_factory.mktemp("serving") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    programs = folder / Path(sysconfig.get_path("scripts")).name
    pip = [programs / "python", "-m", "pip", "install", "--quiet", "-c", str(CHECKOUT / "constraints.txt")]
    subprocess.run([*pip, f"{wheel}[serve]"], check=True, capture_output=True)
    return programs


def test_what_serves_needs_no_torch(serving: Path, tmp_path: Path):
    (packages,) = serving.parent.glob("lib/*/site-packages")
    held = {path.name for path in packages.iterdir()}
    assert not held & {"torch", "gymnasium", "stable_baselines3", "mlflow", "pandas", "scipy"}
    bundle = tmp_path / "b.zip"
    bundle.write_bytes(make("mastery", load_policy("mastery"), load_world("fractions"), 1000).content)
    assert "is whole: mastery for fractions" in run(serving, tmp_path, "curriculum-rl", "verify", str(bundle))
    assert "It practises" in run(serving, tmp_path, "curriculum-rl", "explain", str(bundle))
    assert "no study can be made" in run(serving, tmp_path, "curriculum-rl", "doctor")
