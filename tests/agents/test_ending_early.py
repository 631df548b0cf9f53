"""Networks and learned policies where sessions and courses can be ended, and where they cannot."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from curriculum_rl.agents import checkpoints
from curriculum_rl.agents.agent import Trained
from curriculum_rl.agents.all_action_ppo import AllActionPPO
from curriculum_rl.agents.distil import Distil
from curriculum_rl.agents.dqn import DQN
from curriculum_rl.agents.learned import load_learned, untrained
from curriculum_rl.agents.maskable_ppo import MaskablePPO
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.networks.quantiles import Quantiles
from curriculum_rl.agents.ppo import PPO
from curriculum_rl.controls import ADVANCE, CONTROLS, STOP
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.cost import Cost
from curriculum_rl.objectives.mastery_gain import MasteryGain
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.violations import InvalidInput
from tests.agents.playground import bandit
from tests.worlds import component, made_world

STOPS = replace(bandit(), controls=CONTROLS)
PPOS = {"lanes": 32, "steps": 16, "batch": 256}


@pytest.mark.parametrize("network", [ConceptScorer(8), ConceptScorer(8, rounds=2), Quantiles(ConceptScorer(8), 3)])
def test_where_nothing_can_be_ended_weights_and_draws_are_as_if_controls_were_unknown(network: Network):
    """The head of controls comes last: with the same seed all others begin alike, and score activities alike."""
    plain, stops = (
        Layout.of(w.platform, component("tracker", "bkt"))
        for w in (made_world(), replace(made_world(), controls=CONTROLS))
    )
    torch.manual_seed(3)
    without = network.actor(plain)
    after = torch.get_rng_state()
    torch.manual_seed(3)
    network.actor(replace(stops, controls=()))
    assert torch.equal(after, torch.get_rng_state())
    torch.manual_seed(3)
    having = network.actor(stops)
    one, other = without.state_dict(), having.state_dict()
    assert {name.rsplit(".", 2)[-2] for name in other.keys() - one.keys()} == {"control"}
    assert all(torch.equal(other[name], weights) for name, weights in one.items())
    read = network.inputs(plain)(torch.rand(5, plain.features))
    logits = having(read)
    assert logits.shape == (5, plain.activities + 2)
    torch.testing.assert_close(logits[:, : plain.activities], without(read))


def test_each_copy_of_a_control_has_a_value_of_its_own():
    layout = Layout.of(STOPS.platform, component("tracker", "bkt"))
    torch.manual_seed(0)
    network = Quantiles(ConceptScorer(8), 3)
    actor: Any = network.actor(layout)
    each = actor.each(network.inputs(layout)(torch.rand(5, layout.features)))
    assert each.shape == (5, 3, layout.actions)
    bias = actor.copies.control.bias
    with torch.no_grad():
        bias.copy_(torch.arange(6.0) * 100.0)  # copy after copy: stop, advance
    moved = actor.each(network.inputs(layout)(torch.rand(5, layout.features)))[:, :, -2:]
    assert (moved / 100.0).round().int().tolist() == [[[0, 1], [2, 3], [4, 5]]] * 5


@pytest.mark.parametrize("network", [ConceptScorer(8), Flat((16,))])
def test_saved_it_knows_its_controls_and_one_from_before_there_were_any_knows_none(network: Network, tmp_path: Path):
    policy = untrained(STOPS.platform, network, BKTFilter()).drawn()
    policy.save(tmp_path / "stops")
    same = load_learned(tmp_path / "stops", STOPS)
    assert same.controls == CONTROLS
    expected, found = (rollout(STOPS, p, 30, seed=1) for p in (policy, same))
    np.testing.assert_array_equal(expected.forms, found.forms)
    assert expected.forms[:, -2:].sum() > 0

    plain = untrained(bandit().platform, network, BKTFilter())
    plain.save(tmp_path / "plain")
    about = checkpoints.load(tmp_path / "plain")[1]
    assert about.pop("controls") == []
    checkpoints.save(tmp_path / "old", plain.weights(), about)
    assert "controls" not in json.loads((tmp_path / "old.json").read_text())
    for world in (bandit(), STOPS):
        old = load_learned(tmp_path / "old", world)
        assert old.controls == ()
        played, before = rollout(world, old, 30, seed=1), rollout(bandit(), plain, 30, seed=1)
        np.testing.assert_array_equal(played.delayed_test, before.delayed_test)
        np.testing.assert_array_equal(played.forms[:, :2], before.forms)


@pytest.mark.parametrize("network", [ConceptScorer(8), Flat((16,))])
def test_where_a_world_offers_none_it_uses_none_and_where_it_offers_others_it_is_refused(network: Network):
    policy = untrained(STOPS.platform, network, BKTFilter()).drawn()
    played = rollout(bandit(), policy.on(bandit().platform), 30, seed=1)
    assert not played.stopped.any()
    assert played.forms.shape == (30, 2)
    for controls in ((STOP,), (ADVANCE,)):
        other = replace(bandit(), controls=controls)
        with pytest.raises(InvalidInput, match=rf"learned with stop, advance; the world offers {controls[0]}"):
            policy.on(other.platform)


def learned(agent: Any, objective: Objective, network: Network | None = None) -> Trained:
    done: Trained = agent.train(
        STOPS, tracker=BKTFilter(), objective=objective, network=network or ConceptScorer(8), seed=0
    )
    return done


@pytest.mark.slow
@pytest.mark.parametrize(
    "agent",
    [
        MaskablePPO(frames=16_384, **PPOS),
        AllActionPPO(frames=16_384, **PPOS),
        PPO(frames=16_384, **PPOS),
        DQN(frames=16_384, lanes=32, batch=128, learning_starts=512, target_every=512, gamma=0.9),
    ],
    ids=lambda a: type(a).__name__,
)
def test_it_learns_to_stop_where_practice_costs_more_than_it_brings_and_not_to_where_it_costs_nothing(agent: Any):
    dear, free = learned(agent, Cost(activity=5.0)), learned(agent, MasteryGain())
    stopped, taught = (rollout(STOPS, made.policy, 200, seed=9) for made in (dear, free))
    assert stopped.minutes.mean() < 1.0  # by either control: there is but one session
    assert stopped.forms[:, -2:].sum(axis=1).mean() > 0.95
    assert taught.forms[:, -2:].sum(axis=1).mean() < 0.1
    assert taught.mastery_gain.mean() > 10.0


@pytest.mark.parametrize("network", [ConceptScorer(8), Flat((16,))])
def test_from_a_teacher_that_ends_nothing_one_goes_on_to_learn_to(network: Network):
    """What it starts from knows no controls, and never uses any; those of the agent that goes on are its own."""
    start = Distil(frames=512, lanes=16, steps=16, batch=128, memory=512)
    taught = start.train(STOPS, tracker=start.teacher.tracker, objective=MasteryGain(), network=network, seed=0).policy
    assert taught.controls == ()
    assert not rollout(STOPS, taught.drawn(), 30).stopped.any()
    agent = MaskablePPO(frames=512, start=start, settle=0.9, **PPOS)
    went_on = agent.train(STOPS, tracker=start.teacher.tracker, objective=MasteryGain(), network=network, seed=0)
    assert went_on.policy.controls == CONTROLS
    before, after = taught.weights(), went_on.policy.weights()
    for name, weights in before.items():
        assert after[name].shape[1:] == weights.shape[1:]
    assert rollout(STOPS, went_on.policy.drawn(), 100).forms[:, -2:].any()
