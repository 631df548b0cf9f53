"""The memory that is trained is the one that is believed, and what is folded once more is what was folded."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3.common.logger import Logger

from curriculum_rl.agents.agent import Watch
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.learned import LearnedPolicy, from_weights, load_learned
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.memory import Memory, with_memory
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.recurrent_lanes import RecurrentLanes
from curriculum_rl.agents.recurrent_policy import RecurrentPolicy
from curriculum_rl.agents.recurrent_ppo import RecurrentPPO
from curriculum_rl.agents.recurrent_tracker import Recurrent, Remembering
from curriculum_rl.agents.training import actor_weights
from curriculum_rl.batch import arrays, put_rows, take_rows
from curriculum_rl.controls import CONTROLS
from curriculum_rl.course import Clock, Course
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import Gate, Simulation
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.policies.random import Random
from curriculum_rl.students.classroom import Classroom
from curriculum_rl.students.faculties import Faculties
from curriculum_rl.students.pace import Pace
from curriculum_rl.studies.run import tracker_name
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.trackers.last_event import LastEvent
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.agents.playground import bandit, layout_of, trained
from tests.agents.test_training import Stop, elsewhere, equal, played
from tests.worlds import made_world, random_actions

SMALL = RecurrentPPO(frames=2048, lanes=16, steps=16, batch=128, units=4)
NETWORKS = [Flat((16,)), ConceptScorer(8)]
GATE = Believed(0.6)


def made(
    network: Network,
    world: World,
    tracker: Tracker | None = None,
    gate: Gate | None = None,
    sight: bool = True,
    agent: RecurrentPPO = SMALL,
) -> tuple[Any, Lanes]:
    """RecurrentPPO before its first step, its weights of some size, so that what is compared is not all alike."""
    torch.manual_seed(0)
    inner = tracker or LastEvent()
    _, remembering = agent.made_of(network, inner)
    remembering = remembering.with_memory(world.platform)
    about: dict[str, Any] = {"objective": DelayedTest(), "gate": gate, "lanes": agent.lanes, "seed": 0, "sight": sight}
    lanes = RecurrentLanes(world, tracker=remembering, **about)
    layout = Layout.of(world.platform, inner)
    parts = {"network": network, "layout": layout, "sight": sight, "memory": remembering.memory}
    model = agent.algorithm(lanes, parts, 0)
    with torch.no_grad():
        for parameter in model.policy.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return model, lanes


def learned(model: Any, network: Network, world: World, tracker: Tracker | None = None) -> LearnedPolicy:
    """The policy that has these weights."""
    made_of = SMALL.made_of(network, tracker or LastEvent())
    return from_weights(world.platform, *made_of, actor_weights(model.policy)).drawn()


@pytest.mark.parametrize("tracker", [LastEvent(), Counts()], ids=["last event", "counts"])
@pytest.mark.parametrize("gate", [None, GATE], ids=["open", "gated"])
@pytest.mark.parametrize("network", NETWORKS, ids=["flat", "scorer"])
def test_what_is_trained_is_what_is_played(network: Network, gate: Gate | None, tracker: Tracker):
    """The odds of the lanes, whose students come and go, are those of each student's whole course by itself.

    The memory of the one who learns is folded by the lanes; that of the one who plays from the log of the course.
    """
    world = bandit() if gate is None else made_world()
    model, lanes = made(network, world, tracker, gate)
    policy = learned(model, network, world, tracker)
    lanes.out_of_step = False
    observation: Any = lanes.reset()
    n, generator, spread = lanes.num_envs, np.random.default_rng(0), []
    log: list[list[tuple[Any, ...]]] = [[] for _ in range(n)]  # of each lane's student, since the course began
    for _ in range(25):
        with torch.no_grad():
            odds, _ = model.policy.judged({name: torch.from_numpy(x) for name, x in observation.items()}, n)
        view = lanes.env.running().view()
        belief = policy.tracker.start(world.platform, view.belief.goals)
        for past in range(max(map(len, log))):
            rows = np.array([i for i in range(n) if len(log[i]) > past])
            part = take_rows(belief, rows)
            part.update(*(np.array(column) for column in zip(*(log[i][past] for i in rows), strict=True)))
            put_rows(belief, rows, part, slice(None))
        ours = policy.probabilities(replace(view, belief=belief))
        np.testing.assert_allclose(odds.exp().numpy(), ours, rtol=1e-3, atol=1e-6)
        assert (ours[~view.mask] == 0.0).all()
        spread.append(ours.std(axis=0).max())
        action = np.where(view.mask, generator.random(view.mask.shape), -1.0).argmax(axis=1)
        before = {name: array.copy() for name, array in arrays(lanes.env.running().belief)}
        lanes.step_async(action)
        observation, _, done, _ = lanes.step_wait()
        after = lanes.env.running().belief
        concept = world.curriculum.loads[0][0, action]
        right = after.right[np.arange(n), concept] > before["right"][np.arange(n), concept]
        for i in range(n):
            log[i].append((action[i], bool(right[i]), after.now[i] - before["now"][i]))
            if done[i]:
                log[i].clear()
    assert min(spread[3:]) > 0.01, "all students are treated alike: the test shows nothing"


def in_classes() -> World:
    """The bandit's students in classes of four, where who works fast waits for the others at the end of a session."""
    world = bandit()
    classroom = Classroom(size=4, peers=("chat",), tutored=())
    population = replace(world.population, faculties=Faculties(classroom=classroom), pace=Pace(0.8))
    return replace(world, population=population, course=Course(days=(0.0, 3.0), minutes=12.0))


