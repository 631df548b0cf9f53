"""Laws of learning from logs alone, in a small tabular process whose answers a few loops give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from curriculum_rl.agents.batch_constrained_q import BatchConstrainedQ
from curriculum_rl.agents.behaviour_cloning import BehaviourCloning
from curriculum_rl.agents.conservative_q import ConservativeQ
from curriculum_rl.agents.learned import LearnedPolicy, load_learned
from curriculum_rl.agents.networks.batch_constrained import BatchConstrained
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.offline import Fitted, Offline
from curriculum_rl.agents.transitions import Transitions
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.violations import InvalidInput
from tests.agents.playground import bandit, layout_of, some_view

TRACKER = BKTFilter(nodes=1)
FEATURES = layout_of(bandit(), "bkt").features
STATES, ACTIONS, STEPS = 4, 8, 3
OPEN = np.array([[a % 2 == 0 or (s + a) % 3 == 0 for a in range(ACTIONS)] for s in range(STATES)])
"""What is allowed in each state: four to six of eight activities."""
NETWORK = Flat((32,))
QUICK = {"passes": 150, "patience": 40, "batch": 4096, "learning_rate": 0.03}


def tabular(choice: Float, students: int = 200, seed: int = 1) -> tuple[Transitions, Int]:
    """Students in a process of four states, logged by `choice` (S, A); the state is one of the features."""
    generator = np.random.default_rng(seed)
    law = np.random.default_rng(7)
    moves, worth = law.dirichlet(np.ones(STATES), (STATES, ACTIONS)), law.normal(size=(STATES, ACTIONS))
    states = np.empty((students, STEPS), dtype=np.int64)
    actions = np.empty_like(states)
    state = generator.integers(STATES, size=students)
    for t in range(STEPS):
        action = (generator.random((students, 1)) > choice[state].cumsum(axis=1)).sum(axis=1)
        states[:, t], actions[:, t] = state, action
        state = (generator.random((students, 1)) > moves[state, action].cumsum(axis=1)).sum(axis=1)
    flat, did = states.ravel(), actions.ravel()
    seen = np.zeros((len(flat), FEATURES), dtype=np.float32)
    seen[np.arange(len(flat)), flat] = 1.0
    student = np.repeat(np.arange(students), STEPS)
    return Transitions(seen, OPEN[flat], did, worth[flat, did], student), flat


EVENLY = OPEN / OPEN.sum(axis=1, keepdims=True)


def learned(method: Offline, log: Transitions, held_out: Transitions, **more: Any) -> Fitted:
    return method.learn(bandit().platform, TRACKER, more.pop("network", NETWORK), log, held_out, **more)


def said(policy: LearnedPolicy) -> Float:
    """What the actor says in each of the states, (S, ...)."""
    seen = torch.zeros((STATES, FEATURES))
    seen[torch.arange(STATES), torch.arange(STATES)] = 1.0
    with torch.no_grad():
        return policy.actor(seen).double().numpy()  # type: ignore[no-any-return]


def fitted_q(log: Transitions, state: Int, usual: Bool, rounds: int, gamma: float) -> Float:
    """Q by loops over the rows of the log: the mean of the targets of each state and activity, (S, A)."""
    values = np.zeros((STATES, ACTIONS))
    unit = log.reward.std()
    for _ in range(rounds):
        total, count = np.zeros_like(values), np.zeros_like(values)
        for row in range(len(log)):
            target = log.reward[row] / unit
            if row + 1 < len(log) and log.student[row + 1] == log.student[row]:
                then = state[row + 1]
                target += gamma * max(values[then, a] for a in range(ACTIONS) if usual[then, a])
            total[state[row], log.action[row]] += target
            count[state[row], log.action[row]] += 1
        assert (count[OPEN] > 0).all()
        values = total / np.maximum(count, 1)
    return values


def frequencies(log: Transitions, state: Int) -> Float:
    counts = np.zeros((STATES, ACTIONS))
    np.add.at(counts, (state, log.action), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def softmax(logits: Float) -> Float:
    share = np.where(OPEN, np.exp(logits - logits.max(axis=1, keepdims=True)), 0.0)
    return share / share.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("rounds", [1, 2])
def test_without_penalty_conservative_values_are_those_of_fitted_q_iteration(rounds: int):
    log, state = tabular(EVENLY)
    policy = learned(ConservativeQ(alpha=0.0, rounds=rounds, gamma=0.9, **QUICK), log, log).policy
    expected = fitted_q(log, state, OPEN, rounds, 0.9)
    assert np.allclose(said(policy)[OPEN], expected[OPEN], atol=0.03)


def test_under_a_great_penalty_conservative_values_are_the_logits_of_what_was_logged():
    log, state = tabular(frequent())
    policy = learned(ConservativeQ(alpha=1e3, rounds=2, **QUICK), log, log).policy
    assert np.allclose(softmax(said(policy)), frequencies(log, state), atol=0.01)


def test_a_penalty_lowers_what_was_seldom_logged():
    log, _ = tabular(frequent())
    free, wary = (said(learned(ConservativeQ(alpha=a, rounds=1, **QUICK), log, log).policy) for a in (0.0, 1.0))
    rare, usual = OPEN & (frequent() < 0.05), frequent() > 0.3
    assert (wary - free)[rare].max() < (wary - free)[usual].min()


def frequent() -> Float:
    """In each state two activities are frequent and the other allowed ones rare, by a factor above 10."""
    likely = np.where(OPEN, 0.02, 0.0)
    for s in range(STATES):
        first, second = np.flatnonzero(OPEN[s])[[s % 2, 2]]
        likely[s, first] = likely[s, second] = 0.0
        likely[s, [first, second]] = (1.0 - likely[s].sum()) / 2
    return likely


def test_batch_constrained_values_look_ahead_to_what_is_usual_alone():
    log, state = tabular(frequent(), students=500)
    policy = learned(BatchConstrainedQ(threshold=0.5, rounds=2, gamma=0.9, **QUICK), log, log).policy
    usual = frequent() > 0.3
    expected = fitted_q(log, state, usual, 2, 0.9)
    assert np.allclose(said(policy)[:, :ACTIONS][usual], expected[usual], atol=0.03)
    assert not np.allclose(expected[usual], fitted_q(log, state, OPEN, 2, 0.9)[usual], atol=0.1)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.8, 1.0])
def test_batch_constrained_choices_are_the_best_of_the_usual_whatever_is_masked(threshold: float):
    method = BatchConstrainedQ(threshold=threshold, rounds=1, passes=10, learning_rate=0.03)
    log, _ = tabular(frequent())
    policy = learned(method, log, log).policy
    view = some_view(bandit(), TRACKER)
    generator = np.random.default_rng(3)
    mask = generator.random(view.mask.shape) < 0.6
    mask[~mask.any(axis=1), 0] = True
    view = replace(view, mask=mask)
    with torch.no_grad():
        both = policy.actor(torch.from_numpy(view.features())).numpy()
    for row, p in enumerate(policy.probabilities(view)):
        allowed = np.flatnonzero(mask[row])
        share = np.exp(both[row, ACTIONS:][allowed] - both[row, ACTIONS:][allowed].max())
        usual = allowed[share >= threshold]
        assert p.sum() == pytest.approx(1.0)
        assert set(np.flatnonzero(p)) <= set(usual)
        assert both[row, p.argmax()] == both[row, usual].max()


def test_cloning_finds_the_probabilities_of_the_logging_policy():
    """A softmax of the features; on held-out students the loss is that of the truth, to within .02 nats."""
    generator = np.random.default_rng(0)
    weights = generator.normal(scale=0.7, size=(FEATURES, ACTIONS))

    def drawn(rows: int) -> tuple[Transitions, Float]:
        seen = np.zeros((rows, FEATURES), dtype=np.float32)
        seen[:, :3] = generator.normal(size=(rows, 3))
        mask = generator.random((rows, ACTIONS)) < 0.7
        mask[:, 0] = True
        logits = np.where(mask, seen @ weights, -np.inf)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        action = np.minimum((generator.random((rows, 1)) > p.cumsum(axis=1)).sum(axis=1), ACTIONS - 1)
        return Transitions(seen, mask, action, np.full(rows, np.nan), np.arange(rows)), p

    (fitting, _), (held_out, truth) = drawn(6000), drawn(2000)
    fitted = learned(BehaviourCloning(passes=12, batch=256, learning_rate=5e-3), fitting, held_out)
    true_loss = -np.log(truth[np.arange(2000), held_out.action]).mean()
    assert true_loss == pytest.approx(-(truth * np.log(np.maximum(truth, 1e-300))).sum(axis=1).mean(), abs=0.05)
    assert true_loss - 0.01 < fitted.held_out < true_loss + 0.02


METHODS: dict[str, Callable[[], Offline]] = {
    "behaviour_cloning": lambda: BehaviourCloning(**QUICK),
    "conservative_q": lambda: ConservativeQ(alpha=5.0, rounds=2, **QUICK),
    "batch_constrained_q": lambda: BatchConstrainedQ(rounds=2, **QUICK),
}


@pytest.mark.parametrize("name", METHODS)
def test_a_log_of_one_choice_a_state_is_learned_as_it_is(name: str):
    """A floor under the others, so that every method meets them in no row at all."""
    chosen = np.array([np.flatnonzero(OPEN[s])[s % 3] for s in range(STATES)])
    log, _ = tabular(np.eye(ACTIONS)[chosen])
    policy = learned(METHODS[name](), log, log).policy
    values = said(policy)
    allowed = OPEN
    if isinstance(policy.network, BatchConstrained):
        allowed = policy.network.narrowed(values, OPEN)
    assert (np.where(allowed, values[:, :ACTIONS], -np.inf).argmax(axis=1) == chosen).all()


@pytest.mark.parametrize("network", [NETWORK, ConceptScorer(width=8)], ids=["flat", "concept_scorer"])
@pytest.mark.parametrize("name", METHODS)
def test_saved_and_loaded_it_plays_the_same_and_nothing_masked(name: str, network: object, tmp_path: Path):
    method = replace(METHODS[name](), passes=3)  # type: ignore[type-var]
    log, _ = tabular(EVENLY, 60)
    policy = learned(method, log, log, network=network).policy
    policy.save(tmp_path / "policy", {"told": 1})
    again = load_learned(tmp_path / "policy", bandit())
    assert again.sampled == policy.sampled == (name == "behaviour_cloning")
    one, other = (rollout(bandit(), p, 20) for p in (policy, again))
    assert one.delayed_test.tobytes() == other.delayed_test.tobytes()
    view = some_view(bandit(), TRACKER)
    mask = np.random.default_rng(0).random(view.mask.shape) < 0.5
    mask[:, 3] = True
    assert (policy.probabilities(replace(view, mask=mask))[~mask] == 0.0).all()


@pytest.mark.parametrize("name", METHODS)
def test_a_seed_gives_the_same_weights_and_another_seed_others(name: str):
    method = replace(METHODS[name](), passes=3, batch=64)  # type: ignore[type-var]
    log = tabular(EVENLY, 60)[0]
    torch.manual_seed(1)
    first = learned(method, log, log, seed=4).policy.weights()
    torch.manual_seed(2)
    same, other = learned(method, log, log, seed=4).policy.weights(), learned(method, log, log, seed=5).policy.weights()
    assert all(first[k].tobytes() == same[k].tobytes() for k in first)
    assert any(first[k].tobytes() != other[k].tobytes() for k in first)


def test_the_weights_kept_are_those_that_held_out_students_liked_best():
    """What is held out was chosen evenly, which the network does before it learns of another log."""
    fitting, _ = tabular(frequent(), 200)
    held_out, _ = tabular(EVENLY, 200)
    fitted = learned(BehaviourCloning(passes=300, patience=5, learning_rate=0.02), fitting, held_out)
    told = [one.held_out for one in fitted.passes]
    assert told.index(min(told)) == len(told) - 6 < 300
    seen, did = torch.from_numpy(held_out.features), held_out.action
    with torch.no_grad():
        logits = np.where(held_out.mask, fitted.policy.actor(seen).double().numpy(), -np.inf)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    assert -log_p[np.arange(len(did)), did].mean() == pytest.approx(fitted.held_out, abs=1e-5) == min(told)


def test_what_cannot_be_learned_from_is_refused():
    log, _ = tabular(EVENLY, 20)
    blind = replace(log, reward=np.full(len(log), np.nan))
    with pytest.raises(InvalidInput, match="2 things to mend"):
        learned(ConservativeQ(), blind, blind)
    assert learned(BehaviourCloning(passes=1), blind, blind).passes
    with pytest.raises(InvalidInput, match="held-out part holds no decision"):
        learned(BehaviourCloning(), log, log.of(np.zeros(20, dtype=np.bool_)))


def test_losses_that_become_no_numbers_end_it_with_a_reason():
    log, _ = tabular(EVENLY, 20)
    with pytest.raises(InvalidInput, match="learning_rate = 1: "):
        learned(ConservativeQ(learning_rate=1.0), log, replace(log, reward=log.reward * 1e30))


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        *((BehaviourCloning, name, 0) for name in ("passes", "patience", "batch", "learning_rate", "threads")),
        (BehaviourCloning, "gradient_norm", 0.0),
        (ConservativeQ, "rounds", 0),
        (ConservativeQ, "gamma", 1.1),
        (ConservativeQ, "alpha", -0.1),
        (BatchConstrainedQ, "threshold", 1.5),
    ],
)
def test_settings_out_of_range_are_refused(kind: type, setting: str, value: float):
    with pytest.raises(InvalidInput, match=f"{setting} = {value}"):
        kind(**{setting: value})


def test_what_follows_a_decision_is_the_students_next_one_or_nothing():
    generator = np.random.default_rng(0)
    student = np.repeat([0, 2, 3, 5], [3, 1, 4, 2])
    seen, mask = generator.normal(size=(10, 2)).astype(np.float32), generator.random((10, 3)) < 0.5
    mask[:, 0] = True
    log = Transitions(seen, mask, np.zeros(10, dtype=np.int64), generator.normal(size=10), student)
    assert log.longest == 4
    for row in range(10):
        last = row == 9 or student[row + 1] != student[row]
        assert log.done[row] == last
        assert (log.next_features[row] == (0.0 if last else seen[row + 1])).all()
        assert (log.next_mask[row] == (False if last else mask[row + 1])).all()
    some = log.of(np.array([True, False, False, True, False, True]))
    assert set(some.student) == {0, 3, 5}
    assert len(some) == 9


def test_arrays_that_do_not_fit_are_refused():
    log, _ = tabular(EVENLY, 5)
    with pytest.raises(InvalidInput, match="rows must be as many"):
        replace(log, action=log.action[1:])
    with pytest.raises(InvalidInput, match="3 things to mend"):
        replace(log, mask=~log.mask, student=log.student[::-1], features=log.features + np.inf)
