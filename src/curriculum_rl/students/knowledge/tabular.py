"""Knowledge as one of a few joint states, an activity as a matrix of how students move between them: all given as data.

    P(state s at first)  proportional to start_s exp(ability h_s),     h_s = number of concepts that s holds
    P(leaves s | tries a) = min(1, strength * logistic(logit(1 - M_a[s, s]) + rate)),   and then goes to
    P(s -> t | leaves)    = M_a[s, t] / (1 - M_a[s, s])
    P(right)              = guess + (1 - slip - guess) * prod over the activity's concepts of held * retention

`strength` is the sum over the activity's concepts of readiness times learning times share: 1 where nothing holds the
student back. Transition-matrix worlds: Tang, Chen, Li, Liu & Ying (2019), doi:10.1111/bmsp.12144, and the simulator TMS
of EduSim; answers as in DINA (Junker & Sijtsma 2001, doi:10.1177/01466210122032064), difficulty on guess and slip as in
`bkt.py`, which this is where there are two states of one concept. Two states may hold the same concepts: they can
differ in what comes next. What is gained beside the practised concepts keeps the half-life that it had, so that such
worlds want a memory that does not forget.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import expit, logit

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.knowledge.concept_model import ConceptModel, check_guess_and_slip
from curriculum_rl.students.knowledge.knowledge import At, FilterParameters, Tried, all_of
from curriculum_rl.students.traits import Group, Traits, spread
from curriculum_rl.violations import InvalidInput, Violations

Row = tuple[float, ...]
Matrix = tuple[Row, ...]
TOLERANCE = 1e-6
"""How far from 1 what must sum to 1 may be."""


@dataclass
class TabularState:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    state: Int  # (n,)
    rate: Float  # (n,) logits added to the chance of leaving a state


@dataclass(frozen=True)
class Tabular(ConceptModel):
    """A population whose knowledge is one of S joint states of K concepts.

    Attributes:
        states: which concepts each state holds, S rows of K entries, 1 or 0.
        start: P(each state) before the course of a student of average ability, (S,).
        transitions: for each activity, by its id and in the order of the curriculum, P(state -> state), (S, S).
        guess: P(right) on a medium problem where not all is recalled, by concept, in (0, 1).
        slip: P(wrong) on a medium problem where all is, by concept, in (0, 1); `guess + slip` stays under 1.
    """

    states: Matrix
    start: Row
    transitions: dict[str, Matrix]
    guess: tuple[float, ...]
    slip: tuple[float, ...]

    def __post_init__(self) -> None:
        check = Violations("tabular")
        check_guess_and_slip(self.guess, self.slip, check)
        self.check_lengths(check)
        size = len(self.states)
        check.that(size, "states = []: must hold at least one state")
        for s, row in enumerate(self.states):
            if check.each(f"states[{s}]", row):
                wrong = [x for x in row if x not in (0.0, 1.0)]
                check.that(not wrong, f"states[{s}] = {list(row)}: must say 1 (holds the concept) or 0 of each concept")
            if len(row) != len(self.guess):
                check.add(f"states[{s}]", list(row), f"must have {len(self.guess)} entries, one for each concept")
        _check_distribution("start", self.start, size, check)
        for activity, matrix in self.transitions.items():
            if len(matrix) != size:
                check.add(f"transitions.{activity}", f"{len(matrix)} rows", f"must have {size}, one for each state")
            for s, row in enumerate(matrix):
                _check_distribution(f"transitions.{activity}[{s}]", row, size, check)
        check.raise_all()

    @classmethod
    def concept_fields(cls) -> tuple[str, ...]:
        """What holds one number a concept."""
        return "guess", "slip"

    def check_fit(self, curriculum: Curriculum, check: Violations) -> None:
        """Notes what does not fit the curriculum: its concepts, and a matrix for each of its activities in order."""
        super().check_fit(curriculum, check)
        ids, given = [a.id for a in curriculum.activities], list(self.transitions)
        for missing in [a for a in ids if a not in self.transitions]:
            check.that(False, f"knowledge.transitions.{missing}: is missing; every activity needs a matrix")
        for unknown in [a for a in given if a not in ids]:
            check.that(False, f"knowledge.transitions.{unknown}: is no activity of this curriculum")
        if set(ids) == set(given) and ids != given:
            check.add("knowledge.transitions", given, "must stand in the order of the activities", f"That is {ids}.")

    @property
    def chances(self) -> int:
        """Where it goes from here."""
        return 1

    @property
    def wide(self) -> bool:
        """A step from one state to another may change every concept."""
        return True

    @cached_property
    def held_by(self) -> Bool:
        """Which concepts each state holds, (S, K)."""
        return np.array(self.states, dtype=np.float64) > 0.5

    @cached_property
    def matrices(self) -> Float:
        """P(state -> state) of each activity, (A, S, S), each row summing to 1 to the last bit or so."""
        size = len(self.states)
        matrices = np.array([self.transitions[a] for a in self.transitions], dtype=np.float64).reshape(-1, size, size)
        normed: Float = matrices / matrices.sum(axis=2, keepdims=True)
        return normed

    @cached_property
    def _leaving(self) -> tuple[Float, Float]:
        """Logit of the chance to leave each state, (A, S), and where it leads, as cumulative shares, (A, S, S)."""
        away = self.matrices * (1.0 - np.eye(len(self.states)))
        chance = away.sum(axis=2)
        onward = away.cumsum(axis=2)
        onward /= np.where(chance > 0, onward[:, :, -1], 1.0)[:, :, None]
        with np.errstate(divide="ignore"):
            often: Float = logit(np.minimum(chance, 1.0))
        return often, onward

    def subset(self, concepts: Int) -> Tabular:
        """The same model: a joint state cannot be taken apart.

        Raises:
            InvalidInput: these are not all the concepts in their order.
        """
        if np.array_equal(concepts, np.arange(len(self.guess))):
            return self
        reason = "concepts: the states of this world are joint ones, which cannot be cut or put in another order"
        raise InvalidInput("tabular", [f"{reason}. Leave `concepts` and `revision` null."])

    def shifted(self, logits: float) -> Tabular:
        """The same model with every concept's share of the first states moved by so many logits."""
        return replace(self, start=tuple(self.first(np.array([logits]))[0].tolist()))

    def first(self, ability: Float) -> Float:
        """P(each state) at first, (n, S), of students of these abilities, (n,)."""
        count = self.held_by.sum(axis=1)
        exponent = ability[:, None] * count
        chance = np.array(self.start, dtype=np.float64) * np.exp(exponent - exponent.max(axis=1, keepdims=True))
        first: Float = chance / chance.sum(axis=1, keepdims=True)
        return first

    def sample(self, traits: Traits, u: Float) -> TabularState:
        """The first state of n students: the first of their uniform draws, (n, K), says which."""
        bounds = self.first(traits.ability).cumsum(axis=1)
        state = (bounds <= u[:, :1] * bounds[:, -1:]).sum(axis=1)
        return TabularState(state=state.astype(np.int64), rate=traits.rate.copy())

    def held(self, state: TabularState) -> Bool:
        """What the states hold, (n, K)."""
        return self.held_by[state.state]

    def tasks(self, concepts: Int, difficulty: Float) -> Float:
        """P(right) where the concept is recalled, and where it is not."""
        right = expit(-self.logits("slip").take(concepts) - difficulty)
        lucky = expit(self.logits("guess").take(concepts) - difficulty)
        return np.stack([right, lucky])

    def success(self, state: TabularState, at: At, shares: Float, retention: Float, task: Float) -> Float:
        """P(right) of each student's try, (n,): all of its concepts are needed."""
        recalled = all_of(self.recall(state, at, retention), shares)
        right, lucky = ((shares * x).sum(axis=0) for x in task)
        chance: Float = lucky + (right - lucky) * recalled
        return chance

    def learn_from(
        self, state: TabularState, at: At, strength: Float, u: Float, v: Float, tried: Tried
    ) -> tuple[Bool, Bool]:
        """Moves on, in place; returns which practised concepts are held afterwards and which are new, (L, n) each."""
        leaving, onward = self._leaving
        before = self.held_by[state.state, at.concepts]
        chance = np.minimum(1.0, strength.sum(axis=0) * expit(leaving[tried.activity, state.state] + state.rate))
        moves = u[0] < chance
        share = np.divide(u[0], chance, out=np.zeros_like(chance), where=moves)
        to = (onward[tried.activity, state.state] <= share[:, None]).sum(axis=1)
        state.state[:] = np.where(moves, to, state.state)
        after = self.held_by[state.state, at.concepts]
        return after, after & ~before & (strength > 0)

    def moves(self, strength: Float, rate: float) -> Float:
        """P(state -> state) of each activity tried with these strengths, (A, S), by a student of this rate, (A, S, S).

        What `learn_from` draws from, for those who calculate.
        """
        leaving, onward = self._leaving
        chance = np.minimum(1.0, strength * expit(leaving + rate))
        to = chance[:, :, None] * np.diff(onward, axis=2, prepend=0.0)
        moves: Float = to + (1.0 - chance)[:, :, None] * np.eye(len(self.states))
        return moves

    def recall(self, state: TabularState, at: At, retention: Float) -> Float:
        """1 where held, as far as it is retained."""
        return self.held_by[state.state, at.concepts] * retention

    @cached_property
    def _gain(self) -> Float:
        """P(a concept is held after the activity that teaches it best), by state and concept, (S, K); 0 where held."""
        gain: Float = (self.matrices @ self.held_by).max(axis=0, initial=0.0)
        return np.where(self.held_by, 0.0, gain)

    def expected_gain(self, state: TabularState, at: At) -> Float:
        """P(becomes held) by the activity that teaches the concept best."""
        return self._gain[state.state, at.concepts]

    def score(self, concepts: Int, recall: Float) -> Float:
        """P(right) on a medium problem: guess + (1 - slip - guess) * recall."""
        guess = self.each("guess").take(concepts)
        return guess + (1.0 - self.each("slip").take(concepts) - guess) * recall

    def filter_parameters(self, groups: tuple[Group, ...]) -> FilterParameters:
        """Concept by concept, as if they were apart: learned as where it is learned best, never lost."""
        ability, ability_sd, rate, rate_sd, correlation = spread(groups)
        least, most = 1e-6, 1.0 - 1e-6
        first = self.first(np.array([ability]))[0] @ self.held_by
        learn = expit(logit(np.clip(self._gain.max(axis=0), least, most)) + rate)
        return FilterParameters(
            initial=np.clip(first, least, most),
            learn=learn,
            forget=np.zeros(len(self.guess)),
            guess=self.each("guess"),
            slip=self.each("slip"),
            ability_sd=ability_sd,
            rate_sd=rate_sd,
            correlation=correlation,
            conjunctive=True,
        )


def _check_distribution(name: str, row: Row, size: int, check: Violations) -> None:
    """Notes where a row is no distribution over so many states."""
    if len(row) != size:
        check.add(name, list(row), f"must have {size} entries, one for each state")
    if check.each(name, row, at_least=0.0, at_most=1.0) and abs(sum(row) - 1.0) > TOLERANCE:
        check.add(name, list(row), f"must sum to 1, and sums to {sum(row):.6g}")
