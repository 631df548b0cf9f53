"""How far a comparison of policies on the same students can be trusted.

Every policy meets the same students and the same luck (common random numbers), so policies are compared
student by student, by the paired replicates of `bootstrap.py`.

Interquartile mean and probability of improvement: Agarwal et al. (2021), arXiv:2108.13264. Holm (1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student_t
from scipy.stats import trim_mean

from curriculum_rl.evaluation.bootstrap import Bootstrap, Interval, by_class
from curriculum_rl.evaluation.scores import Float, as_table, as_tables, paired_difference, same_students
from curriculum_rl.violations import Violations


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

    @property
    def turned(self) -> Comparison:
        """The same, seen from the baseline."""
        return replace(
            self,
            policy=self.baseline,
            baseline=self.policy,
            difference=-self.difference,
            ci_low=-self.ci_high,
            ci_high=-self.ci_low,
            probability_of_improvement=1.0 - self.probability_of_improvement,
        )


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
        smallest_visible_effect=smallest_visible_effect(paired_difference(policy, baseline), settings.classes),
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


def standard_error(scores: ArrayLike, classes: Sequence[int] | None = None) -> tuple[float, float]:
    """Standard error of the mean of (seeds, students) scores, and its degrees of freedom.

    The sum of the two variances that `Bootstrap` draws: between students or classes (of their means over seeds), and
    between seeds (of their means over students). With one seed only the first, with one degree of freedom fewer than
    there are students or classes; else those of Satterthwaite (1946), doi:10.2307/3002019.
    """
    table = as_table("scores", scores)
    seeds, n = table.shape
    mean = table.mean(axis=0, keepdims=True)
    sums, sizes = by_class(mean - mean.mean(), classes)
    drawn = len(sizes)
    between_students = float((sums**2).sum()) * drawn / (drawn - 1) / n**2
    between_seeds = float(table.mean(axis=1).var(ddof=1)) / seeds if seeds > 1 else 0.0
    total = between_students + between_seeds
    if total == 0.0:
        return 0.0, float(drawn - 1)
    parts = between_students**2 / (drawn - 1) + between_seeds**2 / max(seeds - 1, 1)
    return float(np.sqrt(total)), float(total**2 / parts)


def smallest_visible_effect(
    difference: ArrayLike, classes: Sequence[int] | None = None, *, power: float = 0.8, level: float = 0.05
) -> float:
    """The true difference that a study like this one would call clear with this power.

    (t_{1 - level/2} + t_{power}) x the paired standard error: 2.80 standard errors at the defaults with many
    students. `difference` is policy minus baseline, (students,) or (seeds, students).
    """
    check = Violations("smallest visible effect")
    check.number("power", power, above=0.0, below=1.0)
    check.number("level", level, above=0.0, below=1.0)
    check.raise_all()
    error, freedom = standard_error(difference, classes)
    return float((student_t.ppf(1.0 - level / 2.0, freedom) + student_t.ppf(power, freedom)) * error)
