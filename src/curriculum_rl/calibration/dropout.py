"""Dropout fitted to how many withdrew, in all and by subgroup, with engagement and failures as a world has them.

Leaving changes nothing but when a course ends: so students are played once without it, and what they felt at the end
of every session is kept. With x_is = time ln(s) + failures recent_is - engagement (level_is - 1/2), student i of
subgroup g leaves by the end with chance

    P_i = 1 - prod_s (1 - logistic(intercept + offset_g + x_is))

and the intercept and one offset for each part of a subgroup's name are found at which the mean of P_i over the
students of each part is the share that withdrew. Totals: the Open University's (Kuzilek, Hlosta & Zdrahal 2017,
doi:10.1038/sdata.2017.171, CC BY 4.0), by deprivation and disability. What is not in totals (`time`, `failures`,
`engagement`, `memory`) stays as it is: assumed.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.optimize import root
from scipy.special import log_expit

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation.cohorts import TUNE, first
from curriculum_rl.evaluation.rollout import offer
from curriculum_rl.policies.load import load_policy
from curriculum_rl.policies.policy import Policy
from curriculum_rl.students.dropout import Dropout
from curriculum_rl.students.traits import PART, Group, of_groups
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World, load_world

BANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "most deprived": ("0-10%", "20-Oct", "10-20%", "20-30%"),
    "middle": ("30-40%", "40-50%", "50-60%", "60-70%"),
    "least deprived": ("70-80%", "80-90%", "90-100%"),
}
"""Deciles of the index of multiple deprivation; the source's `20-Oct` is 10-20% that a spreadsheet took for a date."""


@dataclass(frozen=True)
class Withdrawals:
    """How many withdrew.

    Attributes:
        share: in all.
        by_part: share in each part of a subgroup's name.
        joint: share of the students in each pair of deprivation and disability, by the subgroup's name.
    """

    share: float
    by_part: Mapping[str, float]
    joint: Mapping[str, float]


def read_withdrawals(path: Path) -> Withdrawals:
    """Withdrawals by deprivation and disability from OULAD's `studentInfo` table, those of unknown band left out.

    Raises:
        InvalidInput: there is no such table.
    """
    columns = ["imd_band", "disability", "final_result"]
    try:
        table = pq.read_table(path, columns=columns)
    except (pa.ArrowException, OSError) as error:
        remedy = f"give OULAD's studentInfo as Parquet, with the columns {', '.join(columns)}"
        raise InvalidInput(str(path), [f"cannot be read ({type(error).__name__}): {remedy}"]) from None
    band, disability, result = (np.array(table.column(c).to_pylist(), dtype=object) for c in columns)
    known = np.array([b is not None for b in band])
    left = (result == "Withdrawn")[known]
    of_band = {name: np.isin(band[known].astype(str), deciles) for name, deciles in BANDS.items()}
    of_disability = {"disabled": (disability == "Y")[known], "not disabled": (disability == "N")[known]}
    joint = {
        f"{b}{PART}{d}": float((in_band & in_disability).mean())
        for b, in_band in of_band.items()
        for d, in_disability in of_disability.items()
    }
    parts = {name: float(left[rows].mean()) for name, rows in {**of_band, **of_disability}.items()}
    return Withdrawals(float(left.mean()), parts, joint)


@dataclass(frozen=True)
class Felt:
    """What n students felt at the end of each of S sessions, had nobody left."""

    group: Int  # (n,)
    logits: Float  # (n, S) x as above
    there: Bool  # (n, S) whether that end was before the end of the student's course


def felt(world: World, policy: Policy, ids: Int, seed: int = 0) -> Felt:
    """Plays these students without dropout, among their classmates where they have any.

    Raises:
        InvalidInput: the world has no dropout to fit.
    """
    dropout = world.population.faculties.dropout
    if dropout is None:
        raise InvalidInput(world.name, ["dropout is off: switch faculties.dropout on, with any intercept"])
    stay = replace(dropout, intercept=-50.0, by_group={})
    faculties = replace(world.population.faculties, dropout=stay)
    everyone, asked = world.classmates(ids)
    simulation = Simulation(
        replace(world, population=replace(world.population, faculties=faculties)), policy.tracker, everyone, seed
    )
    key, course = streams.keys(seed, streams.Purpose.POLICY, everyone), world.course
    shape = (len(everyone), len(course.days))
    logits, there, going = np.zeros(shape), np.zeros(shape, dtype=np.bool_), np.ones(len(everyone), dtype=np.bool_)
    while going.any():
        before = simulation.students.clock.session.copy()
        happened = simulation.step(offer(policy, simulation, key))
        inner, session = simulation.students.inner, simulation.students.clock.session
        level = inner.mood.level if inner.mood is not None else np.full(len(everyone), 0.5)
        assert inner.wavering is not None
        rows = np.flatnonzero(going & (session > before))
        of = dropout.time * np.log(np.maximum(session, 1)) + dropout.failures * inner.wavering.recent
        of -= dropout.engagement * (level - 0.5)
        logits[rows, before[rows]] = of[rows]
        there[rows, before[rows]] = ~happened.truncated[rows]
        going &= ~happened.over
    return Felt(simulation.students.traits.group[asked], logits[asked], there[asked])


