"""A bundle is promoted if it is better and leaks nothing; where it is worse, or leaks, each hurdle says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.evaluation.statistics import compare
from curriculum_rl.export.bundle import make
from curriculum_rl.export.evidence import Evidence
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.policies.load import load_policy
from curriculum_rl.report.build import read_folder
from curriculum_rl.runner.bundle import read_bundle
from curriculum_rl.runner.runner import Runner, Step
from curriculum_rl.studies.promotion import (
    UNSEEN,
    Rules,
    gaps,
    heuristics,
    judged_anew,
    locked,
    over_champion,
)
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world
from tests.studies.finished import edit, write

WORLD = load_world("fractions")
FEW = Rules(decisions=1000, students=60)


def runner(name: str) -> Runner:
    return Runner(read_bundle(make(name, load_policy(name), WORLD, 1000).content))


@pytest.fixture(scope="module")
def good() -> Runner:
    return runner("greedy_credit_grid")


@pytest.fixture(scope="module")
def bad() -> Runner:
    return runner("random")


class Leaking(Runner):
    """Recommends the first activity whatever is locked, once in a while."""

    every = 500
    count = 0

    def step(self, state: Any, last_activity: Any, correct: Any, elapsed_s: Any, allowed: Any) -> Step:
        found = super().step(state, last_activity, correct, elapsed_s, allowed)
        chances, eligible = found.probabilities.copy(), found.eligible.copy()
        for row in range(len(chances)):
            type(self).count += 1
            if type(self).count % self.every == 0:
                chances[row], eligible[row, 0] = np.eye(len(chances[row]))[0], True
        return Step(found.state, chances, eligible, found.mastery)


def test_a_graph_that_locks_passes_and_one_that_leaks_does_not(good: Runner):
    assert locked(good, FEW).passed
    assert "0 recommend what is locked" in locked(good, FEW).told
    found = locked(Leaking(good.bundle), Rules(decisions=10_000))
    assert not found.passed
    assert " 0 recommend" not in found.told


@pytest.mark.parametrize("value", [np.nan, -0.5])
def test_a_graph_that_gives_no_probabilities_does_not_pass(good: Runner, value: float):
    """One that is none on what is open; the other stands for the rest, so that their sum is right where it can be."""

    class Odd(Runner):
        def step(self, state: Any, last: Any, correct: Any, elapsed: Any, allowed: Any) -> Step:
            found = super().step(state, last, correct, elapsed, allowed)
            chances = np.zeros_like(found.probabilities)
            for row in np.flatnonzero(found.eligible.sum(axis=1) > 1):
                chances[row, np.flatnonzero(found.eligible[row])[:2]] = value, 1.0 - value
            return Step(found.state, chances, found.eligible, found.mastery)

    assert not locked(Odd(good.bundle), FEW).passed


def test_a_chance_of_what_is_not_eligible_does_not_pass(good: Runner):
    class Shut(Runner):
        def step(self, state: Any, last: Any, correct: Any, elapsed: Any, allowed: Any) -> Step:
            found = super().step(state, last, correct, elapsed, allowed)
            return Step(found.state, found.probabilities, found.eligible & (found.probabilities == 0), found.mastery)

    assert " 0 recommend" not in locked(Shut(good.bundle), FEW).told


def test_every_mask_is_met(good: Runner):
    """Nothing shut, something shut, everything shut: the last of them has no probability at all."""
    seen = []

    class Watched(Runner):
        def step(self, state: Any, last: Any, correct: Any, elapsed: Any, allowed: Any) -> Step:
            seen.append(allowed.mean(axis=1))
            return super().step(state, last, correct, elapsed, allowed)

    assert locked(Watched(good.bundle), FEW).passed
    shares = np.concatenate(seen)
    assert len(shares) >= FEW.decisions
    assert (shares == 0).any()
    assert (shares == 1).any()
    assert ((shares > 0) & (shares < 1)).mean() > 0.5


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    learners = {"good": [load_policy("greedy_credit_grid")], "bad": [load_policy("zone")]}
    return write(tmp_path_factory.mktemp("study"), learners=learners, heuristics=("random", "mastery"))


def test_the_interval_against_the_best_heuristic_is_that_of_the_study(judged: Path):
    results = json.loads((judged / "results.json").read_text())
    pairs = {(p["policy"], p["baseline"]): p for p in results["comparisons"]}
    best = max((p for p in results["policies"] if p["kind"] == "heuristic"), key=lambda p: p["mean"])["name"]
    for name in ("good", "bad"):
        found, pair = heuristics(Evidence(read_folder(judged), name)), pairs[name, best]
        assert found.passed == (pair["ci_low"] > 0)
        told = f"{pair['difference']:+.2f} points (95% interval {pair['ci_low']:.2f} to {pair['ci_high']:.2f})"
        assert told.replace("-", "\N{MINUS SIGN}") in found.told
        assert f"against {best}," in found.told
    assert heuristics(Evidence(read_folder(judged), "good")).passed
    assert not heuristics(Evidence(read_folder(judged), "bad")).passed


def test_a_seed_that_is_worse_is_not_promoted_on_what_the_others_did(tmp_path: Path):
    players = [load_policy("greedy_credit_grid"), load_policy("greedy_credit_grid")]
    folder = write(tmp_path / "study", learners={"good": players}, heuristics=("random",))
    assert heuristics(Evidence(read_folder(folder), "good", 1)).passed
    policies = json.loads((folder / "results.json").read_text())["policies"]
    for policy in policies:
        if policy["name"] == "good":
            policy["seed_means"] = [2 * policy["mean"], 0.0]
    edit(folder, policies=policies)
    assert heuristics(Evidence(read_folder(folder), "good", 0)).passed
    assert not heuristics(Evidence(read_folder(folder), "good", 1)).passed


def test_what_was_not_compared_is_not_passed(judged: Path):
    evidence = Evidence(read_folder(judged), "mastery")
    assert heuristics(evidence).told == "mastery was not compared with random"
    assert not heuristics(evidence).passed


@pytest.mark.parametrize("by", ["group", "ability quarter"])
def test_a_wider_gap_is_refused_beyond_the_margin(judged: Path, tmp_path: Path, by: str):
    content = json.loads((judged / "results.json").read_text())
    best = Evidence(read_folder(judged), "good").best_heuristic
    assert best is not None
    rival = {gap["by"]: gap["gap"] for gap in content["subgroup_gaps"] if gap["policy"] == best.name}
    for gap in content["subgroup_gaps"]:
        if gap["policy"] == "good":
            gap["gap"] = rival[gap["by"]] + (2.5 if gap["by"] == by else -4.0)
    (tmp_path / "results.json").write_text(json.dumps(content))
    evidence = Evidence(read_folder(tmp_path), "good")
    assert gaps(evidence, Rules(margin=2.501)).passed
    assert not gaps(evidence, Rules(margin=2.499)).passed
    assert f"by {by} {rival[by] + 2.5:.2f} against {rival[by]:.2f} (+2.50)" in gaps(evidence, FEW).told


def test_gaps_that_nobody_measured_are_not_passed(tmp_path: Path):
    folder = write(tmp_path / "study", learners={"good": [load_policy("mastery")]}, heuristics=("random",))
    edit(folder, subgroup_gaps=[])
    assert not gaps(Evidence(read_folder(folder), "good"), FEW).passed


def test_the_champion_is_met_on_students_of_their_own(good: Runner, bad: Runner):
    ids = first(TEST, FEW.students, UNSEEN)
    own, other = (rollout(WORLD, load_policy(n), ids).gain for n in ("greedy_credit_grid", "random"))
    pair = compare(own, other)
    found = over_champion(good, bad, WORLD, DelayedTest(), FEW)
    assert found.passed
    assert f"{pair.difference:+.2f} points (95% interval {pair.ci_low:.2f} to {pair.ci_high:.2f})" in found.told
    assert not over_champion(bad, good, WORLD, DelayedTest(), FEW).passed
    assert not over_champion(good, good, WORLD, DelayedTest(), FEW).passed  # no better than itself


@pytest.mark.slow
def test_played_anew_the_best_beats_chance_and_chance_does_not_beat_the_best(bad: Runner):
    evidence = judged_anew(bad, WORLD, DelayedTest(), FEW)
    assert not heuristics(evidence).passed
    ids = first(TEST, FEW.students, UNSEEN)
    assert evidence.policy.mean == pytest.approx(rollout(WORLD, load_policy("random"), ids).gain.mean(), abs=1e-12)
    assert evidence.results.experiment in heuristics(evidence).told


@pytest.mark.parametrize("wrong", [{"margin": -1.0}, {"students": 1}, {"decisions": 0}, {"margin": float("nan")}])
def test_rules_out_of_range_are_refused(wrong: dict[str, Any]):
    with pytest.raises(InvalidInput, match="promote: 1 thing to mend"):
        Rules(**wrong)
