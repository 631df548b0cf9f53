"""Whose students a log is of, as far as anyone says."""

from __future__ import annotations

from curriculum_rl.logs.manifest import About
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World, load_world


def world_of(about: About, named: str | None) -> World:
    """The world whose catalogue a log is of: the one that is named, else the one that the log names.

    Raises:
        InvalidInput: nobody names one, or there is none of that name.
    """
    name = named or about.world
    if name is None:
        raise InvalidInput("log", ["names no world. Say with --world whose activities these are"])
    return load_world(name)
