"""What every model of forgetting in `configs/memory` must do."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from curriculum_rl.violations import InvalidInput
from tests.worlds import component, names

pytestmark = pytest.mark.parametrize("name", names("memory"))
DAYS = np.array([0.0, 1e-6, 0.5, 1.0, 5.0, 30.0, 1e4])
HALF_LIVES = np.array([1e-3, 0.5, 5.0, 365.0])


def grid() -> tuple[np.ndarray, np.ndarray]:
    days, half_life = np.meshgrid(DAYS, HALF_LIVES, indexing="ij")
    return days, half_life


def test_retention_is_a_probability_that_falls_with_time(name: str):
    memory = component("memory", name)
    kept = memory.retention(*grid())
    assert kept.shape == grid()[0].shape
    assert np.all((kept >= 0.0) & (kept <= 1.0))
    assert np.all(np.diff(kept, axis=0) <= 0.0)
    assert np.all(np.diff(kept, axis=1) >= 0.0)
    np.testing.assert_array_equal(kept[0], 1.0)


def test_half_is_left_after_the_half_life(name: str):
    kept = component("memory", name).retention(HALF_LIVES, HALF_LIVES)
    assert np.allclose(kept, 0.5, atol=1e-12) or np.all(kept == 1.0)


def test_a_right_answer_never_shortens_a_half_life(name: str):
    memory = component("memory", name)
    kept, half_life = np.meshgrid(np.linspace(0, 1, 5), [0.1, 5.0, 364.0, 365.0, 1000.0], indexing="ij")
    after = memory.lengthened(half_life, kept)
    assert np.all(after >= half_life)
    assert np.all(after <= np.maximum(half_life, memory.cap_days))
    assert np.all(np.diff(after, axis=0) <= 1e-12)


def test_arguments_are_left_alone_and_the_shape_does_not_matter(name: str):
    memory = component("memory", name)
    days, half_life = grid()
    kept = memory.retention(days, half_life)
    for i, j in np.ndindex(days.shape):
        single = memory.retention(days[i, j].reshape(1), half_life[i, j].reshape(1))
        assert single[0] == kept[i, j]
    np.testing.assert_array_equal(days, grid()[0])
    np.testing.assert_array_equal(half_life, grid()[1])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0, "text", None])
def test_refuses_every_bad_number(name: str, bad: Any):
    memory = component("memory", name)
    for field in fields(memory):
        with pytest.raises(InvalidInput, match=field.name):
            replace(memory, **{field.name: bad})
