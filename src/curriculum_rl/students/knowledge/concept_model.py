"""A model of knowledge whose parameters are one number a concept: what all such models share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from scipy.special import logit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.config import nearest
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.knowledge.knowledge import At
from curriculum_rl.violations import Violations

M = TypeVar("M")
CERTAIN = 30.0
"""Logits of progress where a concept is known for sure; as many below 0 where it is not."""

PER_CONCEPT = "tuple[float, ...]"


@dataclass(frozen=True)
class ConceptModel:
    """Base of the frozen dataclasses of parameters. A field typed `tuple[float, ...]` is a column of concepts.csv."""

    @property
    def chances(self) -> int:
        """How many of the draws u and v `learn_from` uses; both, unless a model says otherwise."""
        return 2

    @property
    def all_or_nothing(self) -> bool:
        """Whether a concept is known or not; it grows by degrees, unless a model says otherwise."""
        return False

    @property
    def wide(self) -> bool:
        """Whether a try can change concepts that it does not practise; not unless a model says so."""
        return False

    @property
    def follows(self) -> Bool | None:
        """Whether a try of one concept can come after one of another; any can, unless a model says otherwise."""
        return None

    @classmethod
    def concept_fields(cls) -> tuple[str, ...]:
        """Names of the fields that hold one number a concept."""
        return tuple(f.name for f in fields(cls) if f.type == PER_CONCEPT)

    def check_lengths(self, check: Violations) -> None:
        """Notes a violation where the fields disagree on the number of concepts."""
        lengths = {name: len(getattr(self, name)) for name in self.concept_fields()}
        if len(set(lengths.values())) > 1:
            check.add("parameters", lengths, "must all have one number for each concept")

    def check_fit(self, curriculum: Curriculum, check: Violations) -> None:
        """Notes what does not fit the curriculum: fields with more or fewer numbers than it has concepts."""
        concepts = len(curriculum.concepts)
        for name in self.concept_fields():
            if len(getattr(self, name)) != concepts:
                seen = f"{len(getattr(self, name))} numbers"
                check.add(f"knowledge.{name}", seen, f"must be {concepts}, one for each concept")

    def linked(self, curriculum: Curriculum) -> Self:
        """Itself: which concept builds on which is no part of it, unless a model says otherwise."""
        return self

    def within(self, folder: Path) -> Self:
        """Itself: it keeps nothing in files of its pack, unless a model says otherwise."""
        return self

    def files(self) -> dict[str, tuple[str, bytes]]:
        """What it keeps in files of its pack, by setting: the file's name and content; none, unless a model says so."""
        return {}

    def progress(self, state: Any, at: At) -> Float:
        """The logit of what could be recalled if nothing had been forgotten, unless a model says otherwise."""
        recall = self.recall(state, at, np.ones(at.flat.shape))  # type: ignore[attr-defined]
        logits: Float = np.clip(logit(np.clip(recall, 1e-300, 1.0)), -CERTAIN, CERTAIN)
        return logits

    def subset(self, concepts: Int) -> Self:
        """The same model of these concepts (positions) alone."""
        changes: dict[str, Any] = {
            name: tuple(getattr(self, name)[k] for k in concepts) for name in self.concept_fields()
        }
        return replace(self, **changes)

    def each(self, name: str) -> Float:
        """One field as an array, (K,), made once."""
        cache: dict[str, Float] = self.__dict__.setdefault("_arrays", {})
        if name not in cache:
            cache[name] = np.array(getattr(self, name), dtype=np.float64)
        return cache[name]

    def logits(self, name: str) -> Float:
        """The logit of one field, (K,), made once."""
        cache: dict[str, Float] = self.__dict__.setdefault("_logits", {})
        if name not in cache:
            cache[name] = logit(self.each(name))
        return cache[name]


def changed(model: M, changes: Mapping[str, Any]) -> M:
    """The same model of knowledge with some of its settings replaced, by name; those that are no columns.

    Raises:
        InvalidInput: there is no such setting, or it is out of range.
    """
    of: Any = model
    check, columns = Violations("knowledge"), of.concept_fields()
    settings = [f.name for f in fields(of) if f.name not in columns]
    for name in changes:
        if name not in settings:
            check.add(name, changes[name], "no such setting", nearest(name, settings))
    check.raise_all()
    made: M = replace(of, **changes) if changes else model
    return made


def check_guess_and_slip(guess: tuple[float, ...], slip: tuple[float, ...], check: Violations) -> None:
    """Notes guesses and slips that are no chances, or leave a wrong answer as a sign of knowing."""
    check.each("guess", guess, above=0.0, below=1.0)
    check.each("slip", slip, above=0.0, below=1.0)
    for k, (g, s) in enumerate(zip(guess, slip, strict=False)):
        # Each on its own may be no number, or out of range: that is said above.
        if all(isinstance(x, int | float) and 0.0 < x < 1.0 for x in (g, s)) and g + s >= 1.0:
            reason = "must stay under 1, or a wrong answer would be a sign of knowing"
            check.add(f"guess[{k}] + slip[{k}]", round(g + s, 6), reason, "Lower one of the two.")
