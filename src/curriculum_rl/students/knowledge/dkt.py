"""Deep knowledge tracing as a student: a recurrent network, fitted to answers, says what comes of each answer.

    logit P(right) = ability + sum_k share_k (intercept_k + gain_k * retention_k + loss_k) - difficulty
    gain_k = max(0, m_k),   loss_k = min(0, m_k),   m = the logits that the network has moved, 0 at first (`lstm.py`)
    (h, c) += min(1, e^rate * strength) (LSTM((h, c), x) - (h, c)) at each try
    x: right or wrong on the concepts of the activity, each by its part of the strength

Piech et al. (2015), arXiv:1506.05908: there x is one-hot, and ability, rate, difficulty and forgetting are 0, strength
(readiness * learning * share, summed) is 1. Students differ by their answers first of all: the network takes the first
of them for signs of who answers. Where nothing is asked it is told the answer that it expects, P(right) of right and
the rest of wrong (assumed: the model says nothing of it). What was gained is forgotten as in `pfa.py`.

A *misspecified stress world*, on purpose. The network was fitted to predict answers in the order in which a platform
asked for them: that an answer moves its logits does not say that the student learned. It may fall after right answers,
jump back and forth, and move concepts that were not practised (Yeung & Yeung 2018, arXiv:1806.02180); it
repeats what the platform did with its students (Xiong et al. 2016). `recall`, mastery and scores are here what the
network predicts on medium problems, no more. Nobody should choose a policy by it. A policy that wins elsewhere and
falls apart here leans on smooth growth, which real students do not promise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.special import expit

from curriculum_rl.batch import Bool, Float, Int, total
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.knowledge.knowledge import At, FilterParameters, Tried
from curriculum_rl.students.knowledge.lstm import LSTM, read_lstm, tally
from curriculum_rl.students.knowledge.moments import LATE, matched
from curriculum_rl.students.traits import Group, Traits
from curriculum_rl.violations import InvalidInput, Violations

FILE = "lstm.safetensors"
"""What calibration calls the network of a pack."""
_ELSEWHERE = "is a file of a pack, and is read with its pack alone"


@dataclass
class DKTState:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    hidden: Float  # (n, H)
    cell: Float  # (n, H)
    moved: Float  # (n, K) logits
    ability: Float  # (n,) logits
    rate: Float  # (n,) log of the factor on strength


@dataclass(frozen=True)
class DKT(ConceptModel):
    """A population whose answers move a recurrent network.

    Attributes:
        intercept: logit of P(right) of an average student on a medium problem before the course.
        weights: of the network, a safetensors file in the folder of the pack (or what was read from it); null: the
            network of `lstm.tally`, which counts right answers less wrong ones and is not fitted to anything.
    """

    intercept: tuple[float, ...]
    weights: str | LSTM | None = None

    def __post_init__(self) -> None:
        check = Violations("dkt")
        check.each("intercept", self.intercept, at_least=-20.0, at_most=20.0)
        if isinstance(self.weights, LSTM) and self.weights.concepts != len(self.intercept):
            expected = f"must be {len(self.intercept)}, one for each intercept"
            check.add("weights", f"of {self.weights.concepts} concepts", expected)
        check.raise_all()

    @property
    def chances(self) -> int:
        """Learning leaves nothing to chance but the answer."""
        return 0

    @property
    def wide(self) -> bool:
        """An answer may move every concept."""
        return True

    @cached_property
    def network(self) -> LSTM:
        """What moves the logits."""
        if isinstance(self.weights, str):
            raise InvalidInput("dkt", [f"weights = {self.weights!r}: {_ELSEWHERE}"])
        return tally(len(self.intercept)) if self.weights is None else self.weights

    def within(self, folder: Path) -> DKT:
        """The same model with its network read from the folder of its pack."""
        if not isinstance(self.weights, str):
            return self
        return replace(self, weights=read_lstm(self.weights, folder, len(self.intercept)))

    def files(self) -> dict[str, tuple[str, bytes]]:
        """The network."""
        return {"weights": (FILE, self.network.to_bytes())}

    def check_fit(self, curriculum: Curriculum, check: Violations) -> None:
        """Notes what does not fit the curriculum: its concepts; and a network that was not read."""
        super().check_fit(curriculum, check)
        if isinstance(self.weights, str):
            check.add("knowledge.weights", self.weights, _ELSEWHERE)

    def subset(self, concepts: Int) -> DKT:
        """The same model of these concepts alone."""
        weights = self.weights.subset(concepts) if isinstance(self.weights, LSTM) else self.weights
        return replace(self, intercept=tuple(self.intercept[k] for k in concepts), weights=weights)

    def shifted(self, logits: float) -> DKT:
        """The same model with `intercept` moved by so many logits."""
        return replace(self, intercept=tuple((self.each("intercept") + logits).tolist()))

    def sample(self, traits: Traits, u: Float) -> DKTState:
        """The first state: nothing is left to chance but the traits; `u`, (n, K), gives the shape."""
        blank = np.zeros((2, len(u), self.network.size))
        return DKTState(blank[0].copy(), blank[1].copy(), np.zeros(u.shape), traits.ability.copy(), traits.rate.copy())

    def held(self, state: DKTState) -> Bool:
        """Nothing: what was known at first is not forgotten, (n, K)."""
        return np.zeros(state.moved.shape, dtype=np.bool_)

    def tasks(self, concepts: Int, difficulty: Float) -> Float:
        """Intercepts of the concepts, and the difficulty."""
        return np.stack([self.each("intercept").take(concepts), np.broadcast_to(difficulty, concepts.shape)])

    def success(self, state: DKTState, at: At, shares: Float, retention: Float, task: Float) -> Float:
        """P(right) of each student's try, (n,)."""
        intercept, difficulty = task
        level = intercept + _kept(state.moved.take(at.flat), retention)
        chance: Float = expit(state.ability + total(shares * level) - difficulty[0])
        return chance

    def learn_from(
        self, state: DKTState, at: At, strength: Float, u: Float, v: Float, tried: Tried
    ) -> tuple[Bool, Bool]:
        """Practises, in place; all that was practised is held, and none of it is new."""
        whole = total(strength)
        rows = np.flatnonzero(whole > 0)
        expected = expit(state.ability + self._logit(state.moved, at))
        right = np.where(tried.answered, tried.correct, expected)[:, rows]
        share = strength[:, rows] / whole[rows]
        lit = self.network.lit(at.concepts[:, rows], share * right, share * (1.0 - right))
        far = np.minimum(1.0, np.exp(state.rate[rows]) * whole[rows])[:, None]
        before = state.hidden[rows], state.cell[rows]
        hidden, cell = self._towards(before, lit, far)
        state.hidden[rows], state.cell[rows] = hidden, cell
        state.moved[rows] = self.network.moved(hidden)
        return np.ones(at.flat.shape, dtype=np.bool_), np.zeros(at.flat.shape, dtype=np.bool_)

    def _towards(self, before: tuple[Float, Float], lit: Float, far: Float) -> tuple[Float, Float]:
        """h and c, (n, H) each, taken so far, (n, 1), of the way to where a whole step would lead."""
        after = self.network.step(*before, lit)
        hidden, cell = (old + far * (new - old) for old, new in zip(before, after, strict=True))
        return hidden, cell

    def _logit(self, moved: Float, at: At) -> Float:
        """Of P(right) on a medium problem for a student of ability 0, nothing forgotten, of the shape of `at`."""
        logit: Float = self.each("intercept").take(at.concepts) + moved.take(at.flat)
        return logit

    def recall(self, state: DKTState, at: At, retention: Float) -> Float:
        """P(right) on a medium problem, as the network predicts it."""
        level = self.each("intercept").take(at.concepts) + _kept(state.moved.take(at.flat), retention)
        chance: Float = expit(state.ability + level)
        return chance

    def expected_gain(self, state: DKTState, at: At) -> Float:
        """Of what is missing to 1 in P(right) on a medium problem, over both answers to one; at least 0."""
        logits = (state.ability + self._logit(state.moved, at)).reshape(-1, len(state.ability))
        gain = np.zeros(logits.shape)
        far = np.minimum(1.0, np.exp(state.rate))[:, None]
        for row, concept in enumerate(at.concepts.reshape(logits.shape)):
            chance = expit(logits[row])
            for answer, weight in ((1.0, chance), (0.0, 1.0 - chance)):
                right = np.full((1, len(concept)), answer)
                lit = self.network.lit(concept[None], right, 1.0 - right)
                hidden, _ = self._towards((state.hidden, state.cell), lit, far)
                moved = (hidden * self.network.out.T[concept]).sum(axis=1)
                then = expit(state.ability + self.each("intercept").take(concept) + moved)
                gain[row] += weight * (then - chance)
        share: Float = np.maximum(0.0, gain / np.maximum(expit(-logits), 1e-300))
        return share.reshape(at.flat.shape)

    def score(self, concepts: Int, recall: Float) -> Float:
        """P(right) on a medium problem, which is what `recall` is here."""
        return recall

    def filter_parameters(self, groups: tuple[Group, ...]) -> FilterParameters:
        """Matched to the population's curve of accuracy, each concept alone, each answer taken for its mean."""
        concepts = len(self.intercept)

        def accuracy(ability: Float, rate: Float, tries: int) -> Float:
            own = np.tile(np.arange(concepts), len(ability))
            offset = self.each("intercept")[own] + np.repeat(ability[:, 0], concepts)
            far = np.minimum(1.0, np.exp(np.repeat(rate[:, 0], concepts)))[:, None]
            hidden = cell = np.zeros((len(own), self.network.size))
            out = np.ascontiguousarray(self.network.out.T)[own]
            for _ in range(min(tries, LATE)):
                right = expit(offset + (hidden * out).sum(axis=1))[None]
                hidden, cell = self._towards((hidden, cell), self.network.lit(own[None], right, 1.0 - right), far)
            chance: Float = expit(offset + (hidden * out).sum(axis=1))
            return chance.reshape(len(ability), concepts)

        return matched(accuracy, np.zeros(concepts), groups)


def _kept(moved: Float, retention: Float) -> Float:
    """Logits moved, of which the gain is forgotten and the loss is not, of any shape."""
    return np.maximum(moved, 0.0) * retention + np.minimum(moved, 0.0)
