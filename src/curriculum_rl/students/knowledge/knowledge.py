"""What every model of knowledge offers, and where in a batch it is asked.

n students, K concepts; an activity practises L concepts, each with a share. Arrays about the concepts of one step
have shape (L, n), so that a student's traits, (n,), broadcast against them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.traits import Traits
from curriculum_rl.violations import Violations

S = TypeVar("S")


@dataclass(frozen=True)
class At:
    """Which concepts of which students: `flat` indexes a raveled (n, K) array.

    Attributes:
        concepts: (..., n) concept of each student.
        flat: (..., n) student * K + concept.
    """

    concepts: Int
    flat: Int

    @classmethod
    def every(cls, n: int, concepts: int) -> At:
        """Every concept of every student, (K, n)."""
        columns = np.repeat(np.arange(concepts)[:, None], n, axis=1)
        return cls(columns, columns + np.arange(n) * concepts)


@dataclass(frozen=True)
class Tried:
    """One try of each of n students, (n,) each: what was done, and what came of it."""

    activity: Int
    correct: Bool  # False where there was no answer
    answered: Bool


@dataclass(frozen=True)
class FilterParameters:
    """A population as Bayesian knowledge tracing sees it: what a platform knows of its students in general.

    Attributes:
        initial, learn, forget, guess, slip: by concept, (K,); see `bkt.py` for the equations.
        ability_sd, rate_sd, correlation: the spread of students around them, logits.
        conjunctive: whether an activity on several concepts needs all of them; else they make up for one another.
    """

    initial: Float
    learn: Float
    forget: Float
    guess: Float
    slip: Float
    ability_sd: float
    rate_sd: float
    correlation: float
    conjunctive: bool = False


def all_of(recall: Float, shares: Float) -> Float:
    """P(every concept of an activity is recalled), each for itself, (...), from their recall and shares, (L, ...)."""
    both: Float = np.where(shares > 0, recall, 1.0).prod(axis=0)
    return both


class Knowledge(Protocol[S]):
    """A model of knowledge: a frozen dataclass of parameters; the state, S, is a dataclass of arrays."""

    @property
    def chances(self) -> int:
        """How many of the draws u and v `learn_from` uses: 0 (none), 1 (u) or 2. What is not used is not drawn."""

    @property
    def all_or_nothing(self) -> bool:
        """Whether a concept is known or not, with nothing between: then what a try changes has a simple mean."""

    @property
    def wide(self) -> bool:
        """Whether a try can change concepts that it does not practise: then a step costs O(students x concepts)."""

    @property
    def follows(self) -> Bool | None:
        """Whether a try of concept k can come after one of j, (K, K) at [j, k]; None where any can follow any.

        A try that cannot teaches nothing, without a word. An activity is told by the first of its concepts.
        """

    @classmethod
    def concept_fields(cls) -> tuple[str, ...]:
        """Names of the parameters that hold one number a concept: columns of a pack's concepts.csv."""

    def check_fit(self, curriculum: Curriculum, check: Violations) -> None:
        """Notes what of it does not fit the curriculum of its world, such as numbers for more concepts."""

    def linked(self, curriculum: Curriculum) -> Self:
        """The same model, told which concept builds on which; itself where that makes no difference to it."""

    def within(self, folder: Path) -> Self:
        """The same model with what it keeps in files of its pack, read from the pack's folder.

        Raises:
            InvalidInput: a file is not there, or not what it should be.
        """

    def files(self) -> dict[str, tuple[str, bytes]]:
        """What it keeps in files of its pack, by setting: the file's name and content."""

    def subset(self, concepts: Int) -> Self:
        """The same model of these concepts alone.

        Raises:
            InvalidInput: it is one joint state of all of them, which cannot be taken apart.
        """

    def shifted(self, logits: float) -> Self:
        """The same model with first knowledge moved by so many logits."""

    def sample(self, traits: Traits, u: Float) -> S:
        """The first state of n students, from one uniform draw a concept, (n, K)."""

    def held(self, state: S) -> Bool:
        """What is in memory, so that it can be forgotten, (n, K)."""

    def tasks(self, concepts: Int, difficulty: Float) -> Float:
        """What `success` needs to know of m tasks, whoever tries them, (numbers, L, m): found once for a curriculum.

        A task is on concepts, (L, m), and so hard, (m,).
        """

    def success(self, state: S, at: At, shares: Float, retention: Float, task: Float) -> Float:
        """P(right) of each student's try of a task, (n,), with retention of each of its concepts, (L, n)."""

    def learn_from(self, state: S, at: At, strength: Float, u: Float, v: Float, tried: Tried) -> tuple[Bool, Bool]:
        """Practises, in place: `strength` is readiness times learning times share, u and v uniform draws, (L, n).

        What pads an activity has strength 0 and v = 1, and must not change. Returns what is held afterwards, and what
        of it was newly learned, (L, n) each.
        """

    def recall(self, state: S, at: At, retention: Float) -> Float:
        """How far the concept can be used when this much is retained, in [0, 1], of the shape of `at`."""

    def expected_gain(self, state: S, at: At) -> Float:
        """Share of what is missing of `recall` that a medium problem is expected to add when fully ready.

        Of the shape of `at`; for bounds that see the true state alone.
        """

    def progress(self, state: S, at: At) -> Float:
        """How far along the concept is, of the shape of `at`, logits: also where that does not show in `recall` yet.

        For bounds that see the true state alone.
        """

    def score(self, concepts: Int, recall: Float) -> Float:
        """P(right) on a medium problem of a test, from `recall`."""

    def filter_parameters(self, groups: Any) -> FilterParameters:
        """This population as Bayesian knowledge tracing sees it."""
