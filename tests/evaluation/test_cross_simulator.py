"""Verdicts over simulators: what counts, what is left out, and when nothing can be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curriculum_rl.evaluation.cross_simulator import Judged, Word, verdicts
from curriculum_rl.evaluation.statistics import Comparison
from curriculum_rl.violations import InvalidInput


def pair(difference: float, half: float = 0.5, policy: str = "p", baseline: str = "b") -> Comparison:
    return Comparison(policy, baseline, difference, difference - half, difference + half, 0.1, 0.1, 0.5, 0.1)


def judged(*differences: float, natives: tuple[int, ...] = ()) -> list[Judged]:
    return [Judged(f"w{i}", frozenset({"p"} if i in natives else ()), (pair(d),)) for i, d in enumerate(differences)]


@pytest.mark.parametrize(
    ("differences", "word"),
    [
        ((1.0, 2.0, 0.6), Word.BETTER),
        ((-1.0, -2.0, -0.6), Word.WORSE),
        ((1.0, 2.0, 0.4), Word.SPLIT),  # not clear of zero in one
        ((1.0, -2.0, 3.0), Word.SPLIT),
    ],
)
def test_robust_means_in_every_simulator(differences, word):
    (verdict,) = verdicts(judged(*differences))
    assert verdict.word is word
    assert verdict.worst is not None
    assert verdict.worst[1].difference == min(differences)


def test_where_a_policy_was_trained_is_no_evidence():
    """A triumph at home changes nothing; nor does a defeat there."""
    for home in (50.0, -50.0):
        (verdict,) = verdicts(judged(home, 1.0, 2.0, natives=(0,)))
        assert verdict.word is Word.BETTER
        assert verdict.worlds == ("w1", "w2")


def test_where_the_baseline_was_trained_is_left_out_too():
    worlds = [Judged("w0", frozenset({"b"}), (pair(-9.0),)), *judged(9.0, 1.0, 2.0)[1:]]
    assert verdicts(worlds)[0].word is Word.BETTER


def test_one_simulator_that_is_left_says_too_little():
    (verdict,) = verdicts(judged(1.0, 2.0, natives=(0,)))
    assert verdict.word is Word.SILENT
    assert verdicts(judged(1.0, 2.0, natives=(0, 1)))[0].worst is None


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=6), st.randoms())
def test_the_order_of_simulators_does_not_matter_and_signs_mirror(differences, random):
    worlds = judged(*differences)
    shuffled = random.sample(worlds, len(worlds))
    (one,), (other,) = verdicts(worlds), verdicts(shuffled)
    assert one.word is other.word
    assert set(one.better) == set(other.better)
    (mirrored,) = verdicts(judged(*(-d for d in differences)))
    assert mirrored.better == one.worse


def test_pairs_that_are_not_everywhere_have_no_verdict():
    extra = Judged("w2", frozenset(), (pair(1.0), pair(1.0, baseline="c")))
    assert [v.baseline for v in verdicts([*judged(1.0, 1.0), extra])] == ["b"]
    assert [v.baseline for v in verdicts([extra, *judged(1.0, 1.0)])] == ["b"]


def test_what_is_no_matrix_is_refused():
    with pytest.raises(InvalidInput, match="1 given"):
        verdicts(judged(1.0))
    with pytest.raises(InvalidInput, match="w0 is given more than once"):
        verdicts(judged(1.0, 2.0) + judged(1.0))
