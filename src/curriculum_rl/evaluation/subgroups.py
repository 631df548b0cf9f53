"""Who gains: results by named subgroup and by quarter of true ability, and the gap between groups.

A mean over all students can rise while a group falls, so every group is shown and the worst one is named.
Small groups are withheld: a cell of fewer than `minimum` students says too much about each of them. Because the
whole and the other groups are printed too, one withheld cell could be found by subtraction; so another is withheld
with it, the smallest that is left, until at least two cells and at least `minimum` students are out of sight
together (complementary suppression; Hundepool et al. 2012, "Statistical Disclosure Control", ch. 4). The same holds
within every other sum that is printed: where subgroups are crossings of axes ("most deprived / disabled"), results by
each axis alone are printed as well.

Where students sit in classes, a group that is all in one class is withheld too: it has no interval (`bootstrap.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.evaluation.scores import Float, as_tables
from curriculum_rl.students.traits import PART, axes
from curriculum_rl.violations import Violations

QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")


@dataclass(frozen=True)
class Cell:
    """One policy in one group; the fields are those of `results.json`.

    Attributes:
        by: what the groups are ("group", "ability quarter").
        students: how many; None where suppressed, as are the mean and its interval.
        mean, ci_low, ci_high: mean score of the group's students, with its interval.
    """

    by: str
    group: str
    policy: str
    students: int | None
    mean: float | None
    ci_low: float | None
    ci_high: float | None
    suppressed: bool


@dataclass(frozen=True)
class Gap:
    """How far a policy's worst group is behind its best one, among the groups that may be shown.

    The two groups were picked because they came out lowest and highest, so a small gap is partly chance: the
    interval is that of the two groups named, not of the picking.
    """

    by: str
    policy: str
    worst: str
    best: str
    gap: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class Subgroups:
    """Results by group: a cell for every policy and group, and a gap for every policy with two groups shown."""

    cells: tuple[Cell, ...]
    gaps: tuple[Gap, ...]


def by_subgroup_and_ability(
    scores: Mapping[str, ArrayLike],
    subgroup: Sequence[str] | NDArray[np.str_],
    ability: ArrayLike,
    bootstrap: Bootstrap | None = None,
    minimum: int = 10,
    order: Sequence[str] = (),
) -> Subgroups:
    """Results by the population's named subgroup, by each axis of the names, and by quarter of true ability.

    Args:
        scores: of each policy, (students,) or (seeds, students).
        subgroup: each student's named subgroup, (students,).
        ability: each student's true ability, logits, (students,). Known in simulation only.
        minimum: cells of fewer students are suppressed.
        order: in which the named subgroups are listed.
    """
    named = np.asarray(subgroup, dtype=np.str_)
    crossed = axes([*order, *(str(name) for name in np.unique(named) if name not in order)])
    sums = [frozenset(str(n) for n in np.unique(named) if part in n.split(PART)) for axis in crossed for part in axis]
    found = [by_group(scores, named, "group", bootstrap, minimum, order, sums)]
    for i, axis in enumerate(crossed):
        parts = np.array([name.split(PART)[i] for name in named])
        found.append(by_group(scores, parts, axis_name(axis), bootstrap, minimum, axis))
    found.append(by_group(scores, ability_quarters(ability), "ability quarter", bootstrap, minimum, QUARTERS))
    return Subgroups(sum((f.cells for f in found), ()), sum((f.gaps for f in found), ()))


def axis_name(parts: Sequence[str]) -> str:
    """What an axis of subgroups is called in results, by its parts: "most deprived, middle, least deprived"."""
    return ", ".join(parts)


def by_group(
    scores: Mapping[str, ArrayLike],
    labels: Sequence[str] | NDArray[np.str_],
    by: str,
    bootstrap: Bootstrap | None = None,
    minimum: int = 10,
    order: Sequence[str] = (),
    sums: Sequence[frozenset[str]] = (),
) -> Subgroups:
    """Every policy's mean in every group of `labels` (students,), with small groups suppressed.

    Groups come in the given `order`, those it does not name behind it by name. `sums` are sets of groups whose
    results together are printed elsewhere.
    """
    tables, membership = _checked(scores, labels, minimum)
    present = [str(name) for name in np.unique(membership)]
    groups = [name for name in order if name in present] + [name for name in present if name not in order]
    counts = {name: int(np.count_nonzero(membership == name)) for name in groups}
    hidden = suppressed_groups(counts, minimum, sums)
    settings = bootstrap or Bootstrap()

    cells: list[Cell] = []
    replicates: dict[tuple[str, str], Float] = {}
    for stream, name in enumerate(groups, start=1):
        rows = membership == name
        drawing = settings.of(rows, settings.stream + stream)
        if name in hidden or drawing.one_class:
            cells += [Cell(by, name, policy, None, None, None, None, True) for policy in tables]
            continue
        chosen = {policy: table[:, rows] for policy, table in tables.items()}
        # A stream for each group: groups share no student, so their draws must not be shared either.
        drawn = drawing.means(chosen)
        for policy, table in chosen.items():
            interval = settings.interval(float(table.mean()), drawn[policy])
            replicates[policy, name] = drawn[policy]
            cells.append(Cell(by, name, policy, counts[name], interval.mean, interval.low, interval.high, False))
    gaps = [_gap(by, policy, cells, replicates, settings) for policy in tables]
    return Subgroups(tuple(cells), tuple(gap for gap in gaps if gap is not None))


def ability_quarters(ability: ArrayLike) -> NDArray[np.str_]:
    """The quarter of each student, (students,), cut at the quartiles of these students; equals stay together."""
    values = np.asarray(ability, dtype=np.float64)
    check = Violations("ability")
    if values.ndim != 1 or values.size == 0:
        check.add("shape", values.shape, "must be (students,) with at least one student")
    else:
        check.that(np.isfinite(values), "ability must be finite for every student")
    check.raise_all()
    cuts = np.quantile(values, [0.25, 0.5, 0.75])
    return np.asarray(QUARTERS)[np.searchsorted(cuts, values, side="left")]


def suppressed_groups(
    counts: Mapping[str, int], minimum: int = 10, sums: Sequence[frozenset[str]] = ()
) -> frozenset[str]:
    """The groups to withhold so that no small one can be read, or found by subtraction from what is printed.

    In the whole, and in each of `sums`, nothing is withheld, or at least two groups and `minimum` students are.
    """
    smallest_first = sorted(counts, key=lambda name: (counts[name], name))
    hidden = {name for name in smallest_first if counts[name] < minimum}
    told = [frozenset(counts), *(frozenset(names & counts.keys()) for names in sums)]
    alone = {name for names in told[1:] if len(names) == 1 for name in names}  # its sum would give it away
    told = [names - alone if len(names) > 1 else names for names in told]
    while True:
        before = len(hidden)
        for names in told:
            for name in (n for n in smallest_first if n in names and n not in hidden):
                out = hidden & names
                if not out or (len(out) >= 2 and sum(counts[other] for other in out) >= minimum):
                    break
                hidden.add(name)
        if len(hidden) == before:
            return frozenset(hidden)


def worst_group(cells: Sequence[Cell], policy: str, by: str) -> Cell | None:
    """The shown group with the lowest mean under this policy; None if all were withheld."""
    return min(_shown(cells, policy, by), key=_mean, default=None)


def _gap(
    by: str,
    policy: str,
    cells: Sequence[Cell],
    replicates: Mapping[tuple[str, str], Float],
    settings: Bootstrap,
) -> Gap | None:
    shown = _shown(cells, policy, by)
    if len(shown) < 2:
        return None
    worst, best = min(shown, key=_mean), max(shown, key=_mean)
    drawn = replicates[policy, best.group] - replicates[policy, worst.group]
    interval = settings.interval(_mean(best) - _mean(worst), drawn)
    return Gap(by, policy, worst.group, best.group, interval.mean, interval.low, interval.high)


def _shown(cells: Sequence[Cell], policy: str, by: str) -> list[Cell]:
    return [cell for cell in cells if cell.policy == policy and cell.by == by and not cell.suppressed]


def _mean(cell: Cell) -> float:
    return np.inf if cell.mean is None else cell.mean


def _checked(
    scores: Mapping[str, ArrayLike], labels: Sequence[str] | NDArray[np.str_], minimum: int
) -> tuple[dict[str, Float], NDArray[np.str_]]:
    tables = as_tables(scores)
    membership = np.asarray(labels, dtype=np.str_)
    students = next(iter(tables.values())).shape[1]
    check = Violations("subgroups")
    check.number("minimum", minimum, at_least=2)
    if membership.shape != (students,):
        check.add("labels", membership.shape, f"must have shape ({students},), one label for each student")
    check.raise_all()
    return tables, membership
