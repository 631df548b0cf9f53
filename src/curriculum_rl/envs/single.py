"""One student at a time: `gymnasium.Env`, a view of a batch of one. Where students sit in classes, one class."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from curriculum_rl.batch import Bool, Int
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.envs.vector import CurriculumVectorEnv
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.trackers.tracker import Float32, Tracker
from curriculum_rl.world import World


class CurriculumEnv(gymnasium.Env[Float32, Int | np.int64]):
    """A world as an environment: the arguments, observations, rewards and infos of `CurriculumVectorEnv`.

    Where students sit in classes, an episode is the course of one whole class. An action is an activity (or a slate)
    for each student of it, one after the other, as are the observations, (size F,), and masks, (size (A + C),). The
    reward is the mean over the class, the infos are of all its students, (size,) each. It is over when the last
    student has finished, terminated or truncated as that one; who has finished before waits.
    """

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
        self.size = world.class_size
        self.batch = CurriculumVectorEnv(
            world,
            self.size,
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
        if self.size > 1:
            features, actions = len(self.batch.feature_names), len(world.actions)
            self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (self.size * features,), np.float32)
            self.action_space = gymnasium.spaces.MultiDiscrete([actions] * (self.size * slate))
        self._going = np.ones(self.size, dtype=np.bool_)
        self._final: dict[str, Any] = {}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32, dict[str, Any]]:
        """The next student; student `options["first_student"]`, or 0, where a seed is given."""
        super().reset(seed=seed)
        observation, info = self.batch.reset(seed=seed, options=options)
        self._going[:] = True
        self._final.clear()
        return observation.ravel(), self._told(info)

    def step(self, action: Int | np.int64) -> tuple[Float32, float, bool, bool, dict[str, Any]]:
        """The student does one activity, or each student of the class does."""
        slate = () if self.batch.slate == 1 else (self.batch.slate,)
        actions = np.reshape(np.asarray(action), (self.size, *slate))
        observation, reward, terminated, truncated, info = self.batch.step(actions)
        self._going &= ~(terminated | truncated)
        for key, values in info.get("final_info", {}).items():
            if not key.startswith("_"):
                rows = info["_final_info"]
                self._final.setdefault(key, np.zeros_like(values))[rows] = values[rows]
        over = not self._going.any()
        told = {**self._told(info), **({key: self._one(of) for key, of in self._final.items()} if over else {})}
        ended, cut = over and bool(terminated.any()), over and bool(truncated.any())
        return observation.ravel(), float(reward.mean()), ended, cut, told

    def action_masks(self) -> Bool:
        """Which actions may be chosen, (A + C,); of slates once for each place, one after the other."""
        mask: Bool = self.batch.action_masks().ravel()
        return mask

    def _told(self, info: dict[str, Any]) -> dict[str, Any]:
        return {key: self._one(of) for key, of in info.items() if key in ("student", "action_mask", "waiting")}

    def _one(self, values: Any) -> Any:
        """Of the one student, or of all of the class; a copy."""
        own = values.copy()
        return own if self.size > 1 else own[0]
