"""The same dynamics as a plain-Python environment, one student at a time: what most of them look like.

It stands on the scalar reference of the tests, which the package is compared with step by step.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from curriculum_rl.world import World
from tests.reference.scalar import Reference, Student


class PlainEnv(gymnasium.Env[np.ndarray, int]):
    """Observations, rewards and endings of `CurriculumEnv` with counts and the delayed test."""

    def __init__(self, world: World, seed: int = 0, first_student: int = 0, stride: int = 1) -> None:
        self.world, self.reference, self.seed = world, Reference(world), seed
        self.next_student, self.stride = first_student, stride
        self.concepts = len(world.curriculum.concepts)
        self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (4 * self.concepts + 4,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(len(world.curriculum.activities))
        self.student: Student | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """The next student."""
        super().reset(seed=seed)
        self.student = self.reference.student(self.seed, self.next_student)
        self.next_student += self.stride
        self.tries, self.seen, self.right = ([0] * self.concepts for _ in range(3))
        self.last = [float(self.world.course.days[0])] * self.concepts
        self.score = self.reference.expected_score(self.student)
        return self._observation(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """The student does one activity."""
        student = self.student
        assert student is not None
        now = student.now
        event = self.reference.step(student, int(action))
        answered = self.reference.activities[action].answered
        for k, _ in self.reference.loads[action]:
            self.seen[k] += 1
            self.tries[k] += answered
            self.right[k] += event.correct
            self.last[k] = now
        before, self.score = self.score, self.reference.expected_score(student)
        return self._observation(), 100.0 * (self.score - before), event.terminated, event.truncated, {}

    def _observation(self) -> np.ndarray:
        student, course = self.student, self.world.course
        assert student is not None
        out = [float(goal) for goal in student.goals]
        out += [n / (n + 4.0) for n in self.seen]
        out += [right / (n + 1.0) for right, n in zip(self.right, self.tries, strict=True)]
        out += [(student.now - day) / course.test_day for day in self.last]
        over = student.session >= len(course.days)
        left = max((len(course.days) - student.session) * course.minutes - student.used, 0.0)
        out.append(left / course.total_minutes)
        out.append(0.0 if over else (course.minutes - student.used) / course.minutes)
        out.append(max(len(course.days) - 1 - student.session, 0) / len(course.days))
        out.append((course.test_day - student.now) / course.test_day)
        return np.array(out, dtype=np.float32)
