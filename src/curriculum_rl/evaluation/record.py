"""A policy played in a world, decision by decision, as rows of the canonical log: with what could have been chosen,
the probability of what was, and a reward, so that whatever judges a policy by logs can be checked against the truth.

Exploring with probability e, activity a of the m that are allowed is chosen with probability (1 - e) p(a) + e / m.
What students did before the course, where a world has a prelude, stands before their decisions, as tests that nobody
chose. A student's `t_rel_s` counts from the first day of the course, in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int, take_rows
from curriculum_rl.course import SECONDS_PER_DAY
from curriculum_rl.envs.newcomers import newcomers
from curriculum_rl.envs.simulation import Gate, Simulation
from curriculum_rl.evaluation.rollout import Player, Privileged, choose
from curriculum_rl.logs.schema import schema
from curriculum_rl.objectives.objective import Objective, check_fit
from curriculum_rl.policies.policy import evenly
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.students.traits import PART, axes
from curriculum_rl.trackers.tracker import Belief, blank_record
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform, World

CHUNK = 1024
"""Students at a time."""
CLASS = "group_class"


@dataclass(frozen=True)
class Recording:
    """How a log is made.

    Attributes:
        seed: of the students and of the policy's draws.
        horizon: decisions after which every student's course is cut; None lets the calendar end it.
        explore: probability of choosing evenly among what is allowed, in [0, 1].
        gate: masks activities as in the environments.
        name: of the policy, in the log.
    """

    seed: int = 0
    horizon: int | None = None
    explore: float = 0.0
    gate: Gate | None = None
    name: str = "policy"

    def __post_init__(self) -> None:
        check = Violations("record")
        check.number("seed", self.seed, at_least=0, whole=True)
        if self.horizon is not None:
            check.number("horizon", self.horizon, at_least=1, whole=True)
        check.number("explore", self.explore, at_least=0.0, at_most=1.0)
        check.raise_all()


def record(
    world: World,
    policy: Player,
    students: Int,
    objective: Objective,
    how: Recording,
    done: Callable[[int], None] = lambda students: None,
) -> Iterator[pa.Table]:
    """Tables of rows, a table for each step of each chunk of students.

    Args:
        world: what is simulated.
        policy: what chooses.
        students: ids, (n,); whole classes where the world has them.
        objective: whose rewards are logged.
        how: the rest.
        done: called with the number of students who finished since the last call.
    """
    check_fit(objective, world)
    played, asked = world.classmates(students)
    reported = np.zeros(len(played), dtype=np.bool_)
    reported[asked] = True
    together = max(CHUNK // world.class_size, 1) * world.class_size
    for start in range(0, len(played), together):
        part = slice(start, start + together)
        yield from _Scribe(world, how).course(policy, played[part], reported[part], objective)
        done(int(reported[part].sum()))


def returns(world: World, policy: Player, students: Int, objective: Objective, how: Recording) -> Float:
    """What each student's rewards of such a log add up to, (n,)."""
    found = np.zeros(len(students))
    place = {str(i): at for at, i in enumerate(students.tolist())}
    for table in record(world, policy, students, objective, how):
        rewards = np.nan_to_num(table["reward"].to_numpy())  # what was done before the course has none
        np.add.at(found, [place[i] for i in table["student_id"].to_pylist()], rewards)
    return found


def group_columns(world: World) -> tuple[str, ...]:
    """The columns that say which groups a student is of: one for each axis of subgroups, and the class."""
    names = [group.name for group in world.population.groups]
    crossed = axes(names)
    found = tuple(f"group_axis{i + 1}" for i in range(len(crossed))) if crossed else ()
    if not crossed and len(names) > 1:
        found = ("group_subgroup",)
    return (*found, CLASS) if world.class_size > 1 else found


@dataclass
class _Watched(Belief):
    """What n students did, and how well, at most P times each."""

    concept_features: ClassVar[tuple[str, ...]] = ()

    did: Int  # (n, P) -1 where nothing was done
    well: Bool  # (n, P)

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """Takes in the event, in place."""
        own = np.arange(len(activity)), self.steps
        self.did[own], self.well[own] = activity, correct


@dataclass(frozen=True)
class _Watching:
    """A tracker that keeps every event, of so many at most."""

    events: int

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return _Watched

    def start(self, platform: Platform, goals: Bool) -> _Watched:
        """Of n students who did nothing yet."""
        did = np.full((len(goals), self.events), -1)
        return _Watched(**blank_record(platform, goals), did=did, well=did > 0)


@dataclass(frozen=True)
class _Decided:
    """What was chosen for n students at a step."""

    mask: Bool  # (n, A)
    offered: Int  # (n,)
    chance: Float  # (n,) of being offered
    now: Float  # (n,) days, before it


