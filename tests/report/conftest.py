"""A made-up study, in the shape and of the size of a real one: what the report is developed and tested on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.evaluation.statistics import compare_all, intervals, iqm
from curriculum_rl.evaluation.subgroups import by_subgroup_and_ability

FORMS = ("easy problem", "problem", "hard problem", "worked example")
# name, label, kind, tracker, mean, training seeds, weights of the forms
POLICIES = (
    ("ppo_concepts", "Masked PPO, concept scorer", "learned", "bkt_grid", 20.9, 5, (6, 40, 9, 45)),
    ("ppo_flat", "Masked PPO, flat network", "learned", "bkt", 15.2, 5, (0.3, 0.5, 0.2, 99)),
    ("greedy_credit_grid", "Greedy with prerequisite credit", "heuristic", "bkt_grid", 20.8, 1, (0, 55, 5, 40)),
    ("greedy_credit", "Greedy with prerequisite credit", "heuristic", "bkt", 19.9, 1, (0, 60, 5, 35)),
    ("greedy", "One-step greedy", "heuristic", "bkt_grid", 18.2, 1, (5, 50, 10, 35)),
    ("leitner", "Leitner boxes", "heuristic", "counts", 17.2, 1, (0, 100, 0, 0)),
    ("round_robin", "Round-robin", "heuristic", "counts", 17.1, 1, (0, 100, 0, 0)),
    ("zpdes", "ZPDES bandit", "heuristic", "counts", 15.9, 1, (30, 40, 20, 10)),
    ("zone", "Zone of proximal development", "heuristic", "bkt", 15.5, 1, (70, 25, 5, 0)),
    ("mastery_review", "Mastery learning, spaced review", "heuristic", "bkt", 14.8, 1, (0, 100, 0, 0)),
    ("mastery", "Mastery learning", "heuristic", "bkt", 14.1, 1, (0, 100, 0, 0)),
    ("fixed_order", "Fixed course order", "heuristic", "counts", 12.6, 1, (0, 100, 0, 0)),
    ("random", "Random", "heuristic", "counts", 11.1, 1, (25, 25, 25, 25)),
    ("oracle", "Credit greedy on the true state", "privileged", "true state", 25.7, 1, (0, 45, 15, 40)),
)
CONCEPTS = (
    "whole-number-operations", "factors-and-multiples", "fractions-equivalent", "fractions-addition",
    "fractions-multiplication", "decimals-place-value", "decimals-operations", "ratio", "percent-of",
    "percent-change", "integers", "expressions", "equations-one-step", "equations-two-step", "slope", "area",
    "surface-area", "pythagorean-theorem", "mean-median", "probability-of-two-events",
)  # fmt: skip
BINS = 8


def build_results(students: int = 2_000, seed: int = 0) -> dict[str, Any]:
    """`results.json` of a made-up study; its statistics are computed by the package from made-up scores."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(0, 1.2, students)
    luck = rng.normal(0, 9, students)
    groups = np.where(ability + rng.normal(0, 1, students) < -1.0, "behind", "on track")
    groups[ability > 1.0] = "ahead"
    scores = {}
    for name, _, _, _, mean, seeds, _ in POLICIES:
        own = rng.normal(0, 3, (seeds, students)) + rng.normal(0, 0.25, (seeds, 1)) * (seeds > 1)
        scores[name] = mean + 2.2 * ability + luck + own
    bootstrap = Bootstrap(replicates=4_000)
    return {
        "schema": 1,
        "experiment": "does-rl-beat-mastery-learning",
        "world": {"pack": "new-material", "concepts": 20, "activities": 80, "prerequisites": 31,
                  "course": {"sessions": 8, "minutes": 30, "days": 25}, "delayed test after days": 7},
        "objective": "delayed_test",
        "students": students,
        "seeds": [0, 1, 2, 3, 4],
        "policies": _policies(scores, bootstrap),
        "comparisons": _comparisons(scores, bootstrap),
        **_groups(scores, groups, ability, bootstrap),
        "curves": [_curve(name, run, rng) for name in ("ppo_concepts", "ppo_flat") for run in range(5)],
        "concept_map": {"concepts": list(CONCEPTS), "bins": BINS, "policies": _maps(rng)},
        "mastery_over_time": {"concepts": list(CONCEPTS), "bins": BINS, "policies": _mastery(rng)},
        "provenance": {
            "command": "curriculum-rl study experiment=does-rl-beat-mastery-learning",
            "version": "0.1.0", "commit": "0f3c1d2", "date": "2026-01-31T09:30:00+00:00",
            "pack": "new-material", "pack_digest": "sha256:" + "4f" * 32, "config_digest": "sha256:" + "a1" * 32,
            "packages": {"numpy": "2.4.6", "torch": "2.9.0", "stable-baselines3": "2.7.0"},
            "platform": "Linux x86_64, Python 3.11",
        },
    }  # fmt: skip


