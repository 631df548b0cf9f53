"""Gymnasium ids of the packs: `gymnasium.make("curriculum_rl/<pack>-v0")` and `gymnasium.make_vec(...)`.

`import curriculum_rl` registers them, so nothing is imported here before an environment is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium

from curriculum_rl.resources import pack_names

if TYPE_CHECKING:
    from curriculum_rl.envs.single import CurriculumEnv
    from curriculum_rl.envs.vector import CurriculumVectorEnv


def make_single(world: str, **settings: Any) -> CurriculumEnv:
    """What Gymnasium calls for `make`; the settings are those of `CurriculumEnv`."""
    from curriculum_rl.envs.single import CurriculumEnv
    from curriculum_rl.world import load_world

    return CurriculumEnv(load_world(world), **settings)


def make_vector(world: str, num_envs: int = 1, **settings: Any) -> CurriculumVectorEnv:
    """What Gymnasium calls for `make_vec`; the settings are those of `CurriculumVectorEnv`."""
    from curriculum_rl.envs.vector import CurriculumVectorEnv
    from curriculum_rl.world import load_world

    return CurriculumVectorEnv(load_world(world), num_envs, **settings)


def register_all() -> None:
    """Registers every pack that comes with the package."""
    for name in pack_names():
        gymnasium.register(
            id=f"curriculum_rl/{name}-v0",
            entry_point="curriculum_rl.envs.registration:make_single",
            vector_entry_point="curriculum_rl.envs.registration:make_vector",
            kwargs={"world": name},
        )
