"""Intervals: closed forms, invariances, coverage where it is known, and what is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import stats

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.estimators.importance_sampling import ImportanceSampling
from curriculum_rl.ope.intervals.bootstrap import Bootstrap, acceleration, bias, corrected
from curriculum_rl.ope.intervals.empirical_bernstein import EmpiricalBernstein, bound
from curriculum_rl.ope.intervals.interval import Clusters
from curriculum_rl.ope.intervals.load import interval_names, load_interval
from curriculum_rl.ope.intervals.student_t import StudentT, carrying
from curriculum_rl.ope.intervals.usual import Usual
from curriculum_rl.ope.processes import STOCHASTIC
from curriculum_rl.violations import InvalidInput


@dataclass(frozen=True)
class MeanReturn:
    """What was logged, as it is."""

    weighted: bool = True

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        return Estimate.of(episodes.returns(discount), np.ones(len(episodes)) if self.weighted else None)


@dataclass(frozen=True)
class Ratio:
    """WIS, written here."""

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        weights, returns = episodes.weights[:, -1], episodes.returns(discount)
        value = float((weights * returns).sum() / weights.sum())
        return Estimate(value, value + weights * (returns - value) / weights.mean(), weights)


def of_returns(returns: Float, cluster: Float | None = None) -> Episodes:
    """Students with one decision each and these rewards; nothing to choose from."""
    n = len(returns)
    return Episodes(
        student=np.arange(n),
        action=np.zeros(n, np.int64),
        reward=returns,
        behaviour=np.ones(n),
        choice=np.ones((n, 1)),
        eligible=np.ones((n, 1), np.bool_),
        features=np.zeros((n, 1)),
        state=None,
        cluster=np.arange(n) if cluster is None else cluster.astype(np.int64),
        censored=np.zeros(n, np.bool_),
    )


def interval(kind: object, episodes: Episodes, estimator: object = None) -> tuple[float, float]:
    estimator = estimator or MeanReturn()
    return kind.of(estimator, episodes, estimator.estimate(episodes))  # type: ignore[attr-defined]


def test_t_is_the_textbook_interval_where_terms_are_symmetric_and_their_tails_light():
    half = np.random.default_rng(0).uniform(0.0, 2.0, 20)
    returns = 3.0 + np.concatenate([half, -half])
    expected = stats.t.interval(0.9, 39, returns.mean(), returns.std(ddof=1) / math.sqrt(40))
    assert interval(StudentT(level=0.9), of_returns(returns)) == pytest.approx(expected, abs=1e-9)


def test_few_who_carry_the_spread_cost_degrees_of_freedom():
    returns = np.concatenate([np.zeros(98), [10.0, -10.0]])
    episodes = of_returns(returns)
    kurtosis = stats.kurtosis(returns, fisher=False)
    assert carrying(episodes, MeanReturn().estimate(episodes)) == pytest.approx(100 / kurtosis, rel=1e-12)
    expected = stats.t.interval(0.95, 200 / (kurtosis - 1), 0.0, returns.std(ddof=1) / 10)
    assert interval(StudentT(), episodes) == pytest.approx(expected, rel=1e-9)
    equal = of_returns(np.ones(7))
    assert carrying(equal, MeanReturn().estimate(equal)) == 7
    assert interval(StudentT(), equal) == (1.0, 1.0)


@pytest.mark.parametrize("scale", [1e-200, 1e250])
def test_very_large_and_very_small_terms_stay_numbers(scale: float):
    returns = np.random.default_rng(13).exponential(size=50)
    low, high = interval(StudentT(), of_returns(returns))
    assert interval(StudentT(), of_returns(scale * returns)) == pytest.approx((scale * low, scale * high), rel=1e-9)


def test_a_long_tail_lengthens_its_own_side_and_shortens_none():
    returns = np.random.default_rng(12).exponential(size=80)
    low, high = interval(StudentT(), of_returns(returns))
    mean, error = returns.mean(), returns.std(ddof=1) / math.sqrt(80)
    freedom = min(79, 160 / (stats.kurtosis(returns, fisher=False) - 1))
    z = stats.t.ppf(0.975, freedom)
    assert low == pytest.approx(mean - z * error, rel=1e-9)
    # Hall's transformation of the further end is where it should be: g(h(y)) = y, with his g written out.
    a, t = stats.skew(returns) / math.sqrt(80), (mean - high) / error
    assert t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6 == pytest.approx(-z, rel=1e-9)
    assert high > mean + 1.05 * z * error
    mirrored = interval(StudentT(), of_returns(-returns))
    assert mirrored == pytest.approx((-high, -low), rel=1e-9)


@pytest.mark.parametrize("kind", [StudentT(), Bootstrap(replicates=200), Bootstrap(replicates=200, corrected=True)])
def test_a_class_of_copies_counts_once(kind: object):
    """Twenty classes of five equal students say as much as twenty students."""
    returns = np.random.default_rng(1).normal(size=20)
    alone = interval(kind, of_returns(returns))
    together = interval(kind, of_returns(np.repeat(returns, 5), np.repeat(np.arange(20), 5)))
    assert together == pytest.approx(alone, abs=1e-9)


@pytest.mark.parametrize("name", ["t", "bootstrap", "bca", "usual", "empirical_bernstein"])
def test_intervals_shift_with_the_rewards_and_do_not_move_with_the_numbers_of_clusters(name: str):
    kind = load_interval(name)
    if isinstance(kind, Bootstrap):
        kind = replace(kind, replicates=100)
    if isinstance(kind, EmpiricalBernstein):
        kind = replace(kind, smallest_reward=-10.0, largest_reward=10.0, largest_ratio=1.0)
    returns = np.random.default_rng(2).normal(size=30)
    low, high = interval(kind, of_returns(returns))
    assert low < returns.mean() < high
    assert interval(kind, of_returns(returns + 2.0)) == pytest.approx((low + 2.0, high + 2.0), abs=1e-9)
    assert interval(kind, of_returns(returns, 10 + 2 * np.arange(30))) == pytest.approx((low, high), abs=1e-9)


def test_quantiles_are_two_sided():
    """A 95% bootstrap of a mean leaves 2.5% out on each side: 1.96 standard errors, not 1.64."""
    returns = np.random.default_rng(3).normal(size=400)
    low, high = interval(Bootstrap(replicates=4_000), of_returns(returns))
    assert (high - low) / 2 / (returns.std() / 20) == pytest.approx(1.96, abs=0.07)


def test_the_bootstrap_is_that_of_the_whole_estimator():
    """Of a ratio: the same numbers as drawing students and taking the ratio of sums, written out."""
    episodes = STOCHASTIC.simulate(np.random.default_rng(4), 50, 3)
    weights, returns = episodes.weights[:, -1], episodes.returns()
    draws = np.random.default_rng([7, 0]).integers(0, 50, (150, 50))
    values = [(weights[d] * returns[d]).sum() / weights[d].sum() for d in draws]
    expected = np.quantile(values, [0.025, 0.975])
    assert interval(Bootstrap(replicates=150, seed=7), episodes, Ratio()) == pytest.approx(tuple(expected), abs=1e-12)


def test_the_correction_agrees_with_an_independent_one():
    """scipy's BCa on the same data, to within what is left to chance."""
    returns = np.random.default_rng(5).exponential(size=60) ** 2
    found = interval(Bootstrap(replicates=4_000, corrected=True), of_returns(returns))
    theirs = stats.bootstrap((returns,), np.mean, n_resamples=4_000, rng=np.random.default_rng(1)).confidence_interval
    plain = interval(Bootstrap(replicates=4_000), of_returns(returns))
    assert found == pytest.approx((theirs.low, theirs.high), abs=0.03)
    assert found[0] > plain[0] + 0.03
    assert found[1] > plain[1] + 0.05


