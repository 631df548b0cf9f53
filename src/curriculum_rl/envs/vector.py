"""Many students at once: the native `gymnasium.vector.VectorEnv`.

An action is an activity for each lane's student, or from A on one of the world's C controls, which end the session or
the course (`controls.py`). A lane whose student finishes takes the next student id in the same step. An episode is one
student's course: truncated when the calendar ends, terminated when nothing is left to learn, the student drops out, or
the course is stopped.

Where students sit in classes, lanes are whole classes side by side, and the next class comes when the last student of
one has finished. Until then a lane whose student has finished shows the next one, who waits; and who is done with a
session waits for classmates. What is chosen for who waits is ignored, and earns nothing.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.envs.seating import Seating
from curriculum_rl.envs.simulation import Gate, Simulation, check_slate, feature_names
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.objective import Objective, check_fit
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.trackers.tracker import Float32, Tracker
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import World


class CurriculumVectorEnv(gymnasium.vector.VectorEnv[Float32, Int, Float]):
    """A world as a vector environment.

    Observations are `View.features`, float32 (n, F) within [-1, 1]; rewards are the objective's, in points. Every
    `info` holds `student` (ids, int64 (n,)), `action_mask` (bool (n, A + C)) and, where students sit in classes,
    `waiting` (bool (n,)): whose next action is ignored; their mask leaves one activity. Where an episode ended,
    `final_obs` and `final_info` tell of the student who finished: `student`, `delayed_test`, `mastery` (points),
    `decisions`, and `left` and `stopped`, whether by dropping out or because the course was stopped.

    Args:
        world: what is simulated.
        num_envs: lanes; a multiple of the students of a class.
        tracker: what the platform keeps; counts unless told.
        objective: the reward; the delayed test unless told.
        gate: masks what the tracker does not think the student ready for; None masks nothing.
        slate: activities that each student is offered; with more than one, an action is a row of them, best first.
        seed: of all draws, until `reset` gives another.
        first_student: the id of the first lane's first student.
        autoreset: whether a finished lane takes the next student at once, or waits for `reset`.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # noqa: RUF012

    def __init__(
        self,
        world: World,
        num_envs: int = 1,
        *,
        tracker: Tracker | None = None,
        objective: Objective | None = None,
        gate: Gate | None = None,
        slate: int = 1,
        seed: int = 0,
        first_student: int = 0,
        autoreset: bool = True,
    ) -> None:
        check = Violations("environment")
        size = world.class_size
        if check.number("num_envs", num_envs, at_least=1, whole=True) and num_envs % size:
            check.add("num_envs", num_envs, f"must be a multiple of {size}, the students of a class")
        check_slate(slate, world, check)
        check.number("seed", seed, at_least=0, below=2.0**63, whole=True)
        if check.number("first_student", first_student, at_least=0, below=2.0**62, whole=True) and first_student % size:
            check.add("first_student", first_student, f"must be the first of a class: a multiple of {size}")
        check.raise_all()
        self.world, self.num_envs = world, num_envs
        self.tracker: Tracker = tracker or Counts()
        self.objective: Objective = objective or DelayedTest()
        check_fit(self.objective, world)
        self.gate, self.slate, self.seed, self.autoreset = gate, slate, seed, autoreset
        self.render_mode = None
        self.feature_names = feature_names(self.tracker, world.platform)
        self.single_observation_space = gymnasium.spaces.Box(-1.0, 1.0, (len(self.feature_names),), np.float32)
        count = len(world.actions)
        one = gymnasium.spaces.Discrete(count)
        self.single_action_space = one if slate == 1 else gymnasium.spaces.MultiDiscrete([count] * slate)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.next_student = first_student
        self.simulation: Simulation | None = None
        self.seating: Seating | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32, dict[str, Any]]:
        """New students in every lane: from `options["first_student"]`, else 0 with a new seed, else the next ids."""
        super().reset(seed=seed)
        if seed is not None:
            self.seed, self.next_student = int(seed), 0
        self.next_student = int((options or {}).get("first_student", self.next_student))
        ids = self._next_ids(self.num_envs)
        self.simulation = Simulation(self.world, self.tracker, ids, self.seed, self.gate)
        if self.world.population.faculties.classroom is not None and self.autoreset:
            self.seating = Seating(self.simulation, self.world.class_size, self._next_ids)
        return self.simulation.features(), self._info()

    def step(  # type: ignore[override]  # Gymnasium types "which ended" like rewards; they are truth values
        self, actions: npt.ArrayLike
    ) -> tuple[Float32, Float, Bool, Bool, dict[str, Any]]:
        """Every lane's student does one activity, or has session or course ended: (n,) offers, or (n, slate)."""
        simulation = self.running()
        activity = np.asarray(actions, dtype=np.int64)
        self._check(activity)
        before = self.objective.before(simulation.students, self.world)
        happened = simulation.step(activity.T)
        reward = self.objective.reward(happened, simulation.students, self.world, before) * ~happened.waited
        features = simulation.features()
        rows = np.flatnonzero(happened.over)
        final = self._finish(rows, happened, features) if len(rows) else {}
        if self.seating is not None:
            self.seating.show(features)
        terminated = happened.terminated | happened.left | happened.stopped
        return features, reward, terminated, happened.truncated, {**self._info(), **final}

    @property
    def masked(self) -> bool:
        """Whether anything may be masked."""
        faculties = self.world.population.faculties
        return any(masks is not None for masks in (self.gate, faculties.access, faculties.classroom))

    def action_masks(self) -> Bool:
        """Which actions may be chosen, (n, A + C); of slates once for each place, one after the other, as sb3-contrib
        asks."""
        mask = self.running().action_mask()
        return mask if self.slate == 1 else np.tile(mask, self.slate)

    def features(self) -> Float32:
        """Observations, (n, F); where a lane waits for its next student, of that one."""
        features = self.running().features()
        if self.seating is not None:
            self.seating.show(features)
        return features

    def refill(self, rows: Int, features: Float32 | None = None) -> None:
        """The next students take these lanes, whole classes where there are any, and are seen in `features`, (n, F)."""
        if self.seating is None:
            self.running().replace(rows, self._next_ids(len(rows)), features)
        else:
            self.seating.refill(rows, features)

    def running(self) -> Simulation:
        """The simulation behind the lanes.

        Raises:
            InvalidInput: `reset` was not called yet.
        """
        if self.simulation is None:
            raise InvalidInput("environment", ["step came before reset: call reset() first"])
        return self.simulation

    def _next_ids(self, count: int) -> Int:
        ids = np.arange(self.next_student, self.next_student + count, dtype=np.int64)
        self.next_student += count
        return ids

    def _info(self) -> dict[str, Any]:
        simulation, waiting = self.running(), self.running().waiting()
        student = simulation.students.id.copy() if self.seating is None else self.seating.students()
        info = {"student": student, "action_mask": simulation.action_mask()}
        return info if waiting is None else {**info, "waiting": waiting}

    def _check(self, activity: Int) -> None:
        count = len(self.world.actions)
        shape = (self.num_envs,) if self.slate == 1 else (self.num_envs, self.slate)
        if activity.shape != shape:
            raise InvalidInput("action", [f"shape = {activity.shape}: must be {shape}, one offer or slate a lane"])
        if activity.min() < 0 or activity.max() >= count:
            seen = sorted({int(a) for a in activity.ravel() if not 0 <= a < count})
            raise InvalidInput("action", [f"activity = {seen}: must be from 0 to {count - 1}"])
        if self.masked:
            allowed = self.running().allows(activity.T)
            if not allowed.all():
                lane = int(np.flatnonzero(~allowed)[0])
                remedy = "Choose within info['action_mask']."
                raise InvalidInput("action", [f"activity[{lane}] = {activity[lane]}: is masked. {remedy}"])

    def _finish(self, rows: Int, happened: Happened, features: Float32) -> dict[str, Any]:
        """What is told of the students who finished, in these lanes; the next ids take their places."""
        simulation, population = self.running(), self.world.population
        students = simulation.students
        about = {
            "action_mask": simulation.action_mask(rows),
            "student": students.id[rows],
            "delayed_test": 100.0 * population.expected_score(students, rows),
            "mastery": 100.0 * population.mean_mastery(students, rows),
            "decisions": students.step[rows],
            "left": happened.left[rows],
            "stopped": happened.stopped[rows],
        }
        over = happened.over
        told = {key: self._spread(rows, of) for key, of in about.items()}
        final_info = {**told, **{f"_{key}": over for key in told}}
        if not self.autoreset:
            return {"final_info": final_info, "_final_info": over}
        observations = np.empty(self.num_envs, dtype=object)
        for row, last in zip(rows.tolist(), features[rows], strict=True):
            observations[row] = last
        if self.seating is None:
            self.refill(rows, features)
        else:
            self.seating.finish(rows, features)
        return {"final_obs": observations, "_final_obs": over, "final_info": final_info, "_final_info": over}

    def _spread(self, rows: Int, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values of these lanes among zeros for the others, as Gymnasium has it."""
        out = np.zeros((self.num_envs, *values.shape[1:]), dtype=values.dtype)
        out[rows] = values
        return out
