"""FSRS-6 is the package `fsrs`, on random histories; and what the package has no word for."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fsrs
import numpy as np
import pytest
from fsrs import scheduler

from curriculum_rl.packs import read_pack
from curriculum_rl.resources import simulators_folder
from curriculum_rl.students.memory import fsrs as ours
from curriculum_rl.students.memory.fsrs import FSRS
from curriculum_rl.violations import InvalidInput

START = datetime(2025, 1, 1, tzinfo=UTC)
REVIEWS = 12


def no_luck(kind: int) -> np.ndarray:
    raise AssertionError("FSRS leaves nothing to chance")


def begun(model: FSRS, n: int = 1, factor: float = 1.0) -> tuple[ours.Stabilities, np.ndarray]:
    """One concept of each of n students, learned on day 0; and where it is."""
    state, flat = model.start(np.full(n, factor), np.zeros((n, 1), bool), 0.0, no_luck), np.arange(n)[None]
    review(model, state, flat, np.zeros(n), np.zeros(n, bool), new=True)
    return state, flat


def review(
    model: FSRS, state: Any, flat: Any, day: Any, correct: Any, *, answered: bool = True, new: bool = False
) -> np.ndarray:
    """Everyone tries it; returns R just before."""
    recalled = model.recalled(state, flat, day)
    yes = np.ones(flat.shape, bool)
    model.practise(state, flat, day, recalled, yes, correct[None], answered & yes[0], new & yes)
    return recalled[0]


def histories(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Days of each review, from minutes to months apart, and whether they were right, (n, REVIEWS) each."""
    rng = np.random.default_rng(seed)
    gaps = np.exp(rng.uniform(np.log(0.001), np.log(120.0), (n, REVIEWS)))
    gaps = np.where(rng.random(gaps.shape) < 0.3, np.ceil(gaps), gaps)  # some of whole days
    parts = np.ceil(1024.0 * gaps)  # of a day: exact as a float and in microseconds, so that a day is a day for both
    return np.cumsum(parts, axis=1) / 1024.0, rng.random(gaps.shape) < 0.7


def of_package(
    model: FSRS, days: np.ndarray, correct: np.ndarray, check: scheduler.Scheduler
) -> list[tuple[float, float, float]]:
    """Retrievability before, stability and difficulty after each review of one card."""
    card, rows = fsrs.Card(), []
    card, _ = check.review_card(card, fsrs.Rating(model.first), START)
    for day, right in zip(days.tolist(), correct.tolist(), strict=True):
        moment = START + timedelta(days=day)
        before = check.get_card_retrievability(card, moment)
        card, _ = check.review_card(card, fsrs.Rating(model.right if right else 1), moment)
        rows.append((before, card.stability, card.difficulty))
    return rows


def random_weights(seed: int) -> tuple[float, ...]:
    u = np.random.default_rng(seed).uniform(0.2, 0.8, 21)
    return tuple(float(low + x * (high - low)) for low, x, high in zip(ours.LOWEST, u, ours.HIGHEST, strict=True))


@pytest.mark.parametrize("weights", [ours.WEIGHTS, random_weights(1), random_weights(2)], ids=["default", "one", "two"])
@pytest.mark.parametrize(("first", "right"), [(1, 3), (2, 2), (3, 3), (4, 4)])
def test_equals_the_package_on_random_histories(weights: tuple[float, ...], first: int, right: int):
    model = FSRS(weights=weights, first=first, right=right, whole_days=True, same_day=1.0)
    check = scheduler.Scheduler(parameters=weights, enable_fuzzing=False)
    n = 100
    days, correct = histories(n, seed=first)
    state, flat = begun(model, n)
    seen = []
    for i in range(REVIEWS):
        before = review(model, state, flat, days[:, i], correct[:, i])
        seen.append(np.stack([before, state.stability[:, 0], state.difficulty[:, 0]], axis=1))
    expected = [of_package(model, d, c, check) for d, c in zip(days, correct, strict=True)]
    np.testing.assert_allclose(np.stack(seen, axis=1), expected, rtol=1e-9, atol=1e-9)


def test_the_weights_and_their_bounds_are_the_packages():
    assert ours.WEIGHTS == scheduler.DEFAULT_PARAMETERS
    assert ours.LOWEST == scheduler.LOWER_BOUNDS_PARAMETERS
    assert ours.HIGHEST == scheduler.UPPER_BOUNDS_PARAMETERS
    assert ours.SHORTEST == scheduler.STABILITY_MIN


