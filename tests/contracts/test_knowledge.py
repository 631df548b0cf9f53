"""What every model of knowledge in `configs/knowledge` must do; a new one is tested here because its YAML exists."""

from __future__ import annotations

import copy
import itertools
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from curriculum_rl import streams
from curriculum_rl.batch import Int, arrays, take_rows
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.knowledge.knowledge import At, Tried
from curriculum_rl.students.knowledge.tabular import Tabular
from curriculum_rl.students.traits import Traits, draw_traits
from curriculum_rl.violations import InvalidInput
from tests.worlds import CONCEPTS, FORMS, GROUPS, knowledge_model, names

MODELS = names("knowledge")
N = 64
pytestmark = pytest.mark.parametrize("name", MODELS)


def rightly(concepts: Int) -> Tried:
    """Everyone tries, and answers rightly, the first activity of `tests/worlds.py` on these concepts, (n,)."""
    yes = np.ones(concepts.shape, dtype=np.bool_)
    return Tried(concepts * len(FORMS), yes, yes)


def people(n: int = N) -> tuple[Traits, np.ndarray]:
    """Traits and first draws of n students."""
    key = streams.keys(11, streams.Purpose.PERSON, np.arange(n))
    u = streams.uniform(key, np.arange(100, 100 + CONCEPTS, dtype=np.uint64)[:, None])
    return draw_traits(GROUPS, key), np.ascontiguousarray(u.T)


def places(concepts: Int) -> At:
    """Where these concepts, (L, n), are."""
    return At(concepts, concepts + np.arange(concepts.shape[1]) * CONCEPTS)


def two_loads(n: int = N) -> tuple[At, np.ndarray]:
    """Two different concepts a student, and shares."""
    first = np.arange(n) % CONCEPTS
    shares = np.stack([np.full(n, 0.7), np.full(n, 0.3)])
    return places(np.stack([first, (first + 3) % CONCEPTS])), shares


def practised(name: str, tries: int) -> tuple[Any, Any]:
    """The model, and its students after some tries of everything."""
    model = knowledge_model(name, spread=0.2)
    state = model.sample(*people())
    rng = np.random.default_rng(0)
    every = At.every(N, CONCEPTS)
    for t in range(tries):
        u, v = rng.random((2, CONCEPTS, N))
        tried = rightly(np.full(N, t % CONCEPTS))
        model.learn_from(state, every, np.ones(every.flat.shape), u, v, tried)
    return model, state


def snapshot(state: Any) -> list[np.ndarray]:
    return [array.copy() for _, array in arrays(state)]


def test_is_a_frozen_dataclass_with_a_column_for_each_parameter(name: str):
    model = knowledge_model(name)
    assert isinstance(model, ConceptModel)
    assert is_dataclass(model)
    assert type(model).__dataclass_params__.frozen
    assert set() != set(model.concept_fields()) <= {f.name for f in fields(model)}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf"), "text", None, True])
def test_refuses_every_bad_number_in_every_parameter(name: str, bad: Any):
    model = knowledge_model(name)
    good = {field: getattr(model, field) for field in model.concept_fields()}
    for field in good:
        with pytest.raises(InvalidInput) as caught:
            replace(model, **{field: (*good[field][:-1], bad)})
        assert any(f"{field}[{CONCEPTS - 1}] = " in line for line in caught.value.violations), field


def test_refuses_parameters_of_different_lengths(name: str):
    model = knowledge_model(name)
    good = {field: getattr(model, field) for field in model.concept_fields()}
    for field in good if len(good) > 1 else ():
        with pytest.raises(InvalidInput, match="one number for each concept"):
            replace(model, **{field: good[field][:-1]})


def test_states_have_students_as_leading_axis(name: str):
    _, state = practised(name, 0)
    assert all(len(array) == N for _, array in arrays(state))


