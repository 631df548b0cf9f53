"""What can be learned and done: concepts, their prerequisites, and the activities that teach them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.violations import Violations

MAX_LOADS = 4
"""Concepts that one activity may practise: each has a draw of its own in the stream of a step."""


@dataclass(frozen=True)
class Concept:
    """One thing to learn. `tries` is the evidence behind its parameters: rows of the log that it was fitted to."""

    id: str
    name: str = ""
    tries: int = 0


@dataclass(frozen=True)
class Activity:
    """One thing to do.

    Attributes:
        id, name: its identity, and what people read.
        form: a label of the kind of activity, such as "problem" or "worked example".
        loads: the share of the activity that practises each concept, by concept id; the shares sum to 1.
        difficulty: logits above a medium problem of its concepts.
        minutes: what it costs a student of average pace.
        learning: multiplies the chance (or rate) of learning of a medium problem.
        answered: whether the student answers, so that a platform sees right or wrong.
        needs: resources without which it cannot be done; see `students/access.py`.
    """

    id: str
    form: str
    loads: Mapping[str, float]
    name: str = ""
    difficulty: float = 0.0
    minutes: float = 2.0
    learning: float = 1.0
    answered: bool = True
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prerequisite:
    """`concept` is hard to learn without `prerequisite`; `strength` in (0, 1] says how hard."""

    prerequisite: str
    concept: str
    strength: float = 1.0


@dataclass(frozen=True)
class Slot:
    """Pairs of a concept and an activity, none of either twice; positions, as slices where they are evenly apart."""

    concepts: Int | slice
    activities: Int | slice
    shares: Float  # of the activity that practises the concept


@dataclass(frozen=True)
class Curriculum:
    """Concepts, prerequisites and activities, validated once: K concepts, A activities.

    Raises:
        InvalidInput: for a cycle (printed as a path), an unknown or duplicate id, a number out of range.
    """

    concepts: tuple[Concept, ...]
    activities: tuple[Activity, ...]
    prerequisites: tuple[Prerequisite, ...] = ()

    def __post_init__(self) -> None:
        check = Violations("curriculum")
        _check_ids(check, "concepts", [c.id for c in self.concepts])
        _check_ids(check, "activities", [a.id for a in self.activities])
        known = {c.id for c in self.concepts}
        for i, activity in enumerate(self.activities):
            _check_activity(check, f"activities[{i}]", activity, known)
        _check_prerequisites(check, self.prerequisites, known)
        check.raise_all()

    @cached_property
    def concept_index(self) -> dict[str, int]:
        """Position of each concept id."""
        return {c.id: k for k, c in enumerate(self.concepts)}

    @cached_property
    def requires(self) -> Float:
        """(K, K) strengths: entry [j, k] says how strongly k needs j, 0 where it does not."""
        matrix = np.zeros((len(self.concepts), len(self.concepts)))
        for p in self.prerequisites:
            matrix[self.concept_index[p.prerequisite], self.concept_index[p.concept]] = p.strength
        return matrix

    @cached_property
    def parents(self) -> tuple[Int, Float]:
        """Prerequisites of each concept and their strengths, (P, K) each, padded with concept 0 at strength 0."""
        return _padded([np.flatnonzero(self.requires[:, k]) for k in range(len(self.concepts))], self.requires.T)

    @cached_property
    def children(self) -> tuple[Int, Float]:
        """What each concept unlocks and the strengths, (C, K) each, padded with concept 0 at strength 0."""
        return _padded([np.flatnonzero(self.requires[k]) for k in range(len(self.concepts))], self.requires)

    @cached_property
    def ancestors(self) -> Bool:
        """(K, K): entry [k, j] says whether k needs j, directly or not; each is its own ancestor."""
        closure = np.eye(len(self.concepts), dtype=np.bool_)
        for k in self.order:
            closure[k] |= closure[self.requires[:, k] > 0].any(axis=0)
        return closure

    @cached_property
    def order(self) -> Int:
        """Concepts with every prerequisite before what needs it, otherwise as listed, (K,)."""
        waiting = (self.requires > 0).sum(axis=0)
        ready = [k for k in range(len(waiting)) if waiting[k] == 0]
        order: list[int] = []
        while ready:
            k = min(ready)
            ready.remove(k)
            order.append(k)
            unlocked = self.requires[k] > 0
            waiting -= unlocked
            ready += np.flatnonzero(unlocked & (waiting == 0)).tolist()
        return np.array(order, dtype=np.int64)

    @cached_property
    def loads(self) -> tuple[Int, Float]:
        """Concepts of each activity and their shares, (L, A) each, padded with share 0.

        What pads is a concept that it does not practise: writing back what was read there undoes nothing.
        """
        width = max(len(a.loads) for a in self.activities)
        concepts = np.zeros((width, len(self.activities)), dtype=np.int64)
        shares = np.zeros((width, len(self.activities)))
        for i, activity in enumerate(self.activities):
            practised = [self.concept_index[c] for c in activity.loads]
            concepts[:, i] = next((k for k in range(len(self.concepts)) if k not in practised), 0)
            concepts[: len(practised), i] = practised
            shares[: len(practised), i] = list(activity.loads.values())
        return concepts, shares

    def practised(self, activity: Int) -> tuple[Int, Float]:
        """Concepts of these activities, (n,), and their shares, (L, n) each."""
        concepts, shares = self.loads
        return concepts.take(activity, axis=1), shares.take(activity, axis=1)

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """All pairs of a concept and an activity that practises it; where concepts have the same forms, one a form."""
        concepts, shares = self.loads
        place, activity = np.nonzero(shares > 0)
        concept = concepts[place, activity]
        order = np.lexsort((activity, concept))
        concept, activity, share = concept[order], activity[order], shares[place, activity][order]
        rank = np.arange(len(order)) - np.searchsorted(concept, concept)
        run = place[order] * (rank.max() + 1) + rank  # apart by place too, so that no activity stands twice in one
        runs = (np.flatnonzero(run == r) for r in np.unique(run))
        return tuple(Slot(_sliced(concept[i]), _sliced(activity[i]), share[i]) for i in runs)

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The distinct labels of form, in order of first use."""
        return tuple(dict.fromkeys(a.form for a in self.activities))

    @cached_property
    def form(self) -> Int:
        """Position in `forms` of each activity's form, (A,)."""
        return np.array([self.forms.index(a.form) for a in self.activities], dtype=np.int64)

    @cached_property
    def difficulty(self) -> Float:
        """Logits above a medium problem, (A,)."""
        return np.array([a.difficulty for a in self.activities])

    @cached_property
    def minutes(self) -> Float:
        """Minutes of a student of average pace, (A,)."""
        return np.array([a.minutes for a in self.activities])

    @cached_property
    def learning(self) -> Float:
        """What multiplies learning, (A,)."""
        return np.array([a.learning for a in self.activities])

    @cached_property
    def answered(self) -> Bool:
        """Whether the student answers, (A,)."""
        return np.array([a.answered for a in self.activities], dtype=np.bool_)

    def keep(self, concepts: Sequence[str]) -> Curriculum:
        """The part about these concepts alone, in this order, without activities that practise anything else.

        A prerequisite that leads through dropped concepts stays, as strong as the strongest such path (the product of
        its strengths), unless a path of kept concepts says it too.
        """
        chosen = set(concepts)
        kept = np.array([k for k, c in enumerate(self.concepts) if c.id in chosen], dtype=np.int64)
        through = self.requires.copy()
        for k in self.order[~np.isin(self.order, kept)]:
            into, onward = np.flatnonzero(through[:, k]), np.flatnonzero(through[k])
            paths, around = np.outer(through[into, k], through[k, onward]), np.ix_(into, onward)
            through[around] = np.maximum(through[around], paths)
        direct, through = (m[np.ix_(kept, kept)] for m in (self.requires, through))
        leads = self.ancestors.T[np.ix_(kept, kept)] & ~np.eye(len(kept), dtype=np.bool_)
        detour = (leads.astype(np.float64) @ leads.astype(np.float64)) > 0
        strengths = np.where(detour & (direct == 0), 0.0, through)
        return Curriculum(
            concepts=tuple(self.concepts[k] for k in kept),
            activities=tuple(a for a in self.activities if set(a.loads) <= chosen),
            prerequisites=tuple(
                Prerequisite(self.concepts[kept[j]].id, self.concepts[kept[k]].id, float(strengths[j, k]))
                for k in range(len(kept))
                for j in np.flatnonzero(strengths[:, k])
            ),
        )


