"""Performance factors analysis: right answers and wrong ones each move the logit of being right, each by its own step.

    logit P(right) = ability + sum_k share_k (intercept_k + gain_k * retention_k + loss_k) - difficulty
    step  = max(0, right_k + rate) after a right answer, wrong_k after a wrong one
    gain += strength * max(0, step),   loss += strength * min(0, step);   strength = readiness * learning * share

Pavlik, Cen & Koedinger (2009), Artificial Intelligence in Education, 531-538: without forgetting, gain + loss is their
gamma * (right answers) + rho * (wrong ones). What was gained is forgotten as in `afm.py`; what errors took away stays,
for else to forget would help. An activity without an answer teaches as a right answer does (assumed: the model says
nothing of it). As a world rather than a description it lets who fails fall behind and who succeeds get ahead, where
`wrong` is below 0: wrong answers are then not only signs of not knowing.
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
class PFAState:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    gain: Float  # (n, K) logits, at least 0
    loss: Float  # (n, K) logits, at most 0
    ability: Float  # (n,) logits
    rate: Float  # (n,) logits a right answer


@dataclass(frozen=True)
class PFA(ConceptModel):
    """A population whose logit of being right moves with every answer.

    Attributes:
        intercept: logit of P(right) of an average student on a medium problem before the course.
        right: gamma, logits gained at a right answer when fully ready, at least 0.
        wrong: rho, logits moved by a wrong one; usually below 0.
    """

    intercept: tuple[float, ...]
    right: tuple[float, ...]
    wrong: tuple[float, ...]

    def __post_init__(self) -> None:
        check = Violations("pfa")
        check.each("intercept", self.intercept, at_least=-20.0, at_most=20.0)
        check.each("right", self.right, at_least=0.0, at_most=10.0)
        check.each("wrong", self.wrong, at_least=-10.0, at_most=10.0)
        self.check_lengths(check)
        check.raise_all()

    @property
    def chances(self) -> int:
        """Learning leaves nothing to chance but the answer."""
        return 0

    def shifted(self, logits: float) -> PFA:
        """The same model with `intercept` moved by so many logits."""
        return replace(self, intercept=tuple((self.each("intercept") + logits).tolist()))

    def sample(self, traits: Traits, u: Float) -> PFAState:
        """The first state: nothing is left to chance but the traits; `u`, (n, K), gives the shape."""
        return PFAState(np.zeros(u.shape), np.zeros(u.shape), traits.ability.copy(), traits.rate.copy())

    def held(self, state: PFAState) -> Bool:
        """Nothing: what was known at first is not forgotten, (n, K)."""
        return np.zeros(state.gain.shape, dtype=np.bool_)

    def tasks(self, concepts: Int, difficulty: Float) -> Float:
        """Intercepts of the concepts, and the difficulty."""
        return np.stack([self.each("intercept").take(concepts), np.broadcast_to(difficulty, concepts.shape)])

    def success(self, state: PFAState, at: At, shares: Float, retention: Float, task: Float) -> Float:
        """P(right) of each student's try, (n,)."""
        intercept, difficulty = task
        level = intercept + state.gain.take(at.flat) * retention + state.loss.take(at.flat)
        chance: Float = expit(state.ability + (shares * level).sum(axis=0) - difficulty[0])
        return chance

    def learn_from(
        self, state: PFAState, at: At, strength: Float, u: Float, v: Float, tried: Tried
    ) -> tuple[Bool, Bool]:
        """Practises, in place; all that was practised is held, and none of it is new."""
        up, down = self._steps(state, at)
        step = strength * np.where(tried.correct | ~tried.answered, up, down)
        state.gain.ravel()[at.flat] = state.gain.take(at.flat) + np.maximum(0.0, step)
        state.loss.ravel()[at.flat] = state.loss.take(at.flat) + np.minimum(0.0, step)
        return np.ones(at.flat.shape, dtype=np.bool_), np.zeros(at.flat.shape, dtype=np.bool_)

    def _steps(self, state: PFAState, at: At) -> tuple[Float, Float]:
        """Logits moved by a right and by a wrong answer when fully ready, of the shape of `at`."""
        return np.maximum(0.0, self.each("right").take(at.concepts) + state.rate), self.each("wrong").take(at.concepts)

    def _logit(self, state: PFAState, at: At, retention: Float | float) -> Float:
        """Of P(right) on a medium problem, of the shape of `at`."""
        level = self.each("intercept").take(at.concepts) + state.loss.take(at.flat)
        total: Float = state.ability + level + state.gain.take(at.flat) * retention
        return total

    def recall(self, state: PFAState, at: At, retention: Float) -> Float:
        """P(right) on a medium problem."""
        chance: Float = expit(self._logit(state, at, retention))
        return chance

    def expected_gain(self, state: PFAState, at: At) -> Float:
        """Of what is missing to 1 in P(right) on a medium problem, over both answers to one; at least 0."""
        logit = self._logit(state, at, 1.0)
        chance, share = expit(logit), np.zeros(at.flat.shape)
        for weight, step in zip((chance, 1.0 - chance), self._steps(state, at), strict=True):
            # (s(x + m) - s(x)) / (1 - s(x)) without the cancellation where s(x) is near 1
            share += weight * -np.expm1(-step) * expit(logit + step)
        return np.maximum(0.0, share)

    def score(self, concepts: Int, recall: Float) -> Float:
        """P(right) on a medium problem, which is what `recall` is here."""
        return recall

    def filter_parameters(self, groups: tuple[Group, ...]) -> FilterParameters:
        """Matched to the population's curve of accuracy, each answer taken for its mean."""

        def accuracy(ability: Float, rate: Float, tries: int) -> Float:
            logit = ability + self.each("intercept") + np.zeros_like(rate)
            for _ in range(min(tries, LATE)):
                chance = expit(logit)
                logit = logit + chance * np.maximum(0.0, self.each("right") + rate)
                logit += (1.0 - chance) * self.each("wrong")
            right: Float = expit(logit)
            return right

        return matched(accuracy, np.zeros(len(self.right)), groups)
