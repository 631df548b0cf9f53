"""From what every entrant did to `results.json`: means, paired comparisons, subgroups, the curriculum map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.controls import STOP
from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.evaluation.kept import kept
from curriculum_rl.evaluation.outcomes import BINS, Outcomes
from curriculum_rl.evaluation.statistics import compare_all, intervals, iqm, standard_error
from curriculum_rl.evaluation.subgroups import by_subgroup_and_ability
from curriculum_rl.studies.players import Played
from curriculum_rl.world import World

SCHEMA = 1
LEARNED, HEURISTIC, PRIVILEGED = "learned", "heuristic", "privileged"
KEPT_GOING: Final[Mapping[str, Callable[[Outcomes], Float]]] = {
    "dropped out": lambda o: o.left.astype(np.float64),
    "stopped": lambda o: o.stopped.astype(np.float64),
    "engagement": lambda o: o.engagement,
    "did as offered": lambda o: o.followed / np.maximum(o.decisions, 1),
    "teacher minutes": lambda o: o.teacher_minutes,
    "belonging": lambda o: o.belonging,
}
"""What is told of a policy beside what it taught, by name, for each student, (n,)."""
_NEXT_TO_NOTHING: Final = 0.05  # of a part's usual share


def compare(
    world: World,
    played: Sequence[Played],
    outcome: str,
    bootstrap: Bootstrap,
    minimum: int,
    counterparts: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """The part of `results.json` that the outcomes say.

    Args:
        outcome: the column of `Outcomes` that is compared, in points.
        minimum: smallest cell of a subgroup that is shown.
        counterparts: pairs of a learner trained elsewhere and one trained here, for the share that is kept.
    """
    scores = {p.entrant.name: p.scores(outcome) for p in played}
    first = played[0].outcomes[0]
    bootstrap = bootstrap.among(first.student, world.class_size)
    interval = intervals(scores, bootstrap)
    groups = by_subgroup_and_ability(
        scores,
        np.array([world.population.groups[g].name for g in first.group]),
        first.ability,
        bootstrap,
        minimum,
        [g.name for g in world.population.groups],
    )
    policies = [_policy(world, p, scores[p.entrant.name], outcome, bootstrap.classes) for p in played]
    for policy in policies:
        found = interval[policy["name"]]
        policy.update(mean=found.mean, ci_low=found.low, ci_high=found.high)
    return {
        "outcome": outcome,
        "students": len(first.student),
        "policies": sorted(policies, key=lambda p: -p["mean"]),
        "comparisons": [asdict(c) for c in compare_all(scores, _planned(played), bootstrap)],
        "kept": [asdict(k) for k in kept(scores, counterparts, bootstrap)],
        "subgroups": [asdict(c) for c in groups.cells],
        "subgroup_gaps": [asdict(g) for g in groups.gaps],
        "concept_map": _by_time(world, played, "chosen"),
        "mastery_over_time": _by_time(world, played, "recall"),
    }


def _planned(played: Sequence[Played]) -> list[tuple[str, str]]:
    """Planned before anything is seen: every learned policy against each heuristic, the first against all others.

    Where nothing learned, the first heuristic against all others.
    """
    learned = [p.entrant.name for p in played if p.entrant.kind == LEARNED]
    others = [p.entrant.name for p in played if p.entrant.kind == HEURISTIC]
    if not learned:
        return [(others[0], b) for b in others[1:]]
    return [(a, b) for a in learned for b in others] + [(learned[0], b) for b in learned[1:]]


def _policy(world: World, played: Played, scores: Float, outcome: str, classes: Sequence[int] | None) -> dict[str, Any]:
    entrant = played.entrant
    forms = sum(o.forms.sum(axis=0) for o in played.outcomes)
    total = max(int(np.sum(forms)), 1)
    sampled = [float(getattr(o, outcome).mean()) for o in played.sampled]
    return {
        "name": entrant.name,
        "label": entrant.label,
        "kind": entrant.kind,
        "tracker": entrant.tracker,
        "trained_in": entrant.trained_in,
        "trained_from": entrant.trained_from,
        "iqm": iqm(scores),
        "sampled_mean": float(np.mean(sampled)) if sampled else None,
        "forms": {name: float(count) / total for name, count in zip(world.actions.forms, forms, strict=True)},
        "minutes_mean": float(np.mean([o.minutes.mean() for o in played.outcomes])),
        "decisions_mean": float(np.mean([o.decisions.mean() for o in played.outcomes])),
        "delayed_test_gain_mean": float(np.mean([o.gain.mean() for o in played.outcomes])),
        "objective_mean": float(np.mean([o.reward.mean() for o in played.outcomes])),
        "measured_mean": float(np.mean([o.measured.mean() for o in played.outcomes])),
        "mastery_gain_mean": float(np.mean([o.mastery_gain.mean() for o in played.outcomes])),
        "seed_means": scores.mean(axis=1).tolist(),
        "kept_going": {
            name: _mean_and_error(played, of, classes) for name, of in KEPT_GOING.items() if _is_on(world, name)
        },
    }


def _is_on(world: World, name: str) -> bool:
    """Whether the world has the faculty, or the control, that moves this."""
    if name == "stopped":
        return STOP in world.controls
    faculty = {"dropped out": "dropout", "did as offered": "choice", "engagement": "engagement"}.get(name, "classroom")
    return faculty in world.population.faculties.on


def _mean_and_error(
    played: Played, of: Callable[[Outcomes], Float], classes: Sequence[int] | None
) -> tuple[float, float]:
    """The mean over students and seeds, and its standard error over students or classes, whose seeds are averaged."""
    each = np.mean([of(o) for o in played.outcomes], axis=0)
    return float(each.mean()), standard_error(each, classes)[0]


def _parts(moments: Sequence[Float]) -> int:
    """Into how many parts a course is told: as many as leave none in which next to nothing was done by any policy."""
    for parts in (p for p in range(BINS, 1, -1) if BINS % p == 0):
        held = [_merged(m[:, None], parts) for m in moments]
        if all(h.min() >= _NEXT_TO_NOTHING * h.mean() for h in held):
            return parts
    return 1


def _merged(by_bin: Float, parts: int) -> Float:
    """Sums of (BINS, K) over stretches of bins, (parts, K)."""
    merged: Float = by_bin.reshape(parts, BINS // parts, -1).sum(axis=1)
    return merged


def _by_time(world: World, played: Sequence[Played], what: str) -> Mapping[str, Any]:
    """Shares of decisions, or mean recall, by part of the course and concept, concepts in curriculum order."""
    order = world.curriculum.order
    tables, bins = {}, _parts([p.traces.moments for p in played])
    for p in played:
        traces = p.traces
        sums = _merged(getattr(traces, what)[:, order], bins)
        moments = _merged(traces.moments[:, None], bins)
        weight = moments if what == "recall" else sums.sum(axis=1, keepdims=True)
        tables[p.entrant.name] = np.round(sums / np.maximum(weight, 1.0), 5).tolist()
    return {
        "concepts": [world.curriculum.concepts[k].id for k in order],
        "bins": bins,
        "policies": tables,
    }
