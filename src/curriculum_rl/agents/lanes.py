"""The lanes that an agent trains on: out of step with one another, with a record of what is played.

Lanes that all begin a course together would fill a rollout with one phase of it. So before training each lane plays
random activities for a time of its own, and stands at a random point of its student's course.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from curriculum_rl.agents.adapting import Adapting
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.sight import Sight
from curriculum_rl.batch import Bool, Float, Int, arrays
from curriculum_rl.envs.sb3 import CurriculumVecEnv
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.envs.vector import CurriculumVectorEnv
from curriculum_rl.objectives.objective import Adaptive, Objective
from curriculum_rl.trackers.tracker import Float32, Tracker
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World

TRAINING_STUDENTS = range(1 << 40)
"""Ids of the students that an agent may meet unless told otherwise; evaluation has cohorts of its own above."""


@dataclass
class Played:
    """What the lanes did; n lanes.

    Attributes:
        points: gathered in the present course, (n,).
        whole: whether the present course was played from its start, (n,).
        returns: points of the whole courses that ended since the last reading.
        forms: first offers of each form, and of each control, since the last reading, (forms + C,).
    """

    points: Float
    whole: Bool
    forms: Int
    returns: list[float] = field(default_factory=list)


class Lanes(CurriculumVecEnv):
    """Args:
    world, tracker, objective, gate: as in `CurriculumVectorEnv`.
    lanes: how many; a multiple of the students of a class.
    seed: of all draws.
    students: ids that may be met; more than these is an error.
    reward_scale: what rewards in points are multiplied by.
    out_of_step: whether lanes start at random points of the course.
    sight, luckless: what a learner is told of the truth (`sight.py`).
    slate: activities that each student is offered; with more than one, an action is a row of them, best first.
    """

    def __init__(
        self,
        world: World,
        *,
        tracker: Tracker,
        objective: Objective,
        gate: Gate | None,
        lanes: int,
        seed: int,
        students: range = TRAINING_STUDENTS,
        reward_scale: float = 1.0,
        out_of_step: bool = True,
        sight: bool = False,
        luckless: bool = False,
        slate: int = 1,
    ) -> None:
        size = world.class_size
        self.first = -(-students.start // size) * size  # the first class that is whole
        self.adapting = Adapting(objective, world, lanes) if isinstance(objective, Adaptive) else None
        objective = self.adapting or objective
        native = CurriculumVectorEnv(
            world,
            lanes,
            tracker=tracker,
            objective=objective,
            gate=gate,
            slate=slate,
            seed=seed,
            first_student=self.first,
        )
        super().__init__(native, reward_scale)
        self.students, self.out_of_step = students, out_of_step
        self.layout = Layout.of(world.platform, tracker)
        self.sight = Sight(world, objective, self.layout, sight, luckless)
        self.observation_space = self.sight.space(native.single_observation_space)
        self._form = world.actions.form
        forms = len(world.actions.forms)
        self.played = Played(np.zeros(lanes), np.ones(lanes, dtype=np.bool_), np.zeros(forms, dtype=np.int64))

    def reset(self) -> VecEnvObs:
        """The first of the students, each lane at its own point of the course. Seeds given to `seed` are not taken."""
        self._reset_seeds()
        observation = self.env.reset(options={"first_student": self.first})[0]
        played = self.played
        played.points[:], played.whole[:] = 0.0, True
        if self.out_of_step:
            observation = self._warm_up()
        played.forms[:] = 0
        played.returns.clear()
        if self.adapting is not None:
            self.adapting.forget()
        return self._observed(observation)

    def step_wait(self) -> VecEnvStepReturn:
        """One step of every lane. The end of the calendar is an end: nothing after it is worth anything.

        (Time is among the features, so there is nothing to bootstrap; Pardo et al. 2018, arXiv:1712.00378.)
        """
        waiting = self.env.running().waiting()
        observation, reward, terminated, truncated, _ = self.env.step(self.actions)
        done = terminated | truncated
        first = self.actions.reshape(self.num_envs, -1)[:, 0]
        self._record(reward, done, first if waiting is None else first[~waiting])
        if self.env.next_student > self.students.stop:
            raise InvalidInput("training", [f"ran out of students: {len(self.students)} were set aside for it"])
        given = (self.reward_scale * self.sight.rewarded(reward, first)).astype(np.float32)
        return self._observed(observation), given, done, self._empty

    def _observed(self, features: Float32) -> VecEnvObs:
        observed, seating = self.sight.observed(features, self.env.running().students), self.env.seating
        if seating is not None and isinstance(observed, dict):
            observed["truth"][seating.vacant] = 0.0  # nothing is known yet of who comes next
        return observed

    def _record(self, reward: Float, done: Bool, tried: Int) -> None:
        played = self.played
        played.points += reward
        played.forms += np.bincount(self._form[tried], minlength=len(played.forms))
        if self.adapting is not None:
            self.adapting.record(done, played.whole)
        if done.any():
            played.returns += played.points[done & played.whole].tolist()
            played.points[done] = 0.0
            played.whole |= done

    def _warm_up(self) -> Float32:
        """Random activities for the length of a course, in which each lane starts anew at a time of its own.

        No control is among them: lanes that stop would all be at the start.
        """
        world, native = self.env.world, self.env
        generator = np.random.default_rng([native.seed, self.num_envs])
        length = int(world.course.total_minutes / world.curriculum.minutes.mean())
        size = world.class_size
        starts = np.repeat(generator.integers(0, length + 1, self.num_envs // size), size)
        for step in range(length):
            anew = np.flatnonzero(starts == step)
            if len(anew):
                native.refill(anew)
            mask = native.running().mask()
            self.actions = _highest(np.where(mask, generator.random(mask.shape), -1.0), native.slate)
            self.step_wait()
        anew = np.flatnonzero(starts == length)
        if len(anew):
            native.refill(anew)
        self.played.whole[:] = False
        self.played.whole[anew] = True
        self.played.points[:] = 0.0
        return native.features()

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """Every array that says where the lanes stand, by name; views, not copies."""
        simulation, played, seating = self.env.running(), self.played, self.env.seating
        return {
            "next_student": np.array([self.env.next_student]),
            **{f"students.{name}": array for name, array in arrays(simulation.students)},
            **{f"belief.{name}": array for name, array in arrays(simulation.belief)},
            "played.points": played.points,
            "played.whole": played.whole,
            "played.forms": played.forms,
            "played.returns": np.array(played.returns),
            **({} if seating is None else {"coming": seating.ids}),
            **({f"adapting.{name}": array for name, array in self.adapting.state().items()} if self.adapting else {}),
        }

    def restore(self, state: dict[str, np.ndarray[Any, Any]]) -> None:
        """Puts the lanes where `state` says."""
        self.env.reset(options={"first_student": self.first})
        for name, array in self.state().items():
            if name not in ("next_student", "played.returns"):
                array[...] = state[name]
        self.env.next_student = int(state["next_student"][0])
        self.played.returns[:] = state["played.returns"].tolist()
        if self.env.seating is not None:
            self.env.seating.restore(state["coming"])
        self._observed(self.env.features())  # what is to be expected there


def _highest(score: Float, slate: int) -> Int:
    """The activity of the highest score, (n,), or a slate of so many, (n, slate): those below 0 are masked, and the
    first fills their places."""
    if slate == 1:
        one: Int = score.argmax(axis=1)
        return one
    order: Int = np.argsort(-score, axis=1)[:, :slate]
    several: Int = np.where(np.take_along_axis(score, order, axis=1) < 0.0, order[:, :1], order)
    return several