@pytest.mark.parametrize("tries", [0, 3, 30])
def test_probabilities_are_probabilities(name: str, tries: int):
    model, state = practised(name, tries)
    at, shares = two_loads()
    for retention in (0.0, 0.3, 1.0):
        kept = np.full(shares.shape, retention)
        for difficulty in (-8.0, -1.0, 0.0, 8.0):
            chance = model.success(state, at, shares, kept, model.tasks(at.concepts, np.full(N, difficulty)))
            assert chance.shape == (N,)
            assert np.all((chance >= 0.0) & (chance <= 1.0))
        recall = model.recall(state, at, kept)
        score = model.score(at.concepts, recall)
        assert recall.shape == score.shape == shares.shape
        assert np.all((recall >= 0.0) & (recall <= 1.0))
        assert np.all((score >= 0.0) & (score <= 1.0))


def test_harder_is_harder_and_forgetting_hurts(name: str):
    model, state = practised(name, 5)
    at, shares = two_loads()
    ones = np.ones(shares.shape)
    tasks = [model.tasks(at.concepts, np.full(N, d)) for d in (-1.0, 0.0, 1.0)]
    chances = [model.success(state, at, shares, ones, task) for task in tasks]
    sure = np.isin(chances[1], (0.0, 1.0))  # what is out of doubt may stay so
    for easier, harder in itertools.pairwise(chances):
        assert np.all((easier > harder) | (sure & (easier == harder)))
    most, least = (model.tasks(at.concepts, np.full(N, d)) for d in (-40.0, 40.0))
    assert model.success(state, at, shares, ones, most).mean() > model.success(state, at, shares, ones, least).mean()
    assert np.all(model.success(state, at, shares, 0.5 * ones, tasks[1]) <= chances[1])
    assert np.all(model.recall(state, at, 0.5 * ones) <= model.recall(state, at, ones))
    assert np.all(np.diff(model.score(np.zeros((5, 1), int), np.linspace(0, 1, 5)[:, None]), axis=0) > 0)


def test_practice_helps_on_average(name: str):
    model, before = practised(name, 0)
    _, after = practised(name, 8)
    every = At.every(N, CONCEPTS)
    ones = np.ones(every.flat.shape)
    assert model.recall(after, every, ones).mean() > model.recall(before, every, ones).mean() + 0.02


def test_asking_changes_nothing(name: str):
    model, state = practised(name, 3)
    at, shares = two_loads()
    before = snapshot(state)
    model.success(state, at, shares, np.ones(shares.shape), model.tasks(at.concepts, np.zeros(N)))
    model.recall(state, at, np.ones(shares.shape))
    model.held(state)[:] = True
    for old, new in zip(before, snapshot(state), strict=True):
        np.testing.assert_array_equal(old, new)


def test_practice_touches_the_practised_concepts_alone(name: str):
    model, state = practised(name, 1)
    at, shares = two_loads()
    every = At.every(N, CONCEPTS)
    ones = np.ones(every.flat.shape)
    before = model.recall(state, every, ones)
    tried = rightly(at.concepts[0])
    held, new = model.learn_from(state, at, 5.0 * shares, np.zeros(shares.shape), np.ones(shares.shape), tried)
    changed = model.recall(state, every, ones) != before
    touched = np.zeros((CONCEPTS, N), dtype=bool)
    touched[at.concepts, np.arange(N)] = True
    assert model.wide or not changed[~touched].any()
    assert changed[touched].any()
    assert held.shape == new.shape == shares.shape
    assert held.dtype == new.dtype == np.bool_
    assert held[new].all()


def test_no_strength_and_no_loss_change_nothing(name: str):
    """What pads an activity: strength 0 and a draw of 1."""
    model, state = practised(name, 2)
    at, shares = two_loads()
    before = snapshot(state)
    none, tried = np.zeros(shares.shape), rightly(at.concepts[0])
    _, new = model.learn_from(state, at, none, none, np.ones(shares.shape), tried)
    assert not new.any()
    for old, now in zip(before, snapshot(state), strict=True):
        np.testing.assert_array_equal(old, now)


