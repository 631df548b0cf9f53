"""What FSRS keeps of events is what the package `fsrs` keeps of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import fsrs
import numpy as np
from fsrs import scheduler

from curriculum_rl.students.memory.fsrs import FSRS
from curriculum_rl.trackers.fsrs import FSRSBelief, FSRSTracker
from tests.worlds import world_named

START = datetime(2025, 1, 1, tzinfo=UTC)
MEDIUM, EXAMPLE = 1, 3  # of the first concept
EXACT = FSRSTracker(FSRS(whole_days=True))


def begun(n: int, tracker: FSRSTracker = EXACT) -> FSRSBelief:
    return tracker.start(world_named("bkt exponential").platform, np.ones((n, 8), dtype=np.bool_))


def happens(belief: FSRSBelief, activity: int, correct: np.ndarray, elapsed: np.ndarray) -> None:
    belief.update(np.full(len(correct), activity), correct, elapsed)


def test_stability_and_difficulty_are_the_packages():
    """To 1e-9, of 60 students with 15 answers each, from minutes to months apart, in 1/1024 of a day."""
    rng, n, answers = np.random.default_rng(0), 60, 15
    gaps = np.ceil(1024.0 * np.exp(rng.uniform(np.log(0.002), np.log(90.0), (answers, n)))) / 1024.0
    right = rng.random((answers, n)) < 0.7
    belief, check = begun(n), scheduler.Scheduler(enable_fuzzing=False)
    cards, now = [fsrs.Card() for _ in range(n)], [START] * n
    for gap, correct in zip(gaps, right, strict=True):
        ratings = np.where(correct, 3, 1).tolist()
        cards = [check.review_card(c, fsrs.Rating(r), t)[0] for c, r, t in zip(cards, ratings, now, strict=True)]
        happens(belief, MEDIUM, correct, gap)
        now = [t + timedelta(days=days) for t, days in zip(now, gap.tolist(), strict=True)]
        np.testing.assert_allclose(belief.stability[:, 0], [c.stability for c in cards], rtol=1e-9)
        np.testing.assert_allclose(belief.difficulty[:, 0], [c.difficulty for c in cards], rtol=1e-9)
        recall = [check.get_card_retrievability(c, t) for c, t in zip(cards, now, strict=True)]
        np.testing.assert_allclose(belief.retention(belief.now)[:, 0], recall, rtol=1e-9)
        np.testing.assert_array_equal(belief.rightly[:, 0], correct)
    assert np.ptp(belief.stability[:, 1:]) == 0.0, "the other concepts were left alone"


def test_practice_without_an_answer_starts_the_clock_anew_and_nothing_else():
    belief = begun(1)
    happens(belief, MEDIUM, np.array([True]), np.array([5.0]))
    stability, recall = float(belief.stability[0, 0]), float(belief.retention(belief.now)[0, 0])
    happens(belief, EXAMPLE, np.array([False]), np.array([0.0]))
    assert belief.stability[0, 0] == stability
    assert belief.retention(belief.now)[0, 0] == 1.0 > recall
    assert belief.rightly[0, 0]


def test_days_overdue_are_counted_from_when_recall_fell_to_what_is_desired():
    belief = begun(1, replace(EXACT, memory=FSRS()))
    happens(belief, MEDIUM, np.array([True]), np.array([4.0]))
    stability = float(belief.stability[0, 0])
    np.testing.assert_allclose(belief.overdue(0.9)[0, 0], 4.0 - stability, rtol=1e-12)
    for desired in (0.7, 0.95):
        fell = 4.0 - belief.overdue(desired)[:, 0]
        np.testing.assert_allclose(belief.memory.retention(fell, belief.stability[:, 0]), desired, rtol=1e-12)


def test_what_it_expects_of_an_answer_is_what_it_makes_of_one():
    """`refreshed`, `kept` and `shown` are the recall at the test after a right answer, a wrong one, and none."""
    before = begun(1, FSRSTracker())
    happens(before, MEDIUM, np.array([True]), np.array([3.0]))
    outlook = before.outlook()
    for name, activity, correct in (("refreshed", MEDIUM, True), ("kept", MEDIUM, False), ("shown", EXAMPLE, False)):
        after = begun(1, FSRSTracker())
        happens(after, MEDIUM, np.array([True]), np.array([3.0]))
        happens(after, activity, np.array([correct]), np.array([0.0]))
        test = np.full(1, after.platform.course.test_day)
        np.testing.assert_allclose(getattr(outlook, name)[0, 0], after.retention(test)[0, 0], rtol=1e-12)
