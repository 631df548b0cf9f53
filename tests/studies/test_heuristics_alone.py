"""A study without an agent compares heuristics, the first one named with all others, offers taken as a slate too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curriculum_rl.studies.compose import check
from curriculum_rl.studies.run import run_study


def test_heuristics_are_compared_without_any_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    lines = [
        "experiment=which-strategy",
        "world.pack=fractions",
        "world.concepts=null",
        "policies.names=[mastery,random,round_robin]",
        "policies.privileged=false",
        "evaluation.students=24",
        "evaluation.replicates=1000",
        "slate=2",
        "tracking=none",
    ]
    run_study(check(lines), tmp_path)
    assert "It offers one activity at a time; others offered up to 2." in " ".join(capsys.readouterr().out.split())
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["slate"] == 2
    assert {p["name"] for p in results["policies"]} == {"mastery", "random", "round_robin"}
    assert {(c["policy"], c["baseline"]) for c in results["comparisons"]} == {
        ("mastery", "random"),
        ("mastery", "round_robin"),
    }
    assert results["curves"] == []
    assert results["diaries"]["policy"] in {"mastery", "random", "round_robin"}
    assert all(len(e["offered"]) == 2 for c in results["diaries"]["courses"] for e in c["events"])
    assert (tmp_path / "report.html").stat().st_size > 10_000
