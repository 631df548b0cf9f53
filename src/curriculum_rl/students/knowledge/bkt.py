"""Bayesian knowledge tracing: a concept is known or it is not, and practice can turn the one into the other.

    P(known at first)        = logistic(logit(initial) + ability)
    P(right | recalled)      = logistic(logit(1 - slip) - difficulty)
    P(right | not recalled)  = logistic(logit(guess) - difficulty)
    P(becomes known | tried) = min(1, strength * logistic(logit(learn) + rate))
    P(no longer known | tried, known) = forget

`strength` is readiness times the activity's learning times the concept's share in it; what is known is recalled as
far as it is retained. Corbett & Anderson (1995), doi:10.1007/BF01099821; offsets per student: Yudelson, Koedinger &
Gordon (2013), doi:10.1007/978-3-642-39112-5_18; difficulty on guess and slip: Pardos & Heffernan (2011),
doi:10.1007/978-3-642-22362-4_21. So `ability` and `rate` individualise the model, student by student and concept by
concept, as in Pardos & Heffernan (2010), doi:10.1007/978-3-642-13470-8_24.

An activity on several concepts is right by their recall taken together, guess and slip by their shares:

    compensatory   sum_k share_k recall_k     one makes up for another
    conjunctive    prod_k recall_k            all are needed

The latter is DINA: Junker & Sijtsma (2001), doi:10.1177/01466210122032064.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.special import expit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.knowledge.concept_model import ConceptModel, check_guess_and_slip
from curriculum_rl.students.knowledge.knowledge import At, FilterParameters, Tried, all_of
from curriculum_rl.students.traits import Group, Traits, spread
from curriculum_rl.violations import Violations


@dataclass
class BKTState:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    known: Bool  # (n, K)
    rate: Float  # (n,) logits added to the chance of learning


@dataclass(frozen=True)
class BKT(ConceptModel):
    """A population of students who know a concept or do not.

    Attributes:
        initial: P(known) before the course of a student of average ability, in (0, 1).
        learn: P(becomes known) at one try when fully ready, in (0, 1).
        forget: P(no longer known) at one try, in [0, 1); 0 is the classic model, right where `memory` forgets.
        guess: P(right) on a medium problem when not recalled, in (0, 1).
        slip: P(wrong) on a medium problem when recalled, in (0, 1). `guess + slip` stays under 1, or a wrong answer
            would be a sign of knowing (Beck & Chang 2007).
        items: how the concepts of one activity act together.
    """

    initial: tuple[float, ...]
    learn: tuple[float, ...]
    forget: tuple[float, ...]
    guess: tuple[float, ...]
    slip: tuple[float, ...]
    items: Literal["compensatory", "conjunctive"] = "compensatory"

    def __post_init__(self) -> None:
        check = Violations("bkt")
        for name in ("initial", "learn"):
            check.each(name, getattr(self, name), above=0.0, below=1.0)
        check.each("forget", self.forget, at_least=0.0, below=1.0)
        check_guess_and_slip(self.guess, self.slip, check)
        self.check_lengths(check)
        if self.items not in ("compensatory", "conjunctive"):
            check.add("items", self.items, "must be compensatory or conjunctive")
        check.raise_all()

    @property
    def chances(self) -> int:
        """Whether it is learned, and, where the model forgets, whether it is lost."""
        return 2 if self.forgets else 1

    @cached_property
    def forgets(self) -> bool:
        """Whether any concept can be lost."""
        return max(self.forget) > 0.0

    @cached_property
    def _span(self) -> Float:
        """How much more often it is right where recalled, (K,)."""
        return 1.0 - self.each("slip") - self.each("guess")

    @property
    def all_or_nothing(self) -> bool:
        """A concept is known or not."""
        return True

    def shifted(self, logits: float) -> BKT:
        """The same model with `initial` moved by so many logits."""
        return replace(self, initial=tuple(expit(self.logits("initial") + logits).tolist()))

    def sample(self, traits: Traits, u: Float) -> BKTState:
        """The first state, from one uniform draw a concept, (n, K)."""
        return BKTState(known=u < expit(self.logits("initial") + traits.ability[:, None]), rate=traits.rate.copy())

    def held(self, state: BKTState) -> Bool:
        """What is known, (n, K)."""
        return state.known.copy()

    def tasks(self, concepts: Int, difficulty: Float) -> Float:
        """P(right) where recalled, and where not."""
        right = expit(-self.logits("slip").take(concepts) - difficulty)
        lucky = expit(self.logits("guess").take(concepts) - difficulty)
        return np.stack([right, lucky])

    def success(self, state: BKTState, at: At, shares: Float, retention: Float, task: Float) -> Float:
        """P(right) of each student's try, (n,)."""
        recalled = state.known.take(at.flat) * retention
        right, lucky = task
        if len(shares) == 1:
            chance: Float = (lucky + (right - lucky) * recalled)[0]
            return chance
        together = all_of(recalled, shares) if self.items == "conjunctive" else (shares * recalled).sum(axis=0)
        right, lucky = ((shares * x).sum(axis=0) for x in (right, lucky))
        mixed: Float = lucky + (right - lucky) * together
        return mixed

    def learn_from(
        self, state: BKTState, at: At, strength: Float, u: Float, v: Float, tried: Tried
    ) -> tuple[Bool, Bool]:
        """Practises, in place; returns what is known afterwards and what of it is new, (L, n) each."""
        before = state.known.take(at.flat)
        chance = expit(self.logits("learn").take(at.concepts) + state.rate)
        new = ~before & (u < strength * chance)
        after = before & (v >= self.each("forget").take(at.concepts)) | new if self.forgets else before | new
        state.known.ravel()[at.flat] = after
        return after, new

    def recall(self, state: BKTState, at: At, retention: Float) -> Float:
        """1 where known, as far as it is retained."""
        return state.known.take(at.flat) * retention

    def expected_gain(self, state: BKTState, at: At) -> Float:
        """P(becomes known)."""
        chance: Float = expit(self.logits("learn").take(at.concepts) + state.rate)
        return chance

    def score(self, concepts: Int, recall: Float) -> Float:
        """P(right) on a medium problem: guess + (1 - slip - guess) * recall."""
        return self.each("guess").take(concepts) + self._span.take(concepts) * recall

    def filter_parameters(self, groups: tuple[Group, ...]) -> FilterParameters:
        """The model itself, its population's mean traits taken into `initial` and `learn`."""
        ability, ability_sd, rate, rate_sd, correlation = spread(groups)
        return FilterParameters(
            initial=expit(self.logits("initial") + ability),
            learn=expit(self.logits("learn") + rate),
            forget=self.each("forget"),
            guess=self.each("guess"),
            slip=self.each("slip"),
            ability_sd=ability_sd,
            rate_sd=rate_sd,
            correlation=correlation,
            conjunctive=self.items == "conjunctive",
        )