def test_more_strength_never_teaches_less(name: str):
    at, shares = two_loads()
    u, v = np.random.default_rng(1).random((2, *shares.shape))
    recalls = []
    for strength in (0.1, 0.5, 1.0, 3.0):
        model, state = practised(name, 2)
        model.learn_from(state, at, strength * shares, u, v, rightly(at.concepts[0]))
        recalls.append(model.recall(state, at, np.ones(shares.shape)))
    assert np.all(np.diff(recalls, axis=0) >= 0)


def test_a_batch_is_its_students_one_by_one(name: str):
    model, whole = practised(name, 2)
    at, shares = two_loads()
    u, v = np.random.default_rng(2).random((2, *shares.shape))
    singles = [take_rows(copy.deepcopy(whole), np.array([i])) for i in range(N)]
    task = model.tasks(at.concepts, np.zeros(N))
    chance = model.success(whole, at, shares, np.full(shares.shape, 0.7), task)
    tried = rightly(at.concepts[0])
    model.learn_from(whole, at, shares, u, v, tried)
    for i, single in enumerate(singles):
        here = places(at.concepts[:, i : i + 1])
        part = slice(i, i + 1)
        alone = model.success(single, here, shares[:, part], np.full((2, 1), 0.7), task[:, :, part])
        assert alone[0] == chance[i]
        model.learn_from(
            single,
            here,
            shares[:, part],
            u[:, part],
            v[:, part],
            Tried(*(x[part] for x in (tried.activity, tried.correct, tried.answered))),
        )
        for (_, mine), (_, theirs) in zip(arrays(single), arrays(whole), strict=True):
            np.testing.assert_array_equal(mine[0], theirs[i])


def test_a_part_of_the_concepts_is_the_same_model(name: str):
    model = knowledge_model(name, spread=0.2)
    kept = np.array([5, 1, 2])
    if isinstance(model, Tabular):
        with pytest.raises(InvalidInput, match="joint"):
            model.subset(kept)
        kept = np.arange(CONCEPTS)
    part = model.subset(kept)
    for field in model.concept_fields():
        assert getattr(part, field) == tuple(getattr(model, field)[k] for k in kept)


def test_shifting_moves_first_knowledge(name: str):
    model = knowledge_model(name)
    every = At.every(N, CONCEPTS)
    ones = np.ones(every.flat.shape)
    shares = [
        m.recall(m.sample(*people()), every, ones).mean() for m in (model.shifted(-1.5), model, model.shifted(1.5))
    ]
    assert shares[0] < shares[1] < shares[2]


def test_the_filter_can_use_what_is_said_of_the_population(name: str):
    known = knowledge_model(name, spread=0.2).filter_parameters(GROUPS)
    for field in ("initial", "learn", "guess", "slip"):
        values = getattr(known, field)
        assert values.shape == (CONCEPTS,)
        assert np.all((values > 0.0) & (values < 1.0)), field
    assert np.all((known.forget >= 0.0) & (known.forget < 1.0))
    assert np.all(known.guess + known.slip < 1.0)
    assert known.ability_sd >= 0.0
    assert known.rate_sd >= 0.0
    assert -1.0 <= known.correlation <= 1.0


def test_progress_goes_with_practice_and_stays_a_number(name: str):
    """Where recall is higher, so is progress; and practice moves it on, whether recall shows it or not."""
    model, before = practised(name, 0)
    _, after = practised(name, 8)
    every = At.every(N, CONCEPTS)
    then, now = (model.progress(state, every) for state in (before, after))
    assert then.shape == (CONCEPTS, N)
    assert np.isfinite(then).all()
    assert np.isfinite(now).all()
    assert now.mean() > then.mean() + 0.02
    better = model.recall(after, every, np.ones(now.shape)) > model.recall(before, every, np.ones(now.shape))
    assert np.all((now > then)[better])
