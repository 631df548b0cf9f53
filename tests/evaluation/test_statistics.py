"""Laws of the statistics: stated coverage, pairing, symmetry, and the worked examples of the literature."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom
from scipy.stats import t as student_t

from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.evaluation.scores import paired_difference
from curriculum_rl.evaluation.statistics import (
    compare,
    compare_all,
    holm,
    intervals,
    iqm,
    mean_interval,
    probability_of_improvement,
    smallest_visible_effect,
    standard_error,
    two_sided_p,
)
from curriculum_rl.violations import InvalidInput

FEW = Bootstrap(replicates=1_000)
points = arrays(np.float64, 12, elements=st.sampled_from([0.0, 1.0, 2.5, 7.0]))


def crossed(rng, seeds, students, seed_sd, student_sd, residual_sd):
    """Scores with true mean 0: seed effect + student effect + what is left."""
    return (
        seed_sd * rng.standard_normal((seeds, 1))
        + student_sd * rng.standard_normal((1, students))
        + residual_sd * rng.standard_normal((seeds, students))
    )


@pytest.mark.parametrize(
    ("seeds", "students", "sds"),
    [
        (1, 200, (0.0, 1.0, 0.0)),
        (5, 200, (0.0, 1.0, 0.1)),
        (5, 100, (1.0, 0.1, 0.1)),
        (3, 100, (1.0, 1.0, 0.1)),
    ],
)
def test_interval_covers_the_truth_as_often_as_it_says(seeds, students, sds):
    """95% promised; over 600 studies the count lies within the binomial's 1-in-10,000 tails.

    A plain two-level bootstrap covers .80 in the third case, where the training seeds dominate: this would fail.
    """
    rng = np.random.default_rng(11)
    studies = 600
    # A different stream each time: with shared weights the studies would not be independent trials.
    covered = 0
    for study in range(studies):
        scores = crossed(rng, seeds, students, *sds)
        found = mean_interval(scores, Bootstrap(replicates=600, seed=study))
        covered += found.low <= 0.0 <= found.high
    assert binom.ppf(1e-4, studies, 0.945) <= covered <= binom.ppf(1 - 1e-4, studies, 0.955)


def test_interval_errs_on_the_wide_side_when_student_and_seed_interact():
    """Noise of each (student, seed) counts in both terms: coverage above 95%, never below."""
    rng = np.random.default_rng(12)
    covered = 0
    for study in range(300):
        found = mean_interval(crossed(rng, 5, 100, 0.0, 0.0, 1.0), Bootstrap(replicates=600, seed=study))
        covered += found.low <= 0.0 <= found.high
    assert covered >= 0.97 * 300


def test_students_of_classes_of_one_are_drawn_as_students():
    scores = {"a": crossed(np.random.default_rng(3), 3, 40, 0.3, 1.0, 0.5)}
    alone = Bootstrap(replicates=500, classes=tuple(range(40)))
    np.testing.assert_allclose(alone.means(scores)["a"], Bootstrap(replicates=500).means(scores)["a"], atol=1e-12)
    assert standard_error(scores["a"], range(40)) == pytest.approx(standard_error(scores["a"]))


def test_whole_classes_are_drawn_where_classmates_share_their_luck():
    """With a class's luck alone to tell students apart, 20 classes of 8 say as much as 20 students, not as 160."""
    rng = np.random.default_rng(4)
    classes = np.repeat(np.arange(20), 8)
    covered = {True: 0, False: 0}
    for study in range(300):
        scores = rng.standard_normal(20)[classes]
        for together in covered:
            settings = Bootstrap(replicates=400, seed=study, classes=tuple(classes.tolist()) if together else None)
            found = mean_interval(scores, settings)
            covered[together] += found.low <= 0.0 <= found.high
    assert binom.ppf(1e-4, 300, 0.925) <= covered[True]  # percentile intervals of 20 draws are a little narrow
    assert covered[False] < 0.7 * 300
    error, freedom = standard_error(scores, classes.tolist())
    assert error == pytest.approx(standard_error(scores[::8])[0])
    assert freedom == 19


