"""A knowledge structure: levels that grow as far as what they build on is there, and lift what builds on them.

    level_k at first = randint(lowest .. highest) + start_k + ability
    practising k adds    d = strength e^rate gain (top - level_k) exp(- sum over prerequisites p of k (top - level_p))
    to k itself, and passed_on^m d at the end of every path of m links from k to what builds on it (a concept at the end
    of two paths is lifted twice); no level goes above `top`
    P = guess + (1 - guess) retention logistic(slope (level_k - b_k) - difficulty);  k is *passed* where P >= mark

b are as many randint(easiest .. hardest) as there are concepts, sorted, and laid along `rank`. A try is a lesson with a
question at its end, so P(right) looks one plain lesson ahead. An answer is right where the question is passed, or
`drawn` with chance P. Where `gated`, a lesson on a concept out of reach of the last one that was in reach teaches
nothing, without a word (the question is still asked): within reach of k are k, what builds on it, what it builds on,
and what each of these last is built on or unlocks.

EduSim's KSS: Liu, Tong, Liu, Zhao, Chen, Ma & Wang (2019), "Exploiting cognitive structure for adaptive learning",
doi:10.1145/3292500.3330922. Ability and rate (0 there), strength and retention (1 there) are added here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import expit
from scipy.stats import binom

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int, total
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.knowledge.knowledge import At, FilterParameters, Tried
from curriculum_rl.students.knowledge.moments import matched
from curriculum_rl.students.knowledge.structure import Links, Structure, check_links, links_of
from curriculum_rl.students.traits import Group, Traits
from curriculum_rl.violations import Violations


@dataclass
class KSSState:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    level: Float  # (n, K)
    difficulty: Float  # (n, K) b
    last: Int  # (n,) first concept of the last try that was in reach; -1: none yet
    rate: Float  # (n,) log of the factor on growth


@dataclass(frozen=True)
class KSS(ConceptModel):
    """A population on one structure of concepts.

    Attributes:
        start: level added at first, by concept.
        rank: where the concept stands in the order of difficulties, the lowest first.
        links: pairs (prerequisite, what builds on it), by position: those of the curriculum, whatever their strength.
        lowest, highest: the first level is any whole number between these, each equally likely.
        easiest, hardest: likewise difficulties.
        difficulty_seed: of difficulties that are the same for every student; null draws them anew for each.
        top: of levels.
        gain: share of what is missing that a lesson adds when all prerequisites are at the top, in (0, 1].
        passed_on: share of a rise that goes on along each link, in [0, 1].
        slope: a, above 0.
        guess: c, in [0, 1).
        mark: P from which a concept is passed, in (0, 1).
        drawn: whether answers are left to chance.
        gated: whether lessons out of reach teach nothing.
    """

    start: tuple[float, ...]
    rank: tuple[float, ...]
    links: Links = ()
    lowest: int = -3
    highest: int = 0
    easiest: int = 0
    hardest: int = 5
    difficulty_seed: int | None = None
    top: float = 5.0
    gain: float = 0.5
    passed_on: float = 0.5
    slope: float = 8.5
    guess: float = 0.25
    mark: float = 0.5
    drawn: bool = False
    gated: bool = True

    def __post_init__(self) -> None:
        check = Violations("kss")
        check.each("start", self.start, at_least=-20.0, at_most=20.0)
        check.each("rank", self.rank, at_least=-1e6, at_most=1e6)
        self.check_lengths(check)
        for low, high in (("lowest", "highest"), ("easiest", "hardest")):
            sound = check.number(low, getattr(self, low), at_least=-20, at_most=20, whole=True)
            if check.number(high, getattr(self, high), at_least=-20, at_most=20, whole=True) and sound:
                least = getattr(self, low)
                check.number(high, getattr(self, high), at_least=least)
        if self.difficulty_seed is not None:
            check.number("difficulty_seed", self.difficulty_seed, at_least=0, below=2.0**63, whole=True)
        check.number("top", self.top, at_least=-20.0, at_most=20.0)
        check.number("gain", self.gain, above=0.0, at_most=1.0)
        check.number("passed_on", self.passed_on, at_least=0.0, at_most=1.0)
        check.number("slope", self.slope, above=0.0, at_most=100.0)
        check.number("guess", self.guess, at_least=0.0, below=1.0)
        check.number("mark", self.mark, above=0.0, below=1.0)
        check_links(self.links, len(self.start), check)
        check.raise_all()

    @property
    def chances(self) -> int:
        """Learning leaves nothing to chance."""
        return 0

    @property
    def wide(self) -> bool:
        """A lesson lifts what builds on its concept."""
        return True

    @cached_property
    def follows(self) -> Bool | None:
        """Whether a try of k after one of j is in reach, (K, K) at [j, k]; None where everything is."""
        return self._structure.near if self.gated else None

    @cached_property
    def _structure(self) -> Structure:
        return Structure(self.links, len(self.start))

    @cached_property
    def _lift(self) -> Float:
        return self._structure.lift(self.passed_on)

    @cached_property
    def _common(self) -> Float | None:
        """The difficulties that are the same for every student, (K,); None where each has some of their own."""
        if self.difficulty_seed is None:
            return None
        key = streams.keys(self.difficulty_seed, streams.Purpose.SPARE, np.zeros(1, dtype=np.int64))
        return self._laid(streams.uniform(key, np.arange(len(self.start), dtype=np.uint64)))

    def _laid(self, u: Float) -> Float:
        """Difficulties from one draw of each concept, sorted and laid along `rank`, (..., K)."""
        drawn: Float = np.sort(self.easiest + np.floor(u * (self.hardest - self.easiest + 1)), axis=-1)
        return drawn.take(self._place, axis=-1)

    @cached_property
    def _place(self) -> Int:
        """Of each concept in the order of difficulties, (K,)."""
        return np.argsort(np.argsort(self.each("rank"), kind="stable"), kind="stable")

    def linked(self, curriculum: Curriculum) -> KSS:
        """The same model on the prerequisites of a curriculum."""
        return replace(self, links=links_of(curriculum))

    def check_fit(self, curriculum: Curriculum, check: Violations) -> None:
        """Notes what does not fit the curriculum: its concepts, and which builds on which."""
        super().check_fit(curriculum, check)
        if sorted(self.links) != sorted(links_of(curriculum)):
            check.add("knowledge.links", self.links, "must be the prerequisites of the curriculum")

    def subset(self, concepts: Int) -> KSS:
        """The same model of these concepts (positions) alone, with the links among them."""
        position = {int(k): i for i, k in enumerate(concepts)}
        links = tuple((position[j], position[k]) for j, k in self.links if j in position and k in position)
        start, rank = (tuple(getattr(self, name)[k] for k in concepts) for name in ("start", "rank"))
        return replace(self, start=start, rank=rank, links=links)

    def shifted(self, logits: float) -> KSS:
        """The same model with first levels moved."""
        return replace(self, start=tuple((self.each("start") + logits).tolist()))

    def sample(self, traits: Traits, u: Float) -> KSSState:
        """The first state. One draw of a concept, u, gives its level and, by what is left of it, a difficulty."""
        scaled = u * (self.highest - self.lowest + 1)
        whole = np.floor(scaled)
        level = self.lowest + whole + self.each("start") + traits.ability[:, None]
        own = self._laid(scaled - whole) if self._common is None else np.repeat(self._common[None], len(u), axis=0)
        return KSSState(
            level=np.minimum(level, self.top),
            difficulty=own,
            last=np.full(len(u), -1, dtype=np.int64),
            rate=traits.rate.copy(),
        )

    def held(self, state: KSSState) -> Bool:
        """Nothing: what was there at first is not forgotten, (n, K)."""
        return np.zeros(state.level.shape, dtype=np.bool_)

    def tasks(self, concepts: Int, difficulty: Float) -> Float:
        """The difficulty."""
        return np.broadcast_to(difficulty, (1, *concepts.shape))

    def success(self, state: KSSState, at: At, shares: Float, retention: Float, task: Float) -> Float:
        """P(right) at the end of a plain lesson, (n,): 0 or 1 unless `drawn`."""
        rise = self._rise(state, at, shares * self._in_reach(state, at))
        level = state.level.take(at.flat)
        for concept, more in zip(at.concepts, rise, strict=True):
            level += more * self._lift[concept, at.concepts]
        over = np.minimum(level, self.top) - state.difficulty.take(at.flat)
        logits = total(shares * (self.slope * over - task[0]))
        chance = self._chance(logits, total(shares * retention))
        return chance if self.drawn else self._passed(chance)

    def learn_from(
        self, state: KSSState, at: At, strength: Float, u: Float, v: Float, tried: Tried
    ) -> tuple[Bool, Bool]:
        """Practises, in place; all that was practised is held, and none of it is new."""
        within = self._in_reach(state, at)
        rise = self._rise(state, at, strength * within)
        for concept, more in zip(at.concepts, rise, strict=True):
            state.level += more[:, None] * self._lift[concept]
        np.minimum(state.level, self.top, out=state.level)
        state.last[:] = np.where(within & (strength[0] > 0), at.concepts[0], state.last)
        return np.ones(at.flat.shape, dtype=np.bool_), np.zeros(at.flat.shape, dtype=np.bool_)

    def response(self, state: KSSState, at: At, retention: Float | float = 1.0) -> Float:
        """P of a medium question now, without a lesson, of the shape of `at`."""
        over = state.level.take(at.flat) - state.difficulty.take(at.flat)
        return self._chance(self.slope * over, retention)

    def recall(self, state: KSSState, at: At, retention: Float) -> Float:
        """1 where the concept is passed, else 0."""
        return self._passed(self.response(state, at, retention))

    def progress(self, state: KSSState, at: At) -> Float:
        """slope (level - b)."""
        return self.slope * (state.level.take(at.flat) - state.difficulty.take(at.flat))

    def expected_gain(self, state: KSSState, at: At) -> Float:
        """1 where one more lesson, in reach, makes the difference between failing and passing, else 0."""
        level = np.minimum(state.level.take(at.flat) + self._rise(state, at, np.ones(at.flat.shape)), self.top)
        then = self._passed(self._chance(self.slope * (level - state.difficulty.take(at.flat)), 1.0))
        more: Float = then - self.recall(state, at, np.ones(at.flat.shape))
        return more

    def score(self, concepts: Int, recall: Float) -> Float:
        """Whether the concept is passed."""
        return recall

    def filter_parameters(self, groups: tuple[Group, ...]) -> FilterParameters:
        """Matched to the population's curve of accuracy, all prerequisites at the top."""
        first = np.arange(self.lowest, self.highest + 1.0)[:, None, None]
        harder = np.arange(self.easiest, self.hardest + 1.0)[:, None]

        def accuracy(ability: Float, rate: Float, tries: int) -> Float:
            missing = self.top - first - self.each("start") - ability[:, None, None]  # (m, levels, 1, K)
            left = (1.0 - np.minimum(self.gain * np.exp(rate[:, None, None]), 1.0)) ** (tries + 1)
            chance = self._chance(self.slope * (self.top - missing.clip(min=0.0) * left - harder), 1.0)
            mean = (chance if self.drawn else self._passed(chance)).mean(axis=1)
            expected: Float = (mean * self._odds).sum(axis=1)
            return expected

        luck = self.guess if self.drawn else 0.0
        return matched(accuracy, np.full(len(self.start), luck), groups)

    @cached_property
    def _odds(self) -> Float:
        """P of each difficulty, (difficulties, K): of the order statistics, or what was drawn for everybody."""
        if self._common is not None:
            same: Bool = np.arange(self.easiest, self.hardest + 1)[:, None] == self._common
            return same.astype(np.float64)
        count = self.hardest - self.easiest + 1
        at_most = binom.sf(self._place, len(self.start), np.arange(count + 1)[:, None] / count)
        odds: Float = np.diff(at_most, axis=0)
        return odds

    def _in_reach(self, state: KSSState, at: At) -> Bool:
        """Whose try, told by its first concept, is in reach, (n,)."""
        if self.follows is None:
            return np.ones(len(state.last), dtype=np.bool_)
        near: Bool = self.follows[state.last, at.concepts[0]] | (state.last < 0)
        return near

    def _rise(self, state: KSSState, at: At, strength: Float) -> Float:
        """What a lesson adds to the concept itself, of the shape of `at`."""
        gap = np.zeros(at.flat.shape)
        for parent, weight in zip(*self._structure.parents, strict=True):
            level = state.level.take(at.flat - at.concepts + parent.take(at.concepts))
            gap += weight.take(at.concepts) * (self.top - level)
        room = self.top - state.level.take(at.flat)
        rise: Float = strength * (self.gain * np.exp(state.rate)) * room * np.exp(-gap)
        return rise

    def _chance(self, logits: Float, retention: Float | float) -> Float:
        chance: Float = self.guess + (1.0 - self.guess) * retention * expit(logits)
        return chance

    def _passed(self, chance: Float) -> Float:
        return (chance >= self.mark).astype(np.float64)
