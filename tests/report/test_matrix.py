"""The matrix of policies by simulators: what it says of the studies it is made of, and what it refuses."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from curriculum_rl.cli import main
from curriculum_rl.report.build import read_folder
from curriculum_rl.report.matrix import HOME, cell, natives, read_studies, report_matrix, rows, verdicts_of
from curriculum_rl.violations import InvalidInput

LEARNED = ("ppo_concepts", "ppo_flat")


@pytest.fixture
def sweep(whole_study: dict[str, Any], tmp_path: Path) -> Path:
    """Three worlds; ppo_concepts was trained in the second, ppo_flat in another that is none of them."""
    for i in range(3):
        study = copy.deepcopy(whole_study)
        study["world"] = {"name": f"world {i}"}
        for policy in study["policies"]:
            home = {"ppo_concepts": "world 1", "ppo_flat": "elsewhere"}.get(policy["name"])
            policy["trained_in"] = home
        (tmp_path / str(i)).mkdir()
        (tmp_path / str(i) / "results.json").write_text(json.dumps(study))
        (tmp_path / str(i) / "config.yaml").touch()
    return tmp_path


def test_a_policy_is_at_home_where_it_was_trained(sweep: Path) -> None:
    studies = read_studies([sweep])
    assert [natives(one) for one in studies] == [frozenset(), frozenset({"ppo_concepts"}), frozenset()]
    assert cell(studies[1], "ppo_concepts")[1] == HOME
    assert cell(studies[0], "ppo_concepts")[1] == "best here"
    assert {v.worlds for v in verdicts_of(studies) if v.policy == "ppo_concepts"} == {("world 0", "world 2")}
    assert rows(studies)[:2] == list(LEARNED)


def test_without_a_word_on_training_a_learned_policy_is_at_home(whole_study: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(whole_study))
    assert natives(read_folder(tmp_path)) == frozenset(LEARNED)


def test_the_command_writes_the_page_and_says_what_it_says(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(sweep)]) == 0
    printed = capsys.readouterr().out
    assert "ppo_concepts: against" in printed
    page = (sweep / "matrix.html").read_text(encoding="utf-8")
    assert page.count("<s>") == 1
    assert "robustly better" in page
    assert "<script" not in page
    same, told = report_matrix([sweep / str(i) for i in range(3)])
    assert same.read_text(encoding="utf-8") == page
    assert told == printed.splitlines()[:-1]


def test_studies_that_do_not_belong_together_are_refused(sweep: Path) -> None:
    file = sweep / "2" / "results.json"
    study = json.loads(file.read_text())
    study["outcome"] = "mastery_gain"
    file.write_text(json.dumps(study))
    with pytest.raises(InvalidInput, match="outcome = gain, mastery_gain"):
        read_studies([sweep])
    file.unlink()
    with pytest.raises(InvalidInput, match="2: is unfinished"):
        read_studies([sweep])
    with pytest.raises(InvalidInput, match="there is no such file"):
        read_studies([sweep / "nothing"])
    assert main(["report", str(sweep / "0"), str(sweep / "0")]) == 2
