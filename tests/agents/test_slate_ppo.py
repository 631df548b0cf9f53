"""Slates are drawn by the Plackett-Luce model, within masks; of one place they are maskable PPO's; they learn."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import chi2
from torch import Tensor

from curriculum_rl import streams
from curriculum_rl.agents import checkpoints
from curriculum_rl.agents.agent import Trained
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.learned import LearnedPolicy, load_learned, untrained
from curriculum_rl.agents.maskable_ppo import MaskablePPO
from curriculum_rl.agents.masked import draw, entropy_of
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.slate_ppo import SlatePolicy, SlatePPO, placed
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import Gate, Simulation
from curriculum_rl.evaluation.diary import diaries
from curriculum_rl.evaluation.rollout import offer, rollout
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.policies.random import Random
from curriculum_rl.students.choice import Choice
from curriculum_rl.students.faculties import Faculties
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.agents.playground import bandit
from tests.worlds import component, world_named

SMALL = {"frames": 256, "lanes": 16, "steps": 4, "batch": 32}
LOGITS = (0.7, -1.2, 0.1, 1.5, -0.4)


def chances(logits: tuple[float, ...], allowed: tuple[int, ...], places: int) -> dict[tuple[int, ...], float]:
    """P(each ordered slate), as Plackett and Luce have it, in plain Python."""
    found = {}
    for slate in itertools.permutations(allowed, min(places, len(allowed))):
        left, p = list(allowed), 1.0
        for a in slate:
            p *= math.exp(logits[a]) / math.fsum(math.exp(logits[b]) for b in left)
            left.remove(a)
        found[slate + slate[:1] * (places - len(slate))] = p
    return found


def forced(slates: Tensor, logits: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Log-probabilities of these slates, and the entropies along them, (n,) each."""
    steps = list(placed(logits, mask, slates.shape[1], lambda place, _: slates[:, place]))
    log = torch.stack([log.gather(1, chosen[:, None])[:, 0] for log, chosen in steps])
    return log.sum(dim=0), torch.stack([entropy_of(log) for log, _ in steps]).sum(dim=0)


def drawn(logits: Tensor, mask: Tensor | None, places: int) -> Tensor:
    return torch.stack([chosen for _, chosen in placed(logits, mask, places, lambda _, log: draw(log))], dim=1)


def mask_of(allowed: tuple[int, ...], rows: int) -> Tensor:
    return torch.tensor([a in allowed for a in range(len(LOGITS))]).expand(rows, -1)


@pytest.mark.parametrize("places", [1, 2, 3, 5])
@pytest.mark.parametrize("allowed", [(0, 1, 2, 3, 4), (1, 3, 4), (0, 2), (4,)])
def test_log_probabilities_are_the_closed_form_and_sum_to_one(allowed: tuple[int, ...], places: int):
    exact = chances(LOGITS, allowed, places)
    slates = torch.tensor(list(exact))
    logits = torch.tensor(LOGITS, dtype=torch.float64).expand(len(slates), -1)
    log, _ = forced(slates, logits, mask_of(allowed, len(slates)))
    np.testing.assert_allclose(log.exp().numpy(), list(exact.values()), rtol=1e-6)
    assert float(log.exp().sum()) == pytest.approx(1.0, abs=1e-9)
    if len(allowed) == len(LOGITS):
        assert torch.equal(log, forced(slates, logits, None)[0])


@pytest.mark.parametrize("allowed", [(0, 1, 2, 3, 4), (1, 3)])
def test_entropies_along_slates_are_on_average_that_of_slates(allowed: tuple[int, ...]):
    exact = chances(LOGITS, allowed, 3)
    p, slates = np.array(list(exact.values())), torch.tensor(list(exact))
    logits = torch.tensor(LOGITS, dtype=torch.float64).expand(len(slates), -1)
    _, along = forced(slates, logits, mask_of(allowed, len(slates)))
    assert float(p @ along.numpy()) == pytest.approx(-float(p @ np.log(p)), rel=1e-6)


