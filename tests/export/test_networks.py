"""Every kind of network that agents and methods from logs train is exported over every tracker, memory and all."""

from __future__ import annotations

import pytest
import torch

from curriculum_rl.agents.learned import untrained
from curriculum_rl.agents.networks.batch_constrained import BatchConstrained
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.recurrent_tracker import Recurrent
from curriculum_rl.export.bundle import make
from curriculum_rl.runner.bundle import read_bundle
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.world import load_world
from tests.worlds import component

WORLD = load_world("fractions")


def passes(network: Network, tracker: Tracker, sampled: bool = True) -> None:
    """The gate lets it through, and its own vectors are replayed."""
    torch.manual_seed(0)
    policy = untrained(WORLD.platform, network, tracker).drawn(sampled)
    made = make("untaught", policy, WORLD, 1000)
    assert made.parity.passed
    assert made.parity.furthest < 1e-5
    assert read_bundle(made.content).manifest["policy"]["network"]


@pytest.mark.slow
@pytest.mark.parametrize("tracker", ["bkt", "bkt_grid", "counts", "elo", "fsrs", "history", "last_event"])
@pytest.mark.parametrize("network", ["flat", "concept_scorer"])
def test_every_network_over_every_tracker(network: str, tracker: str):
    passes(component("network", network), component("tracker", tracker))


@pytest.mark.parametrize("inner", ["last_event", pytest.param("bkt", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("network", "by_concept"), [("flat", False), pytest.param("concept_scorer", True, marks=pytest.mark.slow)]
)
def test_a_memory_is_part_of_the_graph(network: str, inner: str, by_concept: bool):
    torch.manual_seed(0)
    memory = Recurrent(component("tracker", inner), 8, by_concept).with_memory(WORLD.platform)
    passes(component("network", network), memory)


@pytest.mark.parametrize("sampled", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_a_log_hardly_shows_is_shut_in_the_graph_too(sampled: bool):
    passes(BatchConstrained(component("network", "flat"), threshold=0.97), component("tracker", "bkt"), sampled)
