"""Worlds in which the order of the curriculum is not the one that is listed."""

from __future__ import annotations

from dataclasses import replace

from curriculum_rl.curriculum import Prerequisite
from curriculum_rl.world import World


def backwards(world: World) -> World:
    """The same world with every prerequisite turned round."""
    curriculum = world.curriculum
    links = tuple(Prerequisite(p.concept, p.prerequisite, p.strength) for p in curriculum.prerequisites)
    return replace(world, curriculum=replace(curriculum, prerequisites=links))
