"""Whole courses of some students, event by event: what was offered, done, answered, believed and true.

For people who look: strips of single courses, who got stuck and why, what parents are told, how engagement and
attendance went. Everything that stands under `believed` a platform could know; `true` and `engagement` it could not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.envs.simulation import Gate, Simulation
from curriculum_rl.evaluation.rollout import Player, offer
from curriculum_rl.trackers.bkt import FilterBelief
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.world import World

MANY: Final = 8
"""Tries of a concept after which one who is not believed to know it is stuck."""
UNKNOWN: Final = 0.5
"""P(known) under which a concept is taken not to be known."""
SURE_TO_LEARN: Final = 1e-3
"""P(not known after MANY tries) under which one can forget a concept, and cannot be stuck on it."""


@dataclass(frozen=True)
class Event:
    """One activity of one student, or one control."""

    day: float
    session: int  # from 0
    offered: tuple[int, ...]  # activities, the first choice first
    done: int
    right: bool | None  # None where there was no answer
    minutes: float
    believed: float | None  # P(recalled) of the concept practised most, before the activity; None of a control
    true: float | None  # the same, in truth
    engagement: float | None  # after it; None where the world has none


@dataclass(frozen=True)
class Standing:
    """What was believed of one goal when the course ended."""

    concept: int
    known: float  # P(known)
    spread: float  # its standard deviation over the kinds of student that this one may be
    at_test: float  # P(recalled at the test)
    true: float  # P(recalled at the test), in truth
    tries: int
    right: int


@dataclass(frozen=True)
class Diary:
    """One student's course."""

    student: int
    group: int
    left: bool
    stopped: bool
    events: tuple[Event, ...]
    goals: tuple[Standing, ...]
    stuck: tuple[tuple[int, str], ...]  # concept, reason


@dataclass(frozen=True)
class Attendance:
    """By session, (S,): the share that has not dropped out after it, and the mean engagement of who came to it."""

    there: Float
    engagement: Float | None


def diaries(
    world: World, policy: Player, ids: Int, seed: int = 0, *, gate: Gate | None = None, slate: int = 1
) -> tuple[list[Diary], Attendance]:
    """Plays these students, among their classmates, and keeps all of it: O(students x activities done) in memory."""
    everyone, lanes = world.classmates(ids)
    simulation = Simulation(world, policy.tracker, everyone, seed, gate)
    key = streams.keys(seed, streams.Purpose.POLICY, everyone)
    concepts, shares = world.curriculum.loads
    main = concepts[shares.argmax(axis=0), np.arange(concepts.shape[1])]
    events: list[list[Event]] = [[] for _ in everyone]
    ends: dict[int, Diary] = {}
    felt, came, gone = (np.zeros(len(world.course.days)) for _ in range(3))
    while len(ends) < len(ids):
        offers = offer(policy, simulation, key, slate)
        offered = np.atleast_2d(offers)
        students, belief = simulation.students, simulation.belief
        day, session = students.clock.now.copy(), students.clock.session.copy()
        believed, true = belief.outlook().recall, world.population.recall_now(students)
        happened = simulation.step(offers)
        mood = simulation.students.inner.mood
        over = happened.over
        for i in lanes[[int(x) not in ends for x in ids] & ~happened.waited[lanes]]:
            a = int(happened.activity[i])
            level = float(mood.level[i]) if mood is not None else None
            right = bool(happened.correct[i]) if happened.answered[i] else None
            of = None if happened.ended[i] else main[a]
            events[i].append(
                Event(
                    float(day[i]),
                    int(session[i]),
                    tuple(int(x) for x in offered[:, i]),
                    a,
                    right,
                    float(happened.minutes[i]),
                    None if of is None else float(believed[i, of]),
                    None if of is None else float(true[i, of]),
                    level,
                )
            )
            if over[i] or simulation.students.clock.session[i] > session[i]:
                came[session[i]] += 1
                felt[session[i]] += 0.0 if level is None else level
                gone[session[i]] += happened.left[i]
            if over[i]:
                early = bool(happened.left[i]), bool(happened.stopped[i])
                ends[int(everyone[i])] = _closed(world, simulation, int(i), early, events[i])
    with np.errstate(invalid="ignore", divide="ignore"):
        level_by_session = felt / came if simulation.students.inner.mood is not None else None
    return [ends[int(i)] for i in ids], Attendance(1.0 - gone.cumsum() / len(ids), level_by_session)


