"""How intervals are made: replicates of the mean score of each policy, over students or classes, and training seeds.

Scores are (students,) for a policy that has no training seed, or (seeds, students) for one that was trained several
times. One replicate b of a policy's mean is

    m_b = sum_i w_bi x_i + sqrt((S - 1) / c_b) * sum_s z_bs (y_s - y) / sqrt(S (S - 1))

x_i: a student's score averaged over the S seeds; w_b: students drawn with replacement; y_s: a seed's mean, y
their mean; z: standard normal; c: chi-square with S - 1 degrees of freedom. The first term is the bootstrap
over students. The second stands for the draw of other seeds: given the scores it is Student's t with S - 1
degrees of freedom and the standard error of y. (Resampling five seeds with replacement covers .80 where .95
is promised: it understates their variance by a fifth and has thin tails; Hesterberg 2015,
doi:10.1080/00031305.2015.1089789.) What is left of (student x seed) noise counts in both terms, so the
interval errs on the wide side, as resampling two crossed factors does (Owen 2007, doi:10.1214/07-AOAS122).

Where students have classmates, whole classes are drawn instead, for what one does moves the others: m_b is then the
sum of the drawn classes' scores over the number of their students (Cameron, Gelbach & Miller 2008,
doi:10.1162/rest.90.3.414).

w, z and c are the same for every policy, and m_b is linear in the scores: the difference of two policies'
replicates is a replicate of their paired difference. With one seed the second term is zero, and the interval
speaks of that one trained policy only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curriculum_rl.batch import Int
from curriculum_rl.evaluation.scores import Float, as_tables
from curriculum_rl.violations import Violations

_CELLS = 2_000_000  # weights held at once, 16 MB: a block of replicates stays in the cache's reach


@dataclass(frozen=True)
class Interval:
    """A mean and its two-sided percentile interval, in the scores' unit."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made.

    Attributes:
        replicates: bootstrap replicates; the smallest p that can be reported is 2 / (replicates + 1).
        level: coverage of the intervals, in (0, 1).
        seed: of the replicates' own draws.
        stream: another number gives independent draws, for groups that share no student.
        classes: a number for each student, the same for classmates, who are drawn together; None draws students.
    """

    replicates: int = 10_000
    level: float = 0.95
    seed: int = 0
    stream: int = 0
    classes: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        check = Violations("bootstrap")
        check.number("replicates", self.replicates, at_least=100)
        check.number("level", self.level, above=0.0, below=1.0)
        check.number("seed", self.seed, at_least=0)
        check.number("stream", self.stream, at_least=0)
        check.raise_all()

    def among(self, students: Int, class_size: int) -> Bootstrap:
        """For these students, ids, (n,), who sit in classes of so many: where that is one, each is drawn alone."""
        if class_size == 1:
            return self
        return replace(self, classes=tuple((students // class_size).tolist()))

    def of(self, rows: NDArray[np.bool_], stream: int) -> Bootstrap:
        """For these students alone, (n,), with draws of their own."""
        classes = None if self.classes is None else tuple(np.array(self.classes)[rows].tolist())
        return replace(self, stream=stream, classes=classes)

    @property
    def one_class(self) -> bool:
        """Whether all students are in one class, so that nothing tells its luck from theirs: there is no interval."""
        return self.classes is not None and len(set(self.classes)) == 1

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
        """Means over students, or whole classes, drawn with replacement, (P, replicates), of `scores` (P, n)."""
        draws = np.random.default_rng([self.seed, self.stream, 0])
        means = np.empty((len(scores), self.replicates))
        # Centred first: a shift of the scores then shifts the replicates and changes nothing else.
        centre = scores.mean(axis=1, keepdims=True)
        sums, sizes = by_class(scores - centre, self.classes)
        n = len(sizes)
        block = max(1, _CELLS // n)
        for start in range(0, self.replicates, block):
            rows = min(block, self.replicates - start)
            picks = draws.integers(0, n, size=(rows, n)) + n * np.arange(rows)[:, None]
            times = np.bincount(picks.ravel(), minlength=rows * n).reshape(rows, n).T.astype(np.float64)
            means[:, start : start + rows] = sums @ times / (sizes @ times) + centre
        return means

    def _seed_draws(self, seeds: int) -> tuple[Float, Float]:
        """Normals (seeds, replicates), and chi-squares of one degree of freedom to be summed, one row fewer.

        Seed by seed, so that a policy's replicates are the same whatever others were trained on. No `stream`:
        the same seeds teach every group.
        """
        z = np.random.default_rng([self.seed, 0, 1]).standard_normal((seeds, self.replicates))
        roots = np.random.default_rng([self.seed, 0, 2]).standard_normal((seeds - 1, self.replicates))
        return z, roots**2


def by_class(scores: Float, classes: Sequence[int] | None) -> tuple[Float, Float]:
    """Sums of `scores`, (P, n), over the students of each class, (P, C), and how many these are, (C,).

    Raises:
        InvalidInput: there is not one number for each student, or all are in one class.
    """
    if classes is None:
        return scores, np.ones(scores.shape[1])
    check = Violations("bootstrap")
    if len(classes) != scores.shape[1]:
        check.add("classes", len(classes), f"must be {scores.shape[1]} numbers, one for each student")
    check.that(len(set(classes)) > 1, "classes: all students are in one. Judge on several classes")
    check.raise_all()
    _, of = np.unique(np.array(classes), return_inverse=True)
    sums: Float = np.stack([np.bincount(of, weights=row) for row in scores])
    return sums, np.bincount(of).astype(np.float64)
