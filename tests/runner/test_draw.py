"""A draw is a pure function of the policy and the event, fair, and never of what is not eligible."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from curriculum_rl.runner.draw import drawn, explored, uniform


def test_draws_are_even_and_differ_by_event_and_policy():
    draws = np.sort([uniform("sha256:a", f"e{i}") for i in range(20_000)])
    even = np.arange(1, 20_001) / 20_000
    assert np.abs(draws - even).max() < 1.63 / np.sqrt(20_000)  # Kolmogorov-Smirnov at 1%
    assert uniform("sha256:a", "e1") != uniform("sha256:b", "e1")


def test_a_draw_is_the_first_53_bits_of_the_digest():
    whole = int(hashlib.sha256(b"sha256:a/e1").hexdigest(), 16)
    assert uniform("sha256:a", "e1") == (whole >> 203) / 2**53


def test_exploration_leaves_what_is_locked_at_0_and_sums_to_1():
    rng = np.random.default_rng(0)
    eligible = rng.random((200, 9)) < 0.6
    eligible[0] = False
    policy = rng.random((200, 9)) * eligible
    policy[1] = 0.0  # a policy that says nothing is explored evenly
    for rate in (0.0, 0.1, 1.0):
        mixed = explored(policy, eligible, rate)
        some = eligible.any(axis=1)
        assert (mixed[~eligible] == 0.0).all()
        assert mixed.sum(axis=1)[some] == pytest.approx(1.0)
        count = eligible.sum(axis=1, keepdims=True)
        own = policy[2:] / policy[2:].sum(axis=1, keepdims=True)
        assert mixed[2:] == pytest.approx((1 - rate) * own + rate * (eligible / np.maximum(count, 1))[2:])
        assert mixed[1][eligible[1]] == pytest.approx(1.0 / eligible[1].sum())


def test_what_is_drawn_has_its_probability():
    chances = np.array([0.0, 0.2, 0.5, 0.0, 0.3, 0.0])
    counted = np.bincount([drawn(chances, u) or 0 for u in (np.arange(10_000) + 0.5) / 10_000], minlength=6)
    assert counted / 10_000 == pytest.approx(chances, abs=2e-4)
    assert drawn(chances, 0.0) == 1
    assert drawn(chances * 0.999999, 0.9999999) == 4  # rounded sums leave nothing undrawn
    assert drawn(np.zeros(6), 0.5) is None