def may_be_stopped() -> World:
    """The bandit's students in two sessions, either of which may be ended, as may be the course."""
    return replace(bandit(), course=Course(days=(0.0, 3.0), minutes=12.0), controls=CONTROLS)


@pytest.mark.parametrize(
    "world", [bandit(), in_classes(), may_be_stopped()], ids=["alone", "in classes", "may be stopped"]
)
@pytest.mark.parametrize("sight", [True, False], ids=["sight", "no sight"])
@pytest.mark.parametrize("network", NETWORKS, ids=["flat", "scorer"])
def test_before_an_update_nothing_of_the_rollout_has_changed(network: Network, sight: bool, world: World):
    """Odds and values of what was played are found again by folding it once more, from wherever a batch begins."""
    model, lanes = made(network, world, None, None, sight, replace(SMALL, steps=48))
    model.set_logger(Logger(None, []))  # its own leaves a folder behind
    _, callback = model._setup_learn(10_000, None)
    for _ in range(2):  # the second begins in the middle of courses
        model.collect_rollouts(model.env, callback, model.rollout_buffer, 48)
    buffer = model.rollout_buffer
    assert buffer.episode_starts[1:].sum() > 20
    events = buffer.observations["cell"][:, :, -1]
    idle = world.class_size > 1 or bool(world.controls)
    assert (events[1:] == events[:-1]).any() == idle, "somebody waits in classes, or a session is ended"
    seen, folded = 0, 0.0
    for batch in buffer.get(SMALL.batch):
        for parameter in model.policy.memory.parameters():
            parameter.grad = None
        values, log, _ = model.policy.evaluate_actions(
            batch.observations, batch.actions.long().flatten(), batch.lstm_states, batch.episode_starts
        )
        real = batch.mask > 0.5
        torch.testing.assert_close(log[real], batch.old_log_prob[real], rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(values.flatten()[real], batch.old_values[real], rtol=1e-3, atol=1e-4)
        log[real].sum().backward()
        folded += float(model.policy.memory.lstm.weight_hh_l0.grad.abs().sum())
        seen += int(real.sum())
    assert seen == 48 * lanes.num_envs
    assert folded > 1.0, "no gradient reaches the memory"


def test_where_nothing_was_folded_nothing_is_folded_again():
    """A lane whose student waited, and one whose student was another, beside one that went on; and padding."""
    network = ConceptScorer(8)
    policy: RecurrentPolicy = made(network, bandit())[0].policy
    layout, memory = policy.layout, policy.memory
    torch.manual_seed(1)
    now = torch.randn(3, 4, layout.features)
    h, c = torch.randn(3, 4, memory.width), torch.randn(3, 4, memory.width)
    events = torch.tensor([[3.0, 4.0, 5.0, 6.0], [3.0, 3.0, 4.0, 4.0], [9.0, 2.0, 3.0, 0.0]])
    cell = torch.cat([c, events[:, :, None]], dim=2)
    again = policy._remembered(now.flatten(0, 1), h.flatten(0, 1), cell.flatten(0, 1), 3).view(3, 4, -1)

    def fold(lane: int, steps: range, state: int) -> torch.Tensor:
        x = now[lane : lane + 1, list(steps), : memory.features].transpose(0, 1)
        out, _ = memory(x, (h[lane, state][None], c[lane, state][None]))
        return out[-1, 0]

    torch.testing.assert_close(again[:, 0], h[:, 0])
    torch.testing.assert_close(again[0, 3], fold(0, range(1, 4), 0))
    torch.testing.assert_close(again[1, 1], h[1, 1])
    torch.testing.assert_close(again[1, 2], fold(1, range(2, 3), 1))
    torch.testing.assert_close(again[1, 3], h[1, 3])
    torch.testing.assert_close(again[2, 1], h[2, 1])
    torch.testing.assert_close(again[2, 2], fold(2, range(2, 3), 1))
    whole = policy._remembered(now[0], h[0], cell[0], 1)
    torch.testing.assert_close(whole, again[0])


def test_the_memory_of_each_concept_is_one_lstm_for_every_concept_alone():
    """Concept by concept, with the student's features: the same h, at the places that the layout gives it."""
    torch.manual_seed(0)
    layout, units, n = layout_of(made_world(), "last_event"), 3, 4
    memory = Memory(layout, units, by_concept=True)
    seen = torch.randn(n, layout.features)
    states = torch.randn(n, memory.width), torch.randn(n, memory.width)
    hidden, after = memory(seen[None, :, : memory.features], states)
    assert torch.equal(hidden[0], after[0])
    wide = with_memory(layout, units, by_concept=True)
    beside = memory.beside(seen, hidden[0])
    assert beside.shape == (n, wide.features)
    split = layout.planes * layout.concepts
    planes = beside[:, : wide.planes * wide.concepts].view(n, wide.planes, wide.concepts)
    for k in range(layout.concepts):
        x = torch.cat([seen[:, k : split : layout.concepts], seen[:, split : memory.features]], dim=1)
        alone, _ = memory.lstm(x[None], tuple(s[None, :, k * units : (k + 1) * units].contiguous() for s in states))
        torch.testing.assert_close(planes[:, layout.planes :, k], alone[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("by_concept", [True, False])
def test_what_is_put_beside_is_taken_apart(by_concept: bool):
    layout = layout_of(made_world(), "counts")
    memory = Memory(layout, 3, by_concept)
    seen, hidden = torch.randn(5, layout.features), torch.randn(5, memory.width)
    beside = memory.beside(seen, hidden)
    assert beside.shape == (5, with_memory(layout, 3, by_concept).features)
    for ours, theirs in zip(memory.apart(beside), (seen, hidden), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("network", NETWORKS, ids=["flat", "scorer"])
def test_the_belief_tells_pasts_apart_that_end_alike_and_keeps_the_record(network: Network):
    world = made_world()
    policy = learned(made(network, world)[0], network, world)
    simulation = Simulation(world, policy.tracker, np.zeros(2, dtype=np.int64), 5)
    belief = simulation.belief
    assert np.abs(simulation.features()[0] - simulation.features()[1]).max() == 0.0
    belief.update(np.array([1, 9]), np.array([True, False]), np.zeros(2))
    for _ in range(2):
        belief.update(np.full(2, 5), np.ones(2, bool), np.full(2, 0.5))
    plain = LastEvent().start(world.platform, belief.goals)
    plain.update(np.full(2, 5), np.ones(2, bool), np.full(2, 0.5))
    wide = Layout.of(world.platform, policy.tracker)
    features = simulation.features()
    assert features.shape == (2, wide.features)
    assert np.abs(features).max() <= 1.0
    inner = np.empty((2, 3, 8), np.float32), np.empty((2, 3), np.float32)
    plain.write_features(*inner)
    np.testing.assert_array_equal(features[:, :24].reshape(2, 3, 8), inner[0])
    assert np.abs(features[0] - features[1]).max() > 1e-3, "it has forgotten what came before"
    assert belief.seen.sum() == 6.0
    assert (belief.outlook().recall[0] != belief.outlook().recall[1]).any()


def test_students_are_taken_from_and_put_into_a_belief_whole():
    network = ConceptScorer(8)
    policy = learned(made(network, made_world())[0], network, made_world())
    simulation = Simulation(made_world(), policy.tracker, np.arange(10), 5)
    for action in random_actions(made_world(), 6, 10):
        simulation.step(action)
    belief = simulation.belief
    rows = np.array([7, 2])
    taken = take_rows(belief, rows)
    assert type(taken) is type(belief)
    put_rows(belief, np.array([0, 1]), taken, np.array([0, 1]))
    for name, array in arrays(belief):
        np.testing.assert_array_equal(array[[0, 1]], array[rows], err_msg=name)
    assert {"hidden", "cell"} <= {name for name, _ in arrays(belief)}


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS, ids=["flat", "scorer"])
def test_it_learns_what_to_drill_and_teaches_its_memory(network: Network):
    agent = replace(SMALL, frames=12_000, lanes=64, batch=256, learning_rate=1e-2)
    policy = trained(network, tracker="last_event", agent=agent).policy
    assert played(policy) > 1.5 * played(Random())
    short = trained(network, tracker="last_event", agent=replace(agent, frames=1024)).policy
    assert (
        np.abs(policy.weights()["memory.lstm.weight_hh_l0"] - short.weights()["memory.lstm.weight_hh_l0"]).max() > 0.01
    )


@dataclass(frozen=True)
class Rehearsal:
    """Two drills before the course."""

    steps: int = 2

    def check(self, *_: object) -> None: ...

    def kept(self, curriculum: object) -> Rehearsal:
        return self

    def start(self, n: int) -> Clock:
        return Clock(*np.zeros((3, n)))

    def choose(self, state: object, students: object, dynamics: object, u: Any) -> np.ndarray:
        return 2 * (4 * u[0]).astype(np.int64)

    def note(self, *_: object) -> None: ...


def test_what_came_before_the_course_is_remembered_and_a_stopped_run_remembers_it_no_otherwise(tmp_path: Path):
    world = replace(bandit(), prelude=Rehearsal())
    agent = replace(SMALL, frames=1536)
    about: dict[str, Any] = {"tracker": LastEvent(), "objective": DelayedTest(), "network": ConceptScorer(4), "seed": 0}
    whole = agent.train(world, **about).policy
    first = Simulation(world, whole.tracker, np.arange(300))
    assert isinstance(first.belief, Remembering)
    assert (np.abs(first.belief.hidden).max(axis=1) > 0.0).all()
    assert (first.belief.steps == 2).all()
    with pytest.raises(KeyboardInterrupt):
        agent.train(world, **about, watch=Watch(checkpoint=tmp_path / "run", tell=Stop(3)))
    assert equal(agent.train(world, **about, watch=Watch(checkpoint=tmp_path / "run")).policy, whole)


@pytest.mark.parametrize("network", NETWORKS, ids=["flat", "scorer"])
def test_saved_it_is_whole_and_its_record_builds_it(network: Network, tmp_path: Path):
    policy = trained(network, tracker="last_event", agent=SMALL).policy
    policy.save(tmp_path / "policy")
    record = json.loads((tmp_path / "policy.json").read_text())["content"]
    assert record["tracker"]["inner"]["_target_"].endswith("LastEvent")
    assert "memory" not in record["tracker"]
    loaded = load_learned(tmp_path / "policy", bandit())
    assert equal(policy, loaded)
    assert {name.split(".")[0] for name in loaded.weights()} <= {"0", "1", "memory"}
    assert isinstance(loaded.tracker, Recurrent)
    assert loaded.tracker == policy.tracker
    assert tracker_name(loaded.tracker) == "LastEvent, remembered"
    memories = [p.tracker.memory for p in (policy, loaded) if isinstance(p.tracker, Recurrent)]
    for a, b in zip(*(m.state_dict().values() for m in memories if m), strict=True):
        assert torch.equal(a, b)
        assert not a.requires_grad


def test_where_the_network_carries_over_so_does_the_memory():
    policy = trained(ConceptScorer(8), tracker="last_event", agent=SMALL).policy
    platform = elsewhere()
    there = policy.on(platform).drawn()
    ours, carried = policy.weights(), there.weights()
    assert all(carried[name].tobytes() == value.tobytes() for name, value in ours.items())
    simulation = Simulation(replace(made_world(), curriculum=platform.curriculum), there.tracker, np.arange(5))
    simulation.step(np.zeros(5, dtype=np.int64))
    p = there.probabilities(simulation.view())
    assert p.shape == (5, len(platform.curriculum.activities))
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-9)
    with pytest.raises(InvalidInput, match="Flat: is bound to"):
        trained(Flat((16,)), tracker="last_event", agent=SMALL).policy.on(platform)


def test_a_memory_without_weights_and_a_start_without_memory_are_refused():
    with pytest.raises(InvalidInput, match="has no weights yet"):
        Recurrent(LastEvent(), 4, True).start(bandit().platform, np.ones((1, 4), bool))
    with pytest.raises(InvalidInput, match="start: must be null"):
        RecurrentPPO(start=SMALL)
    for bad in (0, -1, 10_000, float("nan")):
        with pytest.raises(InvalidInput, match="units"):
            RecurrentPPO(units=bad)  # type: ignore[arg-type]
        with pytest.raises(InvalidInput, match="units"):
            Recurrent(LastEvent(), bad, True)  # type: ignore[arg-type]


def test_while_only_the_critic_learns_neither_actor_nor_memory_moves():
    still = trained(ConceptScorer(8), tracker="last_event", agent=replace(SMALL, frames=1024, settle=0.99)).policy
    longer = trained(ConceptScorer(8), tracker="last_event", agent=replace(SMALL, frames=512, settle=0.99)).policy
    assert equal(still, longer)
