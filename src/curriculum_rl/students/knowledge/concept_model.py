"""A model of knowledge whose parameters are one number a concept: what all such models share."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from scipy.special import logit

from curriculum_rl.batch import Float, Int
from curriculum_rl.violations import Violations

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

    @classmethod
    def concept_fields(cls) -> tuple[str, ...]:
        """Names of the fields that hold one number a concept."""
        return tuple(f.name for f in fields(cls) if f.type == PER_CONCEPT)

    def check_lengths(self, check: Violations) -> None:
        """Notes a violation where the fields disagree on the number of concepts."""
        lengths = {name: len(getattr(self, name)) for name in self.concept_fields()}
        if len(set(lengths.values())) > 1:
            check.add("parameters", lengths, "must all have one number for each concept")

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
