"""The calendar: sessions, rests between them, and the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curriculum_rl.course import Course
from curriculum_rl.violations import InvalidInput

COURSE = Course(days=(1.0, 4.0, 9.0), minutes=30.0, test_days=7.0)


def test_a_course_by_hand():
    """Ten minutes; twenty-five more end the session, and the next begins on its day; then two long activities."""
    clock = COURSE.start(1)
    assert (clock.now[0], COURSE.minutes_left(clock)[0]) == (1.0, 90.0)
    seen = []
    for minutes in (10.0, 25.0, 31.0, 29.9, 0.1):
        elapsed = COURSE.spend(clock, np.array([minutes]))
        seen.append((clock.session[0], clock.used[0], clock.now[0], elapsed[0], COURSE.minutes_left(clock)[0]))
    day = 1.0 / 1440.0
    expected = [
        (0, 10.0, 1.0 + 10 * day, 10 * day, 80.0),
        (1, 0.0, 4.0, 3.0 - 10 * day, 60.0),
        (2, 0.0, 9.0, 5.0, 30.0),
        (2, 29.9, 9.0 + 29.9 * day, 29.9 * day, 0.1),
        (3, 0.0, 9.0 + 30 * day, 0.1 * day, 0.0),
    ]
    np.testing.assert_allclose(seen, expected, atol=1e-9)
    assert COURSE.over(clock).all()
    assert COURSE.test_day == 16.0
    assert COURSE.total_minutes == 90.0


@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=60))
def test_time_never_runs_backwards_and_adds_up(minutes: list[float]):
    clock, total = COURSE.start(1), 0.0
    for spent in minutes:
        elapsed = COURSE.spend(clock, np.array([spent]))[0]
        assert elapsed >= 0.0
        total += elapsed
        assert clock.now[0] == pytest.approx(1.0 + total)
        assert 0.0 <= clock.used[0] < COURSE.minutes
        if COURSE.over(clock)[0]:
            break


def test_students_do_not_share_a_clock():
    clock = COURSE.start(3)
    COURSE.spend(clock, np.array([1.0, 30.0, 50.0]))
    assert clock.session.tolist() == [0, 1, 1]
    assert clock.used.tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        *(("days", bad) for bad in ((), (0.0, 0.0), (4.0, 1.0), (-1.0, 2.0), (float("nan"),), (float("inf"),), ("x",))),
        *(("minutes", bad) for bad in (0.0, -1.0, float("nan"), float("inf"), "long", None, 5000.0)),
        *(("test_days", bad) for bad in (-1.0, float("nan"), float("inf"), "late")),
        *(("mastered", bad) for bad in (0.0, -1.0, 1.1, float("nan"), "all")),
    ],
)
def test_numbers_that_make_no_calendar(field: str, bad: Any):
    with pytest.raises(InvalidInput, match=field):
        Course(**{field: bad})


def test_sessions_may_not_overlap():
    with pytest.raises(InvalidInput, match="must fit between two sessions"):
        Course(days=(0.0, 0.01), minutes=30.0)