def test_the_parts_of_the_correction():
    left_out = np.array([1.0, 2.0, 6.0])
    d = np.array([2.0, 1.0, -3.0])
    assert acceleration(left_out) == pytest.approx((d**3).sum() / (6 * (d**2).sum() ** 1.5), abs=1e-15)
    assert acceleration(np.ones(4)) == 0.0
    assert bias(np.array([1.0, 2.0, 3.0, 4.0]), 2.5) == pytest.approx(0.0, abs=1e-15)
    assert bias(np.array([1.0, 2.0, 2.0, 4.0]), 2.0) == pytest.approx(0.0, abs=1e-15)
    assert np.isfinite(bias(np.ones(5), 0.0))
    z = np.array([-1.96, 1.96])
    assert corrected(z, 0.0, 0.0) == pytest.approx(z, abs=1e-15)
    assert corrected(z, 0.1, 0.0) == pytest.approx(z + 0.2, abs=1e-15)


def test_groups_of_clusters_give_the_acceleration_of_single_ones():
    """With 4,000 very skewed students, to within the noise of 200 groups."""
    returns = np.random.default_rng(6).exponential(size=4_000) ** 2
    episodes, kind = of_returns(returns), Bootstrap()
    grouped = acceleration(kind._left_out(MeanReturn(), episodes, Clusters.of(episodes), 1.0))
    exact = stats.skew(returns) / (6 * math.sqrt(4_000))
    assert grouped == pytest.approx(exact, rel=0.6)
    assert grouped > 0.005