def test_students_are_told_apart_by_the_classes_that_their_ids_are_in():
    ids = np.arange(1_000_016, 1_000_040)
    assert Bootstrap().among(ids, 1) == Bootstrap()
    assert Bootstrap().among(ids, 8).classes == (125_002,) * 8 + (125_003,) * 8 + (125_004,) * 8


def test_classes_that_do_not_fit_are_refused():
    for classes, words in (((0, 1), "must be 3 numbers"), ((5, 5, 5), "all students are in one")):
        with pytest.raises(InvalidInput, match=words):
            mean_interval([1.0, 2.0, 3.0], Bootstrap(classes=classes))


def test_p_under_no_difference_is_uniform_enough():
    """At most 5% of true nulls have p < .05, within the binomial's 1-in-10,000 tail over 600 studies."""
    rng = np.random.default_rng(13)
    alarms = 0
    for study in range(600):
        a, b = rng.normal(10, 5, 150), rng.normal(10, 5, 150)
        alarms += compare(a, b, Bootstrap(replicates=600, seed=study)).p < 0.05
    assert binom.ppf(1e-4, 600, 0.045) <= alarms <= binom.ppf(1 - 1e-4, 600, 0.055)


def test_interval_matches_students_t_on_many_students():
    """With 4,000 students the percentile interval is that of the t test, within 3% of its half-width."""
    scores = np.random.default_rng(1).gamma(2.0, 5.0, 4_000)
    found = mean_interval(scores)
    half = student_t.ppf(0.975, 3_999) * scores.std(ddof=1) / np.sqrt(4_000)
    assert found.mean == pytest.approx(scores.mean(), rel=1e-12)
    assert found.low == pytest.approx(scores.mean() - half, abs=0.03 * half)
    assert found.high == pytest.approx(scores.mean() + half, abs=0.03 * half)


def test_one_dominant_factor_gives_t_quantiles_of_the_seeds():
    """With students all alike only the seeds speak: half-width t(4 d.f.) x sd / sqrt(5), within 3%."""
    seed_effects = np.array([-1.2, -0.4, 0.1, 0.5, 1.0])
    found = mean_interval(np.repeat(seed_effects[:, None], 50, axis=1), Bootstrap(replicates=40_000))
    half = student_t.ppf(0.975, 4) * seed_effects.std(ddof=1) / np.sqrt(5)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.03)


def test_pairing_shrinks_the_interval_by_what_the_policies_share():
    """Var(x - y) = Var x + Var y - 2 Cov: with correlation .96 the paired interval is a fifth of the unpaired."""
    rng = np.random.default_rng(2)
    shared = rng.normal(0, 10, 3_000)
    x, y = shared + rng.normal(1, 2, 3_000), shared + rng.normal(0, 2, 3_000)
    found = compare(x, y)
    unpaired = 2 * 1.96 * np.sqrt((x.var() + y.var()) / 3_000)
    paired = 2 * 1.96 * np.std(x - y) / np.sqrt(3_000)
    assert found.ci_high - found.ci_low == pytest.approx(paired, rel=0.05)
    assert paired < unpaired / 4
    # Against somebody else's students the sharing is lost.
    shuffled = compare(x, rng.permutation(y))
    assert shuffled.ci_high - shuffled.ci_low == pytest.approx(unpaired, rel=0.05)


def test_shift_and_scale_carry_through():
    scores = np.random.default_rng(3).normal(20, 8, (3, 400))
    plain, moved = mean_interval(scores, FEW), mean_interval(2.0 * scores + 7.0, FEW)
    for name in ("mean", "low", "high"):
        assert getattr(moved, name) == pytest.approx(2.0 * getattr(plain, name) + 7.0, rel=1e-10)


def test_swapping_the_pair_mirrors_the_comparison():
    rng = np.random.default_rng(4)
    a, b = rng.normal(1, 5, (5, 300)), rng.normal(0, 5, 300)
    there, back = compare(a, b, FEW), compare(b, a, FEW)
    assert there.difference == pytest.approx(-back.difference)
    assert (there.ci_low, there.ci_high) == pytest.approx((-back.ci_high, -back.ci_low))
    assert there.p == back.p
    assert there.smallest_visible_effect == pytest.approx(back.smallest_visible_effect)


