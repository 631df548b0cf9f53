"""Strategies by simulators: whether a policy is better than another whatever the student model.

A policy that was learned on a simulated student may have learned that simulation's faults, so that its score there is
no evidence. It is judged on the simulators that remain: on student models of another kind, fitted to the same log
(Doroudi, Aleven & Brunskill 2017, "Robust evaluation matrix", doi:10.1145/3051457.3051463).

    robustly better:  the paired interval of the difference is above 0 in every simulator that remains
    robustly worse:   below 0 in every one
    else:             the simulators do not agree, and the one where the policy does worst is named

That each of several two-sided intervals of 95% is above 0 is a test of level 2.5% of "better in all", and needs no
correction for their number (an intersection-union test: Berger 1982, doi:10.1080/00401706.1982.10487790). One verdict
for each baseline is not corrected for the number of baselines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from curriculum_rl.evaluation.statistics import Comparison
from curriculum_rl.violations import InvalidInput

FEWEST = 2
"""Simulators that must remain for a verdict: one more than a comparison in a single world."""


class Word(Enum):
    """What the simulators say of a policy against a baseline."""

    BETTER = "robustly better"
    WORSE = "robustly worse"
    SPLIT = "the simulators do not agree"
    SILENT = "no verdict: it was trained in all but one simulator, or more"


@dataclass(frozen=True)
class Judged:
    """What came out in one simulator.

    Attributes:
        world: its name.
        natives: policies that were trained in it, whose scores in it are no evidence.
        comparisons: paired, on the same students.
    """

    world: str
    natives: frozenset[str]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Verdict:
    """One policy against one baseline over all simulators.

    Attributes:
        worlds: those that count: neither of the two was trained there.
        better, worse: those of them where the interval is above 0, below 0.
        worst: the world where the policy does worst against the baseline, with the difference there and its interval,
            points; None where no world counts.
    """

    policy: str
    baseline: str
    worlds: tuple[str, ...]
    better: tuple[str, ...]
    worse: tuple[str, ...]
    worst: tuple[str, Comparison] | None

    @property
    def word(self) -> Word:
        """What they say."""
        if len(self.worlds) < FEWEST:
            return Word.SILENT
        if len(self.better) == len(self.worlds):
            return Word.BETTER
        return Word.WORSE if len(self.worse) == len(self.worlds) else Word.SPLIT


def verdicts(judged: Sequence[Judged]) -> list[Verdict]:
    """A verdict for each pair that was compared in every simulator, in the order of the first.

    Raises:
        InvalidInput: there are fewer than two simulators, or two of the same name.
    """
    worlds = [one.world for one in judged]
    if len(worlds) < FEWEST:
        raise InvalidInput("simulators", [f"{len(worlds)} given: must be at least {FEWEST}. Give the folders of more."])
    if twice := sorted({name for name in worlds if worlds.count(name) > 1}):
        raise InvalidInput("simulators", [f"{name} is given more than once. Give each world once." for name in twice])
    tables = {one.world: {(c.policy, c.baseline): c for c in one.comparisons} for one in judged}
    natives = {one.world: one.natives for one in judged}
    pairs = [pair for pair in tables[worlds[0]] if all(pair in tables[world] for world in worlds)]
    return [_verdict(pair, tables, natives) for pair in pairs]


def _verdict(
    pair: tuple[str, str],
    tables: dict[str, dict[tuple[str, str], Comparison]],
    natives: dict[str, frozenset[str]],
) -> Verdict:
    left = {world: table[pair] for world, table in tables.items() if not natives[world] & set(pair)}
    return Verdict(
        *pair,
        worlds=tuple(left),
        better=tuple(world for world, c in left.items() if c.ci_low > 0.0),
        worse=tuple(world for world, c in left.items() if c.ci_high < 0.0),
        worst=min(left.items(), key=lambda of: of[1].difference) if left else None,
    )
