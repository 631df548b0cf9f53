"""The decisions of a log as a tracker sees them: what a policy can be learned from.

As in `replay.py`, a row without a reward is no decision: it is seen by the tracker, not learned from. A log that holds
no reward at all consists of decisions whose worth nobody wrote down. All of it is held at once, 4 F + A + 24 bytes a
decision with F features and A activities: learning goes over it again and again.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from curriculum_rl.agents.transitions import Transitions
from curriculum_rl.envs.simulation import feature_names
from curriculum_rl.ope.logged import Logged
from curriculum_rl.ope.replay import views
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform


def decisions(
    tables: Iterable[Logged], platform: Platform, tracker: Tracker, rewarded: bool = True
) -> tuple[Transitions, tuple[str, ...]]:
    """Every decision, and the ids of those students who have one.

    Args:
        tables: the log, in parts that hold whole students.
        platform: the catalogue that it names.
        tracker: whose features stand for the student.
        rewarded: whether the log has rewards; without, every row is a decision.

    Raises:
        InvalidInput: there is no decision.
    """
    parts: list[Transitions] = []
    ids: list[str] = []
    for logged in tables:
        chosen = np.isfinite(logged.reward) if rewarded else np.ones(len(logged.reward), dtype=np.bool_)
        own = np.unique(logged.student[chosen])
        seen = np.empty((len(chosen), len(feature_names(tracker, platform))), dtype=np.float32)
        for rows, view in views(logged, platform, tracker):
            seen[rows] = view.features()
        shape = len(chosen), len(platform.curriculum.activities)
        eligible = np.ones(shape, dtype=np.bool_) if logged.eligible is None else logged.eligible
        parts.append(
            Transitions(
                features=seen[chosen],
                mask=eligible[chosen],
                action=logged.offered[chosen],
                reward=logged.reward[chosen],
                student=len(ids) + np.searchsorted(own, logged.student[chosen]),
            )
        )
        ids += [logged.ids[i] for i in own]
    if not ids:
        raise InvalidInput("log", ["holds no decision to learn from. Import or record one"])
    return Transitions.joined(parts), tuple(ids)