def test_bernstein_is_the_published_formula_with_both_sides():
    terms = np.random.default_rng(7).uniform(size=200)
    tail = math.log(2 / 0.025)
    expected = math.sqrt(2 * terms.var(ddof=1) * tail / 200) + 7 * 3.0 * tail / (3 * 199)
    assert bound(terms, 3.0, 0.95) == pytest.approx(expected, abs=1e-12)


def test_bernstein_takes_its_range_from_the_estimator():
    """Importance sampling of 3 decisions, rewards in [-.2, 1.3], ratios to 2: terms in 8 * 3 * [-.2, 1.3]."""
    episodes = STOCHASTIC.simulate(np.random.default_rng(8), 300, 3)
    kind = EmpiricalBernstein(smallest_reward=-0.2, largest_reward=1.3, largest_ratio=2.0)
    estimate = ImportanceSampling().estimate(episodes)
    low, high = kind.of(ImportanceSampling(), episodes, estimate)
    assert (high - low) / 2 == pytest.approx(bound(estimate.terms, 8 * 3 * 1.5, 0.95), rel=1e-12)
    assert low < STOCHASTIC.value(3) < high


def test_bernstein_refuses_what_it_cannot_bound_all_at_once():
    episodes = STOCHASTIC.simulate(np.random.default_rng(9), 50, 3)
    with pytest.raises(InvalidInput) as caught:
        interval(EmpiricalBernstein(largest_reward=1.0, largest_ratio=1.1), episodes, Ratio())
    told = " ".join(caught.value.violations)
    assert len(caught.value.violations) == 4
    assert "a ratio of" in told
    assert "Ratio is no mean of independent terms" in told


def test_the_usual_interval_goes_by_whether_students_are_reweighted():
    episodes = of_returns(np.random.default_rng(10).normal(size=30))
    usual = Usual()
    assert interval(usual, episodes, MeanReturn(True)) == interval(StudentT(), episodes)
    assert interval(usual, episodes, MeanReturn(False)) == interval(Bootstrap(), episodes)
    with pytest.raises(InvalidInput, match="must be the same"):
        Usual(reweighted=StudentT(level=0.9))


@pytest.mark.parametrize("kind", [StudentT(), Bootstrap(replicates=100)])
def test_nobody_who_did_what_the_target_does_means_no_interval(kind: object):
    episodes = of_returns(np.ones(5))
    nothing = Estimate(math.nan, np.full(5, math.nan), np.zeros(5))

    @dataclass(frozen=True)
    class Nothing:
        def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
            return nothing

    assert np.isnan(interval(kind, episodes, Nothing())).all()


@pytest.mark.parametrize("kind", [StudentT(), Bootstrap(replicates=100), EmpiricalBernstein(largest_reward=9.0)])
@pytest.mark.parametrize("students", [1, 5])
def test_one_class_alone_is_refused(kind: object, students: int):
    with pytest.raises(InvalidInput, match=f"{students} students of one are all there are"):
        interval(kind, of_returns(np.arange(float(students)), np.zeros(students)))


def test_the_yaml_files_hold_the_defaults():
    assert load_interval("t") == StudentT()
    assert load_interval("bootstrap") == Bootstrap()
    assert load_interval("bca") == Bootstrap(replicates=2_000, corrected=True)
    assert load_interval("empirical_bernstein") == EmpiricalBernstein()
    assert load_interval("usual") == Usual()


def test_names_and_settings_that_are_none_are_refused():
    assert {"t", "bootstrap", "bca", "empirical_bernstein", "usual"} <= set(interval_names())
    with pytest.raises(InvalidInput, match="Did you mean"):
        load_interval("bootstrapp")
    for make in (
        lambda: StudentT(level=1.0),
        lambda: Bootstrap(replicates=5, groups=1),
        lambda: EmpiricalBernstein(smallest_reward=2.0),
        lambda: EmpiricalBernstein(largest_ratio=0.5),
    ):
        with pytest.raises(InvalidInput):
            make()


@pytest.mark.parametrize(
    "kind",
    [
        StudentT(),
        pytest.param(Bootstrap(replicates=200), marks=pytest.mark.slow),
        pytest.param(Bootstrap(replicates=400, corrected=True), marks=pytest.mark.slow),
    ],
)
def test_coverage_of_normal_data_in_classes(kind: object):
    """100 samples of 30 classes of 1 to 5: over .88 hold the truth (three standard errors under .95 is .885)."""
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(100):
        sizes = rng.integers(1, 6, 30)
        cluster = np.repeat(np.arange(30), sizes)
        low, high = interval(kind, of_returns(rng.normal(size=30)[cluster] + rng.normal(size=sizes.sum()), cluster))
        held += low < 0.0 < high
    assert held >= 88
