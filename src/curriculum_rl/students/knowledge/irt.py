"""Item response theory with growth: ability on each concept rises with practice, less and less.

    P(right) = c + (1 - c) logistic(a (theta - difficulty)),  theta_k = ability + level_k + growth_k * retention_k
    growth_k += strength * rise_k * exp(rate) * (1 - logistic(a (ability + level_k + growth_k)))    at each try

The three-parameter logistic of Birnbaum (1968); growth in the manner of dynamic item response models (Wang, Berger &
Burdick 2013, doi:10.1214/12-AOAS608), here with returns that diminish as the concept is mastered. c = 0 is the
2PL, a = 1 too the 1PL. Only the growth is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.knowledge.knowledge import At, FilterParameters, Tried
from curriculum_rl.students.knowledge.moments import LATE, matched
from curriculum_rl.students.traits import Group, Traits
from curriculum_rl.violations import Violations


@dataclass
class IRTState:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    growth: Float  # (n, K) logits gained by practice
    ability: Float  # (n,) logits
    rate: Float  # (n,) log of the factor on growth


@dataclass(frozen=True)
class IRT(ConceptModel):
    """A population whose ability on each concept grows towards mastery.

    Attributes:
        level: an average student's ability on the concept before the course, logits.
        rise: logits gained at a try by a student who knows nothing of it and is fully ready, at least 0.
        discrimination: a, above 0.
        guess: c, in [0, 1).
    """

    level: tuple[float, ...]
    rise: tuple[float, ...]
    discrimination: tuple[float, ...]
    guess: tuple[float, ...]

    def __post_init__(self) -> None:
        check = Violations("irt")
        check.each("level", self.level, at_least=-20.0, at_most=20.0)
        check.each("rise", self.rise, at_least=0.0, at_most=20.0)
        check.each("discrimination", self.discrimination, above=0.0, at_most=10.0)
        check.each("guess", self.guess, at_least=0.0, below=1.0)
        self.check_lengths(check)
        check.raise_all()

    @property
    def chances(self) -> int:
        """Learning leaves nothing to chance."""
        return 0

    def shifted(self, logits: float) -> IRT:
        """The same model with `level` moved by so many logits."""
        return replace(self, level=tuple((self.each("level") + logits).tolist()))

    def sample(self, traits: Traits, u: Float) -> IRTState:
        """The first state: nothing is left to chance but the traits; `u`, (n, K), gives the shape."""
        return IRTState(np.zeros(u.shape), traits.ability.copy(), traits.rate.copy())

    def held(self, state: IRTState) -> Bool:
        """Nothing: what was known at first is not forgotten, (n, K)."""
        return np.zeros(state.growth.shape, dtype=np.bool_)

    def tasks(self, concepts: Int, difficulty: Float) -> Float:
        """Discrimination, level and guess of the concepts, and the difficulty."""
        of_concepts = [self.each(name).take(concepts) for name in ("discrimination", "level", "guess")]
        return np.stack([*of_concepts, np.broadcast_to(difficulty, concepts.shape)])

    def success(self, state: IRTState, at: At, shares: Float, retention: Float, task: Float) -> Float:
        """P(right) of each student's try, (n,); several concepts compensate for one another by their shares."""
        a, level, c, difficulty = task
        theta = state.ability + level + state.growth.take(at.flat) * retention
        slope, logits, luck = ((shares * x).sum(axis=0) for x in (a, a * theta, c))
        chance: Float = luck + (1.0 - luck) * expit(logits - slope * difficulty[0])
        return chance

    def learn_from(
        self, state: IRTState, at: At, strength: Float, u: Float, v: Float, tried: Tried
    ) -> tuple[Bool, Bool]:
        """Practises, in place; all that was practised is held, and none of it is new."""
        growth = state.growth.take(at.flat)
        theta = state.ability + self.each("level").take(at.concepts) + growth
        room = expit(-self.each("discrimination").take(at.concepts) * theta)
        growth += strength * self.each("rise").take(at.concepts) * np.exp(state.rate) * room
        state.growth.ravel()[at.flat] = growth
        return np.ones(at.flat.shape, dtype=np.bool_), np.zeros(at.flat.shape, dtype=np.bool_)

    def recall(self, state: IRTState, at: At, retention: Float) -> Float:
        """logistic(a theta): P(right) on a medium problem without luck."""
        theta = state.ability + self.each("level").take(at.concepts) + state.growth.take(at.flat) * retention
        chance: Float = expit(self.each("discrimination").take(at.concepts) * theta)
        return chance

    def expected_gain(self, state: IRTState, at: At) -> Float:
        """Of what is missing to 1 in P(right) without luck."""
        a = self.each("discrimination").take(at.concepts)
        logit = a * (state.ability + self.each("level").take(at.concepts) + state.growth.take(at.flat))
        more = a * self.each("rise").take(at.concepts) * np.exp(state.rate) * expit(-logit)
        share: Float = -np.expm1(-more) * expit(logit + more)
        return share

    def score(self, concepts: Int, recall: Float) -> Float:
        """P(right) on a medium problem: c + (1 - c) * recall."""
        guess = self.each("guess").take(concepts)
        return guess + (1.0 - guess) * recall

    def filter_parameters(self, groups: tuple[Group, ...]) -> FilterParameters:
        """Matched to the population's curve of accuracy."""
        a, c = self.each("discrimination"), self.each("guess")

        def accuracy(ability: Float, rate: Float, tries: int) -> Float:
            growth = np.zeros((len(ability), len(a)))
            for _ in range(min(tries, LATE)):
                growth += self.each("rise") * np.exp(rate) * expit(-a * (ability + self.each("level") + growth))
            chance: Float = c + (1.0 - c) * expit(a * (ability + self.each("level") + growth))
            return chance

        return matched(accuracy, c, groups)
