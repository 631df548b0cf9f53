"""One student at a time: `gymnasium.Env`, a view of a batch of one."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from curriculum_rl.batch import Bool
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.envs.vector import CurriculumVectorEnv
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.trackers.tracker import Float32, Tracker
from curriculum_rl.world import World


class CurriculumEnv(gymnasium.Env[Float32, np.int64]):
    """A world as an environment: the arguments, observations, rewards and infos of `CurriculumVectorEnv`."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self,
        world: World,
        *,
        tracker: Tracker | None = None,
        objective: Objective | None = None,
        gate: Gate | None = None,
        slate: int = 1,
        seed: int = 0,
        first_student: int = 0,
        render_mode: None = None,
    ) -> None:
        self.batch = CurriculumVectorEnv(
            world,
            1,
            tracker=tracker,
            objective=objective,
            gate=gate,
            slate=slate,
            seed=seed,
            first_student=first_student,
            autoreset=False,
        )
        self.observation_space = self.batch.single_observation_space
        self.action_space = self.batch.single_action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32, dict[str, Any]]:
        """The next student; student `options["first_student"]`, or 0, where a seed is given."""
        super().reset(seed=seed)
        observation, info = self.batch.reset(seed=seed, options=options)
        return observation[0], _of_one(info)

    def step(self, action: np.int64) -> tuple[Float32, float, bool, bool, dict[str, Any]]:
        """The student does one activity."""
        observation, reward, terminated, truncated, info = self.batch.step(np.array([action]))
        return observation[0], float(reward[0]), bool(terminated[0]), bool(truncated[0]), _of_one(info)

    def action_masks(self) -> Bool:
        """Which activities may be chosen, (A,); of slates once for each place, (slate A,)."""
        mask: Bool = self.batch.action_masks()[0]
        return mask


def _of_one(info: dict[str, Any]) -> dict[str, Any]:
    about = info.get("final_info", {})
    final = {key: value[0] for key, value in about.items() if not key.startswith("_")}
    return {"student": info["student"][0], "action_mask": info["action_mask"][0].copy(), **final}
