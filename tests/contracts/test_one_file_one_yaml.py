"""Adding a student model takes one file and one YAML, and every contract test finds it: done so, in a scratch copy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import curriculum_rl
from curriculum_rl.resources import configs_folder, simulators_folder

CHECKOUT = Path(__file__).parents[2]

MODEL = '''"""A student whose chance to be right creeps up by a tenth of what is missing at every try."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.knowledge.knowledge import At, FilterParameters, Tried
from curriculum_rl.students.knowledge.moments import matched
from curriculum_rl.students.traits import Group, Traits
from curriculum_rl.violations import Violations


@dataclass
class CreepState:
    share: Float  # (n, K) of the way to certainty
    ability: Float  # (n,)


@dataclass(frozen=True)
class Creep(ConceptModel):
    start: tuple[float, ...]

    def __post_init__(self) -> None:
        check = Violations("creep")
        check.each("start", self.start, above=0.0, below=1.0)
        self.check_lengths(check)
        check.raise_all()

    @property
    def chances(self) -> int:
        return 0

    def shifted(self, logits: float) -> Creep:
        return replace(self, start=tuple(expit(self.logits("start") + logits).tolist()))

    def sample(self, traits: Traits, u: Float) -> CreepState:
        return CreepState(np.zeros(u.shape), traits.ability.copy())

    def held(self, state: CreepState) -> Bool:
        return np.zeros(state.share.shape, dtype=np.bool_)

    def recall(self, state: CreepState, at: At, retention: Float) -> Float:
        first = expit(self.logits("start").take(at.concepts) + state.ability)
        return first + (1.0 - first) * state.share.take(at.flat) * retention

    def tasks(self, concepts: Int, difficulty: Float) -> Float:
        return np.broadcast_to(difficulty, (1, *concepts.shape))

    def success(self, state: CreepState, at: At, shares: Float, retention: Float, task: Float) -> Float:
        recall = (shares * self.recall(state, at, retention)).sum(axis=0)
        return expit(logit(np.clip(recall, 1e-9, 1 - 1e-9)) - task[0, 0])

    def learn_from(
        self, state: CreepState, at: At, strength: Float, u: Float, v: Float, tried: Tried
    ) -> tuple[Bool, Bool]:
        share = state.share.take(at.flat)
        state.share.ravel()[at.flat] = share + (1.0 - share) * np.minimum(0.1 * strength, 1.0)
        return np.ones(share.shape, dtype=np.bool_), np.zeros(share.shape, dtype=np.bool_)

    def expected_gain(self, state: CreepState, at: At) -> Float:
        return np.full(at.flat.shape, 0.1)

    def score(self, concepts: Int, recall: Float) -> Float:
        return recall

    def filter_parameters(self, groups: tuple[Group, ...]) -> FilterParameters:
        def accuracy(ability: Float, rate: Float, tries: int) -> Float:
            return 1.0 - (1.0 - expit(self.logits("start") + ability)) * 0.9**tries

        return matched(accuracy, np.zeros(len(self.start)), groups)
'''

YAML = """_target_: curriculum_rl.students.knowledge.creep.Creep
start: 0.3  # assumed
"""


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A checkout with one file and one YAML more."""
    shutil.copytree(Path(curriculum_rl.__file__).parent, tmp_path / "src" / "curriculum_rl")
    shutil.copytree(configs_folder(), tmp_path / "configs")
    shutil.copytree(simulators_folder(), tmp_path / "simulators")
    shutil.copytree(CHECKOUT / "tests", tmp_path / "tests")
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    (tmp_path / "src/curriculum_rl/students/knowledge/creep.py").write_text(MODEL)
    (tmp_path / "configs/knowledge/creep.yaml").write_text(YAML)
    return tmp_path


@pytest.mark.slow
def test_a_new_student_model_is_found_by_every_contract_test(scratch: Path):
    """The contract tests, the invariance and the environment checks of the new model run, and pass."""
    ignored = "--deselect=tests/contracts/test_one_file_one_yaml.py"
    tests = ["tests/contracts", "tests/envs", "tests/test_config.py", ignored, "-k", "creep", "-m", "not slow", "-v"]
    environment = {**os.environ, "PYTHONPATH": str(scratch / "src")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests],
        cwd=scratch,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    passed = set(re.findall(r"(tests/\S+\.py)::(\w+)\[\S*creep\S*.*PASSED", run.stdout))
    of = {file: {name for where, name in passed if where == file} for file, _ in passed}
    contract = (CHECKOUT / "tests/contracts/test_knowledge.py").read_text()
    assert of["tests/contracts/test_knowledge.py"] == set(re.findall(r"^def (test_\w+)", contract, re.MULTILINE))
    for file in (
        "tests/contracts/test_objective.py",
        "tests/envs/test_invariance.py",
        "tests/envs/test_environments.py",
    ):
        assert of[file], file
    assert "test_every_yaml_mirrors_its_dataclass" in of["tests/test_config.py"]
