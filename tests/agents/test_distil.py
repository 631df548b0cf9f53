"""Laws of distillation: what the teacher says is learned, and a run that is stopped goes on as if it had not been."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from curriculum_rl.agents.agent import Trained, Watch
from curriculum_rl.agents.distil import Distil, targets
from curriculum_rl.agents.learned import from_weights, load_learned
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.batch import Float
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import View
from curriculum_rl.evaluation.cohorts import VALIDATE, first
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.policies.fixed_order import FixedOrder
from curriculum_rl.policies.greedy import Greedy
from curriculum_rl.policies.lookahead import Lookahead
from curriculum_rl.policies.policy import best
from curriculum_rl.policies.random import Random
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.agents.playground import bandit, some_view
from tests.worlds import made_world

SMALL = Distil(Greedy(), frames=4096, lanes=32, steps=16, memory=1024, batch=128)
LEARNING = Distil(FixedOrder(), temperature=0.0, frames=24_000, lanes=64, steps=8, memory=8192, batch=256, passes=4.0)


@dataclass(frozen=True)
class Watched:
    """Plays what one policy says, and counts how often another would have done the same."""

    plays: object
    other: object
    counts: list[int]

    @property
    def tracker(self) -> Tracker:
        return self.plays.tracker  # type: ignore[attr-defined,no-any-return]

    def probabilities(self, view: View) -> Float:
        ours, theirs = (p.probabilities(view) for p in (self.plays, self.other))  # type: ignore[attr-defined]
        self.counts.append(int((ours * theirs).sum()))
        self.counts.append(len(ours))
        return ours  # type: ignore[no-any-return]


def distilled(agent: Distil, network: Network | None = None, world: World | None = None, **more: object) -> Trained:
    return agent.train(
        world or bandit(),
        tracker=agent.teacher.tracker,
        objective=DelayedTest(),
        network=network or Flat((16,)),
        seed=int(more.pop("seed", 0)),  # type: ignore[call-overload]
        **more,  # type: ignore[arg-type]
    )


def agreement(trained: Trained, teacher: object, world: World) -> float:
    """Share of its own choices that are the teacher's."""
    counts: list[int] = []
    rollout(world, Watched(trained.policy, teacher, counts), first(VALIDATE, 200))
    return sum(counts[::2]) / sum(counts[1::2])


def same(a: Trained, b: Trained) -> bool:
    ours, theirs = a.policy.weights(), b.policy.weights()
    return all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)


@pytest.mark.slow
@pytest.mark.parametrize("network", [Flat((32,)), ConceptScorer(16)])
def test_a_fixed_order_is_learned(network: Network):
    trained = distilled(LEARNING, network)
    assert agreement(trained, LEARNING.teacher, bandit()) > 0.95


def test_an_untrained_network_does_not_agree():
    trained = distilled(replace(LEARNING, frames=512, learning_rate=1e-9))
    assert agreement(trained, LEARNING.teacher, bandit()) < 0.6


@pytest.mark.slow
def test_a_lookahead_teaches_too():
    agent = replace(SMALL, teacher=Lookahead(Greedy(), candidates=2, horizon=2), frames=8192, passes=4.0)
    policy = distilled(agent, ConceptScorer(16)).policy
    played, random = (rollout(bandit(), p, first(VALIDATE, 300)).gain.mean() for p in (policy, Random()))
    assert played > 2.0 * random