def leaving(dropout: Dropout, offset: Float, those: Felt) -> Float:
    """P(leaves by the end) of each student, (n,), from the offset of each subgroup."""
    logits = dropout.intercept + offset[those.group][:, None] + those.logits
    stays = np.where(those.there, log_expit(-logits), 0.0).sum(axis=1)
    chance: Float = -np.expm1(stays)
    return chance


def fit_dropout(dropout: Dropout, groups: tuple[Group, ...], those: Felt, target: Withdrawals) -> Dropout:
    """The same hazard with the intercept and offsets at which these students withdraw as the target says.

    Raises:
        InvalidInput: a part of the target is no subgroup's, or no offsets reach it.
    """
    parts = [p for p in target.by_part if any(p in g.name.split(PART) for g in groups)]
    if not parts:
        raise InvalidInput("dropout", [f"no subgroup is named after any of: {', '.join(target.by_part)}"])
    member = np.array([[p in g.name.split(PART) for p in parts] for g in groups], dtype=np.float64)  # (groups, parts)
    share = np.array([target.by_part[p] for p in parts])

    def missing(x: Float) -> Float:
        chance = leaving(replace(dropout, intercept=0.0), member @ x, those)
        of = member[those.group]
        found: Float = (of * chance[:, None]).sum(axis=0) / of.sum(axis=0) - share
        return found

    # One offset too many for each axis: least squares leaves them as small as they can be.
    solved = root(missing, np.full(len(parts), -2.0 / max(len(parts), 1)), method="lm", tol=1e-12)
    if np.abs(missing(solved.x)).max() > 1e-3:
        worst = float(np.abs(missing(solved.x)).max())
        raise InvalidInput("dropout", [f"no offsets come nearer than {worst:.3f} to the shares that withdrew"])
    offsets = dict(zip(parts, solved.x.tolist(), strict=True))
    intercept = 0.0
    for axis in _axes(groups, parts):
        mean = float(np.mean([offsets[p] for p in axis]))
        intercept += mean
        offsets |= {p: offsets[p] - mean for p in axis}
    rounded = {p: round(x, 4) for p, x in offsets.items()}
    return replace(dropout, intercept=round(intercept, 4), by_group=rounded)


def _axes(groups: tuple[Group, ...], parts: list[str]) -> list[list[str]]:
    """The parts by their place in the subgroups' names: offsets of one axis may move against the intercept."""
    places: dict[int, list[str]] = {}
    for part in parts:
        place = next(g.name.split(PART).index(part) for g in groups if part in g.name.split(PART))
        places.setdefault(place, []).append(part)
    return list(places.values())


def main() -> None:
    """Prints the fitted numbers of a world's dropout, ready to be put into its pack."""
    parser = argparse.ArgumentParser(description="Fit dropout to how many withdrew.")
    parser.add_argument("log", type=Path, help="OULAD's studentInfo as Parquet")
    parser.add_argument("--world", default="classroom", help="a world, or the folder of your own pack")
    parser.add_argument("--policy", default="mastery_review", help="the heuristic that teaches")
    parser.add_argument("--students", type=int, default=20_000)
    given = parser.parse_args()
    target, world = read_withdrawals(given.log), load_world(given.world)
    groups, dropout = world.population.groups, world.population.faculties.dropout
    those = felt(world, load_policy(given.policy), first(TUNE, given.students))
    assert dropout is not None
    fitted = fit_dropout(dropout, groups, those, target)
    print(f"intercept: {fitted.intercept}\nby_group: {dict(fitted.by_group)}")
    chance = leaving(fitted, of_groups(groups, fitted.by_group), those)
    member = np.array([g.name for g in groups], dtype=object)[those.group]
    print(f"withdraw: {chance.mean():.4f} of these students, {target.share:.4f} of those of the log")
    for part, share in target.by_part.items():
        rows = np.array([part in name.split(PART) for name in member])
        print(f"  {part}: {chance[rows].mean():.4f}, {share:.4f}")


if __name__ == "__main__":
    main()
