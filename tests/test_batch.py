"""Rows of states: taken, put, named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import arrays, put_rows, take_rows


@dataclass(frozen=True)
class Constant:
    table: np.ndarray


@dataclass
class Inner:
    x: np.ndarray


@dataclass
class State:
    a: np.ndarray
    inner: Inner
    constant: Constant
    number: float


def state(n: int, start: int = 0) -> State:
    rows = np.arange(start, start + n)
    return State(rows * 1.0, Inner(np.stack([rows, -rows], axis=1)), Constant(np.zeros(3)), 2.0)


def test_arrays_are_named_and_constants_left_out():
    assert [name for name, _ in arrays(state(2))] == ["a", "inner.x"]


def test_taking_copies():
    for rows in (np.array([3, 1]), slice(1, 3)):
        whole = state(5)
        part = take_rows(whole, rows)
        np.testing.assert_array_equal(part.a, whole.a[rows])
        np.testing.assert_array_equal(part.inner.x, whole.inner.x[rows])
        assert part.constant is whole.constant
        assert part.number == 2.0
        part.a[:] = part.inner.x[:] = 99
        np.testing.assert_array_equal(whole.a, state(5).a)
        np.testing.assert_array_equal(whole.inner.x, state(5).inner.x)


def test_putting_overwrites_those_rows_alone():
    for source_rows in (np.array([0, 1]), slice(0, 2)):
        here = state(5)
        put_rows(here, np.array([4, 2]), state(3, start=10), source_rows)
        assert here.a.tolist() == [0, 1, 11, 3, 10]
        assert here.inner.x[:, 1].tolist() == [0, -1, -11, -3, -10]
