"""Every figure of a card stands in the study's results, to the digit printed; what nobody measured is said to be so."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curriculum_rl.evaluation.oracles import TrueGreedy
from curriculum_rl.export.card import card
from curriculum_rl.export.evidence import Evidence
from curriculum_rl.export.parity import Parity
from curriculum_rl.policies.load import load_policy
from curriculum_rl.report.build import read_folder
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world
from tests.studies.finished import STUDENTS, edit, scorer, write

WORLD = load_world("fractions")
PARITY = Parity(100_352, 4e-7, 0, 12, 100_000)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("study"), bounds={"true_greedy": TrueGreedy()})


def told(evidence: Evidence | None, **more: Any) -> str:
    return card("ppo-seed1", scorer(WORLD), WORLD, PARITY, None, evidence, **more)


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def number(value: float, signed: bool = False) -> str:
    """As the report writes it, made anew here."""
    return format(value, "+.2f" if signed else ".2f").replace("-", "\N{MINUS SIGN}")


def interval(one: dict[str, Any], mean: str = "mean", signed: bool = False) -> str:
    return f"{number(one[mean], signed)} ({number(one['ci_low'])} to {number(one['ci_high'])})"


def test_scores_and_paired_differences_are_those_of_the_results(study: Path):
    results = json.loads((study / "results.json").read_text())
    found = {row[0]: row for row in rows(told(Evidence(read_folder(study), "ppo", 1)), "What was measured")}
    pairs = {pair["baseline"]: pair for pair in results["comparisons"] if pair["policy"] == "ppo"}
    assert len(found) == len(results["policies"])
    for policy in results["policies"]:
        row = found[policy["label"]]
        assert row[2] == interval(policy)
        if policy["name"] in pairs:
            assert row[3] == interval(pairs[policy["name"]], "difference", signed=True)
        else:
            assert row[3] == ("**this one**" if policy["name"] == "ppo" else "not compared")
    assert found["true greedy"][1].startswith("privileged")
    assert f"{STUDENTS} simulated students" in told(Evidence(read_folder(study), "ppo", 1))


def test_a_comparison_is_turned_round_for_a_heuristic(study: Path):
    results = json.loads((study / "results.json").read_text())
    (pair,) = (p for p in results["comparisons"] if p["baseline"] == "mastery")
    found = {row[0]: row for row in rows(told(Evidence(read_folder(study), "mastery")), "What was measured")}
    turned = {"difference": -pair["difference"], "ci_low": -pair["ci_high"], "ci_high": -pair["ci_low"]}
    assert found["ppo"][3] == interval(turned, "difference", signed=True)
    assert found["random"][3] == "not compared"


def test_groups_and_gaps_are_those_of_the_results(study: Path):
    results = json.loads((study / "results.json").read_text())
    evidence = Evidence(read_folder(study), "ppo", 1)
    found = [tuple(row) for row in rows(told(evidence), "Gaps between groups")]
    best = max((p for p in results["policies"] if p["kind"] == "heuristic"), key=lambda p: p["mean"])
    for cell in (c for c in results["subgroups"] if c["policy"] == "ppo"):
        shown = ("withheld", "withheld") if cell["suppressed"] else (str(cell["students"]), interval(cell))
        assert (cell["by"], cell["group"], *shown) in found
    for gap in (g for g in results["subgroup_gaps"] if g["policy"] in ("ppo", best["name"])):
        whose = "best minus worst" if gap["policy"] == "ppo" else f"the same under {best['name']}"
        assert (gap["by"], f"{whose}: {gap['best']} minus {gap['worst']}", "", interval(gap, "gap")) in found
    assert len([row for row in found if row[1].startswith("best minus")]) == 2  # by group and by ability


def test_the_exported_seed_is_told_apart_from_all(study: Path):
    results = read_folder(study)
    policy = results.policy("ppo")
    assert policy is not None
    text = told(Evidence(results, "ppo", 1, by_validation=True))
    assert f"Seed 1 alone: {number(policy.seed_means[1])} points." in text
    assert "which had 5.00 points on validation students at its end, the best of the seeds there" in " ".join(
        text.split()
    )


def test_what_nobody_measured_is_said(study: Path, tmp_path: Path):
    alone = told(None)
    assert "Not validated on real students" in alone
    assert "Nothing. No study was given" in alone
    assert not re.search(r"\d\.\d\d \(", alone)  # no figure with an interval
    with_study = told(Evidence(read_folder(study), "ppo", 1))
    assert "worst case over several simulators was not measured" in " ".join(with_study.split())
    assert "not trained in was not measured" in with_study


def test_other_simulators_and_transfer_are_told_where_a_study_has_them(study: Path, tmp_path: Path):
    others = []
    for name in ("second", "third"):
        folder = tmp_path / name
        folder.mkdir()
        content = json.loads((study / "results.json").read_text())
        for policy in content["policies"]:
            policy["trained_in"] = "fractions"
        content |= {"world": {"name": name}}
        content["kept"] = [{"policy": "ppo", "native": "mastery", "share": 0.812, "ci_low": 0.7, "ci_high": 0.9}]
        content["comparisons"][0]["difference"] -= 0.5 * (name == "third")
        (folder / "results.json").write_text(json.dumps(content))
        others.append(read_folder(folder))
    text = told(Evidence(read_folder(study), "ppo", 1, elsewhere=tuple(others)))
    worst = json.loads((tmp_path / "third" / "results.json").read_text())["comparisons"][0]
    (row,) = (r for r in rows(text, "Other simulators") if r[0] == worst["baseline"])
    assert row[3] == f"{interval(worst, 'difference', signed=True)} in third"
    assert row[2].endswith("of 2")  # where it was trained does not count
    assert rows(told(Evidence(others[0], "ppo", 1)), "Transfer") == [["mastery", "81% (70% to 90%)"]]


def test_another_world_or_other_files_are_told(study: Path, tmp_path: Path):
    evidence = Evidence(read_folder(study), "ppo", 1)
    elsewhere = card("x", scorer(WORLD), replace(WORLD, name="another"), PARITY, None, evidence)
    assert "**This bundle is for the world another**" in elsewhere
    changed = card("x", scorer(WORLD), replace(WORLD, digest="0" * 64), PARITY, None, evidence)
    assert "have changed since" in changed
    assert "have changed since" not in told(evidence)


def test_a_policy_that_was_not_judged_has_no_card_of_that_study(study: Path):
    with pytest.raises(InvalidInput, match=r"did not judge 'zpdes'. It judged: .*mastery"):
        Evidence(read_folder(study), "zpdes")


def test_names_from_elsewhere_break_no_table(study: Path, tmp_path: Path):
    folder = write(tmp_path / "study", heuristics=("random",))
    content = json.loads((folder / "results.json").read_text())
    content["policies"][0]["label"] = "a | b\n| c | <img> [x](y)"
    edit(folder, policies=content["policies"])
    text = told(Evidence(read_folder(folder), "ppo", 1))
    assert "a \\| b \\| c \\| \\<img\\> \\[x\\](y)" in text


def test_limits_and_use_are_there(study: Path):
    text = told(None, limits=("The sky is not in it.",))
    assert "- The sky is not in it." in text
    for heading in ("Intended use", "Not for", "Limits", "Made from", "Parity"):
        assert f"\n## {heading}\n" in text
    of_a_heuristic = card("mastery", load_policy("mastery"), WORLD, PARITY)
    assert "a heuristic (Mastery)" in " ".join(of_a_heuristic.split())