def _policies(scores: dict[str, Any], bootstrap: Bootstrap) -> list[dict[str, Any]]:
    found = intervals(scores, bootstrap)
    return [
        {
            "name": name, "label": label, "kind": kind, "tracker": tracker,
            "mean": found[name].mean, "ci_low": found[name].low, "ci_high": found[name].high,
            "iqm": iqm(scores[name]), "sampled_mean": found[name].mean - 0.4 if kind == "learned" else None,
            "forms": {form: weight / sum(weights) for form, weight in zip(FORMS, weights, strict=True)},
            "minutes_mean": 238.5, "mastery_gain_mean": 1.3 * found[name].mean,
            "decisions_mean": 119.2, "delayed_test_gain_mean": found[name].mean,
            "seed_means": [float(row.mean()) for row in scores[name]],
        }
        for name, label, kind, tracker, _, _, weights in POLICIES
    ]  # fmt: skip


def _comparisons(scores: dict[str, Any], bootstrap: Bootstrap) -> list[dict[str, Any]]:
    heuristics = [name for name, _, kind, *_ in POLICIES if kind == "heuristic"]
    pairs = [(learned, name) for learned in ("ppo_concepts", "ppo_flat") for name in heuristics]
    return [vars(row) for row in compare_all(scores, pairs, bootstrap)]


def _groups(scores: dict[str, Any], groups: Any, ability: Any, bootstrap: Bootstrap) -> dict[str, Any]:
    found = by_subgroup_and_ability(scores, groups, ability, bootstrap)
    return {"subgroups": [vars(c) for c in found.cells], "subgroup_gaps": [vars(g) for g in found.gaps]}


def _curve(name: str, run: int, rng: np.random.Generator) -> dict[str, Any]:
    frames = np.linspace(0, 3_000_000, 40)
    top, speed = (21.0, 6e5) if name == "ppo_concepts" else (15.2, 3e5)
    rise = 9 + (top - 9) * (1 - np.exp(-frames / speed)) + rng.normal(0, 0.25)
    example = np.clip(0.25 + 0.2 * frames / 3e6 if name == "ppo_concepts" else 0.25 + frames / 6e5, 0, 0.99)
    return {
        "policy": name,
        "seed": run,
        "frames": frames.tolist(),
        "train_return": (rise - 0.8 + rng.normal(0, 0.4, 40)).tolist(),
        "validation_return": [v if i % 4 == 0 else None for i, v in enumerate(rise + rng.normal(0, 0.2, 40))],
        "entropy": (4.2 * np.exp(-frames / 1.2e6) + 0.3 + rng.normal(0, 0.05, 40)).tolist(),
        "forms": {form: ((1 - example) / 3).tolist() for form in FORMS[:3]} | {FORMS[3]: example.tolist()},
    }


def _maps(rng: np.random.Generator) -> dict[str, Any]:
    time, concept = np.arange(BINS)[:, None] / (BINS - 1), np.arange(20)[None, :] / 19
    found = {}
    for name, *_ in POLICIES:
        width = {"fixed_order": 0.08, "mastery": 0.12, "round_robin": 9.0, "random": 9.0}.get(name, 0.3)
        share = np.exp(-(((concept - time) / width) ** 2)) + 0.02 + 0.02 * rng.random((BINS, 20))
        found[name] = (share / share.sum(axis=1, keepdims=True)).tolist()
    return found


def _mastery(rng: np.random.Generator) -> dict[str, Any]:
    time, concept = np.arange(BINS)[:, None] / (BINS - 1), np.arange(20)[None, :] / 19
    gain = {name: mean / 26 for name, _, _, _, mean, *_ in POLICIES}
    start = 0.15 + 0.1 * rng.random(20)
    return {
        name: np.clip(start + 0.75 * gain[name] / (1 + np.exp(-8 * (time - 0.8 * concept - 0.1))), 0, 1).tolist()
        for name in gain
    }


@pytest.fixture(scope="session")
def results_builder() -> Callable[..., dict[str, Any]]:
    return build_results


@pytest.fixture(scope="session")
def whole_study() -> dict[str, Any]:
    """One study for all tests to read; a test that changes it takes a deep copy."""
    return build_results()
