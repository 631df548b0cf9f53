"""What objectives that weigh students by their subgroup share: which groups there are along an axis.

An axis is named by any part of the subgroups' names that lies on it: in a world with "most deprived / disabled" and
"least deprived / not disabled", "disabled" means the axis of disability. Without one, the whole name is meant.
"""

from __future__ import annotations

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.config import nearest
from curriculum_rl.objectives.objective import Multipliers
from curriculum_rl.students.traits import PART, Group, axes
from curriculum_rl.violations import Violations
from curriculum_rl.world import World


def along(groups: tuple[Group, ...], axis: str | None) -> tuple[tuple[str, ...], Int]:
    """The names of the groups along an axis, and which of them each subgroup is in, (groups,)."""
    names = tuple(g.name for g in groups)
    if axis is None:
        return names, np.arange(len(names))
    i, parts = next((i, parts) for i, parts in enumerate(axes(names)) if axis in parts)
    return parts, np.array([parts.index(name.split(PART)[i]) for name in names])


def blank_multipliers(world: World, axis: str | None) -> Multipliers:
    """One multiplier for each group along the axis, 0 each."""
    groups = world.population.groups
    names, place = along(groups, axis)
    zeros = np.zeros((3, len(names)))
    share = np.bincount(place, [g.share for g in groups], len(names))
    return Multipliers(names, place, share / share.sum(), *zeros)


def refused(what: str, world: World, axis: str | None) -> list[str]:
    """Why the students of a world cannot be told apart along this axis."""
    check, names = Violations(what), [g.name for g in world.population.groups]
    parts = [part for one in axes(names) for part in one]
    if axis is None and len(names) < 2:
        check.that(False, f"{what}: {world.name!r} has one subgroup alone. Take a world with several")
    elif axis is not None and axis not in parts:
        remedy = nearest(axis, parts) if parts else "Leave it out: names of its subgroups have but one part."
        check.add(f"{what}: axis", axis, f"is no part of a subgroup's name in {world.name!r}", remedy)
    elif axis is not None and len(along(world.population.groups, axis)[0]) < 2:
        check.add(f"{what}: axis", axis, f"is the only part of its axis in {world.name!r}", "Take another axis.")
    return check.found


def weights_of(weight: Float, group: Int, multipliers: Multipliers) -> Float:
    """The weight of each student, (n,), from that of the groups, (p,)."""
    of_each: Float = weight[multipliers.place[group]]
    return of_each
