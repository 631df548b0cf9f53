"""Draws: equal to golden vectors made by independent scalar code, and random as far as fast screens can tell.

Each screen's false-alarm rate is stated; all seeds are fixed, so that a screen passes or fails for good.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from curriculum_rl import streams
from curriculum_rl.streams import Purpose
from tests.data.make_streams import vectors
from tests.reference.draws import INVERSE, key, step_counter

GOLDEN = json.loads((Path(__file__).parent / "data" / "streams.json").read_text(encoding="utf-8"))
ALARM = 1e-4
"""False-alarm rate of each screen; about forty screens run, so one alarm in 250 sets of seeds."""


def draw(seed: int, purpose: int, students: np.ndarray, steps: np.ndarray, slots: np.ndarray) -> np.ndarray:
    """(steps, slots, students) uniform draws."""
    made = streams.keys(seed, purpose, students)
    counters = (steps[:, None] * streams.SLOTS + slots[None, :]).astype(np.uint64)
    return streams.uniform(made, counters[:, :, None])


def test_golden_vectors_are_what_the_reference_makes():
    assert json.loads(json.dumps(vectors())) == GOLDEN


@pytest.mark.parametrize("vector", GOLDEN, ids=lambda v: f"{v['seed']}-{v['purpose']}-{v['student']}")
def test_golden_vectors(vector: dict):
    made = streams.keys(vector["seed"], vector["purpose"], np.array([vector["student"]]))
    assert (int(made.a[0]), int(made.b[0])) == (int(vector["a"], 16), int(vector["b"], 16))
    for step, slot, expected in vector["draws"]:
        assert streams.at_step(made, np.array([step]), np.array([slot], np.uint64))[0, 0] == float.fromhex(expected)
        assert streams.uniform(made, np.array(step * streams.SLOTS + slot, np.uint64))[0] == float.fromhex(expected)


def test_many_draws_equal_the_scalar_ones():
    rng = np.random.default_rng(0)
    students, steps = rng.integers(0, 2**62, 200), rng.integers(0, 2**40, 200)
    slots = np.arange(streams.SLOTS, dtype=np.uint64)
    u = streams.at_step(streams.keys(5, Purpose.LIFE, students), steps, slots)
    for i in range(200):
        scalar = key(5, Purpose.LIFE, int(students[i]))
        assert [scalar.uniform(step_counter(int(steps[i]), slot)) for slot in range(streams.SLOTS)] == u[:, i].tolist()


def test_frozen_numbers():
    """Changing any of these changes every path of every student: a new version, with new golden vectors."""
    assert streams.SLOTS == 32
    assert (Purpose.PERSON, Purpose.LIFE, Purpose.POLICY, Purpose.SPARE) == (1, 2, 3, 4)


def test_normals_follow_the_inverse_distribution_function():
    u = np.concatenate([[0.0, 2.0**-53, 1.0 - 2.0**-53], np.random.default_rng(0).random(1000)])
    expected = [INVERSE(max(x, 2.0**-54)) for x in u]
    np.testing.assert_allclose(streams.normal(u), expected, rtol=1e-12)
    assert np.isfinite(streams.normal(u)).all()


AXES = {
    "steps": lambda n: draw(1, Purpose.LIFE, np.arange(1), np.arange(n), np.arange(1)).ravel(),
    "slots": lambda n: draw(1, Purpose.LIFE, np.arange(1), np.arange(n // 32), np.arange(32)).ravel(),
    "students": lambda n: draw(1, Purpose.LIFE, np.arange(n), np.arange(1), np.arange(1)).ravel(),
    "far students": lambda n: draw(1, Purpose.LIFE, np.arange(n) << 40, np.arange(1), np.arange(1)).ravel(),
    "seeds": lambda n: np.array(
        [streams.uniform(streams.keys(seed, 2, np.arange(8)), np.zeros(1, np.uint64)) for seed in range(n // 8)]
    )[:, ::-1].ravel(),
}
"""Sequences in which one thing alone counts up: where a weak generator shows its pattern."""


@pytest.mark.parametrize("axis", AXES)
def test_uniform_along(axis: str):
    """Kolmogorov-Smirnov, and chi-square over 256 cells."""
    u = AXES[axis](2**15)
    assert u.min() >= 0.0
    assert u.max() < 1.0
    assert stats.kstest(u, "uniform").pvalue > ALARM
    assert stats.chisquare(np.bincount((u * 256).astype(int), minlength=256)).pvalue > ALARM


@pytest.mark.parametrize("axis", AXES)
def test_no_serial_correlation_along(axis: str):
    """Correlation with what comes 1, 2, 8 and 32 later: normal with sd 1 / sqrt(n) if independent."""
    u = AXES[axis](2**15)
    limit = stats.norm.isf(ALARM / 2)
    for lag in (1, 2, 8, 32):
        r = np.corrcoef(u[:-lag], u[lag:])[0, 1]
        assert abs(r) * np.sqrt(len(u) - lag) < limit, lag


@pytest.mark.parametrize("axis", AXES)
def test_pairs_fill_the_square_along(axis: str):
    """Neighbours as points of a 16 x 16 grid."""
    u = AXES[axis](2**15)
    cell = (u[0::2] * 16).astype(int) * 16 + (u[1::2] * 16).astype(int)
    assert stats.chisquare(np.bincount(cell, minlength=256)).pvalue > ALARM


@pytest.mark.parametrize("axis", AXES)
def test_every_bit_is_balanced_along(axis: str):
    """Each of the 53 bits is set in half of the draws: binomial, Bonferroni over the bits."""
    bits = (AXES[axis](2**15) * 2**53).astype(np.uint64)
    shares = np.array([((bits >> np.uint64(b)) & np.uint64(1)).mean() for b in range(53)])
    z = (shares - 0.5) * 2.0 * np.sqrt(len(bits))
    assert np.abs(z).max() < stats.norm.isf(ALARM / 2 / 53)


def test_streams_of_different_purpose_seed_or_student_are_independent():
    n = 2**14
    base = draw(3, Purpose.LIFE, np.arange(4), np.arange(n // 4), np.arange(1)).ravel()
    others = [
        draw(3, Purpose.PERSON, np.arange(4), np.arange(n // 4), np.arange(1)).ravel(),
        draw(4, Purpose.LIFE, np.arange(4), np.arange(n // 4), np.arange(1)).ravel(),
        draw(3, Purpose.LIFE, np.arange(1, 5), np.arange(n // 4), np.arange(1)).ravel(),
    ]
    for other in others:
        assert abs(np.corrcoef(base, other)[0, 1]) * np.sqrt(n) < stats.norm.isf(ALARM / 2)


def test_flipping_one_bit_of_the_input_flips_half_of_the_output():
    """Avalanche: over every single-bit change of student, seed and step, the mean share of flipped bits is 1/2."""
    rng = np.random.default_rng(0)
    for what in ("student", "seed", "step"):
        flips = []
        for x, bit in zip(rng.integers(0, 2**40, 300), rng.integers(0, 40, 300), strict=True):
            pair = [int(x), int(x) ^ (1 << int(bit))]
            fixed = {"student": 9, "seed": 9, "step": 9}
            made = []
            for value in pair:
                at = {**fixed, what: value}
                u = draw(at["seed"], 2, np.array([at["student"]]), np.array([at["step"]]), np.array([0]))
                made.append(int(u[0, 0, 0] * 2**53))
            flips.append((made[0] ^ made[1]).bit_count())
        z = (np.mean(flips) / 53 - 0.5) * 2.0 * np.sqrt(53 * len(flips))
        assert abs(z) < stats.norm.isf(ALARM / 2), what


def test_the_screens_notice_a_naive_generator():
    """mix(seed + student + step): neighbours in one meet neighbours in the other."""
    ids = np.arange(2**14, dtype=np.uint64)
    here = streams._hash(ids.copy())
    there = streams._hash(ids + np.uint64(1))
    assert np.corrcoef(here[1:].astype(float), there[:-1].astype(float))[0, 1] > 0.99


def test_seeds_out_of_range_are_refused():
    with pytest.raises(OverflowError):
        streams.keys(-1, 1, np.arange(2))
