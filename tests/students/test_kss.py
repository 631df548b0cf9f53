"""The knowledge structure: growth, lifts, questions and the silent gate, each by its closed form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from curriculum_rl import streams
from curriculum_rl.batch import Int
from curriculum_rl.students.knowledge.knowledge import At, Tried
from curriculum_rl.students.knowledge.kss import KSS, KSSState
from curriculum_rl.students.traits import Group, Traits
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import WorldConfig, load_world

ALARM = 1e-5
"""False-alarm rate of each check; the seed is fixed."""
PUBLISHED = (
    {0, 1, 2},
    {0, 1, 2, 3},
    {0, 1, 2, 4, 8},
    {0, 1, 3, 4},
    {0, 1, 2, 3, 4, 5, 8, 9},
    {4, 5, 9},
    {6, 7},
    {6, 7, 8},
    {0, 2, 3, 4, 5, 6, 7, 8, 9},
    {2, 4, 5, 7, 8, 9},
)
"""What may follow each concept of the pack."""
DIAMOND = ((0, 1), (0, 2), (1, 3), (2, 3))


def model(**changes: Any) -> KSS:
    """Two paths from the first of four concepts to the last."""
    return KSS(**{"start": (0.0,) * 4, "rank": (0.0, 1.0, 2.0, 3.0), "links": DIAMOND, **changes})


def students(of: KSS, n: int, seed: int = 1) -> KSSState:
    """n students without traits."""
    key = streams.keys(seed, streams.Purpose.PERSON, np.arange(n))
    u = streams.uniform(streams.Keys(key.a[:, None], key.b[:, None]), np.arange(len(of.start), dtype=np.uint64))
    return of.sample(Traits(np.zeros(n, dtype=np.int64), *np.zeros((4, n))), u)


def at(state: KSSState, concept: int | Int) -> At:
    """One concept of every student."""
    n, concepts = state.level.shape
    chosen = np.broadcast_to(np.asarray(concept), (1, n)).copy()
    return At(chosen, chosen + np.arange(n) * concepts)


def lesson(of: KSS, state: KSSState, concept: int, strength: float = 1.0) -> None:
    """Everybody has a lesson on one concept."""
    here = at(state, concept)
    none = np.zeros(here.flat.shape)
    tried = Tried(here.concepts[0], none[0] > 0, none[0] == 0)
    of.learn_from(state, here, none + strength, none, none, tried)


def test_what_needs_nothing_closes_half_of_the_distance_to_the_top_at_each_lesson():
    of = model()
    state = students(of, 50)
    first = state.level[:, 0].copy()
    for lessons in range(1, 8):
        lesson(of, state, 0)
        np.testing.assert_allclose(state.level[:, 0], 5.0 - (5.0 - first) * 0.5**lessons, rtol=1e-12)


def test_a_lesson_teaches_as_far_as_all_prerequisites_are_there():
    of = model(passed_on=0.0, gated=False)
    state = students(of, 50)
    before = state.level.copy()
    lesson(of, state, 3)
    missing = 10.0 - before[:, 1] - before[:, 2]
    np.testing.assert_allclose(state.level[:, 3] - before[:, 3], 0.5 * (5.0 - before[:, 3]) * np.exp(-missing))
    assert (state.level[:, :3] == before[:, :3]).all()


def test_half_of_a_rise_goes_on_along_every_path():
    """Along two paths of two links each: twice a quarter."""
    of = model()
    state = students(of, 50)
    before = state.level.copy()
    lesson(of, state, 0)
    rise = state.level[:, 0] - before[:, 0]
    for concept, share in ((1, 0.5), (2, 0.5), (3, 0.5)):
        np.testing.assert_allclose(state.level[:, concept], np.minimum(before[:, concept] + share * rise, 5.0))


def test_no_level_goes_above_the_top():
    of = model(gated=False)
    state = students(of, 20)
    for step in range(200):
        lesson(of, state, step % 4, strength=3.0)
    assert state.level.max() == 5.0
    assert state.level.min() > 4.9


@pytest.mark.parametrize("drawn", [False, True])
def test_a_question_is_asked_at_the_end_of_a_lesson(drawn: bool):
    """P = .25 + .75 logistic(8.5 (level - b)) of the level after it; passed from .5 on."""
    of = model(drawn=drawn)
    state = students(of, 500)
    here = at(state, 0)
    ones = np.ones(here.flat.shape)
    said = of.success(state, here, ones, ones, of.tasks(here.concepts, np.zeros(500)))
    lesson(of, state, 0)
    chance = 0.25 + 0.75 / (1.0 + np.exp(-8.5 * (state.level[:, 0] - state.difficulty[:, 0])))
    np.testing.assert_allclose(of.response(state, here)[0], chance)
    np.testing.assert_allclose(said, chance if drawn else chance >= 0.5)
    np.testing.assert_array_equal(of.recall(state, here, ones)[0], chance >= 0.5)


def test_first_levels_and_difficulties_are_drawn_as_they_say():
    """Whole numbers, each equally likely; sorted, difficulties have the odds of order statistics; neither tells of the
    other."""
    of = model(start=(0.0, -0.1, -0.2, -0.3), rank=(3.0, 2.0, 1.0, 0.0))
    state = students(of, 50_000)
    whole = state.level - np.array(of.start)
    assert set(np.unique(np.round(whole, 9))) == {-3.0, -2.0, -1.0, 0.0}
    for k in range(4):
        counts = np.bincount((np.round(whole[:, k]) + 3).astype(int), minlength=4)
        assert stats.chisquare(counts).pvalue > ALARM
        seen = np.bincount(state.difficulty[:, k].astype(int), minlength=6)
        assert stats.chisquare(seen, 50_000 * of._odds[:, k]).pvalue > ALARM
        together = np.histogram2d(whole[:, k], state.difficulty[:, k], bins=(4, 6))[0]
        assert stats.chi2_contingency(together).pvalue > ALARM
    assert (np.diff(state.difficulty, axis=1) <= 0).all(), "the last concept has the lowest rank"


def test_difficulties_may_be_the_same_for_everybody():
    fixed = model(difficulty_seed=7)
    state = students(fixed, 100)
    assert (state.difficulty == state.difficulty[0]).all()
    assert len(np.unique(state.level[:, 0])) > 1
    assert (students(fixed, 3, seed=2).difficulty == state.difficulty[0]).all(), "whatever the seed of students"
    others = [students(model(difficulty_seed=seed), 1).difficulty[0].tolist() for seed in range(20)]
    assert len(set(map(tuple, others))) > 10


def test_what_follows_what_is_as_published():
    follows = load_world("kss").platform.follows
    assert follows is not None
    assert tuple(set(np.flatnonzero(row).tolist()) for row in follows) == PUBLISHED


def test_a_lesson_out_of_reach_teaches_nothing_and_does_not_count_as_the_last():
    of = replace(model(), start=(0.0,) * 5, rank=(0.0,) * 5, links=(*DIAMOND, (3, 4)))
    state = students(of, 20)
    lesson(of, state, 0)
    before = state.level.copy()
    lesson(of, state, 4)
    assert (state.level == before).all()
    assert (state.last == 0).all()
    lesson(of, state, 1)
    assert (state.level[:, 1] > before[:, 1]).all()
    assert (state.last == 1).all()
    free = replace(of, gated=False)
    lesson(free, state, 4)
    assert (state.last == 4).all()


def test_links_are_those_of_the_curriculum_whatever_is_left_of_it():
    whole = load_world("kss")
    part = WorldConfig("kss", concepts=("0", "1", "3", "8")).load()
    assert part.population.knowledge.links == tuple(  # type: ignore[attr-defined]
        (part.curriculum.concept_index[p.prerequisite], part.curriculum.concept_index[p.concept])
        for p in part.curriculum.prerequisites
    )
    wrong = replace(whole.population, knowledge=replace(whole.population.knowledge, links=()))  # type: ignore[type-var]
    with pytest.raises(InvalidInput, match="must be the prerequisites of the curriculum"):
        replace(whole, population=wrong)


def test_the_filter_of_students_who_are_all_ready():
    """The first and the eleventh question, by simulation: within 4 standard errors at 20,000 students."""
    of = model(links=())
    state = students(of, 20_000)
    known = of.filter_parameters((Group("all"),))
    for k in range(4):
        share = of.success(
            state, at(state, k), *np.ones((2, 1, 20_000)), of.tasks(at(state, k).concepts, np.zeros(20_000))
        )
        first = known.guess[k] + (1.0 - known.slip[k] - known.guess[k]) * known.initial[k]
        if 0.02 < known.initial[k] < 0.94:  # where nothing was clipped
            assert abs(share.mean() - first) < 4.0 * np.sqrt(first * (1.0 - first) / 20_000)


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        *(("lowest", bad) for bad in (0.5, 1, -21, None)),
        *(("hardest", bad) for bad in (-1, 5.5, 21, "hard")),
        *(("difficulty_seed", bad) for bad in (-1, 0.5, 2**63)),
        *(("gain", bad) for bad in (0.0, -0.1, 1.1, float("nan"))),
        *(("passed_on", bad) for bad in (-0.1, 1.1, float("nan"))),
        *(("slope", bad) for bad in (0.0, -1.0, float("inf"))),
        *(("guess", bad) for bad in (-0.1, 1.0)),
        *(("mark", bad) for bad in (0.0, 1.0)),
        *(("links", bad) for bad in (((0, 4),), ((-1, 0),), ((0, 1), (1, 0)), ((2, 2),))),
    ],
)
def test_refuses_what_makes_no_structure(field: str, bad: Any):
    with pytest.raises(InvalidInput, match="highest|easiest|" + field):
        model(**{field: bad})


def test_a_world_may_replace_settings_of_its_model():
    world = WorldConfig("kss", knowledge={"difficulty_seed": 3, "drawn": True}).load()
    assert (world.population.knowledge.difficulty_seed, world.population.knowledge.drawn) == (3, True)  # type: ignore[attr-defined]
    assert world.provenance["knowledge.difficulty_seed"] == "assumed: 3, set by the world's configuration"
    for bad, told in (
        ({"start": 1.0}, "no such setting"),
        ({"gian": 0.4}, "Did you mean gain"),
        ({"gain": 2}, "at most 1"),
    ):
        with pytest.raises(InvalidInput, match=told):
            WorldConfig("kss", knowledge=bad).load()
