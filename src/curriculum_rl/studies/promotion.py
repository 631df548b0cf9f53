"""Whether a bundle may become the champion of its catalogue: each thing that it must pass, with its figures.

    vectors      it does here what it did where it was made (`runner/verify.py`)
    locked       played by chance through many masks, nothing that is locked is ever eligible or given a chance
    heuristics   against the best heuristic that sees no more than a platform sees, on students whom nobody trained on:
                 the paired 95% interval is above 0, and so is the difference of the exported seed alone
    gaps         in every way of grouping students, best minus worst group is wider than under that heuristic by no more
                 than a margin
    champion     where there is one: the paired 95% interval of bundle minus champion, both played from their files on
                 students whom no study judged on, is above 0

The third and fourth read the results of the study; where there is none, all is played anew from the file. The best
heuristic is picked on the same students, which flatters it: the error is on the side of what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.evaluation.cohorts import TEST, check_classes, first
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.evaluation.statistics import Comparison, compare
from curriculum_rl.export.evidence import Evidence
from curriculum_rl.export.player import BundlePolicy
from curriculum_rl.export.recipe import recipe
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.policies.load import load_policy, usual_names
from curriculum_rl.report.html import between, points, signed
from curriculum_rl.report.reading import read_results
from curriculum_rl.runner.draw import drawn, explored
from curriculum_rl.runner.runner import Runner, State, Step
from curriculum_rl.studies.compare import HEURISTIC, LEARNED, SCHEMA
from curriculum_rl.studies.compare import compare as compared
from curriculum_rl.studies.players import Entrant, play
from curriculum_rl.violations import Violations
from curriculum_rl.world import World

UNSEEN: Final = 1 << 30
"""Students of the test cohort passed over, so that no study has judged on those who come next."""
ANEW: Final = "played anew"
LANES: Final = 250
SMALLEST_CELL: Final = 10


@dataclass(frozen=True)
class Rules:
    """How strict the promotion is.

    Attributes:
        decisions: under so many masks nothing that is locked may be recommended.
        margin: points by which the gap between groups may be wider than under the best heuristic; assumed.
        students: on whom it is played, where something is played anew.
        seed: of those students and their luck, and of the masks.
    """

    decisions: int = 20_000
    margin: float = 1.0
    students: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        check = Violations("promote")
        check.number("decisions", self.decisions, at_least=LANES, whole=True)
        check.number("margin", self.margin, at_least=0.0)
        check.number("students", self.students, at_least=20, whole=True)
        check.raise_all()


@dataclass(frozen=True)
class Hurdle:
    """One thing that was to be passed: whether it was, and the figures in words."""

    name: str
    passed: bool
    told: str


class Stepper(Protocol):
    """What decides: a `Runner`."""

    activities: list[str]

    def start(self, n: int = 1) -> State: ...

    def step(self, state: State, last_activity: Any, correct: Any, elapsed_s: Any, allowed: Any) -> Step: ...


def locked(stepper: Stepper, rules: Rules) -> Hurdle:
    """Plays students at random under masks that shut anything from nothing to everything."""
    rng, activities = np.random.default_rng(rules.seed), len(stepper.activities)
    state, last = stepper.start(LANES), np.full(LANES, -1)
    correct, elapsed = np.zeros(LANES), np.zeros(LANES)
    leaks = short = shut = count = 0
    while count < rules.decisions:
        share = rng.choice([0.0, 0.5, 0.9, 1.0], size=(LANES, 1), p=[0.1, 0.4, 0.4, 0.1])
        allowed = rng.random((LANES, activities)) >= share
        step = stepper.step(state, last, correct, elapsed, allowed)
        leaks += int((((step.probabilities != 0) & ~step.eligible) | (step.eligible & ~allowed)).any(axis=1).sum())
        some = step.eligible.any(axis=1)
        whole = np.abs(step.probabilities.sum(axis=1) - some) <= 1e-4  # which no number that is none is
        short += int((~whole | (step.probabilities < 0).any(axis=1)).sum())
        shut += int((~some).sum())
        chances = explored(step.probabilities, step.eligible & allowed, 0.5)  # wherever students may come
        chosen = [drawn(row, float(u)) for row, u in zip(chances, rng.random(LANES), strict=True)]
        last = np.array([-1 if one is None else one for one in chosen])
        correct, elapsed = (rng.random(LANES) < 0.6).astype(float), 10.0 ** rng.uniform(0.0, 6.0, LANES)
        state, count = step.state, count + LANES
    told = f"{count:,} decisions under random masks, {shut:,} of them with nothing open: {leaks:,} recommend what is "
    told += f"locked, in {short:,} the probabilities do not sum to 1 (0 where nothing is open)"
    return Hurdle("locked", leaks == 0 and short == 0, told)


def heuristics(evidence: Evidence) -> Hurdle:
    """The paired difference to the best heuristic."""
    best = evidence.best_heuristic
    pair = evidence.against(best.name) if best else None
    if best is None or pair is None:
        rival = best.name if best else "any heuristic"
        return Hurdle("heuristics", False, f"{evidence.name} was not compared with {rival}")
    told = f"{evidence.results.experiment}: {evidence.name} against {best.name}, {evidence.students} unseen students: "
    told += _pair(pair)
    passed, own = pair.ci_low > 0.0, evidence.own_mean
    if own is not None:
        passed = passed and own > best.mean
        told += f"; seed {evidence.seed} alone {signed(own - best.mean)}"
    return Hurdle("heuristics", passed, told)


def gaps(evidence: Evidence, rules: Rules) -> Hurdle:
    """How much wider the gaps between groups are than under the best heuristic."""
    best, found, passed = evidence.best_heuristic, [], True
    for by in evidence.groupings() if best else ():
        own, other = evidence.results.gap(evidence.name, by), evidence.results.gap(best.name, by) if best else None
        if own is None or other is None:
            continue
        wider = own.gap - other.gap
        passed = passed and wider <= rules.margin
        found.append(f"by {by} {points(own.gap)} against {points(other.gap)} ({signed(wider)})")
    if not found or best is None:
        return Hurdle("gaps", False, "no gap between groups was measured: judge on more students")
    told = f"best minus worst group, against {best.name}, may be wider by {points(rules.margin)}: {'; '.join(found)}"
    return Hurdle("gaps", passed, told)


def over_champion(bundle: Runner, champion: Runner, world: World, objective: Objective, rules: Rules) -> Hurdle:
    """Both from their files, on the same students and luck."""
    ids = first(TEST, rules.students, UNSEEN)
    check_classes(rules.students, world.class_size)
    own, other = (
        getattr(rollout(world, BundlePolicy(one), ids, rules.seed, objective=objective), objective.outcome)
        for one in (bundle, champion)
    )
    pair = compare(own, other, Bootstrap().among(ids, world.class_size))
    told = f"against {champion.bundle.manifest['name']}, {rules.students:,} unseen students: {_pair(pair)}"
    return Hurdle("champion", pair.ci_low > 0.0, told)


def judged_anew(bundle: Runner, world: World, objective: Objective, rules: Rules) -> Evidence:
    """The bundle beside every usual heuristic, as a study judges, on students whom no study judged on."""
    check_classes(rules.students, world.class_size)
    name = str(bundle.bundle.manifest["name"])
    heuristics = {n: load_policy(n) for n in usual_names()}
    rivals = [
        Entrant(n, HEURISTIC, "", (one,))
        for n, one in heuristics.items()
        if recipe(one) != bundle.bundle.manifest["policy"]  # what it is itself is no rival, whatever it is called
    ]
    name = f"{name}, as exported" if name in heuristics else name
    ids = first(TEST, rules.students, UNSEEN)
    entrants = [Entrant(name, LEARNED, "", (BundlePolicy(bundle),)), *rivals]
    played = play(world, entrants, ids, rules.seed, objective=objective)
    found = compared(world, played, objective.outcome, Bootstrap(), SMALLEST_CELL)
    about: Mapping[str, Any] = {"schema": SCHEMA, "experiment": ANEW, "world": {"name": world.name}}
    return Evidence(read_results({**about, **found}), name)


def _pair(pair: Comparison) -> str:
    return f"{signed(pair.difference)} points (95% interval {between(pair.ci_low, pair.ci_high)})"
