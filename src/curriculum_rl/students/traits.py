"""Who a student is: traits that stay, drawn by named subgroup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curriculum_rl import streams
from curriculum_rl.batch import Float, Int
from curriculum_rl.violations import Violations


@dataclass
class Traits:
    """Traits of n students, (n,) each. Hidden: no policy, tracker or mask receives them."""

    group: Int  # index of the subgroup
    ability: Float  # logits, of first knowledge
    rate: Float  # of learning, in the units of the knowledge model
    pace: Float  # log of how many times faster than average
    memory: Float  # log of how many times longer than average a half-life is


@dataclass(frozen=True)
class Group:
    """A named subgroup: its share of the population and the normal distributions of its members' traits.

    Attributes:
        name: what reports call it.
        share: of the population, in (0, 1]; all shares sum to 1.
        ability_mean, ability_sd: logits, of first knowledge.
        rate_mean, rate_sd: of learning; logits for BKT, logits a try for AFM, log for IRT with growth.
        correlation: between ability and rate, in [-1, 1].
        pace_mean, pace_sd: log of speed (van der Linden 2006 reports person sds of .18 to .37).
        memory_mean, memory_sd: log of the factor on half-lives.
    """

    name: str
    share: float = 1.0
    ability_mean: float = 0.0
    ability_sd: float = 0.0
    rate_mean: float = 0.0
    rate_sd: float = 0.0
    correlation: float = 0.0
    pace_mean: float = 0.0
    pace_sd: float = 0.0
    memory_mean: float = 0.0
    memory_sd: float = 0.0

    def __post_init__(self) -> None:
        check = Violations(f"group {self.name!r}")
        if not self.name:
            check.add("name", self.name, "must not be empty")
        check.number("share", self.share, above=0.0, at_most=1.0)
        for trait in ("ability", "rate", "pace", "memory"):
            check.number(f"{trait}_mean", getattr(self, f"{trait}_mean"), at_least=-10.0, at_most=10.0)
            check.number(f"{trait}_sd", getattr(self, f"{trait}_sd"), at_least=0.0, at_most=10.0)
        check.number("correlation", self.correlation, at_least=-1.0, at_most=1.0)
        check.raise_all()


PART = " / "
"""Between the parts of a subgroup's name, one for each axis: "most deprived / disabled"."""


def of_groups(groups: tuple[Group, ...], offsets: Mapping[str, float]) -> Float:
    """The offset of each subgroup, (groups,): the sum of those that name it or a part of its name."""
    named = [{g.name, *g.name.split(PART)} for g in groups]
    return np.array([sum(x for name, x in offsets.items() if name in names) for names in named], dtype=np.float64)


def axes(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The parts of subgroups' names, axis by axis, as they come; none where names have but one part, or not as many.

    Of "boys / north" and "girls / north": ("boys", "girls") and ("north",).
    """
    split = [name.split(PART) for name in names]
    count = len(split[0]) if split else 0
    if count < 2 or any(len(parts) != count for parts in split):
        return ()
    return tuple(tuple(dict.fromkeys(parts[i] for parts in split)) for i in range(count))


def check_offsets(where: str, groups: tuple[Group, ...], offsets: Mapping[str, float], check: Violations) -> None:
    """Notes offsets that are for no subgroup, or no finite numbers."""
    known = {part for g in groups for part in (g.name, *g.name.split(PART))}
    for name, value in offsets.items():
        if name not in known:
            check.add(f"{where}[{name}]", value, "is for no subgroup", f"There are: {', '.join(sorted(known))}.")
        check.number(f"{where}[{name}]", value, at_least=-50.0, at_most=50.0)


def check_groups(groups: tuple[Group, ...], check: Violations) -> None:
    """Notes what is wrong with the subgroups together: none at all, a name twice, shares that do not sum to 1."""
    names = [g.name for g in groups]
    if not names:
        check.add("groups", names, "must hold at least one", "A world with no students teaches nobody.")
    for name in {n for n in names if names.count(n) > 1}:
        check.add("groups", name, "stands twice", "Give each subgroup its own name.")
    if names and abs(sum(g.share for g in groups) - 1.0) > 1e-6:
        check.add("groups[].share", sum(g.share for g in groups), "must sum to 1")


GROUP, ABILITY, RATE, PACE, MEMORY = range(5)
"""Counters of these draws in the PERSON stream. Frozen."""


def draw_traits(groups: tuple[Group, ...], key: streams.Keys) -> Traits:
    """Draws the traits of the students with these PERSON keys, (n,) each."""
    counters = np.arange(5, dtype=np.uint64)[:, None]
    u = streams.uniform(key, counters)
    bounds = np.cumsum([g.share for g in groups])
    group = np.minimum(np.searchsorted(bounds, u[GROUP], side="right"), len(groups) - 1)
    z = streams.normal(u)

    def of(name: str) -> Float:
        chosen: Float = np.array([getattr(g, name) for g in groups])[group]
        return chosen

    rho = of("correlation")
    shared = rho * z[ABILITY] + np.sqrt(1.0 - rho**2) * z[RATE]
    return Traits(
        group=group.astype(np.int64),
        ability=of("ability_mean") + of("ability_sd") * z[ABILITY],
        rate=of("rate_mean") + of("rate_sd") * shared,
        pace=of("pace_mean") + of("pace_sd") * z[PACE],
        memory=of("memory_mean") + of("memory_sd") * z[MEMORY],
    )


def spread(groups: tuple[Group, ...]) -> tuple[float, float, float, float, float]:
    """Mean and sd of ability, mean and sd of rate, and their correlation, over the whole population."""
    share = np.array([g.share for g in groups])
    share = share / share.sum()

    def moments(name: str) -> tuple[float, float, Float]:
        means = np.array([getattr(g, f"{name}_mean") for g in groups])
        sds = np.array([getattr(g, f"{name}_sd") for g in groups])
        mean = float(share @ means)
        return mean, float(np.sqrt(share @ (sds**2 + (means - mean) ** 2))), means

    a_mean, a_sd, a_means = moments("ability")
    r_mean, r_sd, r_means = moments("rate")
    within = np.array([g.correlation * g.ability_sd * g.rate_sd for g in groups])
    covariance = float(share @ (within + (a_means - a_mean) * (r_means - r_mean)))
    product = a_sd * r_sd
    return a_mean, a_sd, r_mean, r_sd, covariance / product if product > 0 else 0.0
