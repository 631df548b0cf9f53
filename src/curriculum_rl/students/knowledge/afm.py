"""The additive factors model, individualised: each try adds to the logit of being right.

    logit P(right) = ability + sum_k share_k (intercept_k + growth_k * retention_k) - difficulty
    growth_k      += strength * max(0, slope_k + rate)        at each try; strength = readiness * learning * share

Cen, Koedinger & Junker (2006), doi:10.1007/11774303_17; a rate of each student (iAFM): Liu & Koedinger (2017);
numbers over 27 data sets: Koedinger et al. (2023), doi:10.1073/pnas.2221311120. The growth alone is forgotten: first
knowledge is what the student has had for long. Leaves out that learning slows: see `irt.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.knowledge.knowledge import At, FilterParameters, Tried
from curriculum_rl.students.knowledge.moments import matched
from curriculum_rl.students.traits import Group, Traits
from curriculum_rl.violations import Violations


@dataclass
class AFMState:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    growth: Float  # (n, K) logits gained by practice
    ability: Float  # (n,) logits
    rate: Float  # (n,) logits a try


@dataclass(frozen=True)
class AFM(ConceptModel):
    """A population whose logit of being right grows with every try.

    Attributes:
        intercept: logit of P(right) of an average student on a medium problem before the course.
        slope: logits gained at a try when fully ready, at least 0.
    """

    intercept: tuple[float, ...]
    slope: tuple[float, ...]

    def __post_init__(self) -> None:
        check = Violations("afm")
        check.each("intercept", self.intercept, at_least=-20.0, at_most=20.0)
        check.each("slope", self.slope, at_least=0.0, at_most=10.0)
        self.check_lengths(check)
        check.raise_all()

    @property
    def chances(self) -> int:
        """Learning leaves nothing to chance."""
        return 0

    def shifted(self, logits: float) -> AFM:
        """The same model with `intercept` moved by so many logits."""
        return replace(self, intercept=tuple((self.each("intercept") + logits).tolist()))

    def sample(self, traits: Traits, u: Float) -> AFMState:
        """The first state: nothing is left to chance but the traits; `u`, (n, K), gives the shape."""
        return AFMState(np.zeros(u.shape), traits.ability.copy(), traits.rate.copy())

    def held(self, state: AFMState) -> Bool:
        """Nothing: what was known at first is not forgotten, (n, K)."""
        return np.zeros(state.growth.shape, dtype=np.bool_)

    def tasks(self, concepts: Int, difficulty: Float) -> Float:
        """Intercepts of the concepts, and the difficulty."""
        return np.stack([self.each("intercept").take(concepts), np.broadcast_to(difficulty, concepts.shape)])

    def success(self, state: AFMState, at: At, shares: Float, retention: Float, task: Float) -> Float:
        """P(right) of each student's try, (n,)."""
        intercept, difficulty = task
        level = intercept + state.growth.take(at.flat) * retention
        chance: Float = expit(state.ability + (shares * level).sum(axis=0) - difficulty[0])
        return chance

    def learn_from(
        self, state: AFMState, at: At, strength: Float, u: Float, v: Float, tried: Tried
    ) -> tuple[Bool, Bool]:
        """Practises, in place; all that was practised is held, and none of it is new."""
        gain = strength * np.maximum(0.0, self.each("slope").take(at.concepts) + state.rate)
        state.growth.ravel()[at.flat] = state.growth.take(at.flat) + gain
        return np.ones(at.flat.shape, dtype=np.bool_), np.zeros(at.flat.shape, dtype=np.bool_)

    def recall(self, state: AFMState, at: At, retention: Float) -> Float:
        """P(right) on a medium problem."""
        level = self.each("intercept").take(at.concepts) + state.growth.take(at.flat) * retention
        chance: Float = expit(state.ability + level)
        return chance

    def expected_gain(self, state: AFMState, at: At) -> Float:
        """Of what is missing to 1 in P(right) on a medium problem."""
        logit = state.ability + self.each("intercept").take(at.concepts) + state.growth.take(at.flat)
        more = np.maximum(0.0, self.each("slope").take(at.concepts) + state.rate)
        # (s(x + m) - s(x)) / (1 - s(x)) without the cancellation where s(x) is near 1
        share: Float = -np.expm1(-more) * expit(logit + more)
        return share

    def score(self, concepts: Int, recall: Float) -> Float:
        """P(right) on a medium problem, which is what `recall` is here."""
        return recall

    def filter_parameters(self, groups: tuple[Group, ...]) -> FilterParameters:
        """Matched to the population's curve of accuracy."""

        def accuracy(ability: Float, rate: Float, tries: int) -> Float:
            growth = tries * np.maximum(0.0, self.each("slope") + rate)
            chance: Float = expit(ability + self.each("intercept") + growth)
            return chance

        return matched(accuracy, np.zeros(len(self.slope)), groups)
