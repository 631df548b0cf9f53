"""Laws of the lookahead: its futures are what its model says, and it is no worse than what it improves on."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pytest

from curriculum_rl.batch import Float, Int, take_rows
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Activity, Concept, Curriculum, Prerequisite
from curriculum_rl.envs.simulation import Simulation, View
from curriculum_rl.evaluation.cohorts import VALIDATE, first
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.policies.fixed_order import FixedOrder
from curriculum_rl.policies.futures import Expected
from curriculum_rl.policies.greedy import Greedy
from curriculum_rl.policies.greedy_credit import GreedyCredit
from curriculum_rl.policies.imagined import Imagined
from curriculum_rl.policies.leitner import Leitner
from curriculum_rl.policies.lookahead import Lookahead
from curriculum_rl.policies.policy import surely
from curriculum_rl.students.knowledge.bkt import BKT
from curriculum_rl.students.population import Goals, Population
from curriculum_rl.trackers.bkt import BKTFilter, FilterBelief
from curriculum_rl.trackers.expected import expect
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.policies.views import masked, watched
from tests.worlds import component, world_named

IDS = np.arange(100, 130)
GRID = BKTFilter(3)


@dataclass(frozen=True)
class Script:
    """The same activities one after the other, whatever is seen."""

    order: tuple[int, ...]
    tracker: Tracker = field(default_factory=BKTFilter)

    def probabilities(self, view: View) -> Float:
        turn = view.belief.steps % len(self.order)
        return surely(np.array(self.order)[turn], view.mask.shape[1])


@functools.cache
def pair(memory: str = "exponential", course: Course | None = None) -> World:
    """`b` needs `a`; each has a problem, and a worked example of another length."""
    activities = tuple(
        Activity(f"{concept}-{form}", form, {concept: 1.0}, "", difficulty, minutes, learning, answered)
        for concept in "ab"
        for form, difficulty, minutes, learning, answered in (
            ("problem", 0.2, 2.0, 1.0, True),
            ("worked example", 0.0, 3.0, 1.5, False),
        )
    )
    links = (Prerequisite("a", "b", 0.8),)
    knowledge = BKT((0.2, 0.1), (0.3, 0.25), (0.1, 0.1), (0.2, 0.25), (0.1, 0.15))
    population = Population(knowledge=knowledge, memory=component("memory", memory), goals=Goals(1.0), leak=0.1)
    curriculum = Curriculum((Concept("a"), Concept("b")), activities, links)
    return World("pair", curriculum, population, course or Course((0.0, 3.0), 10.0, 4.0))


@functools.cache
def trap() -> World:
    """What is worth much can hardly be learned without what is worth next to nothing."""
    activities = tuple(Activity(c, "problem", {c: 1.0}, minutes=1.0) for c in "ab")
    knowledge = BKT((0.01, 0.01), (0.3, 0.3), (0.0, 0.0), (0.495, 0.1), (0.495, 0.1))
    population = Population(knowledge=knowledge, memory=component("memory", "none"), goals=Goals(1.0), leak=0.02)
    curriculum = Curriculum((Concept("a"), Concept("b")), activities, (Prerequisite("a", "b", 1.0),))
    return World("trap", curriculum, population, Course((0.0,), 30.0, 1.0))


@pytest.mark.parametrize("copies", [0, 3])
@pytest.mark.parametrize("base", [GreedyCredit(tracker=GRID), FixedOrder()])
def test_with_one_candidate_it_is_its_base(base: GreedyCredit | FixedOrder, copies: int):
    view = masked(watched(world_named("bkt exponential"), base, IDS, 9).view(), "some")
    policy = Lookahead(base, candidates=1, horizon=3, copies=copies)
    np.testing.assert_array_equal(policy.probabilities(view), base.probabilities(view))


@pytest.mark.parametrize("world", ["bkt exponential", "bkt with loss"])
def test_the_mean_is_that_over_both_answers(world: str):
    """A posterior is a martingale: weights, and chances to be known weighted by them, node by node.

    Of a concept without prerequisites: an answer tells of the student, and so of readiness too.
    """
    simulation = watched(world_named(world), Greedy(GRID), IDS, 9)
    activity = np.arange(len(IDS)) % 4
    belief = simulation.belief
    assert isinstance(belief, FilterBelief)
    mean, right, wrong = (take_rows(belief, np.arange(len(IDS))) for _ in range(3))
    elapsed = np.full(len(IDS), 0.5)
    expect(mean, activity, elapsed)
    right.update(activity, np.ones(len(IDS), np.bool_), elapsed)
    wrong.update(activity, np.zeros(len(IDS), np.bool_), elapsed)
    chance = belief.success()[np.arange(len(IDS)), activity]

    def both(of: FilterBelief) -> Float:
        return np.concatenate([of.known * of.weight[:, None], of.weight[:, None]], axis=1)

    expected = chance[:, None, None] * both(right) + (1.0 - chance)[:, None, None] * both(wrong)
    np.testing.assert_allclose(both(mean), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(mean.last, right.last)
    np.testing.assert_array_equal(mean.now, right.now)
    low, high = np.minimum(right.half_life, wrong.half_life), np.maximum(right.half_life, wrong.half_life)
    assert np.all((mean.half_life >= low - 1e-9) & (mean.half_life <= high + 1e-9))


def scalar_value(world: World, order: list[int], last_share: float) -> float:
    """Points of recall at the test after these activities, in plain Python, for the filter of one node."""
    known, memory, course, leak = world.platform.filter, world.population.memory, world.course, 0.1
    stored, half_life, last = list(map(float, known.initial)), [memory.known_days] * 2, [0.0, 0.0]
    session, used, points = 0, 0.0, []
    for turn, activity in enumerate(order):
        now = course.days[session] + used / 1440.0
        a, k = world.curriculum.activities[activity], activity // 2
        days = now - last[0]
        needed = stored[0] * 2.0 ** (-days / half_life[0]) if k else 1.0
        ready = leak + (1 - leak) * (1 - 0.8 * (1 - needed))
        retained = 2.0 ** (-(now - last[k]) / half_life[k])
        lucky, span = (x[activity] for x in world.platform.answers)
        p = (lucky + span * retained) if a.answered else 0.0
        longer = min(365.0, half_life[k] * (1 + 0.2 + 2.0 * (1 - retained)))
        learned = (1 - stored[k]) * ready * a.learning * float(known.learn[k])
        after = stored[k] * (1 - float(known.forget[k])) + learned
        rate = (1 - learned / after) * (p / longer + (1 - p) / half_life[k]) + learned / after / memory.new_days
        stored[k], half_life[k], last[k] = after, 1 / rate, now
        used += a.minutes
        if used >= course.minutes:
            session, used = session + 1, (used - course.minutes if turn else 0.0)
        spread = [100 / 2 * (1 - float(known.slip[i]) - float(known.guess[i])) for i in range(2)]
        left = [2.0 ** (-(course.test_day - last[i]) / half_life[i]) for i in range(2)]
        points.append(sum(v * s * r for v, s, r in zip(spread, stored, left, strict=True)))
    return points[-2] + last_share * (points[-1] - points[-2])


def test_the_mean_goes_where_plain_arithmetic_goes():
    """Examples have no answer, so no branch; the last activity fits by half."""
    world, base = pair(course=Course((0.0, 3.0), 9.5, 4.0)), Script((1, 3, 0, 2))
    view = Simulation(world, base.tracker, np.arange(2)).view()
    value = Lookahead(base, candidates=2, horizon=None)._values(view, np.array([[1, 3], [3, 1]]))
    for a in (1, 3):
        expected = scalar_value(world, [a, 3, 0, 2, 1, 3, 0, 2], 0.5)
        np.testing.assert_allclose(value[[0, 1], [int(a == 3), int(a == 1)]], expected, rtol=1e-9)


def test_students_are_imagined_as_the_mean_has_it():
    """Nothing is chosen by what is answered, and nothing fades, so the mean is exact. |z| < 4: false alarm 6e-5."""
    world, base = pair("none"), Script((0, 1, 2, 3), GRID)
    view = Simulation(world, base.tracker, np.arange(3)).view()
    candidate = np.array([[0], [1], [2]])
    futures, copies = Lookahead(base, horizon=4), 4000
    exact = futures._values(view, candidate)[:, 0]
    points = futures.play(Imagined.after(view, candidate, copies)).reshape(3, copies)
    z = (points.mean(axis=1) - exact) / (points.std(axis=1) / np.sqrt(copies))
    assert np.all(np.abs(z) < 4.0), z
    planted = (points.mean(axis=1) - 1.05 * exact) / (points.std(axis=1) / np.sqrt(copies))
    assert np.any(np.abs(planted) > 4.0), planted


@pytest.mark.parametrize("copies", [0, 5])
def test_the_same_plan_has_the_same_worth_beside_any_other_and_in_any_batch(copies: int):
    policy = Lookahead(GreedyCredit(tracker=GRID), horizon=6, copies=copies, sure=0.5 if copies else 0.0)
    view = watched(world_named("bkt exponential"), policy, IDS, 9).view()
    plans = np.tile([4, 8, 4], (len(IDS), 1))
    value = policy._values(view, plans)
    np.testing.assert_array_equal(value[:, 0], value[:, 2])
    np.testing.assert_array_equal(policy.scores(view), policy.scores(view))
    small = replace(policy, candidates=40)  # another number of students a block
    np.testing.assert_array_equal(small._values(view, plans), value)
    chance = policy.probabilities(view)
    for i, student in enumerate(IDS[:5]):
        alone = watched(world_named("bkt exponential"), policy, np.array([student]), 9).view()
        np.testing.assert_array_equal(policy.probabilities(alone)[0], chance[i])


def test_copies_of_a_student_are_that_students_own():
    """Among the copies, a concept is known as often as it is believed known. |z| < 5 in 240: false alarm 1e-4."""
    view = watched(world_named("bkt exponential"), Greedy(GRID), IDS, 0).view()
    copies = 500
    drawn = Imagined.after(view, np.zeros((len(IDS), 1), dtype=np.int64), copies)
    untouched = drawn.known.reshape(len(IDS), copies, -1)[:, :, 1:]  # the first was just practised
    assert isinstance(view.belief, FilterBelief)
    believed = view.belief.stored()[:, 1:]
    z = (untouched.mean(axis=1) - believed) / np.sqrt(believed * (1 - believed) / copies)
    assert np.abs(z).max() < 5.0
    assert not np.array_equal(untouched[0], untouched[1])


def test_both_answers_are_foreseen_where_there_is_one():
    view = Simulation(pair(), BKTFilter(), np.arange(3)).view()
    futures = Expected.after(view, np.array([[0, 1], [1, 2], [3, 3]]))
    weight, tried = futures.weight.reshape(6, 2), futures.belief.tries.sum(axis=1).reshape(6, 2)
    np.testing.assert_allclose(weight.sum(axis=1), 1.0)
    answered = np.isin(np.arange(6), [0, 3])
    np.testing.assert_array_equal(tried, np.repeat(answered[:, None], 2, axis=1))
    np.testing.assert_array_equal(weight[:, 0] > 0, answered)


def test_candidates_are_the_best_of_different_concepts():
    policy = Lookahead(GreedyCredit(tracker=GRID), candidates=4)
    view = masked(watched(world_named("bkt with loss"), policy, IDS, 9).view(), "some")
    candidate, ranked = policy.tried(view), policy.base.scores(view)  # type: ignore[attr-defined]
    main = np.array([np.argmax(s) for s in view.platform.curriculum.loads[1].T])
    concept = view.platform.curriculum.loads[0][main, np.arange(len(main))]
    for i, row in enumerate(candidate):
        few = row[view.mask[i, row]]
        assert len(set(concept[few].tolist())) == len(few)
        assert all(ranked[i, a] >= ranked[i, b] for a, b in pairwise(few))
        for a in few:
            assert ranked[i, a] == ranked[i, view.mask[i] & (concept == concept[a])].max()


@pytest.mark.parametrize("copies", [0, 16])
def test_it_leads_out_of_a_trap_that_greed_stays_in(copies: int):
    students = first(VALIDATE, 60)
    greedy = rollout(trap(), Greedy(), students)
    ahead = rollout(trap(), Lookahead(Greedy(), candidates=2, horizon=12, copies=copies), students)
    assert greedy.gain.mean() < 0.6 * ahead.gain.mean()


def test_only_a_clear_advantage_moves_it_from_its_base():
    base = GreedyCredit(tracker=GRID)
    view = watched(world_named("bkt exponential"), base, IDS, 9).view()
    moved = [
        int((Lookahead(base, copies=6, horizon=5, sure=s).probabilities(view) != base.probabilities(view)).any(1).sum())
        for s in (0.0, 1.0, 100.0)
    ]
    assert moved[0] > moved[1] >= moved[2] == 0


def test_settings_out_of_range_are_told_at_once():
    with pytest.raises(InvalidInput) as caught:
        Lookahead(Leitner(), candidates=0, copies=-1, sure=-1.0, horizon=-2)
    assert [v.split(" ")[0] for v in caught.value.violations] == [
        "candidates",
        "horizon",
        "copies",
        "sure",
        "base.tracker",
    ]


def test_time_goes_on_as_in_the_calendar():
    """What overruns is taken off the next session; a session's end takes the rest between sessions with it."""
    course = Course((0.0, 3.0, 5.0), 5.0, 4.0)
    view = Simulation(pair(course=course), BKTFilter(), np.arange(1)).view()
    futures = Expected.after(view, np.array([[1]]))
    left: list[float] = []
    while not course.over(futures.clock)[0]:
        left.append(float(course.minutes_left(futures.clock)[0]))
        days: Int = futures.clock.session
        assert abs(futures.belief.now[0] - (course.days[days[0]] + futures.clock.used[0] / 1440.0)) < 1e-12
        futures.step(np.array([1, 1]))
    assert left == [12.0, 9.0, 6.0, 3.0]
