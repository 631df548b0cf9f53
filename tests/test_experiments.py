"""Every study has a config, a README and, once it was run, expectations; the quickstart comes out as expected.

Experiments that are no studies have a README with their question and their command, and expectations of their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from curriculum_rl.policies.load import usual_names
from curriculum_rl.resources import configs_folder
from curriculum_rl.yaml_file import check_yaml

EXPERIMENTS = Path(__file__).parent.parent / "experiments"
UNANSWERED = "**Answer.** Not yet run."
READMES = {p.parent.name: p.read_text() for p in sorted(EXPERIMENTS.glob("*/README.md"))}
NAMES = [name for name in READMES if (configs_folder() / "experiment" / f"{name}.yaml").is_file()]


def test_every_experiment_says_what_is_asked_and_how() -> None:
    for name, readme in READMES.items():
        assert "**Question.**" in readme, name
        assert any(f"\n    {command} " in readme for command in ("curriculum-rl", "python", "make")), name


def test_every_study_is_whole() -> None:
    configs = sorted(p.stem for p in (configs_folder() / "experiment").glob("*.yaml"))
    assert configs == NAMES
    for name in NAMES:
        readme = READMES[name]
        assert f"experiment={name}" in readme
        files = list((EXPERIMENTS / name).glob("expected*.json"))  # of a sweep, one for each of its studies
        assert files or UNANSWERED in readme
        for file in files:
            expected = json.loads(file.read_text())
            assert set(heuristics(name)) <= set(expected["policies"]), "a heuristic is missing"


def heuristics(experiment: str) -> list[str]:
    """Those that it plays: every one but the slow unless its config names them."""
    config = check_yaml(configs_folder() / "experiment" / f"{experiment}.yaml")
    choices = [
        of["override /policies"] for of in config["defaults"] if isinstance(of, dict) and "override /policies" in of
    ]
    chosen = check_yaml(configs_folder() / "policies" / f"{choices[0]}.yaml")["names"] if choices else None
    named: list[str] | None = config.get("policies", {}).get("names", chosen)
    return usual_names() if named is None else named


@pytest.mark.slow
def test_the_quickstart_comes_out_as_expected(tmp_path: Path) -> None:
    """The whole main job, from the command line to the report, and its numbers against `expected.json`."""
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "curriculum_rl.cli", "study", "experiment=quickstart", f"hydra.run.dir={folder}"]
    subprocess.run([*command, "tracking=none"], check=True, cwd=tmp_path)
    assert (folder / "report.html").stat().st_size > 10_000
    expected = EXPERIMENTS / "quickstart" / "expected.json"
    check = [sys.executable, str(EXPERIMENTS / "check.py"), str(folder / "results.json"), str(expected)]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
