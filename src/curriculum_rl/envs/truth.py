"""What is true of students, by a channel of its own: for critics while they train, and for bounds. Never for a policy.

A `View` does not hold it, nor does any belief: whoever takes a `Truth` says so by its type, and a test names the only
files that may.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Bool, Float, take_rows
from curriculum_rl.students.knowledge.knowledge import At
from curriculum_rl.students.population import Students
from curriculum_rl.students.traits import Traits
from curriculum_rl.trackers.tracker import Outlook, readiness
from curriculum_rl.world import World


@dataclass(frozen=True)
class Truth:
    """Of n students.

    Attributes:
        outlook: what is true, in the form of what a tracker believes.
        value: points of the delayed test for each unit of recall, by concept, (n, K); 0 where it is no goal.
        traits: of each student.
    """

    outlook: Outlook
    value: Float
    traits: Traits

    @classmethod
    def of(cls, world: World, students: Students) -> Truth:
        """The truth about these students: O(n K)."""
        return cls(true_outlook(world, students), true_value(world, students), students.traits)


def true_outlook(world: World, students: Students) -> Outlook:
    """What is true, in the form of what a tracker believes, (n, K) each.

    Exact for knowledge that is there or not (BKT), where no faculty meddles with teaching. Where it grows by degrees,
    one more try is taken to add `learn` of what is missing, and that to be forgotten like what is newly learned.
    """
    population, memory = world.population, world.population.memory
    at, now, test = At.every(*students.goals.shape), students.clock.now, world.course.test_day
    retention = memory.recalled(students.memory, at.flat, now)
    yes, no = np.ones(at.flat.shape, dtype=np.bool_), np.zeros(at.flat.shape, dtype=np.bool_)

    def recalled(share: Float) -> Float:
        return population.knowledge.recall(students.knowledge, at, share).T

    def after(correct: Bool, answered: Bool, new: Bool) -> Float:
        """Retention at the test once everything were tried now, (K, n)."""
        state = take_rows(students.memory, slice(None))
        memory.practise(state, at.flat, now, retention, yes, correct, answered[0], new)
        return memory.recalled(state, at.flat, test)

    def per_stored(share: Float) -> Float:
        return np.divide(recalled(share), students.mastery, out=share.T.copy(), where=students.mastery > 0)

    recall = recalled(retention)
    return Outlook(
        recall=recall,
        stored=students.mastery,
        at_test=students.at_test,
        readiness=readiness(world.curriculum, population.leak, recall),
        learn=population.knowledge.expected_gain(students.knowledge, at).T,
        fresh=after(no, yes, yes).T,
        refreshed=per_stored(after(yes, yes, no)),
        kept=per_stored(after(no, yes, no)),
        shown=per_stored(after(no, no, no)) if memory.wrong_matters else None,
    )


def true_value(world: World, students: Students) -> Float:
    """Points of the delayed test for each unit of recall, by concept, (n, K); 0 where it is no goal."""
    concepts = np.arange(students.goals.shape[1])
    score = world.population.knowledge.score
    slope = score(concepts, np.ones(len(concepts))) - score(concepts, np.zeros(len(concepts)))
    return students.goal_share * (100.0 * slope)