@pytest.mark.parametrize("allowed", [(0, 1, 2, 3, 4), (0, 1, 3, 4), (2, 3)])
def test_slates_drawn_are_as_frequent_as_the_closed_form_says(allowed: tuple[int, ...]):
    """Chi-square at a false-alarm rate of .001, at a fixed seed; logits 5% off would fail it."""
    torch.manual_seed(1)
    exact, draws = chances(LOGITS, allowed, 3), 50_000
    slates = drawn(torch.tensor(LOGITS).expand(draws, -1), mask_of(allowed, draws), 3)
    seen = Counter(map(tuple, slates.tolist()))
    assert set(seen) <= set(exact)

    def distance(expected: dict[tuple[int, ...], float]) -> float:
        return math.fsum((seen[slate] - draws * p) ** 2 / (draws * p) for slate, p in expected.items())

    limit = float(chi2.isf(0.001, len(exact) - 1))
    assert distance(exact) < limit
    wrong = tuple(1.05 * logit for logit in LOGITS)
    assert distance(chances(wrong, allowed, 3)) > limit


def test_nothing_masked_is_offered_and_nothing_twice_while_there_is_more():
    torch.manual_seed(2)
    generator = np.random.default_rng(3)
    mask = torch.from_numpy(generator.random((3000, 9)) < 0.4)
    mask[:, 4] = True
    slates = drawn(torch.from_numpy(generator.normal(0.0, 6.0, (3000, 9)).astype(np.float32)), mask, 4)
    assert mask.gather(1, slates).all()
    for slate, allowed in zip(slates.tolist(), mask.sum(dim=1).tolist(), strict=True):
        assert len(set(slate)) == min(allowed, 4)
        assert slate[allowed:] == slate[:1] * (4 - allowed)


def test_no_gradient_reaches_a_masked_logit_or_is_lost():
    logits = torch.tensor([LOGITS], requires_grad=True)
    log, entropy = forced(torch.tensor([[3, 1, 3, 3]]), logits, mask_of((1, 3), 1))
    (log + entropy).sum().backward()
    assert logits.grad is not None
    assert (logits.grad[0, [0, 2, 4]] == 0.0).all()
    assert torch.isfinite(logits.grad).all()
    assert float(logits.grad[0, 3]) != 0.0


@pytest.mark.parametrize("gate", [None, Believed(0.9)])
def test_of_one_place_it_is_maskable_ppo_to_the_bit(gate: Gate | None):
    one, stock = trained(SlatePPO(**SMALL, slate=1), gate=gate), trained(MaskablePPO(**SMALL), gate=gate)
    ours, theirs = one.policy.weights(), stock.policy.weights()
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in theirs)
    assert one.curve == stock.curve


def trained(
    agent: MaskablePPO, world: World | None = None, network: Network | None = None, gate: Gate | None = None
) -> Trained:
    about = {"tracker": component("tracker", "bkt"), "objective": DelayedTest(), "gate": gate}
    return agent.train(world or bandit(), **about, network=network or Flat((8,)), seed=0)


def choosing() -> World:
    """The bandit's world, whose students follow, pick or go their own way."""
    faculties = Faculties(choice=Choice(own=-2.0, relief=1.0, trust=1.0, interest=0.5))
    return replace(bandit(), population=replace(bandit().population, faculties=faculties))


def fixed(slate: int) -> LearnedPolicy:
    """One whose logits are the same whatever it sees."""
    policy = untrained(bandit().platform, Flat((4,)), component("tracker", "bkt"))
    last = [module for module in policy.actor.modules() if isinstance(module, torch.nn.Linear)][-1]
    last.weight.zero_()
    last.bias.copy_(torch.linspace(-1.0, 1.0, 8))
    return replace(policy, slate=slate).drawn()


def test_what_was_learned_is_offered_as_it_was_drawn_in_training():
    """Chi-square at a false-alarm rate of .001, at a fixed seed."""
    policy, students = fixed(2), 20_000
    simulation = Simulation(bandit(), policy.tracker, np.arange(students))
    slates = offer(policy, simulation, streams.keys(5, streams.Purpose.POLICY, simulation.students.id))
    seen = Counter(map(tuple, slates.T.tolist()))
    exact = chances(tuple(np.linspace(-1.0, 1.0, 8).tolist()), tuple(range(8)), 2)
    assert set(seen) <= set(exact)
    distance = math.fsum((seen[slate] - students * p) ** 2 / (students * p) for slate, p in exact.items())
    assert distance < chi2.isf(0.001, len(exact) - 1)