def test_other_policies_and_their_order_change_nothing():
    """Indices are shared across policies and depend on the seed alone: a policy's interval is its own."""
    rng = np.random.default_rng(5)
    scores = {"a": rng.normal(size=(5, 200)), "b": rng.normal(size=200), "c": rng.normal(size=(3, 200))}
    forward = intervals(scores, FEW)
    backward = intervals(dict(reversed(scores.items())), FEW)
    for name, values in scores.items():
        for other in (backward[name], mean_interval(values, FEW)):
            assert (other.low, other.high) == pytest.approx((forward[name].low, forward[name].high), rel=1e-12)


def test_same_seed_same_numbers_and_another_seed_others():
    scores = np.random.default_rng(6).normal(size=(2, 100))
    assert mean_interval(scores, FEW) == mean_interval(scores, FEW)
    assert mean_interval(scores, FEW) != mean_interval(scores, Bootstrap(replicates=1_000, seed=1))


def test_reordering_the_students_moves_the_interval_only_by_monte_carlo_error():
    rng = np.random.default_rng(7)
    scores = rng.normal(0, 1, 500)
    plain, shuffled = mean_interval(scores), mean_interval(rng.permutation(scores))
    width = plain.high - plain.low
    assert abs(plain.low - shuffled.low) < 0.05 * width
    assert abs(plain.high - shuffled.high) < 0.05 * width


def test_identical_policies_are_level():
    scores = np.random.default_rng(8).normal(size=(4, 60))
    same = compare(scores, scores, FEW)
    assert (same.difference, same.ci_low, same.ci_high, same.p) == (0.0, 0.0, 0.0, 1.0)
    assert same.probability_of_improvement == 0.5
    assert same.smallest_visible_effect == 0.0


def test_p_agrees_with_the_interval_and_is_never_zero():
    """p < .05 where 0 is outside the interval, for differences from none to clear."""
    rng = np.random.default_rng(9)
    base = rng.normal(0, 5, 400)
    for shift in np.linspace(0, 1.5, 31):
        found = compare(base + rng.normal(shift, 5, 400), base, Bootstrap(replicates=2_000))
        outside = not found.ci_low <= 0.0 <= found.ci_high
        assert (found.p < 0.05) == outside or abs(found.p - 0.05) < 0.003
    assert two_sided_p(np.ones(999)) == pytest.approx(2 / 1000)


def test_interquartile_mean_of_the_textbook_example():
    assert iqm(np.arange(8)) == 3.5
    assert iqm([0, 1, 2, 3, 4, 5, 6, 1_000]) == 3.5
    assert iqm(np.arange(8.0).reshape(2, 4)) == 3.5


@given(points, points)
@settings(max_examples=60, deadline=None)
def test_probabilities_of_improvement_sum_to_one(x, y):
    assert probability_of_improvement(x, y) + probability_of_improvement(y, x) == pytest.approx(1.0)
    halves = np.mean((x > y) + 0.5 * (x == y))
    assert probability_of_improvement(x, y) == pytest.approx(float(halves))


def test_probability_of_improvement_runs_over_all_pairs_of_seeds():
    rng = np.random.default_rng(10)
    x, y = rng.integers(0, 4, (3, 20)).astype(float), rng.integers(0, 4, (2, 20)).astype(float)
    pairs = [np.mean((a > b) + 0.5 * (a == b)) for a in x for b in y]
    assert probability_of_improvement(x, y) == pytest.approx(float(np.mean(pairs)))
    assert probability_of_improvement(y, x) == pytest.approx(1.0 - float(np.mean(pairs)))


def test_holm_by_hand():
    """Sorted .005 .01 .03 .04 times 4 3 2 1 = .02 .03 .06 .04, then never falling: .02 .03 .06 .06."""
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]
    assert holm([]).tolist() == []


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_holm_keeps_the_order_and_stays_between_p_and_bonferroni(p, random):
    adjusted = holm(p)
    assert np.all(adjusted >= np.array(p) - 1e-15)
    assert np.all(adjusted <= np.minimum(1.0, len(p) * np.array(p)) + 1e-12)
    assert np.all(np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0)
    order = list(range(len(p)))
    random.shuffle(order)
    assert holm(np.array(p)[order]) == pytest.approx(adjusted[order])