def test_targets_are_the_choice_or_follow_the_scores():
    view = some_view(made_world(), BKTFilter())
    view = replace(view, mask=Believed(0.7).mask(view.belief))
    assert not view.mask.all()
    teacher = Greedy()
    scores = np.where(view.mask, teacher.scores(view), -np.inf)
    choice = best(scores, view.mask)
    np.testing.assert_array_equal(targets(teacher, view, 0.0), choice)
    np.testing.assert_allclose(targets(teacher, view, 1e-6), choice, atol=1e-6)
    soft = targets(teacher, view, 0.5)
    np.testing.assert_allclose(soft.sum(axis=1), 1.0)
    assert np.all(soft[~view.mask] == 0)
    np.testing.assert_array_equal(soft.argmax(axis=1), choice.argmax(axis=1))
    for row, score in zip(soft, scores, strict=True):  # by plain arithmetic
        allowed = score[np.isfinite(score)]
        odds = np.exp((allowed - allowed.max()) / (0.5 * allowed.std()))
        np.testing.assert_allclose(row[np.isfinite(score)], odds / odds.sum(), rtol=1e-9)
    np.testing.assert_array_equal(targets(FixedOrder(), view, 0.5), FixedOrder().probabilities(view))
    few = Lookahead(Greedy(), candidates=2, horizon=2)
    assert ((targets(few, view, 0.5) > 0).sum(axis=1) <= 2).all()


def test_the_same_seed_learns_the_same_and_watching_changes_nothing():
    once, again, other = (distilled(SMALL, seed=seed) for seed in (3, 3, 4))
    watched = distilled(SMALL, seed=3, watch=Watch(validate=lambda policy: 1.0))
    assert same(once, again)
    assert same(once, watched)
    assert not same(once, other)
    assert len(watched.curve.frames) == 8  # a round is an eighth of this training
    assert watched.curve.validation_return == [1.0] * 8
    assert watched.curve.entropy[0] > watched.curve.entropy[-1]


class Stop:
    """Presses Ctrl-C once so many moments were told."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, numbers: object, frames: int) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_ctrl_c_leaves_a_checkpoint_and_the_run_goes_on_to_the_same_weights(tmp_path: Path):
    whole = distilled(SMALL)
    with pytest.raises(KeyboardInterrupt):
        distilled(SMALL, watch=Watch(checkpoint=tmp_path / "run", tell=Stop(4)))
    resumed = distilled(SMALL, watch=Watch(checkpoint=tmp_path / "run"))
    assert same(whole, resumed)
    assert resumed.curve == whole.curve
    with pytest.raises(InvalidInput, match="another run"):
        distilled(replace(SMALL, temperature=0.7), watch=Watch(checkpoint=tmp_path / "run"))


def test_its_weights_are_those_of_any_agents_actor(tmp_path: Path):
    trained = distilled(SMALL, ConceptScorer(8))
    policy = from_weights(bandit().platform, ConceptScorer(8), SMALL.teacher.tracker, trained.policy.weights())
    view = some_view(bandit(), policy.tracker)
    np.testing.assert_array_equal(policy.probabilities(view), trained.policy.probabilities(view))
    trained.policy.save(tmp_path / "policy")
    np.testing.assert_array_equal(
        load_learned(tmp_path / "policy", bandit()).probabilities(view), policy.probabilities(view)
    )


def test_a_network_can_be_looked_ahead_from():
    """The next round of expert iteration: its own probabilities name the candidates."""
    learned = distilled(SMALL, ConceptScorer(8)).policy.drawn()
    view = some_view(bandit(), learned.tracker)
    ahead = Lookahead(learned, candidates=2, horizon=2)
    tried = np.isfinite(ahead.scores(view))
    assert (tried.sum(axis=1) == 2).all()
    assert tried[np.arange(len(tried)), learned.probabilities(view).argmax(axis=1)].all()


def test_it_keeps_to_a_gate():
    gate = Believed(0.7)
    policy = distilled(replace(SMALL, frames=1024), ConceptScorer(8), made_world(), gate=gate).policy
    view = some_view(made_world(), policy.tracker)
    view = replace(view, mask=gate.mask(view.belief))
    assert (policy.drawn().probabilities(view)[~view.mask] == 0).all()


def test_what_does_not_fit_is_told():
    with pytest.raises(InvalidInput, match="the teacher sees"):
        SMALL.train(bandit(), tracker=BKTFilter(3), objective=DelayedTest(), network=Flat(), seed=0)
    with pytest.raises(InvalidInput) as caught:
        Distil(memory=10, passes=0.0, guided=2.0)
    assert [v.split(" ")[0] for v in caught.value.violations] == ["memory", "passes", "guided"]
