"""Quantiles of any network: copies of its own outputs, learned as the distribution of what is to come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from curriculum_rl.agents.learned import from_weights
from curriculum_rl.agents.masked_lanes import MaskedLanes
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.networks.quantiles import Quantiles
from curriculum_rl.agents.qr_dqn import QRDQN
from curriculum_rl.agents.training import actor_weights
from curriculum_rl.course import Course
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.students.population import Goals
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.agents.playground import bandit, layout_of
from tests.worlds import made_world

COUNT = 5


@pytest.mark.parametrize(
    ("network", "last"), [(Flat((16,)), "2."), (ConceptScorer(8), "score.")], ids=["flat", "scorer"]
)
@pytest.mark.parametrize("world", [bandit(), made_world()], ids=["bandit", "made"])
def test_every_copy_is_the_network_itself_and_the_choice_is_by_their_mean(network: Network, last: str, world: object):
    """With the last layer of each copy that of the network plus a number of its own."""
    torch.manual_seed(0)
    layout = replace(layout_of(world, "counts"), within=np.zeros_like(layout_of(world, "counts").within))  # type: ignore[arg-type]
    plain, many = network.actor(layout), Quantiles(network, COUNT).actor(layout)
    weights = {name: torch.randn_like(value) for name, value in plain.state_dict().items()}
    plain.load_state_dict(weights)
    offset = torch.arange(COUNT, dtype=torch.float32)

    def copied(name: str, value: torch.Tensor) -> torch.Tensor:
        if not name.startswith(last):
            return value
        again = value.repeat(COUNT, *[1] * (value.dim() - 1))
        return again + offset.repeat_interleave(len(value)) if name.endswith("bias") else again

    many.copies.load_state_dict({name: copied(name, value) for name, value in weights.items()})
    read = network.inputs(layout)(torch.rand(7, layout.features))
    each = many.each(read)
    assert each.shape == (7, COUNT, layout.activities)
    for i in range(COUNT):
        torch.testing.assert_close(each[:, i], plain(read) + i, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(many(read), plain(read) + offset.mean(), rtol=1e-4, atol=1e-4)


def test_the_copies_of_varied_activities_differ_by_form_alone():
    """Where activities of one form differ, what is read off the difference moves every copy alike."""
    torch.manual_seed(0)
    layout = layout_of(made_world(), "counts")
    layout = replace(layout, within=np.random.default_rng(0).normal(size=layout.within.shape).astype(np.float32))
    network = Quantiles(ConceptScorer(8), COUNT)
    actor = network.actor(layout)
    read = network.inputs(layout)(torch.rand(3, layout.features))
    before = actor.each(read)
    with torch.no_grad():
        actor.copies.score.weight[layout.forms * COUNT :] += 1.0
    moved = actor.each(read) - before
    assert moved.abs().max() > 0.1
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("network", [Flat((16,)), ConceptScorer(8)])
def test_the_policy_takes_what_the_algorithm_values_most_among_the_allowed(network: Network):
    world, gate, agent = made_world(), Believed(0.5), QRDQN(quantiles=COUNT, memory=100)
    about = {"tracker": Counts(), "objective": DelayedTest(), "gate": gate}
    lanes = MaskedLanes(world, **about, lanes=200, seed=0)
    made_of = agent.made_of(network, Counts())
    model = agent.algorithm(lanes, {"network": made_of[0], "layout": lanes.layout}, 0)
    for parameter in model.values().parameters():
        torch.nn.init.normal_(parameter)
    policy = from_weights(world.platform, *made_of, actor_weights(model.values()))
    observation = lanes.reset()
    assert isinstance(observation, np.ndarray)
    mask = lanes.action_masks()
    with torch.no_grad():
        valued = model.valued(torch.from_numpy(observation)).numpy()
    assert not mask.all()
    assert (valued[~mask] < -1e8).all()
    assert (np.abs(valued[mask]) < 1e4).all()
    chosen = policy.probabilities(lanes.env.running().view()).argmax(axis=1)
    np.testing.assert_array_equal(model.predict(observation, deterministic=True)[0], chosen)
    assert len(set(chosen.tolist())) > 3, "all choose alike: the test shows nothing"


def lottery() -> World:
    """One try a course, which teaches every other student all there is to know, and the others nothing."""
    world = bandit()
    knowledge = world.population.knowledge
    fields = {name: getattr(knowledge, name) for name in knowledge.concept_fields()}  # type: ignore[attr-defined]
    fields |= {"initial": (0.01,) * 4, "learn": (0.5 / (0.99 * 1.5),) * 4}
    population = replace(world.population, knowledge=type(knowledge)(**fields), goals=Goals(1.0))
    return replace(world, population=population, course=Course(days=(0.0,), minutes=0.1))


@pytest.mark.slow
def test_the_quantiles_are_those_of_the_reward():
    """A drill brings the prize R with a chance of one half, else nothing; a chat brings nothing; in points.

    Where the derivative of the loss is 0, with Huber's quadratic within 1 of an error:
    theta = tau / (1 - tau) below the median, and R - (1 - tau) / tau above it.
    """
    agent = QRDQN(
        frames=10_000,
        lanes=64,
        batch=256,
        learning_starts=500,
        updates=2,
        learning_rate=1e-2,
        explore_to=1.0,
        reward_scale=1.0,
        out_of_step=False,
        quantiles=10,
    )
    world = lottery()
    policy = agent.train(world, tracker=Counts(), objective=DelayedTest(), network=Flat((16,)), seed=0).policy
    simulation = Simulation(world, Counts(), np.arange(2000))
    with torch.inference_mode():
        seen = torch.from_numpy(simulation.view().features()[:1])
        each = policy.actor[1].each(policy.actor[0](seen))[0].numpy()  # type: ignore[index]
    reward = DelayedTest().reward(simulation.step(np.zeros(2000, dtype=np.int64)), simulation.students, world)
    won = reward > reward.max() / 2
    prize = reward[won].mean()
    assert abs(won.mean() - 0.5) < 0.04, "not the lottery that the test is about"
    assert prize > 3.0
    tau = (np.arange(10) + 0.5) / 10
    expected = np.where(tau < 0.5, tau / (1.0 - tau), prize - (1.0 - tau) / tau)
    sure = abs(tau - 0.5) > 0.1  # beside the median a hundredth of the chance moves much
    np.testing.assert_allclose(np.sort(each[:, 0])[sure], expected[sure], atol=0.2)
    np.testing.assert_allclose(each[:, 1], 0.0, atol=0.2)


@pytest.mark.parametrize("bad", [0, 1, -3, 1001, float("nan"), "many"])
def test_refuses_a_bad_number_of_quantiles(bad: object):
    with pytest.raises(InvalidInput, match="quantiles"):
        QRDQN(quantiles=bad)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="count"):
        Quantiles(Flat(), bad)  # type: ignore[arg-type]
