"""Bounds by name: one YAML a bound in `configs/oracle`. Each sees the true state, and is labelled privileged.

None ends a session or a course where a world lets policies do so (`controls.py`): it bounds what practice can do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, cast, runtime_checkable

from curriculum_rl.config import nearest
from curriculum_rl.evaluation.rollout import Privileged
from curriculum_rl.named import load_named, names_of
from curriculum_rl.violations import Violations
from curriculum_rl.world import World

SLOW: Final = frozenset({"true_beam"})
"""Bounds that take minutes for some thousand students."""


@runtime_checkable
class Choosy(Protocol):
    """A bound that not every world is for."""

    def fits(self, world: World) -> bool:
        """Whether it can be played there."""


def bound_names() -> list[str]:
    """Names of all bounds."""
    return names_of("oracle")


def load_bound(name: str) -> Privileged:
    """The bound of this name, with the parameters of its YAML.

    Raises:
        InvalidInput: there is none of that name.
    """
    return cast(Privileged, load_named("oracle", name, "bound"))


def bounds_for(world: World, named: Sequence[str] | None = None) -> dict[str, Privileged]:
    """The bounds of these names; None: every one that can be played in this world, but for the slow.

    Raises:
        InvalidInput: there is none of a name, or it cannot be played in this world.
    """
    loaded = {name: load_bound(name) for name in bound_names() if name not in SLOW or named is not None}
    playable = {name: bound for name, bound in loaded.items() if not isinstance(bound, Choosy) or bound.fits(world)}
    if named is None:
        return playable
    check = Violations("policies")
    for i, name in enumerate(named):
        if name not in playable:
            what = "cannot be played in this world" if name in loaded else "is no bound"
            check.add(f"privileged[{i}]", name, what, nearest(name, playable))
    check.raise_all()
    return {name: playable[name] for name in named}
