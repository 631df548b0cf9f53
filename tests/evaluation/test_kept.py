"""The share of a gain that is kept: closed forms, stated coverage, and nothing said where nothing can be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.evaluation.kept import Kept, kept, kept_share
from curriculum_rl.violations import InvalidInput

FEW = Bootstrap(replicates=1_000)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0, 1.3, -0.2])
@pytest.mark.parametrize("seeds", [1, 4])
def test_a_fixed_share_of_every_score_is_that_share_without_doubt(share: float, seeds: int):
    native = 20.0 + np.random.default_rng(1).normal(0.0, 5.0, (seeds, 300))
    found = kept_share(share * native, native, FEW)
    assert found is not None
    np.testing.assert_allclose([found.mean, found.low, found.high], share, atol=1e-12)


def test_with_many_students_it_is_the_delta_method():
    """Half width 1.96 standard errors of a ratio; within 3%, of which 10,000 replicates leave about 1."""
    rng = np.random.default_rng(2)
    n, cov = 4000, np.array([[36.0, 20.0], [20.0, 25.0]])
    a, b = rng.multivariate_normal([15.0, 20.0], cov, n).T
    found = kept_share(a, b)
    assert found is not None
    r = a.mean() / b.mean()
    error = np.sqrt(((a - r * b) ** 2).mean() / n) / b.mean()
    assert found.mean == pytest.approx(r)
    assert (found.high - found.low) / 2 == pytest.approx(norm.ppf(0.975) * error, rel=0.03)


@pytest.mark.parametrize(("seeds", "seed_sd"), [(1, 0.0), (5, 1.5)])
def test_the_interval_covers_the_truth_as_often_as_it_says(seeds: int, seed_sd: float):
    """95% promised, over 300 studies; at least the binomial's 1-in-10,000 tail, since it errs on the wide side.

    A planted 5% error of the share is seen: the interval of 1.05 times the scores then covers too seldom.
    """
    rng, studies, truth = np.random.default_rng(3), 300, 0.8
    covered = planted = 0
    for study in range(studies):
        settings = Bootstrap(replicates=400, seed=study)
        student = rng.normal(0.0, 3.0, (1, 150))
        a, b = (
            mean + student + rng.normal(0.0, seed_sd, (seeds, 1)) + rng.normal(0.0, 0.5, (seeds, 150))
            for mean in (16.0, 20.0)
        )
        for factor in (1.0, 1.05):
            found = kept_share(factor * a, b, settings)
            assert found is not None
            inside = found.low <= truth <= found.high
            covered += inside and factor == 1.0
            planted += inside and factor != 1.0
    least = binom.ppf(1e-4, studies, 0.95)
    assert covered >= least
    assert seed_sd or planted < least


def test_a_share_of_nothing_is_not_given():
    rng = np.random.default_rng(4)
    native = rng.normal(0.0, 5.0, 100)
    assert kept_share(native + 1.0, native, FEW) is None
    (found,) = kept({"a": native + 1.0, "b": native}, [("a", "b")], FEW)
    assert found == Kept("a", "b", None, None, None)


def test_units_are_nothing_to_it_and_each_pair_is_told():
    rng = np.random.default_rng(5)
    scores = {name: mean + rng.normal(0.0, 4.0, (3, 200)) for name, mean in (("a", 12.0), ("b", 20.0), ("c", 18.0))}
    first, second = kept(scores, [("a", "b"), ("a", "c")], FEW)
    assert [first.native, second.native] == ["b", "c"]
    assert first.share == pytest.approx(scores["a"].mean() / scores["b"].mean())
    (scaled, _) = kept({k: 100.0 * x for k, x in scores.items()}, [("a", "b"), ("a", "c")], FEW)
    assert scaled.ci_low == pytest.approx(first.ci_low)
    with pytest.raises(InvalidInput, match="must be one of the policies: a, b, c") as caught:
        kept(scores, [("a", "x"), ("y", "b")], FEW)
    assert len(caught.value.violations) == 2