def _sliced(index: Int) -> Int | slice:
    """The same positions as a slice where they are evenly apart: what a slice picks is not copied."""
    even = slice(int(index[0]), int(index[-1]) + 1, max(int(np.diff(index[:2]).sum()), 1))
    return even if np.array_equal(np.arange(even.start, even.stop, even.step), index) else index


def _padded(lists: list[Int], strengths: Float) -> tuple[Int, Float]:
    width = max((len(x) for x in lists), default=0)
    index = np.zeros((width, len(lists)), dtype=np.int64)
    strength = np.zeros((width, len(lists)))
    for k, members in enumerate(lists):
        index[: len(members), k] = members
        strength[: len(members), k] = strengths[k, members]
    return index, strength


def _check_ids(check: Violations, what: str, ids: list[str]) -> None:
    if not ids:
        check.add(what, ids, "must hold at least one", "An empty course teaches nothing.")
    seen: set[str] = set()
    for i, name in enumerate(ids):
        if not name:
            check.add(f"{what}[{i}].id", name, "must not be empty")
        elif name in seen:
            check.add(f"{what}[{i}].id", name, "stands twice", "Give each its own id.")
        seen.add(name)


def _check_activity(check: Violations, where: str, activity: Activity, known: set[str]) -> None:
    if not activity.form:
        check.add(f"{where}.form", activity.form, "must be a label", 'Such as "problem".')
    for concept in activity.loads:
        if concept not in known:
            check.add(f"{where}.concepts", concept, "is no concept of this curriculum", "Add it, or mend the id.")
    if not 1 <= len(activity.loads) <= MAX_LOADS:
        check.add(f"{where}.concepts", list(activity.loads), f"must name 1 to {MAX_LOADS} concepts")
    shares = [check.number(f"{where}.concepts[{c}]", w, above=0.0, at_most=1.0) for c, w in activity.loads.items()]
    if activity.loads and all(shares) and abs(sum(activity.loads.values()) - 1.0) > 1e-6:
        check.add(f"{where}.concepts", dict(activity.loads), "shares must sum to 1")
    check.number(f"{where}.difficulty", activity.difficulty, at_least=-10.0, at_most=10.0)
    check.number(f"{where}.minutes", activity.minutes, above=0.0, at_most=1440.0)
    check.number(f"{where}.learning", activity.learning, at_least=0.0, at_most=100.0)


def _check_prerequisites(check: Violations, prerequisites: tuple[Prerequisite, ...], known: set[str]) -> None:
    pairs: set[tuple[str, str]] = set()
    for i, p in enumerate(prerequisites):
        for field in ("prerequisite", "concept"):
            if getattr(p, field) not in known:
                check.add(f"prerequisites[{i}].{field}", getattr(p, field), "is no concept of this curriculum")
        if (p.prerequisite, p.concept) in pairs:
            check.add(f"prerequisites[{i}].concept", p.concept, f"has prerequisite {p.prerequisite!r} twice")
        pairs.add((p.prerequisite, p.concept))
        check.number(f"prerequisites[{i}].strength", p.strength, above=0.0, at_most=1.0)
    if cycle := _cycle(pairs):
        check.add("prerequisites", " -> ".join(cycle), "go in a circle", "Drop one of these links.")


def _cycle(pairs: set[tuple[str, str]]) -> list[str]:
    """One cycle as a path that ends where it starts, or nothing."""
    graph: dict[str, list[str]] = {}
    for prerequisite, concept in sorted(pairs):
        graph.setdefault(concept, []).append(prerequisite)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
