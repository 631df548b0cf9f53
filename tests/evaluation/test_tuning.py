"""Tuning: the same students for every setting, never those who are judged, and the best of what was tried."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pytest

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.evaluation.cohorts import TUNE
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.evaluation.tuning import tune
from curriculum_rl.objectives.mastery_gain import MasteryGain
from curriculum_rl.policies.greedy import Greedy
from curriculum_rl.policies.policy import evenly
from curriculum_rl.policies.zone import Zone
from curriculum_rl.trackers.tracker import Tracker
from tests.worlds import world_named

WORLD = world_named("bkt exponential")


@dataclass(frozen=True)
class Diluted:
    """Greedy for a share of the choices and chance for the others: best at 1, and the more the better."""

    share: float = 0.0
    inner: Greedy = field(default_factory=Greedy)

    @property
    def tracker(self) -> Tracker:
        return self.inner.tracker

    def variants(self) -> Iterable[Self]:
        return [replace(self, share=round(min(1.0, max(0.0, self.share + d)), 2)) for d in (-0.25, 0.25)]

    def probabilities(self, view: View) -> Float:
        return self.share * self.inner.probabilities(view) + (1 - self.share) * evenly(view.mask)


def test_it_climbs_to_the_best_setting():
    tuned = tune(WORLD, Diluted(), 400)
    assert tuned.policy.share == 1.0
    assert {t.policy.share for t in tuned.trials} == {0.0, 0.25, 0.5, 0.75, 1.0}


def test_the_table_says_what_was_tried_and_how_far_behind_it_was():
    told = []
    tuned = tune(WORLD, Diluted(share=0.75), 200, progress=lambda policy, score: told.append(policy))
    assert len(told) == len(set(told)) == len(tuned.trials) == len(tuned.table)
    first = tuned.table[0]
    assert first["share"] == tuned.policy.share
    assert first["inner.tracker.nodes"] == 1
    assert first["behind"] == 0
    assert first["students"] == 200
    own = rollout(WORLD, tuned.policy, np.arange(TUNE.start, TUNE.start + 200)).gain
    assert first["score"] == pytest.approx(own.mean())
    for row in tuned.table[1:]:
        policy = Diluted(share=row["share"])
        gap = own[: row["students"]] - rollout(WORLD, policy, np.arange(TUNE.start, TUNE.start + row["students"])).gain
        assert row["behind"] == pytest.approx(gap.mean())
        assert row["behind_error"] == pytest.approx(gap.std() / np.sqrt(len(gap)))
    assert json.loads(json.dumps(tuned.table)) == tuned.table


def test_only_what_is_clearly_behind_plays_a_quarter():
    tuned = tune(WORLD, Diluted(share=1.0), 400)
    for trial in tuned.trials:
        assert trial.students in (100, 400)
        assert trial.students == 400 or trial.behind > 3 * trial.behind_error


def test_it_can_tune_for_another_outcome_and_is_repeatable():
    once, again = (tune(WORLD, Zone(), 100, objective=MasteryGain()) for _ in range(2))
    assert once == again
    best = rollout(WORLD, once.policy, np.arange(TUNE.start, TUNE.start + 100)).mastery_gain.mean()
    assert once.trials[0].score == pytest.approx(best)
