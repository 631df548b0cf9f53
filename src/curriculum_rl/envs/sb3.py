"""The native environment as stable-baselines3 takes it: a `VecEnv`, with action masks for sb3-contrib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

from curriculum_rl.envs.vector import CurriculumVectorEnv


class CurriculumVecEnv(VecEnv):
    """A view of a `CurriculumVectorEnv`; rewards are multiplied by `reward_scale`.

    Infos are empty but where an episode ended: `terminal_observation`, `TimeLimit.truncated`, and what the native
    environment tells of the student who finished. One list is used again and again, since a list of new dictionaries
    a step would cost more than the step.
    """

    def __init__(self, env: CurriculumVectorEnv, reward_scale: float = 1.0) -> None:
        self.env, self.reward_scale = env, reward_scale
        self.actions = np.zeros(env.num_envs, dtype=np.int64)
        self._empty: list[dict[str, Any]] = [{} for _ in range(env.num_envs)]
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

    def reset(self) -> VecEnvObs:
        """New students in every lane; a seed given to `seed()` before is taken."""
        seed, options = self._seeds[0], self._options[0] or None
        observation, _ = self.env.reset(seed=seed, options=options)
        self._reset_seeds()
        self._reset_options()
        return observation

    def step_async(self, actions: np.ndarray) -> None:
        """Keeps the actions for `step_wait`."""
        self.actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Every lane's student does one activity."""
        observation, reward, terminated, truncated, info = self.env.step(self.actions)
        done = terminated | truncated
        infos = self._empty
        if done.any():
            infos = list(self._empty)
            about = {k: v for k, v in info["final_info"].items() if not k.startswith("_")}
            for i in np.flatnonzero(done):
                infos[i] = {
                    "terminal_observation": info["final_obs"][i],
                    "TimeLimit.truncated": bool(truncated[i] and not terminated[i]),
                    **{key: value[i] for key, value in about.items()},
                }
        return observation, (self.reward_scale * reward).astype(np.float32), done, infos

    def action_masks(self) -> np.ndarray:
        """Which actions may be chosen, (n, A + C)."""
        return self.env.action_masks()

    def close(self) -> None:
        """Nothing is held open."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The attribute of the native environment, once a lane."""
        return [getattr(self.env, attr_name)] * len(self._lanes(indices))

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Refused: lanes share one environment."""
        raise AttributeError(f"cannot set {attr_name!r} of single lanes: they share one environment")

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Calls the native environment once; `action_masks` gives one array in a list."""
        return [getattr(self.env, method_name)(*method_args, **method_kwargs)]

    def has_attr(self, attr_name: str) -> bool:
        """Whether the native environment has it."""
        return hasattr(self.env, attr_name)

    def env_is_wrapped(self, wrapper_class: type, indices: VecEnvIndices = None) -> list[bool]:
        """No lane is."""
        return [False] * len(self._lanes(indices))

    def _lanes(self, indices: VecEnvIndices) -> Sequence[int]:
        return list(self._get_indices(indices))
