"""Value by group: each as if it were the whole log, and nothing of small groups, not even by subtraction."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from curriculum_rl.ope.estimators.importance_sampling import ImportanceSampling
from curriculum_rl.ope.groups import by_group
from curriculum_rl.ope.intervals.student_t import StudentT
from curriculum_rl.ope.processes import STOCHASTIC
from curriculum_rl.ope.thresholds import Thresholds
from curriculum_rl.violations import InvalidInput

EPISODES = STOCHASTIC.simulate(np.random.default_rng(0), 400, 2)


def labelled(sizes: dict[str, int]) -> np.ndarray:
    return np.random.default_rng(1).permutation(np.repeat(list(sizes), list(sizes.values())))


def test_each_group_is_judged_as_if_it_were_the_whole_log():
    labels = labelled({"a": 150, "b": 250})
    found = by_group(ImportanceSampling(), StudentT(), EPISODES, labels)
    assert [cell.group for cell in found] == ["a", "b"]
    for cell in found:
        alone = EPISODES.take(np.flatnonzero(labels == cell.group))
        estimate = ImportanceSampling().estimate(alone)
        assert cell.value == estimate.value
        assert (cell.low, cell.high) == StudentT().of(ImportanceSampling(), alone, estimate)
        assert cell.students == len(alone)
        assert cell.verdict is not None
    whole = ImportanceSampling().estimate(EPISODES).value
    assert whole == pytest.approx(sum(c.value * c.students for c in found) / 400, abs=1e-12)  # type: ignore[operator]


def test_a_small_group_takes_the_next_smallest_with_it():
    """7 of 400: told the whole and the other groups, one could find them; so a second group is withheld."""
    found = by_group(ImportanceSampling(), StudentT(), EPISODES, labelled({"a": 7, "b": 193, "c": 200}))
    assert [cell.suppressed for cell in found] == [True, True, False]
    hidden = [getattr(cell, f.name) for cell in found[:2] for f in fields(cell) if f.name != "group"]
    assert hidden == [None] * len(hidden)
    shown = by_group(
        ImportanceSampling(), StudentT(), EPISODES, labelled({"a": 7, "b": 193, "c": 200}), Thresholds(smallest_group=5)
    )
    assert not any(cell.suppressed for cell in shown)


def test_overlap_may_be_enough_for_all_and_not_for_a_few():
    found = by_group(ImportanceSampling(), StudentT(), EPISODES, labelled({"a": 14, "b": 386}))
    assert [cell.verdict.word for cell in found if cell.verdict] == ["withheld", "answer"]


def test_the_own_estimated_chances_go_with_each_group():
    """An estimated chance of none, for the students of one group alone."""
    labels = labelled({"a": 200, "b": 200})
    chances = np.where((labels == "a")[EPISODES.student][:, None], np.array([1.0, 0.0]), 0.5)
    episodes = replace(EPISODES, estimated=True)
    a, b = by_group(ImportanceSampling(), StudentT(), episodes, labels, chances=chances)
    rows = (labels == "a")[EPISODES.student]
    assert a.off_support == pytest.approx(EPISODES.choice[rows, 1].mean(), abs=1e-12)
    assert b.off_support == 0.0


def test_a_group_of_one_class_has_no_interval():
    labels = labelled({"a": 100, "b": 300})
    classes = replace(EPISODES, cluster=np.where(labels == "a", 0, 1 + np.arange(400) % 20))
    a, b = by_group(ImportanceSampling(), StudentT(), classes, labels)
    assert (a.students, a.value, a.low) == (100, None, None)
    assert a.verdict is not None
    assert a.verdict.word == "withheld"
    assert b.low is not None


def test_a_label_for_each_student_is_needed():
    with pytest.raises(InvalidInput, match="one label for each student"):
        by_group(ImportanceSampling(), StudentT(), EPISODES, ["a"] * 3)