@pytest.mark.parametrize("i", range(21))
def test_weights_out_of_range_are_refused_by_number(i: int):
    """In the same places as the package refuses them."""
    for wrong in (ours.LOWEST[i] - 1e-6, ours.HIGHEST[i] + 1e-6):
        weights = (*ours.WEIGHTS[:i], wrong, *ours.WEIGHTS[i + 1 :])
        with pytest.raises(InvalidInput) as caught:
            FSRS(weights=weights)
        assert [line.split(" = ")[0] for line in caught.value.violations] == [f"weights[{i}]"]
        with pytest.raises(ValueError, match=rf"parameters\[{i}\]"):
            scheduler.Scheduler(parameters=weights)
    for edge in (ours.LOWEST[i], ours.HIGHEST[i]):
        FSRS(weights=(*ours.WEIGHTS[:i], edge, *ours.WEIGHTS[i + 1 :]))


@pytest.mark.parametrize("weights", [(), (1.0,) * 20, (*ours.WEIGHTS, 0.5), None, 0.2])
def test_any_other_number_of_weights_is_refused(weights: Any):
    with pytest.raises(InvalidInput, match="must be 21 numbers"):
        FSRS(weights=weights)


def test_nine_in_ten_are_left_after_the_stability_and_the_interval_is_when():
    model = FSRS()
    stability = np.array([0.001, 1.0, 50.0])
    np.testing.assert_allclose(model.retention(stability, stability), 0.9, rtol=1e-12)
    for wanted in (0.7, 0.9, 0.97):
        np.testing.assert_allclose(model.retention(model.days_until(stability, wanted), stability), wanted, rtol=1e-12)


def test_who_remembers_longer_lives_slower():
    """Twice the memory: after twice the time all is the same, review after review."""
    model = replace(FSRS(), same_day=0.0)
    days, correct = histories(50, seed=9)
    (plain, flat), (slow, _) = begun(model, 50), begun(model, 50, factor=2.0)
    for i in range(REVIEWS):
        before = review(model, plain, flat, days[:, i], correct[:, i])
        np.testing.assert_allclose(review(model, slow, flat, 2.0 * days[:, i], correct[:, i]), before, rtol=1e-12)
    np.testing.assert_allclose(slow.stability, plain.stability, rtol=1e-9)


def test_practice_without_an_answer_starts_the_clock_anew_and_nothing_else():
    model = FSRS()
    state, flat = begun(model, 3)
    before = state.stability.copy(), state.difficulty.copy()
    review(model, state, flat, np.full(3, 9.0), np.zeros(3, bool), answered=False)
    np.testing.assert_array_equal((state.stability, state.difficulty), before)
    np.testing.assert_array_equal(state.last, 9.0)


def test_a_second_try_within_a_day_follows_the_short_term_rule():
    """Just before and just after `same_day`, of the same R, the two rules differ."""
    model = FSRS(same_day=0.5)
    after = []
    for day in (0.4999, 0.5001):
        state, flat = begun(model)
        review(model, state, flat, np.array([day]), np.array([True]))
        after.append(float(state.stability[0, 0]))
    short = 2.3065 * max(1.0, np.exp(0.5425 * 0.0912) * 2.3065**-0.0658)
    assert after[0] == pytest.approx(short, rel=1e-12)
    assert after[1] > 1.2 * after[0]


def test_trackers_take_it_for_the_power_law_with_the_same_curve():
    model = FSRS()
    rule, days = model.forgetting, np.linspace(0.0, 400.0, 50)
    np.testing.assert_allclose(
        rule.retention(days, np.full(50, rule.new_days)), model.retention(days, np.full(50, ours.WEIGHTS[2])), rtol=1e-9
    )
    state, flat = begun(model)
    review(model, state, flat, model.days_until(np.array([ours.WEIGHTS[2]]), 0.9), np.array([True]))
    grown = rule.lengthened(np.array([rule.new_days]), np.array([0.9]))
    assert grown / rule.new_days == pytest.approx(float(state.stability[0, 0]) / ours.WEIGHTS[2], rel=1e-9)


def test_a_pack_with_a_weight_out_of_range_says_which(tmp_path: Path):
    folder = shutil.copytree(simulators_folder() / "vocabulary", tmp_path / "mine")
    file = folder / "population.yaml"
    file.write_text(file.read_text().replace("8.2956", "829.56").replace("0.0614", "-1"))
    with pytest.raises(InvalidInput) as caught:
        read_pack(folder)
    assert caught.value.violations == [
        "population.yaml: memory.weights[3] = 829.56: must be a finite number at least 0.001 and at most 100.",
        "population.yaml: memory.weights[12] = -1.0: must be a finite number at least 0.001 and at most 0.25.",
    ]