def test_smallest_visible_effect_is_seen_four_times_in_five():
    """A true difference of just that size has p < .05 in 80% of 500 studies, within 4 standard errors."""
    rng = np.random.default_rng(14)
    effect = smallest_visible_effect(rng.normal(0, 3, 100_000)) * np.sqrt(100_000 / 150)
    assert effect == pytest.approx(2.802 * 3 / np.sqrt(150), rel=0.02)
    seen = sum(
        compare(rng.normal(effect, 3, 150), np.zeros(150), Bootstrap(replicates=600, seed=study)).p < 0.05
        for study in range(500)
    )
    assert abs(seen / 500 - 0.8) < 4 * np.sqrt(0.8 * 0.2 / 500)


def test_standard_error_adds_seeds_and_students():
    scores = np.random.default_rng(15).normal(size=(4, 50))
    error, freedom = standard_error(scores)
    parts = scores.mean(axis=0).var(ddof=1) / 50 + scores.mean(axis=1).var(ddof=1) / 4
    assert error == pytest.approx(np.sqrt(parts))
    assert 3 <= freedom <= 52
    assert standard_error(scores[0]) == pytest.approx((scores[0].std(ddof=1) / np.sqrt(50), 49.0))
    assert standard_error(np.ones((3, 10)))[0] == 0.0


def test_planned_pairs_are_adjusted_together():
    rng = np.random.default_rng(16)
    base = rng.normal(0, 5, 500)
    scores = {
        "ppo": np.stack([base + 0.5 + rng.normal(0, 3, 500) for _ in range(5)]),
        "zone": base,
        "random": base - 4,
    }
    rows = compare_all(scores, [("ppo", "zone"), ("ppo", "random")], FEW)
    assert [(row.policy, row.baseline) for row in rows] == [("ppo", "zone"), ("ppo", "random")]
    assert [row.p_adjusted for row in rows] == pytest.approx(holm([row.p for row in rows]).tolist())
    assert compare_all(scores, [], FEW) == []


def test_a_large_study_takes_about_a_second():
    rng = np.random.default_rng(17)
    scores = {f"policy {i}": rng.normal(size=(5, 5_000)) for i in range(25)}
    started = time.perf_counter()
    compare_all(scores, [(name, "policy 0") for name in scores if name != "policy 0"], Bootstrap(replicates=5_000))
    assert time.perf_counter() - started < 5.0


def test_bad_input_says_what_to_mend():
    with pytest.raises(InvalidInput, match=r"scores of a: .*\n.*2 of 3 scores are not finite"):
        intervals({"a": [1.0, np.nan, np.inf]})
    with pytest.raises(InvalidInput, match="at least one seed and two students"):
        mean_interval([1.0])
    with pytest.raises(InvalidInput, match=r"students = a: 3, b: 2: must be one number"):
        intervals({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0]})
    with pytest.raises(InvalidInput, match="no policy at all"):
        intervals({})
    with pytest.raises(InvalidInput, match=r"pairs\[0\] = 'zome'.*must be one of the policies: a, b"):
        compare_all({"a": [1.0, 2.0], "b": [1.0, 2.0]}, [("zome", "b")])
    with pytest.raises(InvalidInput, match="Train both on the same seeds"):
        paired_difference(np.zeros((3, 4)), np.zeros((2, 4)))
    with pytest.raises(InvalidInput, match=r"p\[1\] = 1.5"):
        holm([0.5, 1.5])
    with pytest.raises(InvalidInput, match=r"2 things to mend"):
        Bootstrap(replicates=3, level=1.0)


def test_too_few_replicates_for_the_planned_pairs_are_refused():
    """With 100 replicates and 3 pairs the smallest adjusted p is 3 x 2 / 101 > .05: nothing could come out clear."""
    scores = {name: np.random.default_rng(18).normal(size=20) for name in "abcd"}
    with pytest.raises(InvalidInput, match="replicates = 100: must be at least 120 for 3 planned pairs"):
        compare_all(scores, [("a", "b"), ("a", "c"), ("a", "d")], Bootstrap(replicates=100))
