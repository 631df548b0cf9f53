"""What a log says of strategies other than the one that was logged: estimates, what they rest on, and verdicts.

Every estimator that is asked for is shown, not the one that came out best; the first that is named is the one by which
groups are told apart and strategies ranked, so it is chosen before anything is seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from scipy.stats import norm

from curriculum_rl.evaluation.cross_simulator import Verdict as CrossVerdict
from curriculum_rl.logs.manifest import Manifest
from curriculum_rl.ope.against_logged import AgainstLogged
from curriculum_rl.ope.behaviour.behaviour import BehaviourModel, Fitted, probabilities, with_behaviour
from curriculum_rl.ope.behaviour.calibration import Fit, fit_of
from curriculum_rl.ope.diagnostics import Diagnostics, diagnose
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate, Estimator
from curriculum_rl.ope.groups import GroupValue, by_group
from curriculum_rl.ope.intervals.interval import Interval
from curriculum_rl.ope.intervals.student_t import StudentT
from curriculum_rl.ope.replay import Replayed
from curriculum_rl.ope.thresholds import Thresholds
from curriculum_rl.ope.verdict import Circumstances, Verdict, verdict
from curriculum_rl.violations import Violations

BINS = np.array([0.0, 1e-9, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, np.inf])
"""Bounds of the weights that are counted together; the first bin holds those that are 0."""

VISIBLE = (norm.ppf(0.975) + norm.ppf(0.8)) / (2.0 * norm.ppf(0.975))
"""The smallest difference that is seen with a power of .8, as a multiple of the width of a 95% interval."""

ROUNDING = 1e-9
"""A difference of so small a share of the value is none: sums differ in their last digits."""


@dataclass(frozen=True)
class Method:
    """How strategies are judged.

    Attributes:
        estimators: by name, in the order in which they are shown; groups are told apart by the first.
        interval: of each.
        behaviour: the model of the logged policy, where propensities were not logged.
        thresholds: of the verdict.
        discount: of rewards, a decision.
    """

    estimators: Mapping[str, Estimator]
    interval: Interval
    behaviour: BehaviourModel
    thresholds: Thresholds = field(default_factory=Thresholds)
    discount: float = 1.0

    def __post_init__(self) -> None:
        check = Violations("judge")
        check.that(self.estimators, "estimators: none is named. Name at least one")
        check.number("discount", self.discount, above=0.0, at_most=1.0)
        check.raise_all()


@dataclass(frozen=True)
class Range:
    """A number with its interval; what cannot be told is None."""

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, value: float, ends: tuple[float, float]) -> Range:
        """Of numbers that may be none."""
        return cls(*(float(x) if math.isfinite(x) else None for x in (value, *ends)))


@dataclass(frozen=True)
class Line:
    """One strategy by one estimator.

    Attributes:
        own: mean return of a student.
        difference: of that from what was logged, paired.
        ess: students whom it rests on, effectively; None for models.
        verdict: what it is worth, and why.
    """

    policy: str
    estimator: str
    own: Range
    difference: Range
    ess: float | None
    verdict: Verdict

    @property
    def answer(self) -> str:
        """In words."""
        low, high = self.difference.low, self.difference.high
        if self.verdict.word != "answer" or low is None or high is None:
            return "cannot tell"
        but = ", with warnings" if self.verdict.warnings else ""
        least = ROUNDING * abs(self.own.value or 0.0)
        if max(high, -low) <= least:
            return f"no difference{but}"
        if low <= least and high >= -least:
            return f"no clear difference: one under {VISIBLE * (high - low):.3g} would not have shown{but}"
        return f"{'better' if low > 0.0 else 'worse'} than what was used{but}"

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "policy": self.policy,
            "estimator": self.estimator,
            "value": self.own.value,
            "ci_low": self.own.low,
            "ci_high": self.own.high,
            "difference": self.difference.value,
            "difference_ci_low": self.difference.low,
            "difference_ci_high": self.difference.high,
            "ess": self.ess,
            "verdict": self.verdict.word,
            "answer": self.answer,
            "warnings": list(self.verdict.warnings),
        }


@dataclass(frozen=True)
class Strategy:
    """One strategy.

    Attributes:
        lines: one for each estimator.
        diagnostics: of the first; None where the log was refused as a whole.
        weights: students by their weight, counted between the bounds of `BINS`.
        groups: by axis, the value for each group by the first estimator.
    """

    policy: str
    lines: tuple[Line, ...]
    diagnostics: Diagnostics | None = None
    weights: tuple[int, ...] = ()
    groups: Mapping[str, tuple[GroupValue, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Baseline:
    """What the logged strategy earned.

    Attributes:
        students, decisions: how many.
        own: mean return of a student.
        fit: how well the logged policy could be estimated, where propensities were not logged.
    """

    students: int
    decisions: int
    own: Range
    fit: Fit | None


@dataclass(frozen=True)
class Simulated:
    """What strategies came to in one simulator.

    Attributes:
        world: its name.
        fit: how well its student model predicts students whom it was not fitted to, in words; empty where unknown.
        means: by strategy, the mean return with its interval.
        natives: strategies that were trained in it, whose scores in it are no evidence.
    """

    world: str
    fit: str
    means: Mapping[str, Range]
    natives: frozenset[str]


@dataclass(frozen=True)
class Models:
    """The other kind of evidence: the same strategies in simulators.

    Attributes:
        simulated: one for each.
        verdicts: on each strategy against the first, by all simulators in which neither was trained.
        words: what they are compared by.
    """

    simulated: tuple[Simulated, ...] = ()
    verdicts: tuple[CrossVerdict, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class Judgement:
    """The answer.

    Attributes:
        log: what the log says of itself.
        method: how strategies were judged.
        baseline: what was logged; None where the log was refused as a whole.
        strategies: in the order of the question.
        left_out: buckets of the log that were too many to be held at once, and how many there are.
        models: what simulators say.
    """

    log: Manifest
    method: Method
    baseline: Baseline | None
    strategies: tuple[Strategy, ...]
    left_out: tuple[int, int] = (0, 0)
    models: Models = field(default_factory=Models)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        base = self.baseline
        return {
            "estimates": [line.plain() for one in self.strategies for line in one.lines],
            "logged": None
            if base is None
            else {"students": base.students, "decisions": base.decisions}
            | {"value": base.own.value, "ci_low": base.own.low, "ci_high": base.own.high},
            "simulated": [
                {"world": one.world, "fit": one.fit, "policy": name, "mean": of.value}
                | {"ci_low": of.low, "ci_high": of.high, "trained_here": name in one.natives}
                for one in self.models.simulated
                for name, of in one.means.items()
            ],
            "thresholds": asdict(self.method.thresholds),
            "discount": self.method.discount,
            "log": asdict(self.log.about) | {"rows": self.log.rows, "students": self.log.students},
            "buckets_left_out": self.left_out[0],
        }


def logged(replayed: Replayed, method: Method) -> Baseline:
    """Of what was logged itself."""
    episodes = replayed.episodes
    returns = Estimate.of(episodes.returns(method.discount), None)
    head = next(iter(method.estimators.values()))
    ends = StudentT(method.interval.level).of(head, episodes, returns)
    fit = fit_of(episodes, probabilities(method.behaviour, episodes)) if episodes.estimated else None
    return Baseline(len(episodes), len(episodes.student), Range.of(returns.value, ends), fit)


def judged(name: str, replayed: Replayed, method: Method, around: Circumstances) -> Strategy:
    """One strategy, replayed over the log."""
    episodes, chances = replayed.episodes, None
    if episodes.estimated:
        chances = probabilities(method.behaviour, episodes)
        episodes = with_behaviour(episodes, chances)
    found = [_line(name, key, of, episodes, method, around, chances) for key, of in method.estimators.items()]
    head = next(iter(method.estimators.values()))
    axes = {axis: labels for axis, labels in replayed.groups.items() if axis != "class"}
    groups = {
        axis: by_group(head, method.interval, episodes, labels, method.thresholds, around, method.discount, chances)
        for axis, labels in axes.items()
    }
    counts, _ = np.histogram(episodes.weights[:, -1], BINS)
    return Strategy(name, tuple(line for line, _ in found), found[0][1], tuple(int(c) for c in counts), groups)


def refused(name: str, method: Method, reasons: tuple[str, ...]) -> Strategy:
    """A strategy that a log as a whole cannot speak of."""
    said = Verdict("refused", reasons)
    return Strategy(name, tuple(Line(name, key, Range(), Range(), None, said) for key in method.estimators))


def _line(
    name: str, key: str, estimator: Estimator, episodes: Episodes, method: Method, around: Circumstances, chances: Any
) -> tuple[Line, Diagnostics]:
    discount = method.discount
    estimate = estimator.estimate(episodes, discount)
    seen = diagnose(episodes, estimate, discount, chances)
    said = verdict(episodes, estimate, seen, method.thresholds, around, discount)
    if said.word == "refused":
        return Line(name, key, Range(), Range(), None, said), seen
    if episodes.estimated and estimate.weights is not None:
        estimator = Fitted(estimator, method.behaviour)  # a bootstrap fits the probabilities anew each time
    paired = AgainstLogged(estimator)
    difference = paired.estimate(episodes, discount)
    own = Range.of(estimate.value, method.interval.of(estimator, episodes, estimate, discount))
    against = Range.of(difference.value, method.interval.of(paired, episodes, difference, discount))
    ess = None if estimate.weights is None else seen.overlap.effective
    return Line(name, key, own, against, ess, said), seen
