"""Laws of every network that has a YAML, and what the concept scorer promises beyond them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from curriculum_rl.agents.networks.concept_scorer import ConceptScorer, glance
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.curriculum import Curriculum
from tests.agents.playground import layout_of, some_view
from tests.worlds import WORLDS, component, made_world, names, world_named

NETWORKS = names("network")


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("world", [WORLDS[0], WORLDS[-1], "may be stopped"])
def test_shapes_purity_and_gradients(name: str, world: str):
    torch.manual_seed(0)
    network, layout = component("network", name), layout_of(world_named(world), "bkt_grid")
    inputs, actor, critic = network.inputs(layout), network.actor(layout), network.critic(layout)
    both = network.action_critic(layout)
    assert not list(inputs.parameters())
    observations = torch.rand(7, layout.features)
    before = observations.clone()
    read = inputs(observations)
    logits, value = actor(read), critic(read)
    assert logits.shape == (7, layout.actions)
    assert value.shape == (7, 1)
    assert both(read).shape == (7, 1 + layout.actions)
    assert torch.equal(observations, before)
    assert torch.equal(actor(inputs(observations)), logits)
    assert float(logits.detach().std()) < 0.2, "the first policy should be close to uniform"
    each = torch.randn(7, layout.actions)
    ((logits * each).sum() + value.sum() + both(read)[:, 0].sum() + (both(read)[:, 1:] * each).sum()).backward()
    for part in (actor, critic, both):
        for parameter, weights in part.named_parameters():
            assert weights.grad is not None, f"no gradient reaches {parameter}"
            assert weights.grad.abs().sum() > 0, f"no gradient reaches {parameter}"


@pytest.mark.parametrize("name", NETWORKS)
def test_the_actor_reads_only_its_own_students_row(name: str):
    torch.manual_seed(0)
    network, layout = component("network", name), layout_of(made_world(), "bkt")
    whole = nn.Sequential(network.inputs(layout), network.actor(layout))
    observations = torch.rand(9, layout.features)
    together = whole(observations)
    for row in range(9):
        torch.testing.assert_close(whole(observations[row : row + 1])[0], together[row], rtol=1e-4, atol=1e-6)


def shuffled(curriculum: Curriculum) -> tuple[Curriculum, np.ndarray, np.ndarray]:
    """The same curriculum listed in another order, with the old places of its concepts and activities."""
    generator = np.random.default_rng(2)
    concepts = generator.permutation(len(curriculum.concepts))
    activities = generator.permutation(len(curriculum.activities))
    listed = replace(
        curriculum,
        concepts=tuple(curriculum.concepts[i] for i in concepts),
        # The first of each form stays first, so that forms are numbered alike.
        activities=tuple(curriculum.activities[i] for i in sorted(activities, key=lambda i: _rank(curriculum, i))),
    )
    order = np.array([[a.id for a in curriculum.activities].index(a.id) for a in listed.activities])
    return listed, concepts, order


def _rank(curriculum: Curriculum, i: int) -> tuple[int, int]:
    first = i == int(np.flatnonzero(curriculum.form == curriculum.form[i])[0])
    return (0, int(curriculum.form[i])) if first else (1, hash(curriculum.activities[i].id) % 1009)


@pytest.mark.parametrize("world", ["bkt exponential", WORLDS[-1]])
def test_reordering_concepts_and_activities_reorders_the_scores_and_nothing_else(world: str):
    made = world_named(world)
    listed, concepts, activities = shuffled(made.curriculum)
    # Layouts come from the curriculum, so the other order has its own.
    platform = replace(made.platform, curriculum=listed)
    tracker = component("tracker", "bkt_grid")
    here, there = Layout.of(made.platform, tracker), Layout.of(platform, tracker)
    torch.manual_seed(0)
    network = ConceptScorer(16)
    first, second = (nn.ModuleList([network.inputs(x), network.actor(x), network.critic(x)]) for x in (here, there))
    with torch.no_grad():
        for weights in first.parameters():
            weights.add_(0.3 * torch.randn_like(weights))
    second.load_state_dict(first.state_dict())
    seen = torch.from_numpy(some_view(made, tracker).features())
    split = here.planes * here.concepts
    planes = seen[:, :split].reshape(len(seen), here.planes, here.concepts)[:, :, torch.from_numpy(concepts)]
    moved = torch.cat([planes.flatten(1), seen[:, split:]], dim=1)
    logits, other = (parts[1](parts[0](x)) for parts, x in ((first, seen), (second, moved)))
    assert float(logits.detach().std(dim=1).mean()) > 0.05
    torch.testing.assert_close(other, logits[:, torch.from_numpy(activities)], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(second[2](second[0](moved)), first[2](first[0](seen)), rtol=1e-4, atol=1e-5)


def test_a_glance_is_mean_and_maximum_with_their_gradients():
    torch.manual_seed(0)
    h = torch.randn(5, 6, 4, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(glance(h), torch.cat([h.mean(dim=1), h.amax(dim=1)], dim=1))
    assert torch.autograd.gradcheck(glance, h)


def test_activities_of_one_form_that_differ_get_scores_that_differ():
    curriculum = made_world().curriculum
    activities = list(curriculum.activities)
    activities.append(replace(activities[1], id="longer", minutes=9.0))
    world = made_world()
    platform = replace(world.platform, curriculum=replace(curriculum, activities=tuple(activities)))
    layout = Layout.of(platform, component("tracker", "bkt"))
    assert layout.varied
    torch.manual_seed(0)
    network = ConceptScorer(16)
    logits = network.actor(layout)(network.inputs(layout)(torch.rand(5, layout.features)))
    assert (logits[:, 1] - logits[:, -1]).abs().min() > 0


@pytest.mark.parametrize(("rounds", "reaches"), [(0, 0), (1, 1), (2, 2), (3, 3)])
def test_a_round_of_messages_goes_one_link(rounds: int, reaches: int):
    """In a chain of eight concepts, what is believed of the first moves the scores of so many after it.

    The glance mixes all concepts in any case, so it is taken out.
    """
    torch.manual_seed(0)
    chain, none = np.eye(8, k=-1, dtype=np.float32), np.zeros((8, 8), dtype=np.float32)
    layout = replace(layout_of(made_world(), "bkt"), before=chain, after=none)
    network = ConceptScorer(16, rounds=rounds)
    inputs, actor = network.inputs(layout), network.actor(layout)
    actor.summary.weight.data.zero_()
    observations = torch.rand(3, layout.features)
    moved = observations.clone()
    moved[:, 0 : layout.planes * 8 : 8] += 0.5
    changed = (actor.hidden(inputs(observations)) != actor.hidden(inputs(moved))).any(dim=2).any(dim=0)
    assert changed.nonzero().ravel().tolist() == list(range(reaches + 1))
