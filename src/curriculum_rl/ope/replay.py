"""A log, seen as a policy sees students, through its tracker: what the policy would have done at each decision.

The tracker's belief is folded over what was logged, as it is in an environment over what is simulated: the same code,
so that a policy's probabilities in a replay of its own log are those that were logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from curriculum_rl.batch import Bool, Float, Int, take_rows
from curriculum_rl.envs.by_belief import view_by_belief
from curriculum_rl.envs.simulation import View, feature_names
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.logged import Logged, lanes_of
from curriculum_rl.policies.policy import Policy
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform

TOLERANCE = 1e-9
"""Days by which a time that went through seconds may fall short of the session that it is the start of."""


@dataclass(frozen=True)
class Replayed:
    """Decisions beside what a policy would have done, and who the students are.

    Attributes:
        episodes: what estimators see.
        ids: of the students, (n,).
        groups: by axis, the group of each student, (n,); empty where it is not known.
    """

    episodes: Episodes
    ids: tuple[str, ...]
    groups: dict[str, npt.NDArray[np.object_]]

    def cut(self, horizon: int) -> Replayed:
        """The first decisions of each student alone."""
        return replace(self, episodes=self.episodes.cut(horizon))

    def of(self, chosen: Bool) -> Replayed:
        """These students alone, (n,).

        Raises:
            InvalidInput: there is none.
        """
        students = np.flatnonzero(chosen)
        if not len(students):
            raise InvalidInput("log", ["no student is left to judge by. Judge by a log of other students"])
        groups = {axis: labels[students] for axis, labels in self.groups.items()}
        return Replayed(self.episodes.take(students), tuple(self.ids[i] for i in students), groups)


def views(logged: Logged, platform: Platform, tracker: Tracker) -> Iterator[tuple[Int, View]]:
    """The rows of each step, and what could be known of their students before it; a view holds until the next."""
    starts = logged.starts
    lengths = np.diff(starts)
    lanes = lanes_of(lengths)
    belief = tracker.start(platform, logged.goals[lanes])
    following = np.append(logged.now[1:], np.nan)
    last = starts[1:] - 1
    everything = np.ones((len(lanes), len(platform.curriculum.activities)), dtype=np.bool_)
    elapsed = np.maximum(following - logged.now, 0.0)
    elapsed[last] = 0.0
    if len(lanes):
        belief.now[:] = logged.now[starts[lanes]]
    for step in range(int(lengths.max(initial=0))):
        going = int((lengths > step).sum())
        if going < len(belief.now):
            belief, lanes = take_rows(belief, slice(0, going)), lanes[:going]
        rows = starts[lanes] + step
        mask = everything[: len(rows)] if logged.eligible is None else logged.eligible[rows]
        yield rows, view_by_belief(belief, lanes, mask, TOLERANCE)
        unheard = np.flatnonzero(~logged.seen[rows])
        belief.update_but(unheard, logged.activity[rows], logged.correct[rows], elapsed[rows])
        belief.now[unheard] += elapsed[rows[unheard]]  # an answer that was not logged tells nothing, and time goes on


def replay(
    tables: Iterable[Logged],
    platform: Platform,
    policy: Policy,
    features: Tracker | None = None,
    cluster: str | None = None,
) -> Replayed:
    """What a policy would have done at every decision of a log.

    A row without a reward is no decision: it is seen, not judged. Where the log holds no propensity, `behaviour` is
    that of choosing evenly among what was eligible, and marked as not known, for a model of `behaviour/` to replace;
    where it holds no eligible sets, everything counts as eligible.

    Args:
        tables: the log, in parts that hold whole students.
        platform: the catalogue and what the platform takes its students to be.
        policy: which is judged.
        features: the tracker whose features models of values and of the logging policy see; the policy's by default.
        cluster: the axis of groups, such as classes, that were drawn as a whole; None: students were.

    Raises:
        InvalidInput: the log has no decision with a reward, or there is no such axis.
    """
    parts: list[Logged] = []
    columns: list[dict[str, Any]] = []
    for logged in tables:
        parts.append(logged)
        columns.append(_decisions(logged, platform, policy, features or policy.tracker))
    joined = {name: np.concatenate([one[name] for one in columns]) for name in columns[0]} if columns else {}
    if not len(joined.get("reward", ())):
        remedy = "Import it with a column of rewards, or say with --reward what of the answers is one"
        raise InvalidInput("log", [f"reward: is missing in every row, so that there is nothing to judge. {remedy}."])
    before = np.cumsum([0, *(len(part.ids) for part in parts)])
    everyone = np.concatenate([part.student + offset for part, offset in zip(parts, before, strict=False)])
    judged, student = np.unique(everyone[joined.pop("judged")], return_inverse=True)
    groups = {axis: of[judged] for axis, of in _groups(parts).items()}
    if cluster is not None and cluster not in groups:
        axes = ", ".join(groups) or "none"
        raise InvalidInput("log", [f"cluster = {cluster!r}: must be one of its groups. It has: {axes}."])
    n, known = len(judged), joined.pop("known")
    episodes = Episodes(
        student=student,
        state=None,
        cluster=np.arange(n) if cluster is None else np.unique(groups[cluster], return_inverse=True)[1],
        censored=np.concatenate([part.left for part in parts])[judged],
        estimated=not known.all(),
        known=known if known.any() and not known.all() else None,
        **joined,
    )
    ids = [i for part in parts for i in part.ids]
    return Replayed(episodes, tuple(ids[i] for i in judged), groups)


def likelihoods(logged: Logged, platform: Platform, policy: Policy) -> Float:
    """The policy's probability of what was logged, at every row, (N,): all that reweighting needs, and no more."""
    found = np.empty(len(logged.student))
    for rows, view in views(logged, platform, policy.tracker):
        found[rows] = policy.probabilities(view)[np.arange(len(rows)), logged.offered[rows]]
    return found


def _decisions(logged: Logged, platform: Platform, policy: Policy, features: Tracker) -> dict[str, Any]:
    """What differs from decision to decision, by the name of the field of `Episodes`; `judged` says which rows."""
    judged = np.isfinite(logged.reward)
    place = np.cumsum(judged) - 1  # of each row among the decisions
    count, activities = int(judged.sum()), len(platform.curriculum.activities)
    eligible = np.ones((count, activities), dtype=np.bool_) if logged.eligible is None else logged.eligible[judged]
    choice = np.zeros((count, activities))
    seen = np.empty((count, len(feature_names(features, platform))), dtype=np.float32)
    for rows, view in views(logged, platform, policy.tracker):
        own = judged[rows]
        choice[place[rows[own]]] = policy.probabilities(view)[own]
        if features == policy.tracker:
            seen[place[rows[own]]] = view.features()[own]
    if features != policy.tracker:
        for rows, view in views(logged, platform, features):
            own = judged[rows]
            seen[place[rows[own]]] = view.features()[own]
    propensity = logged.propensity[judged]
    return {
        "judged": judged,
        "action": logged.offered[judged],
        "reward": logged.reward[judged],
        "behaviour": np.where(np.isnan(propensity), 1.0 / eligible.sum(axis=1), propensity),
        "known": ~np.isnan(propensity),
        "choice": choice,
        "eligible": eligible,
        "features": seen,
    }


def _groups(parts: Sequence[Logged]) -> dict[str, npt.NDArray[np.object_]]:
    """By axis, the group of every student; empty where a part does not know the axis."""
    axes = sorted({axis for part in parts for axis in part.groups})
    return {
        axis: np.concatenate([part.groups.get(axis, np.full(len(part.ids), "", dtype=object)) for part in parts])
        for axis in axes
    }
