"""Strategies in several simulators beside what a log says of them: how the fitted student models would answer.

No reweighting is needed here, and no support: what is needed is that a model is right. So the strategies meet several
models, and a strategy's score in one that it was trained in is left out of the verdict (`evaluation/cross_simulator`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from curriculum_rl.evaluation.bootstrap import Bootstrap, Interval
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.cross_simulator import FEWEST, Judged, Verdict, verdicts
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.evaluation.statistics import compare_all, intervals
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.policies.policy import Policy
from curriculum_rl.world import World


@dataclass(frozen=True)
class Simulated:
    """What came out in one simulator.

    Attributes:
        world: its name.
        fit: how well its student model predicts students whom it was not fitted to, in words; empty if it is not said.
        means: by strategy, the mean outcome with its interval.
        natives: strategies that were trained in it.
    """

    world: str
    fit: str
    means: dict[str, Interval]
    natives: tuple[str, ...]


def simulated(
    worlds: Mapping[str, World],
    policies: Mapping[str, Mapping[str, Policy]],
    natives: Mapping[str, Sequence[str]],
    baseline: str,
    objective: Objective,
    students: int,
    done: Callable[[int], None] = lambda students: None,
) -> tuple[list[Simulated], list[Verdict]]:
    """Every strategy in every simulator, on the same students and luck, and the verdicts against a baseline.

    Args:
        worlds: by name.
        policies: by world, then by name: a strategy that is bound to a catalogue is another object in each.
        natives: by world, the strategies that were trained on its students.
        baseline: the strategy that the others are compared with.
        objective: whose outcome is compared.
        students: of the test cohort, in each.
        done: called with the number of students who finished since the last call.
    """
    found, judged = [], []
    ids = first(TEST, students)
    for name, world in worlds.items():
        outcomes = {p: rollout(world, policy, ids, progress=done) for p, policy in policies[name].items()}
        scores = {p: getattr(outcome, objective.outcome) for p, outcome in outcomes.items()}
        bootstrap = Bootstrap().among(ids, world.class_size)
        pairs = [(p, baseline) for p in scores if p != baseline]
        own = tuple(natives[name])
        found.append(Simulated(name, world.provenance.get("fit", ""), intervals(scores, bootstrap), own))
        judged.append(Judged(name, frozenset(own), tuple(compare_all(scores, pairs, bootstrap))))
    return found, verdicts(judged) if len(judged) >= FEWEST else []