def _closed(world: World, simulation: Simulation, i: int, early: tuple[bool, bool], events: list[Event]) -> Diary:
    """The diary of a student whose course has just ended; `early`: by dropping out, by being stopped."""
    students, belief, outlook = simulation.students, simulation.belief, simulation.belief.outlook()
    spread = np.zeros(belief.goals.shape[1])
    if isinstance(belief, FilterBelief):
        square = (belief.known[i] ** 2 * belief.weight[i]).sum(axis=-1)
        spread = np.sqrt(np.maximum(square - outlook.stored[i] ** 2, 0.0))
    goals = tuple(
        Standing(
            int(k),
            float(outlook.stored[i, k]),
            float(spread[k]),
            float(outlook.at_test[i, k]),
            float(students.at_test[i, k]),
            int(belief.tries[i, k]),
            int(belief.right[i, k]),
        )
        for k in np.flatnonzero(belief.goals[i])
    )
    hard = can_stick(world)
    stuck = tuple(
        (g.concept, reason(world, outlook, i, g))
        for g in goals
        if hard[g.concept] and g.tries >= MANY and g.known * _kept(outlook, i, g) < UNKNOWN
    )
    return Diary(int(students.id[i]), int(students.traits.group[i]), *early, tuple(events), goals, stuck)


def can_stick(world: World) -> Bool:
    """Whether a student can be stuck on a concept, (K,): not where nothing is needed first and tries surely teach it.

    So in a world of reviews, whose items are known from the start or at the first try, nobody is stuck on any.
    """
    unlearned = (1.0 - world.platform.filter.learn) ** MANY
    return world.curriculum.requires.any(axis=0) | (unlearned >= SURE_TO_LEARN)


def _kept(outlook: Outlook, i: int, goal: Standing) -> float:
    """P(recalled | known) now."""
    stored = float(outlook.stored[i, goal.concept])
    return float(outlook.recall[i, goal.concept]) / stored if stored > 0 else 0.0


def reason(world: World, outlook: Outlook, i: int, goal: Standing) -> str:
    """Why a student is probably stuck on a goal, from what is believed: the first of these that holds.

    A prerequisite that is probably not known; learned and forgotten again; practice that does not take.
    """
    curriculum, k = world.curriculum, goal.concept
    parents = [j for j in np.flatnonzero(curriculum.requires[:, k]) if outlook.recall[i, j] < UNKNOWN]
    if parents:
        weakest = min(parents, key=lambda j: float(outlook.recall[i, j]))
        return f"needs {_name(world, int(weakest))} first"
    if goal.known >= UNKNOWN:
        return "learned it, and has forgotten it since"
    return "practice does not take: another form, or a teacher"


def _name(world: World, concept: int) -> str:
    of = world.curriculum.concepts[concept]
    return of.name or of.id


def told(world: World, policy: str, kept: list[Diary], attendance: Attendance, smallest: int) -> dict[str, Any]:
    """What the report shows of them, as `results.json` holds it: no more than a few courses, and nobody of a subgroup
    of fewer than `smallest` students among those kept. Where nobody can be stuck, how many are is None."""
    sizes = np.bincount([d.group for d in kept], minlength=len(world.population.groups))
    shown = [d for d in kept if sizes[d.group] >= smallest]
    by_length = sorted(shown, key=lambda d: len(d.events))
    chosen = [by_length[len(by_length) // 2]] if by_length else []
    chosen += [d for d in shown if d.stuck and d not in chosen][:1] + [d for d in shown if d.left and d not in chosen][
        :1
    ]
    stuck = [(d, k, why) for d in shown for k, why in d.stuck]
    return {
        "policy": policy,
        "students": len(kept),
        "attendance": {
            "there": attendance.there.tolist(),
            "engagement": None if attendance.engagement is None else attendance.engagement.tolist(),
        },
        "stuck_students": len({d.student for d, _, _ in stuck}) if can_stick(world).any() else None,
        "stuck": [
            {
                "student": d.student,
                "group": world.population.groups[d.group].name,
                "concept": _name(world, k),
                "tries": next(g.tries for g in d.goals if g.concept == k),
                "right": next(g.right for g in d.goals if g.concept == k),
                "reason": why,
            }
            for d, k, why in stuck[:40]
        ],
        "courses": [_written(world, d) for d in chosen],
    }


def _written(world: World, diary: Diary) -> dict[str, Any]:
    actions = world.actions
    named = [*(a.name or a.id for a in world.curriculum.activities), *world.controls]
    return {
        "student": diary.student,
        "group": world.population.groups[diary.group].name,
        "left": diary.left,
        "stopped": diary.stopped,
        "events": [
            {
                "day": round(e.day, 3),
                "session": e.session,
                "offered": [named[a] for a in e.offered],
                "done": named[e.done],
                "form": actions.forms[actions.form[e.done]],
                "right": e.right,
                "minutes": round(e.minutes, 2),
                "believed": None if e.believed is None else round(e.believed, 4),
                "true": None if e.true is None else round(e.true, 4),
                "engagement": None if e.engagement is None else round(e.engagement, 4),
            }
            for e in diary.events
        ],
        "goals": [
            {
                "concept": _name(world, g.concept),
                "known": round(g.known, 4),
                "spread": round(g.spread, 4),
                "at_test": round(g.at_test, 4),
                "true": round(g.true, 4),
                "tries": g.tries,
                "right": g.right,
            }
            for g in diary.goals
        ],
    }