class _Scribe:
    """Writes down what happens in a world."""

    def __init__(self, world: World, how: Recording) -> None:
        self.world, self.how = world, how
        curriculum = world.curriculum
        self.activities = np.array([a.id for a in curriculum.activities], dtype=object)
        self.skills = [sorted(a.loads) for a in curriculum.activities]
        self.concepts = np.array([c.id for c in curriculum.concepts], dtype=object)
        self.columns = group_columns(world)
        names = [group.name.split(PART) for group in world.population.groups]
        crossed = bool(axes([group.name for group in world.population.groups]))
        self.groups = [parts if crossed else [PART.join(parts)] for parts in names]

    def course(self, policy: Player, ids: Int, reported: Bool, objective: Objective) -> Iterator[pa.Table]:
        """Rows of these students' courses, step by step."""
        world, how = self.world, self.how
        seq = np.zeros(len(ids), dtype=np.int64)
        if world.prelude is not None:
            yield self._prelude(world.prelude.steps, ids[reported])
            seq += world.prelude.steps
        simulation = Simulation(world, policy.tracker, ids, how.seed, how.gate)
        key, steps = streams.keys(how.seed, streams.Purpose.POLICY, ids), 0
        while len(seq) and steps != how.horizon:
            steps += 1
            decided = self._decide(policy, simulation, key)
            known = objective.before(simulation.students, world)
            happened = simulation.step(decided.offered)
            reward = objective.reward(happened, simulation.students, world, known)
            rows = np.flatnonzero(reported & ~happened.waited)
            columns = self._outcome(happened, rows, steps == how.horizon) | self._who(simulation.students, rows)
            columns |= {"seq": seq[rows], "reward": reward[rows]}
            yield self._table(columns | self._choice(decided, happened, rows))
            seq += ~happened.waited
            if happened.over.any():
                going = simulation.going(happened.over)
                simulation.keep(going)
                reported, seq, key = reported[going], seq[going], take_rows(key, going)

    def _decide(self, policy: Player, simulation: Simulation, key: streams.Keys) -> _Decided:
        if isinstance(policy, Privileged):
            mask, p = simulation.mask(), policy.probabilities_knowing(simulation)
        else:
            view = simulation.view()
            mask, p = view.mask, policy.probabilities(view)
        explore = self.how.explore
        if explore:
            p = (1.0 - explore) * p + explore * evenly(mask)
        offered = choose(p, streams.uniform(key, simulation.students.step.astype(np.uint64)))
        chance: Float = np.take_along_axis(p, offered[:, None], axis=1)[:, 0]
        return _Decided(mask, offered, chance / p.sum(axis=1), simulation.belief.now.copy())

    def _choice(self, decided: _Decided, happened: Happened, rows: Int) -> dict[str, Any]:
        allowed = [self.activities[open_].tolist() for open_ in decided.mask[rows]]
        offered = decided.offered[rows]
        return {
            "offered": pa.array(self.activities[offered], mask=offered == happened.activity[rows], type=pa.string()),
            "eligible": allowed,
            "propensity": np.minimum(decided.chance[rows], 1.0),
            "t_rel_s": decided.now[rows] * SECONDS_PER_DAY,
        }

    def _outcome(self, happened: Happened, rows: Int, last: bool) -> dict[str, Any]:
        answered, activity = happened.answered[rows], happened.activity[rows]
        over = np.select(
            [happened.left[rows], happened.terminated[rows], happened.truncated[rows] | last],
            ["dropout", "mastery", "deadline"],
            default="",
        )
        return {
            "activity_id": self.activities[activity],
            "response": pa.array(happened.correct[rows].astype(np.float64), mask=~answered),
            "skills": [self.skills[a] for a in activity],
            "duration_s": happened.minutes[rows] * 60.0,
            "event_type": np.where(answered, "attempt", "lesson"),
            "terminated": happened.left[rows] | happened.terminated[rows],
            "truncated": over == "deadline",
            "end_reason": pa.array(over.astype(object), mask=over == "", type=pa.string()),
        }

    def _who(self, students: Students, rows: Int) -> dict[str, Any]:
        ids, goals = students.id[rows], students.goals[rows]
        columns: dict[str, Any] = {
            "student_id": ids.astype(str).astype(object),
            "goals": [self.concepts[own].tolist() for own in goals],
            "logger_id": np.full(len(rows), self.how.name, dtype=object),
        }
        named = [self.groups[group] for group in students.traits.group[rows]]
        for i, column in enumerate(c for c in self.columns if c != CLASS):
            columns[column] = [parts[i] for parts in named]
        if CLASS in self.columns:
            columns[CLASS] = (ids // self.world.class_size).astype(str).astype(object)
        return columns

    def _prelude(self, steps: int, ids: Int) -> pa.Table:
        """What students did before the course; of steps that they did not need, nothing."""
        students, belief = newcomers(self.world, _Watching(steps), self.how.seed, ids)
        assert isinstance(belief, _Watched)
        rows, at = np.nonzero(belief.did >= 0)
        activity = belief.did[rows, at]
        columns = {
            "activity_id": self.activities[activity],
            "response": belief.well[rows, at].astype(np.float64),
            "skills": [self.skills[a] for a in activity],
            "event_type": np.full(len(rows), "test", dtype=object),
            "t_rel_s": np.full(len(rows), self.world.course.days[0] * SECONDS_PER_DAY),
            "seq": at,
        }
        return self._table(columns | self._who(students, rows))

    def _table(self, columns: dict[str, Any]) -> pa.Table:
        """A table of the canonical log; columns that are not given are null."""
        rows = len(columns["seq"])
        form = schema(self.columns)
        arrays = [pa.array(columns[f.name], type=f.type) if f.name in columns else pa.nulls(rows, f.type) for f in form]
        return pa.Table.from_arrays(arrays, schema=form)
