"""What a study found, as the report reads it: `results.json`, schema 1, field for field.

Only what a comparison cannot do without is required (`reading.py`); the rest may be missing, and the report says so.
Scores are points, 0 to 100 over the student's goal concepts: by default the expected score on the delayed test minus
that of the same student without practice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from curriculum_rl.evaluation.kept import Kept
from curriculum_rl.evaluation.statistics import Comparison
from curriculum_rl.evaluation.subgroups import Cell, Gap

LEARNED, HEURISTIC, PRIVILEGED = "learned", "heuristic", "privileged"
KINDS = (LEARNED, HEURISTIC, PRIVILEGED)
GAIN, MASTERY_GAIN, NORMALISED_GAIN, MEAN_REWARD = "gain", "mastery_gain", "normalised_gain", "mean_reward"
TOTAL_REWARD, ENGAGEMENT_KEPT = "total_reward", "engagement_kept"

# A series measured now and then: None where nothing was measured.
Series = tuple[float | None, ...]
# Rows are time bins, columns concepts.
Table = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Policy:
    """One policy's outcome, points; `sampled_mean` is that of sampled instead of deterministic play.

    `kept_going` has the mean and standard error of what else happened to its students, such as dropping out;
    `trained_in` is the world that a learned policy was trained in, where that is told and another.
    """

    name: str
    label: str
    kind: str
    tracker: str
    mean: float
    ci_low: float
    ci_high: float
    iqm: float | None
    sampled_mean: float | None
    forms: Mapping[str, float]
    minutes_mean: float | None
    decisions_mean: float | None
    delayed_test_gain_mean: float | None
    mastery_gain_mean: float | None
    seed_means: tuple[float, ...]
    kept_going: Mapping[str, tuple[float, float]]
    trained_in: str | None = None

    @property
    def deployable(self) -> bool:
        """Whether a platform could run it: whether it sees no more than a platform sees."""
        return self.kind != PRIVILEGED


@dataclass(frozen=True)
class Curve:
    """One training run: what was measured after so many frames (student-steps)."""

    policy: str
    seed: int
    frames: tuple[float, ...]
    train_return: Series
    validation_return: Series
    entropy: Series
    forms: Mapping[str, Series]
    multipliers: Mapping[str, Series] = field(default_factory=dict)


@dataclass(frozen=True)
class ConceptTime:
    """A value for every concept in every bin of the course's time, by policy."""

    concepts: tuple[str, ...]
    policies: Mapping[str, Table]


@dataclass(frozen=True)
class Results:
    """A whole study. Policies are sorted, the best first.

    `objective` is what agents were trained for; `outcome` what policies are compared by: "gain" (on the delayed
    test, the default), "mastery_gain", "normalised_gain" (of what was missing), "mean_reward" (the objective's reward
    at a decision), "total_reward" (in a course), or "engagement_kept". `slate` is how many activities policies
    offered at a time, at most; the privileged offer one.
    """

    experiment: str
    world: Mapping[str, object]
    objective: str
    outcome: str
    students: int | None
    seeds: tuple[int, ...]
    policies: tuple[Policy, ...]
    comparisons: tuple[Comparison, ...]
    kept: tuple[Kept, ...]
    subgroups: tuple[Cell, ...]
    gaps: tuple[Gap, ...]
    curves: tuple[Curve, ...]
    concept_map: ConceptTime | None
    mastery_over_time: ConceptTime | None
    provenance: Mapping[str, object]
    diaries: Mapping[str, Any] | None = None
    slate: int = 1

    def label(self, name: str) -> str:
        """The name a person reads for a policy: its label, with its tracker where two policies share a label."""
        policy = self.policy(name)
        if policy is None:
            return name
        alike = [other for other in self.policies if other.label == policy.label]
        if len(alike) == 1:
            return policy.label
        trackers = {other.tracker for other in alike}
        return f"{policy.label} ({policy.tracker if len(trackers) == len(alike) else name})"

    def policy(self, name: str) -> Policy | None:
        """The policy of this name, if it is part of the study."""
        return next((policy for policy in self.policies if policy.name == name), None)

    def kind(self, name: str) -> str:
        """The kind of a policy; a name that only training knows is that of a learned one."""
        policy = self.policy(name)
        return policy.kind if policy else LEARNED

    def best(self, kinds: Sequence[str]) -> Policy | None:
        """The policy of these kinds with the highest mean."""
        return next((policy for policy in self.policies if policy.kind in kinds), None)

    def pair(self, policy: str, baseline: str) -> Comparison | None:
        """The planned comparison of these two, if it was planned in this direction."""
        pairs = (pair for pair in self.comparisons if (pair.policy, pair.baseline) == (policy, baseline))
        return next(pairs, None)

    def either(self, policy: str, baseline: str) -> Comparison | None:
        """The planned comparison of these two, turned round if it was planned the other way."""
        turned = self.pair(baseline, policy)
        return self.pair(policy, baseline) or (turned and turned.turned)

    def gap(self, policy: str, by: str) -> Gap | None:
        """Between the groups of this grouping under a policy, if two of them are shown."""
        return next((gap for gap in self.gaps if (gap.policy, gap.by) == (policy, by)), None)

    def curve(self, policy: str, seed: int) -> Curve | None:
        """The training of a policy on a seed."""
        return next((curve for curve in self.curves if (curve.policy, curve.seed) == (policy, seed)), None)

    def validation(self, policy: str, seed: int) -> float | None:
        """The mean on validation students when this training ended, or was last looked at."""
        curve = self.curve(policy, seed)
        return next((x for x in reversed(curve.validation_return) if x is not None), None) if curve else None
