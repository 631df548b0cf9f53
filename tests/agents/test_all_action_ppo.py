"""The loss is PPO's where activities are not valued, its gradient needs no luck to be right, and it learns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from curriculum_rl.agents import checkpoints
from curriculum_rl.agents.agent import Trained, Watch
from curriculum_rl.agents.all_action_ppo import AllActionPPO, centred, surrogate
from curriculum_rl.agents.distil import Distil
from curriculum_rl.agents.masked import categorical
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.policies.greedy_credit import GreedyCredit
from curriculum_rl.policies.random import Random
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.world import World
from tests.agents.playground import trained
from tests.agents.test_training import Stop, equal, played

SMALL = AllActionPPO(frames=4096, lanes=32, steps=16, batch=256)
TAUGHT = Distil(teacher=GreedyCredit(tracker=BKTFilter()), frames=4096, lanes=64, steps=16, memory=4096, batch=256)
N, A = 400, 7


def made(seed: int = 0) -> dict[str, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    logits = torch.randn(N, A, generator=g, dtype=torch.float64)
    old = torch.log_softmax(logits + 0.1 * torch.randn(N, A, generator=g, dtype=torch.float64), dim=1)
    return {
        "logits": logits,
        "old": old,
        "valued": centred(torch.randn(N, A, generator=g, dtype=torch.float64), old),
        "advantage": torch.randn(N, generator=g, dtype=torch.float64),
        "taken": torch.randint(A, (N,), generator=g),
    }


def test_what_a_critic_says_of_activities_has_mean_zero_under_the_policy():
    parts = made()
    assert torch.allclose((parts["old"].exp() * parts["valued"]).sum(dim=1), torch.zeros(N, dtype=torch.float64))


def test_where_activities_are_not_valued_it_is_ppo():
    parts = made()
    log = torch.log_softmax(parts["logits"], dim=1)
    a, clip = parts["advantage"], 0.2
    ratio = (log - parts["old"]).gather(1, parts["taken"][:, None])[:, 0].exp()
    expected = -torch.min(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()
    nothing = torch.zeros(N, A, dtype=torch.float64)
    assert torch.isclose(surrogate(log, parts["old"], nothing, parts["advantage"], parts["taken"], clip), expected)


def gradient(valued: torch.Tensor, truth: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Of the loss, summed over every activity that might have been taken, each as often as the policy takes it."""
    variable = logits.clone().requires_grad_()
    log, old = torch.log_softmax(variable, dim=1), torch.log_softmax(logits, dim=1)
    n, activities = logits.shape
    # Every (state, activity) pair as a row of its own, with weights by repeating rows in proportion.
    counts = (old.exp() * 2000).round().long()
    rows = torch.arange(n).repeat_interleave(activities).repeat_interleave(counts.ravel())
    taken = torch.arange(activities).repeat(n).repeat_interleave(counts.ravel())
    exact = (counts / counts.sum(dim=1, keepdim=True)).log()  # the policy that these counts stand for
    shifted = log - old + exact
    surrogate(shifted[rows], exact[rows], centred(valued, exact)[rows], truth[rows, taken], taken, 0.2).backward()
    assert variable.grad is not None
    return variable.grad


def test_a_wrong_critic_does_not_turn_the_gradient():
    """Averaged over the activities taken, the gradient is the same whatever the critic says."""
    g = torch.Generator().manual_seed(1)
    logits = torch.randn(5, 4, generator=g, dtype=torch.float64).clamp(-1.5, 1.5)
    truth = torch.randn(5, 4, generator=g, dtype=torch.float64)
    wrong = 3.0 * torch.randn(5, 4, generator=g, dtype=torch.float64)
    nothing, misled = gradient(torch.zeros(5, 4), truth, logits), gradient(wrong, truth, logits)
    assert torch.allclose(nothing, misled, atol=1e-9)
    assert nothing.abs().max() > 1e-2


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_it_learns_what_to_drill(share: float):
    agent = replace(SMALL, frames=20_000, lanes=64, learning_rate=1e-2, all_actions=share)
    assert played(trained(ConceptScorer(16), agent=agent).policy) > 1.5 * played(Random())


@pytest.mark.slow
def test_a_start_is_gone_on_from_and_settles_first():
    taught = trained(ConceptScorer(16), agent=TAUGHT).policy
    still = replace(SMALL, start=TAUGHT, settle=0.99)
    assert equal(trained(ConceptScorer(16), agent=still).policy, taught)
    moved = trained(ConceptScorer(16), agent=replace(still, settle=0.25)).policy
    assert not equal(moved, taught)


def test_masked_activities_get_no_gradient_and_no_nonsense():
    """Logits as far apart as a taught network's, where the difference of two masked log-probabilities is rounding."""
    g = torch.Generator().manual_seed(2)
    mask = torch.rand(64, 6, generator=g) < 0.5
    mask[:, 0] = True
    taken = torch.zeros(64, dtype=torch.long)
    for _ in range(200):
        before = (torch.rand(64, 6, generator=g) - 0.5) * 200.0
        now = (before + torch.randn(64, 6, generator=g)).requires_grad_()
        old = categorical(before, mask)
        valued = centred(torch.randn(64, 6, generator=g), old)
        surrogate(categorical(now, mask), old, valued, torch.randn(64, generator=g), taken, 0.2).backward()
        assert now.grad is not None
        assert torch.isfinite(now.grad).all()
        assert (now.grad[~mask] == 0).all()


def test_what_cannot_be_learned_is_refused_before_anything_is_done():
    other = replace(SMALL, start=TAUGHT)
    assert other.refusals(BKTFilter(), None) == []
    assert "the teacher sees" in other.refusals(BKTFilter(3), None)[0]


@pytest.mark.slow
@pytest.mark.parametrize("agent", [SMALL, replace(SMALL, sight=False), replace(SMALL, start=TAUGHT, settle=0.5)])
def test_ctrl_c_leaves_a_checkpoint_and_the_run_goes_on_to_the_same_weights(tmp_path: Path, agent: AllActionPPO):
    network = ConceptScorer(8)
    whole = trained(network, agent=agent)
    with pytest.raises(KeyboardInterrupt):
        trained(network, watch=Watch(checkpoint=tmp_path / "run", tell=Stop(4)), agent=agent)
    assert 0 < checkpoints.load(tmp_path / "run")[1]["frames"] < 4096
    resumed = trained(network, watch=Watch(checkpoint=tmp_path / "run"), agent=agent)
    assert equal(whole.policy, resumed.policy)
    assert resumed.curve == whole.curve


@dataclass(frozen=True)
class Long(Distil):
    """Says that it took long."""

    def train(self, world: World, **settings: Any) -> Trained:  # type: ignore[override]
        return replace(super().train(world, **settings), seconds=1000.0)


def test_the_seconds_of_a_start_count_and_its_frames_do_not():
    long = Long(teacher=TAUGHT.teacher, frames=1024, lanes=64, steps=16, memory=1024, batch=256)
    taught = trained(ConceptScorer(8), agent=replace(SMALL, start=long))
    assert taught.frames == SMALL.frames
    assert taught.curve.frames == trained(ConceptScorer(8), agent=SMALL).curve.frames
    assert taught.seconds > 1000.0