def test_it_offers_as_many_as_it_learned_to_wherever_it_plays(tmp_path: Path):
    world, policy = choosing(), fixed(3)

    def played(policy: LearnedPolicy, asked: int) -> bytes:
        return rollout(world, policy, 40, slate=asked).gain.tobytes()

    own = played(policy, 1)
    assert own == played(policy, 5) == played(replace(policy, slate=1), 3) != played(replace(policy, slate=1), 1)
    first, _ = diaries(world, policy, np.arange(3))
    assert {len(event.offered) for diary in first for event in diary.events} == {3}
    policy.save(tmp_path / "policy")
    assert played(load_learned(tmp_path / "policy", world), 1) == own
    assert policy.on(world.platform).slate == 3
    with pytest.raises(InvalidInput, match=r"rollout: 1 thing to mend\n  slate = 9: must be at most 8"):
        rollout(world, replace(policy, slate=9), 4)


def test_files_from_before_there_were_slates_are_read(tmp_path: Path):
    fixed(3).save(tmp_path / "policy")
    tensors, about = checkpoints.load(tmp_path / "policy")
    checkpoints.save(tmp_path / "old", tensors, {key: x for key, x in about.items() if key not in ("slate", "tensors")})
    assert "slate" not in json.loads((tmp_path / "old.json").read_text())["content"]
    assert load_learned(tmp_path / "old", bandit()).slate == 1


@pytest.mark.parametrize("bad", [0, 1.5, "three"])
def test_a_slate_that_is_none_is_refused(bad: object):
    with pytest.raises(InvalidInput, match=r"slate ppo: 1 thing to mend\n  slate = "):
        SlatePPO(slate=bad)  # type: ignore[arg-type]


def test_a_slate_larger_than_the_catalogue_is_refused():
    with pytest.raises(InvalidInput, match=r"slate = 9: must be at most 8, the activities of the catalogue"):
        trained(SlatePPO(**SMALL, slate=9))


@pytest.mark.parametrize("network", [Flat((8,)), ConceptScorer(4)], ids=["flat", "scorer"])
@pytest.mark.parametrize("world", ["classes", "classes with all faculties"])
def test_it_learns_among_classmates_who_wait(world: str, network: Network):
    done = trained(SlatePPO(**SMALL), world_named(world), network)
    assert done.policy.slate == 3
    assert all(np.isfinite(array).all() for array in done.policy.weights().values())


def test_lanes_begin_with_slates_of_what_is_allowed():
    about = {"tracker": component("tracker", "counts"), "objective": DelayedTest(), "gate": None, "seed": 0}
    lanes = Lanes(world_named("all faculties"), **about, lanes=32, slate=3)
    lanes.reset()  # an environment refuses what is masked
    assert lanes.actions.shape == (32, 3)
    assert (lanes.actions[:, 0] != lanes.actions[:, 1]).mean() > 0.9
    lanes = Lanes(bandit(), **about, lanes=32, slate=8)
    lanes.reset()
    assert (np.sort(lanes.actions, axis=1) == np.arange(8)).all()


def test_the_likeliest_slate_is_in_order_of_the_logits():
    lanes = Lanes(
        bandit(), tracker=component("tracker", "bkt"), objective=DelayedTest(), gate=None, lanes=8, seed=0, slate=4
    )
    agent = SlatePPO(**SMALL, slate=4)
    model = agent.algorithm(lanes, {"network": Flat((8,)), "layout": lanes.layout, "sight": False}, 0)
    assert isinstance(model.policy, SlatePolicy)
    seen = torch.from_numpy(np.asarray(lanes.reset()))
    slates, values, log = model.policy(seen, deterministic=True)
    logits = model.policy.actor(model.policy.inputs(seen))
    assert torch.equal(slates, logits.topk(4, dim=1).indices)
    assert torch.equal(model.policy._predict(seen, deterministic=True), slates)
    again, same, entropy = model.policy.evaluate_actions(seen, slates.float())
    assert torch.equal(again, values)
    assert torch.equal(same, log)
    assert (entropy > 0).all()


@pytest.mark.slow
def test_a_short_training_beats_slates_at_random():
    """By three standard errors of the difference, on students of a test cohort who are the same for both."""
    agent = SlatePPO(frames=16384, lanes=32, steps=16, batch=256, learning_rate=5e-3)
    world = choosing()
    policy = trained(agent, world, Flat((16,))).policy
    more = rollout(world, policy, 300).gain - rollout(world, Random(), 300, slate=3).gain
    assert more.mean() > 3.0 * more.std() / math.sqrt(len(more))
