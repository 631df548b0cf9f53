"""Who the students are: traits by subgroup, goals with all that they need."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from curriculum_rl import streams
from curriculum_rl.students.knowledge.knowledge import At
from curriculum_rl.students.population import Goals, Population, Targets
from curriculum_rl.students.traits import Group, draw_traits, spread
from curriculum_rl.violations import InvalidInput
from tests.worlds import CONCEPTS, GROUPS, curriculum, made_world, names, random_actions

N = 300_000
ALARM = 1e-5
"""False-alarm rate of each check; the seed is fixed."""
TRAITS = draw_traits(GROUPS, streams.keys(4, streams.Purpose.PERSON, np.arange(N)))


def standardised(trait: str, group: int, factor: float = 1.0) -> np.ndarray:
    values, of = getattr(TRAITS, trait)[TRAITS.group == group], GROUPS[group]
    return (values - getattr(of, f"{trait}_mean")) / (factor * getattr(of, f"{trait}_sd"))


@pytest.mark.parametrize("group", [0, 1])
@pytest.mark.parametrize("trait", ["ability", "rate", "pace", "memory"])
def test_traits_are_normal_within_their_subgroup(trait: str, group: int):
    assert stats.kstest(standardised(trait, group), "norm").pvalue > ALARM
    assert stats.kstest(standardised(trait, group, 1.05), "norm").pvalue < ALARM, "an sd 5% off would be noticed"


def test_subgroups_have_their_shares():
    counts = np.bincount(TRAITS.group)
    assert stats.chisquare(counts, N * np.array([g.share for g in GROUPS])).pvalue > ALARM


def test_ability_and_rate_are_correlated_and_nothing_else_is():
    names = ("ability", "rate", "pace", "memory")
    for group in (0, 1):
        z = np.arctanh(np.corrcoef([standardised(name, group) for name in names]) - np.eye(4))
        z[0, 1] = z[1, 0] = z[0, 1] - np.arctanh(0.5)
        assert np.abs(z).max() * np.sqrt((TRAITS.group == group).sum() - 3) < stats.norm.isf(ALARM / 2)


def test_the_spread_of_the_whole_population_is_that_of_its_mixture():
    """Means within 4.5 standard errors, sds within 1%."""
    mean, sd, rate_mean, rate_sd, correlation = spread(GROUPS)
    assert abs(TRAITS.ability.mean() - mean) < 4.5 * sd / np.sqrt(N)
    assert abs(TRAITS.rate.mean() - rate_mean) < 4.5 * rate_sd / np.sqrt(N)
    assert abs(TRAITS.ability.std() / sd - 1.0) < 0.01
    assert abs(TRAITS.rate.std() / rate_sd - 1.0) < 0.01
    assert abs(np.corrcoef(TRAITS.ability, TRAITS.rate)[0, 1] - correlation) < 0.02


def uniforms(n: int, concepts: int) -> np.ndarray:
    """One draw a concept of n students, (n, K)."""
    key = streams.keys(4, streams.Purpose.PERSON, np.arange(n))
    return streams.uniform(streams.Keys(key.a[:, None], key.b[:, None]), np.arange(concepts, dtype=np.uint64))


def test_targets_are_so_many_each_concept_as_likely_as_any_other():
    """The number is uniform, and tells nothing of which: chi-square; an odd that is 5% off would be noticed."""
    drawn = Targets(3, 10).draw(uniforms(100_000, 10), np.eye(10, dtype=bool))
    count = drawn.sum(axis=1)
    seen = np.bincount(count, minlength=11)[3:]
    assert stats.chisquare(seen).pvalue > ALARM
    skewed = np.full(8, 100_000 / 8)
    skewed[:2] *= 1.05, 0.95
    assert stats.chisquare(seen, skewed).pvalue < ALARM
    table = np.array([drawn[count == m].sum(axis=0) for m in range(3, 10)])
    for m, of in zip(range(3, 10), table, strict=True):
        expected, students = m / 10, (count == m).sum()
        assert np.abs(of - students * expected).max() < 4.5 * np.sqrt(students * expected * (1 - expected))
    pair = (drawn[count == 3][:, 0] & drawn[count == 3][:, 1]).mean()
    assert abs(pair - 3 / 10 * 2 / 9) < 4.5 * np.sqrt(1 / 15 * 14 / 15 / (count == 3).sum())


def test_targets_take_no_ancestors_and_no_more_than_there_are():
    chain = np.tril(np.ones((4, 4), dtype=bool))
    assert (Targets(1, 1).draw(uniforms(1000, 4), chain).sum(axis=1) == 1).all()
    assert Targets(9, 12).draw(uniforms(1000, 4), chain).all()


@pytest.mark.parametrize(("fewest", "most"), [(0, 3), (3, 2), (1.5, 2), (1, 2.5), (-1, 1), ("all", 3), (1, None)])
def test_refuses_numbers_of_targets_that_are_none(fewest: object, most: object):
    with pytest.raises(InvalidInput, match=r"fewest|most"):
        Targets(fewest, most)  # type: ignore[arg-type]


def test_goals_hold_all_that_they_need_and_are_drawn_at_their_share():
    world = made_world()
    goals = world.students(1, np.arange(20_000)).goals
    assert goals.any(axis=1).all()
    for link in world.curriculum.prerequisites:
        needed, by = (world.curriculum.concept_index[c] for c in (link.prerequisite, link.concept))
        assert goals[goals[:, by], needed].all()
    # The last concept is nobody's prerequisite: drawn with chance .4, or as the least draw where none was below .4.
    none = 0.6 ** (CONCEPTS - 1)
    expected = 0.4 + 0.6 * none / CONCEPTS
    assert abs(goals[:, -1].mean() - expected) < 4.5 * np.sqrt(expected * (1 - expected) / len(goals))


def test_a_goal_that_is_not_needed_by_a_drawn_one_was_drawn():
    ancestors = curriculum().ancestors
    u = np.random.default_rng(0).random((1000, CONCEPTS))
    goals = Goals(0.3).draw(u, ancestors)
    for row, draws in zip(goals, u, strict=True):
        drawn = (draws < 0.3) | (draws == draws.min())
        np.testing.assert_array_equal(row, ancestors[drawn].any(axis=0))


def test_everything_is_everyones_goal_at_share_one():
    assert Goals(1.0).draw(np.random.default_rng(0).random((50, CONCEPTS)), curriculum().ancestors).all()


@pytest.mark.parametrize("bad", [0.0, -0.1, 1.1, float("nan"), float("inf"), "all", None])
def test_a_share_out_of_range_is_refused(bad: object):
    with pytest.raises(InvalidInput, match="share"):
        Goals(bad)  # type: ignore[arg-type]


def test_a_population_says_all_that_is_wrong_at_once():
    world = made_world()
    with pytest.raises(InvalidInput) as caught:
        Population(
            knowledge=world.population.knowledge,
            memory=world.population.memory,
            groups=(Group("a", 0.5), Group("a", 0.2)),
            leak=2.0,
        )
    found = caught.value.violations
    assert [line.split(" = ")[0] for line in found] == ["leak", "groups", "groups[].share"]


@pytest.mark.parametrize("trait", ["share", "ability_sd", "rate_mean", "correlation", "memory_sd"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -11.0, 11.0, "much", None])
def test_a_group_refuses_numbers_out_of_range(trait: str, bad: object):
    with pytest.raises(InvalidInput, match=trait):
        Group("a", **{trait: bad})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("knowledge", "memory"),
    [*((model, "exponential") for model in names("knowledge")), *(("bkt", model) for model in names("memory"))],
)
def test_what_some_can_recall_is_what_everyone_can_on_the_same_day(knowledge: str, memory: str):
    """Any of the students, as often as asked: bit for bit what `recall_on` says of the same concepts."""
    world = made_world(knowledge, memory)
    students, rng = world.students(3, np.arange(30)), np.random.default_rng(1)
    for action in random_actions(world, 6, 30):
        world.dynamics.step(students, action)
    rows, days = rng.integers(0, 30, 200), 9.0 + rng.random(30)
    concepts = rng.integers(0, CONCEPTS, (2, 200))
    every = world.population.recall_on(students, At.every(30, CONCEPTS), days)
    some = world.population.recall_of(students, rows, concepts, days[rows])
    assert some.tobytes() == every[concepts, rows].tobytes()
    assert len(np.unique(some)) > 1
