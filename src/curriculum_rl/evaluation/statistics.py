"""How far a comparison of policies on the same students can be trusted.

Every policy meets the same students and the same luck (common random numbers), so policies are compared
student by student. Scores are (students,) for a policy that has no training seed, or (seeds, students) for
one that was trained several times. One replicate b of a policy's mean is

    m_b = sum_i w_bi x_i + sqrt((S - 1) / c_b) * sum_s z_bs (y_s - y) / sqrt(S (S - 1))

x_i: a student's score averaged over the S seeds; w_b: students drawn with replacement; y_s: a seed's mean, y
their mean; z: standard normal; c: chi-square with S - 1 degrees of freedom. The first term is the bootstrap
over students. The second stands for the draw of other seeds: given the scores it is Student's t with S - 1
degrees of freedom and the standard error of y. (Resampling five seeds with replacement covers .80 where .95
is promised: it understates their variance by a fifth and has thin tails; Hesterberg 2015,
doi:10.1080/00031305.2015.1089789.) What is left of (student x seed) noise counts in both terms, so the
interval errs on the wide side, as resampling two crossed factors does (Owen 2007, doi:10.1214/07-AOAS122).

w, z and c are the same for every policy, and m_b is linear in the scores: the difference of two policies'
replicates is a replicate of their paired difference. With one seed the second term is zero, and the interval
speaks of that one trained policy only.

Interquartile mean and probability of improvement: Agarwal et al. (2021), arXiv:2108.13264. Holm (1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student_t
from scipy.stats import trim_mean

from curriculum_rl.evaluation.scores import Float, as_table, as_tables, paired_difference, same_students
from curriculum_rl.violations import Violations

_CELLS = 2_000_000  # weights held at once, 16 MB: a block of replicates stays in the cache's reach


@dataclass(frozen=True)
class Interval:
    """A mean and its two-sided percentile interval, in the scores' unit."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """One policy against one baseline on the same students; the fields are those of `results.json`.

    Attributes:
        difference: mean score of the policy minus that of the baseline, with its interval (ci_low, ci_high).
        p: two-sided bootstrap p of "no difference" (see `two_sided_p`).
        p_adjusted: the same by Holm's method over all planned pairs.
        probability_of_improvement: see the function of this name.
        smallest_visible_effect: see the function of this name.
    """

    policy: str
    baseline: str
    difference: float
    ci_low: float
    ci_high: float
    p: float
    p_adjusted: float
    probability_of_improvement: float
    smallest_visible_effect: float

    @property
    def clear(self) -> bool:
        """Whether it is called a difference: at the 5% level, adjusted for the number of planned pairs."""
        return self.p_adjusted < 0.05


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made.

    Attributes:
        replicates: bootstrap replicates; the smallest p that can be reported is 2 / (replicates + 1).
        level: coverage of the intervals, in (0, 1).
        seed: of the replicates' own draws.
        stream: another number gives independent draws, for groups that share no student.
    """

    replicates: int = 10_000
    level: float = 0.95
    seed: int = 0
    stream: int = 0

    def __post_init__(self) -> None:
        check = Violations("bootstrap")
        check.number("replicates", self.replicates, at_least=100)
        check.number("level", self.level, above=0.0, below=1.0)
        check.number("seed", self.seed, at_least=0)
        check.number("stream", self.stream, at_least=0)
        check.raise_all()

    def means(self, scores: Mapping[str, ArrayLike]) -> dict[str, Float]:
        """Replicates of each policy's mean score, (replicates,) each, paired across policies.

        One pass for all policies: replicates x students draws, and one matrix product with the scores.
        """
        tables = as_tables(scores)
        students = np.stack([table.mean(axis=0) for table in tables.values()])  # (P, n)
        replicates = self._student_means(students)
        width = max(table.shape[0] for table in tables.values())
        z, chi_square = self._seed_draws(width)
        for row, table in zip(replicates, tables.values(), strict=True):
            seeds = table.shape[0]
            if seeds > 1:
                seed_means = table.mean(axis=1)
                spread = (seed_means - seed_means.mean()) @ z[:seeds]
                row += spread / np.sqrt(seeds * chi_square[: seeds - 1].sum(axis=0))
        return dict(zip(tables, replicates, strict=True))

    def interval(self, mean: float, replicates: Float) -> Interval:
        """The percentile interval of `replicates` around `mean`."""
        tail = (1.0 - self.level) / 2.0
        low, high = np.quantile(replicates, [tail, 1.0 - tail])
        return Interval(float(mean), float(low), float(high))

    def _student_means(self, scores: Float) -> Float:
        """Means over students drawn with replacement, (P, replicates), of `scores` (P, n)."""
        n = scores.shape[1]
        draws = np.random.default_rng([self.seed, self.stream, 0])
        means = np.empty((len(scores), self.replicates))
        block = max(1, _CELLS // n)
        # Centred first: a shift of the scores then shifts the replicates and changes nothing else.
        centre = scores.mean(axis=1, keepdims=True)
        centred = scores - centre
        for start in range(0, self.replicates, block):
            rows = min(block, self.replicates - start)
            picks = draws.integers(0, n, size=(rows, n)) + n * np.arange(rows)[:, None]
            times = np.bincount(picks.ravel(), minlength=rows * n).reshape(rows, n)
            means[:, start : start + rows] = centred @ times.T.astype(np.float64) / n + centre
        return means

    def _seed_draws(self, seeds: int) -> tuple[Float, Float]:
        """Normals (seeds, replicates), and chi-squares of one degree of freedom to be summed, one row fewer.

        Seed by seed, so that a policy's replicates are the same whatever others were trained on. No `stream`:
        the same seeds teach every group.
        """
        z = np.random.default_rng([self.seed, 0, 1]).standard_normal((seeds, self.replicates))
        roots = np.random.default_rng([self.seed, 0, 2]).standard_normal((seeds - 1, self.replicates))
        return z, roots**2


def mean_interval(scores: ArrayLike, bootstrap: Bootstrap | None = None) -> Interval:
    """The mean of one policy's scores, (students,) or (seeds, students), with its interval."""
    return intervals({"scores": scores}, bootstrap)["scores"]


def intervals(scores: Mapping[str, ArrayLike], bootstrap: Bootstrap | None = None) -> dict[str, Interval]:
    """The mean of every policy with its interval, all from the same resampled students."""
    settings = bootstrap or Bootstrap()
    replicates = settings.means(scores)
    tables = as_tables(scores)
    return {name: settings.interval(float(tables[name].mean()), replicates[name]) for name in tables}


def compare(policy_scores: ArrayLike, baseline_scores: ArrayLike, bootstrap: Bootstrap | None = None) -> Comparison:
    """One policy against one baseline; a single planned pair, so `p_adjusted` is `p`."""
    scores = {"policy": policy_scores, "baseline": baseline_scores}
    return compare_all(scores, [("policy", "baseline")], bootstrap)[0]


def compare_all(
    scores: Mapping[str, ArrayLike],
    pairs: Sequence[tuple[str, str]],
    bootstrap: Bootstrap | None = None,
) -> list[Comparison]:
    """Every planned pair (policy, baseline), p adjusted over all of them by Holm's method."""
    settings = bootstrap or Bootstrap()
    check = Violations("planned pairs")
    # Below this not even the smallest p that the replicates can show would be clear after Holm's adjustment.
    fewest = 40 * max(1, len(pairs))
    if settings.replicates < fewest:
        check.add("replicates", settings.replicates, f"must be at least {fewest} for {len(pairs)} planned pairs")
    for i, pair in enumerate(pairs):
        for name in pair:
            if name not in scores:
                check.add(f"pairs[{i}]", name, f"must be one of the policies: {', '.join(scores)}")
    check.raise_all()
    tables = as_tables(scores)
    replicates = settings.means(scores) if pairs else {}
    p_values = [two_sided_p(replicates[a] - replicates[b]) for a, b in pairs]
    return [
        _comparison(settings, pair, tables, replicates, p, adjusted)
        for pair, p, adjusted in zip(pairs, p_values, holm(p_values), strict=True)
    ]


def _comparison(
    settings: Bootstrap,
    pair: tuple[str, str],
    tables: Mapping[str, Float],
    replicates: Mapping[str, Float],
    p: float,
    p_adjusted: float,
) -> Comparison:
    policy, baseline = (tables[name] for name in pair)
    interval = settings.interval(float(policy.mean() - baseline.mean()), replicates[pair[0]] - replicates[pair[1]])
    return Comparison(
        policy=pair[0],
        baseline=pair[1],
        difference=interval.mean,
        ci_low=interval.low,
        ci_high=interval.high,
        p=p,
        p_adjusted=float(p_adjusted),
        probability_of_improvement=probability_of_improvement(policy, baseline),
        smallest_visible_effect=smallest_visible_effect(paired_difference(policy, baseline)),
    )


def two_sided_p(replicates: ArrayLike) -> float:
    """Bootstrap p of "the mean is zero": twice the smaller share of replicates on one side of zero.

    It is the interval turned round: p < .05 where the 95% percentile interval leaves zero out, but for the
    resolution of the replicates. One is added to both counts, so p is never 0 (Davison & Hinkley 1997, 4.2).
    """
    values = np.asarray(replicates, dtype=np.float64)
    side = min(np.count_nonzero(values <= 0.0), np.count_nonzero(values >= 0.0))
    return float(min(1.0, 2.0 * (side + 1) / (values.size + 1)))


def holm(p: ArrayLike) -> Float:
    """Holm's step-down adjustment: the chance of any false alarm among the pairs stays under the level.

    With p sorted upwards, adjusted p_(i) = max over j <= i of min(1, (m - j + 1) p_(j)).
    """
    values = np.asarray(p, dtype=np.float64).ravel()
    check = Violations("holm")
    check.each("p", values.tolist(), at_least=0.0, at_most=1.0)
    check.raise_all()
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def iqm(scores: ArrayLike) -> float:
    """Interquartile mean: the mean but for the lowest and highest quarter of the scores (of 0..7: 3.5)."""
    return float(trim_mean(as_table("scores", scores), 0.25, axis=None))


def probability_of_improvement(policy_scores: ArrayLike, baseline_scores: ArrayLike) -> float:
    """How often a student fares better with the policy than with the baseline, ties counting half.

    The mean over students, and over all pairs of seeds, of [x > y] + [x = y] / 2; P(X, Y) + P(Y, X) = 1.
    """
    policy, baseline = as_table("policy", policy_scores), as_table("baseline", baseline_scores)
    same_students({"policy": policy, "baseline": baseline})
    # Seed by seed: a (seeds, seeds, students) array would be large for nothing.
    halves = sum(float(np.sign(row - baseline).sum()) for row in policy)
    return 0.5 + 0.5 * halves / (len(policy) * baseline.size)


def standard_error(scores: ArrayLike) -> tuple[float, float]:
    """Standard error of the mean of (seeds, students) scores, and its degrees of freedom.

    The sum of the two variances that `Bootstrap` draws: between students (of their means over seeds), and
    between seeds (of their means over students). With one seed only the first, with n - 1 degrees of freedom;
    else those of Satterthwaite (1946), doi:10.2307/3002019.
    """
    table = as_table("scores", scores)
    seeds, n = table.shape
    between_students = float(table.mean(axis=0).var(ddof=1)) / n
    between_seeds = float(table.mean(axis=1).var(ddof=1)) / seeds if seeds > 1 else 0.0
    total = between_students + between_seeds
    if total == 0.0:
        return 0.0, float(n - 1)
    parts = between_students**2 / (n - 1) + between_seeds**2 / max(seeds - 1, 1)
    return float(np.sqrt(total)), float(total**2 / parts)


def smallest_visible_effect(difference: ArrayLike, *, power: float = 0.8, level: float = 0.05) -> float:
    """The true difference that a study like this one would call clear with this power.

    (t_{1 - level/2} + t_{power}) x the paired standard error: 2.80 standard errors at the defaults with many
    students. `difference` is policy minus baseline, (students,) or (seeds, students).
    """
    check = Violations("smallest visible effect")
    check.number("power", power, above=0.0, below=1.0)
    check.number("level", level, above=0.0, below=1.0)
    check.raise_all()
    error, freedom = standard_error(difference)
    return float((student_t.ppf(1.0 - level / 2.0, freedom) + student_t.ppf(power, freedom)) * error)
