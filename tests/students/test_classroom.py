"""Classes: what follows from the equations of `students/classroom.py`, and what it refuses.

That a class does what a class of scalar students does is in `tests/test_reference.py`.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from curriculum_rl.batch import Bool, Float, Int, arrays, take_rows
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.students.classroom import Classroom, Seats
from curriculum_rl.students.faculties import Faculties
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.worlds import CLASSROOM, FACULTIES, component, names, random_actions, world_named, world_of_classes

GROWING = world_of_classes(knowledge="afm", memory="none")
WORLD = replace(GROWING, course=replace(GROWING.course, mastered=1.0))
"""Where growth is a sum of steps, and nothing is forgotten: what multiplies learning can be read off a step."""
SIZE = CLASSROOM.size


def classes(world: World = WORLD, **changes: Any) -> World:
    """The same world with other numbers of its classes."""
    faculties = world.population.faculties
    assert faculties.classroom is not None
    changed = replace(faculties, classroom=replace(faculties.classroom, **changes))
    return replace(world, population=replace(world.population, faculties=changed))


def simulation(world: World, count: int = 10, seed: int = 3) -> Simulation:
    return Simulation(world, Counts(), np.arange(count * world.class_size), seed)


def seats(of: Simulation) -> Seats:
    found = of.students.inner.seats
    assert found is not None
    return found


def activity(world: World, form: str, concept: str = "c1") -> int:
    """Of this form, on this concept alone."""
    listed = enumerate(world.curriculum.activities)
    return next(i for i, a in listed if a.form == form and set(a.loads) == {concept})


def growth(world: World, offered: Int, absent: Int | None = None) -> Float:
    """What one step adds to what is known of c1, (n,), nobody overruled; those who are absent have left before."""
    played = simulation(classes(world, override=0.0), len(offered) // SIZE)
    if absent is not None:
        seats(played).present[absent] = False
    before = played.students.knowledge.growth[:, 1].copy()
    played.step(offered)
    return played.students.knowledge.growth[:, 1] - before


@pytest.mark.parametrize("absent", [0, 1, 2, 3])
def test_help_comes_from_who_knows_more_and_explaining_teaches_who_does(absent: int):
    """learning * (1 + help max(0, m - k) + explaining max(0, k - m)), over the classmates who are there."""
    n = 20 * SIZE
    gone = np.flatnonzero(np.arange(n) % SIZE < absent)
    offered = np.full(n, activity(WORLD, "peer session"))
    known = simulation(WORLD, 20).students.mastery[:, 1].reshape(-1, SIZE)
    there = np.arange(SIZE) >= absent
    others = there.sum() - 1
    mean = ((known * there).sum(axis=1, keepdims=True) - known) / max(others, 1)
    gap = np.where(others > 0, mean - known, 0.0).ravel()
    expected = 1.0 + CLASSROOM.help * np.maximum(gap, 0.0) + CLASSROOM.explaining * np.maximum(-gap, 0.0)
    learned, bare = growth(WORLD, offered, gone), growth(classes(help=0.0, explaining=0.0), offered)
    who = np.setdiff1d(np.arange(n), gone)
    np.testing.assert_allclose(learned[who], (bare * expected)[who], rtol=1e-9)
    assert np.all(learned[gone] == 0.0)
    assert (bare[who] > 0.0).mean() > 0.7
    assert others == 0 or np.ptp(expected) > 0.05


def test_only_a_peer_session_is_one():
    n = 8 * SIZE
    offered = np.full(n, activity(WORLD, "problem"))
    np.testing.assert_array_equal(growth(WORLD, offered), growth(classes(help=0.0, explaining=0.0), offered))


def test_a_teacher_multiplies_learning_by_the_share_of_the_minutes_that_there_are():
    """learning * (1 + tutoring share), the same share for all who ask at once, all that there is where it is short."""
    n = 30 * SIZE
    tutored, alone = activity(WORLD, "tutoring"), activity(WORLD, "problem")
    asking = np.random.default_rng(0).random(n) < 0.7
    offered = np.where(asking, tutored, alone)
    played = simulation(classes(override=0.0, minutes=4.0), 30)
    happened = played.step(offered)
    asked = np.where(asking, happened.minutes, 0.0)
    total = np.repeat(asked.reshape(-1, SIZE).sum(axis=1), SIZE)
    share = np.minimum(1.0, 4.0 / np.maximum(total, 1e-300))
    np.testing.assert_allclose(happened.taught, asked * share, atol=1e-12)
    assert (total > 4.0).any()
    assert (total < 4.0).any()
    bare = growth(classes(tutoring=0.0), offered)
    factor = np.where(asking, 1.0 + CLASSROOM.tutoring * share, 1.0)
    np.testing.assert_allclose(growth(classes(minutes=4.0), offered), bare * factor, rtol=1e-9)
    assert (bare > 0.0).mean() > 0.7


def test_a_class_never_has_more_of_a_teacher_than_a_session_has_minutes():
    """By class and session: at most the minutes that there are, and all of them where more was asked for."""
    world = world_named("classes with all faculties")
    played, spent = simulation(world, 60), np.zeros((60, len(world.course.days)))
    asked, tutored = np.zeros_like(spent), world.dynamics.turns.classes.tutored  # type: ignore[union-attr]
    rng = np.random.default_rng(1)
    while seats(played).present.any():
        session, mask = seats(played).session.reshape(-1, SIZE)[:, 0].copy(), played.mask()
        left = CLASSROOM.minutes - spent[np.arange(60), np.minimum(session, len(world.course.days) - 1)]
        waiting = played.waiting()
        assert waiting is not None
        open_ = mask[:, tutored].any(axis=1)
        assert not (open_ & np.repeat(left <= 1e-9, SIZE))[~waiting].any(), "who cannot have a teacher is not told to"
        offered = np.where(mask, rng.random(mask.shape) + tutored, -1.0).argmax(axis=1)
        happened = played.step(offered)
        rows = np.minimum(session, len(world.course.days) - 1)
        spent[np.arange(60), rows] += happened.taught.reshape(-1, SIZE).sum(axis=1)
        wanted = np.where(tutored[happened.activity], happened.minutes, 0.0)
        asked[np.arange(60), rows] += wanted.reshape(-1, SIZE).sum(axis=1)
    assert np.all(spent <= CLASSROOM.minutes + 1e-9)
    np.testing.assert_allclose(spent, np.minimum(asked, CLASSROOM.minutes), atol=1e-9)
    assert (asked > CLASSROOM.minutes).mean() > 0.2
    np.testing.assert_allclose(seats(played).taught.sum(), spent.sum())


def test_a_teacher_decides_as_often_as_is_said():
    """Share of decisions, in each subgroup, within 4 standard errors; 5% more or less would be 6 of them off."""
    world, steps = classes(world_named("classes"), minutes=0.0), 60
    groups = [g.name for g in world.population.groups]
    played = simulation(world, 1000)
    pick = world.dynamics.turns.classes.medium  # type: ignore[union-attr]
    offered = np.full(len(played), activity(world, "peer session"))
    decided, times = np.zeros(len(groups)), np.zeros(len(groups))
    for _ in range(steps):
        students = played.students
        weak = (students.goals & (students.mastery < 0.95)).any(axis=1)
        happened = played.step(offered)
        counted = weak & ~happened.waited
        overruled = happened.activity != offered
        assert not overruled[~weak & ~happened.waited].any(), "there is nothing to set"
        assert np.isin(happened.activity[overruled & ~happened.waited], pick).all()
        decided += np.bincount(students.traits.group[counted & overruled], minlength=len(groups))
        times += np.bincount(students.traits.group[counted], minlength=len(groups))
    offset = np.array([CLASSROOM.override_by_group["late"] if "late" in name else 0.0 for name in groups])
    chance = expit(logit(CLASSROOM.override) + offset)
    error = np.sqrt(chance * (1.0 - chance) / times)
    assert np.all(np.abs(decided / times - chance) < 4.0 * error)
    assert np.all(0.05 * chance > 6.0 * error)


def test_a_teacher_sets_a_medium_problem_on_the_first_goal_that_is_not_mastered():
    world = classes(world_named("classes with all faculties"), override=1.0)
    played, curriculum = simulation(world, 100), world.curriculum
    rng, seen = np.random.default_rng(0), 0
    for _ in range(20):
        before = take_rows(played.students, slice(None))
        can = world.dynamics.turns.allowed(before)
        assert can is not None
        happened = played.step(rng.integers(0, len(curriculum.activities), len(played)))
        for row in np.flatnonzero(~happened.waited):
            goals = [k for k in curriculum.order if before.goals[row, k] and before.mastery[row, k] < 0.95]
            if goals:
                medium = activity(world, "problem", curriculum.concepts[goals[0]].id)
                assert happened.activity[row] == medium or not can[row, medium]
                seen += 1
    assert seen > 1000


def test_belonging_comes_to_rest_where_its_steps_cancel():
    """b = (1 - pull) (b + together (1 - b)) + pull base, or with b - isolation b: where nobody else moves it."""
    base = np.linspace(0.0, 1.0, 11)
    for together in (True, False):
        here = Seats(*(np.zeros(11) for _ in fields(Seats)))
        here.base[:], here.belonging[:] = base, 0.5
        yes = np.full(11, together)
        for _ in range(3000):
            CLASSROOM.belong(here, yes, ~yes)
        keeps = (1.0 - CLASSROOM.pull) * (1.0 - (CLASSROOM.together if together else CLASSROOM.isolation))
        adds = (1.0 - CLASSROOM.pull) * CLASSROOM.together * together + CLASSROOM.pull * base
        np.testing.assert_allclose(here.belonging, adds / (1.0 - keeps), atol=1e-12)


def test_belonging_of_who_is_together_a_share_of_the_time():
    """The mean over students, within 4 standard errors; 5% of `together` or `isolation` would be 8 of them off."""
    share, n, rng = 0.3, 20_000, np.random.default_rng(0)
    here = Seats(*(np.zeros(n) for _ in fields(Seats)))
    here.base[:] = here.belonging[:] = 0.6
    for _ in range(200):
        together = rng.random(n) < share
        CLASSROOM.belong(here, together, ~together)

    def rest(together: float, isolation: float, pull: float) -> float:
        moved = (1.0 - pull) * (1.0 - share * together - (1.0 - share) * isolation)
        return ((1.0 - pull) * share * together + pull * 0.6) / (1.0 - moved)

    numbers = {name: getattr(CLASSROOM, name) for name in ("together", "isolation", "pull")}
    error = here.belonging.std() / np.sqrt(n)
    assert abs(here.belonging.mean() - rest(**numbers)) < 4.0 * error
    for name, number in numbers.items():
        assert name == "pull" or abs(rest(**{**numbers, name: 1.05 * number}) - rest(**numbers)) > 8.0 * error


@pytest.mark.parametrize(("form", "sign"), [("peer session", 1), ("problem", -1), ("tutoring", 0)])
def test_company_is_a_peer_session_and_work_alone_is_not(form: str, sign: int):
    world = classes(override=0.0, pull=0.0)
    played = simulation(world, 20)
    before = seats(played).belonging.copy()
    played.step(np.full(len(played), activity(world, form)))
    moved = seats(played).belonging - before
    assert np.all(np.sign(moved) == sign)
    seats(played).present[np.arange(len(played)) % SIZE > 0] = False
    before = seats(played).belonging.copy()
    played.step(np.full(len(played), activity(world, form)))
    left = (seats(played).belonging - before)[::SIZE]
    assert np.all(np.sign(left) == (0 if form == "tutoring" else -1)), "a peer session with nobody is work alone"


def test_belonging_moves_engagement():
    """By `belonging` (b - 1/2): the difference to a world in which it does not."""
    world = world_of_classes("engagement")
    engagement = world.population.faculties.engagement
    assert engagement is not None
    indifferent = replace(world.population.faculties, engagement=replace(engagement, belonging=0.0))
    other = replace(world, population=replace(world.population, faculties=indifferent))
    levels = []
    for made in (world, other):
        played = simulation(made, 50)
        played.step(np.full(len(played), activity(made, "problem")))
        assert played.students.inner.mood is not None
        levels.append(played.students.inner.mood.level)
    inside = (levels[0] > 0.0) & (levels[0] < 1.0) & (levels[1] > 0.0) & (levels[1] < 1.0)
    expected = engagement.belonging * (seats(played).belonging - 0.5)
    np.testing.assert_allclose((levels[0] - levels[1])[inside], expected[inside], atol=1e-12)
    assert inside.mean() > 0.9


def test_own_belonging_is_of_the_subgroup():
    """Logits are normal around the mean and the offset: within 4 standard errors, of which 5% would be 8."""
    played = simulation(world_named("classes"), 10_000)
    own, group = logit(seats(played).base), played.students.traits.group
    for g, name in enumerate(g.name for g in played.world.population.groups):
        offset = CLASSROOM.belonging_by_group["village"] if "village" in name else 0.0
        those = own[group == g]
        error = CLASSROOM.belonging_sd / np.sqrt(len(those))
        assert abs(those.mean() - CLASSROOM.belonging_mean - offset) < 4.0 * error
        assert abs(those.std() / CLASSROOM.belonging_sd - 1.0) < 4.0 / np.sqrt(2 * len(those)) < 0.05
    np.testing.assert_array_equal(seats(played).base, seats(played).belonging)


@pytest.mark.parametrize(
    ("tracker", "knowledge", "memory"),
    [
        *((tracker, "bkt", "power") for tracker in names("tracker")),
        *(("counts", model, "exponential") for model in names("knowledge")),
        *(("counts", "bkt", model) for model in names("memory") if model not in ("power", "exponential")),
    ],
)
def test_who_waits_stays_as_they_were(tracker: str, knowledge: str, memory: str):
    """Byte for byte, all that is true of them, but for what the class has of its teacher; and all that is believed."""
    world = world_of_classes(*FACULTIES.on, knowledge=knowledge, memory=memory)
    played = Simulation(world, component("tracker", tracker), np.arange(10 * SIZE), 3)
    waited, shared = 0, ("inner.seats.spent", "inner.seats.session")
    for action in random_actions(world, 60, len(played)):
        waiting = played.waiting()
        assert waiting is not None
        rows = np.flatnonzero(waiting)
        before = [take_rows(state, rows) for state in (played.students, played.belief)]
        features = played.features()[rows]
        happened = played.step(action)
        np.testing.assert_array_equal(happened.waited, waiting)
        for was, state in zip(before, (played.students, played.belief), strict=True):
            for (name, then), (_, now) in zip(arrays(was), arrays(take_rows(state, rows)), strict=True):
                assert name in shared or then.tobytes() == now.tobytes(), name
        assert features.tobytes() == played.features()[rows].tobytes()
        for told in (happened.correct, happened.answered, happened.minutes, happened.taught, happened.over):
            assert not told[rows].any()
        assert all((after == before)[:, rows].all() for before, after in (happened.at_test, happened.mastery))
        waited += len(rows)
    assert waited > 200


def test_a_class_keeps_one_calendar():
    """All who take part are in the session of the class, the earliest of its students who are there."""
    played, moved = simulation(world_named("classes with all faculties"), 50), 0
    for action in random_actions(played.world, 80, len(played)):
        here, session = seats(played), played.students.clock.session
        waiting = played.waiting()
        assert waiting is not None
        for c in range(50):
            rows = slice(c * SIZE, (c + 1) * SIZE)
            there = session[rows][here.present[rows]]
            assert len(set(here.session[rows])) == len(set(here.spent[rows])) == 1
            if len(there):
                assert here.session[rows][0] == there.min()
                assert there.max() <= there.min() + 1
                assert (~waiting[rows]).any(), "somebody goes on"
        before = here.session.copy()
        played.step(action)
        moved += int((here.session > before).sum())
        assert np.all(here.spent[here.session > before] == 0.0)
    assert moved > 100


def test_a_class_of_one_is_a_student_as_without_classes():
    """With no teacher and nobody else there, nothing is left of the faculty but belonging, which moves nothing else."""
    world = classes(world_named("classes"), size=1, minutes=0.0, override=0.0)
    bare = replace(world, population=replace(world.population, faculties=Faculties()))
    here, there = (Simulation(made, Counts(), np.arange(40), 3) for made in (world, bare))
    running = np.ones(40, dtype=np.bool_)
    for action in random_actions(world, 30, 40):
        one, other = here.step(action), there.step(action)
        assert not one.waited[running].any()
        running &= ~other.over
        for (name, mine), (_, its) in zip(arrays(without_seats(here)), arrays(there.students), strict=True):
            assert mine[running].tobytes() == its[running].tobytes(), name
    assert 0 < running.sum() < 40


def without_seats(of: Simulation) -> Any:
    """The students, as if they had no seats."""
    return replace(of.students, inner=replace(of.students.inner, seats=None))


def only(rows: Bool, of: Simulation) -> list[bytes]:
    states = (take_rows(state, np.flatnonzero(rows)) for state in (of.students, of.belief))
    return [array.tobytes() for state in states for _, array in arrays(state)]


@pytest.mark.parametrize("slate", [1, 3])
def test_a_path_depends_on_the_class_and_on_what_is_done_in_it_alone(slate: int):
    """Whichever other classes are there, in whatever order, whatever they do; and on what every classmate does."""
    world = world_named("classes with all faculties")
    base, order = np.arange(6), np.random.default_rng(0).permutation(6)
    offers = np.random.default_rng(1).integers(0, len(world.curriculum.activities), (20, slate, 6 * SIZE))

    def played(of: Int, actions: Int) -> Simulation:
        ids = (of[:, None] * SIZE + np.arange(SIZE)).ravel()
        made = Simulation(world, Counts(), ids, 3)
        for offered in actions:
            made.step(offered[:, ids] if slate > 1 else offered[0, ids])
        return made

    def of_class(number: int, made: Simulation) -> list[bytes]:
        return only(made.students.id // SIZE == number, made)

    together, shuffled = played(base, offers), played(order, offers)
    for c in range(6):
        assert of_class(c, together) == of_class(c, shuffled) == of_class(c, played(np.array([c]), offers))
    changed = offers.copy()
    changed[:, :, 0] = (changed[:, :, 0] + 1) % len(world.curriculum.activities)
    other = played(base, changed)
    assert of_class(0, together) != of_class(0, other)
    assert all(of_class(c, together) == of_class(c, other) for c in range(1, 6))
    changed[:, :, ::SIZE] = (offers[:, :, ::SIZE] + 1) % len(world.curriculum.activities)
    other = played(base, changed)
    mates = [(np.arange(6 * SIZE) // SIZE == c) & (np.arange(6 * SIZE) % SIZE > 0) for c in range(6)]
    moved = sum(only(rows, together) != only(rows, other) for rows in mates)
    assert moved > 2, "who asks the teacher leaves less to the others"


BAD: dict[str, tuple[Any, ...]] = {
    "size": (0, -1, 1.5, 1025, "16", None, True),
    **{name: (-0.1, 10.1, float("nan"), float("inf"), "much", None) for name in ("help", "explaining", "tutoring")},
    **{name: (-0.1, 1.1, float("nan"), "often") for name in ("together", "isolation", "pull", "override")},
    "belonging_mean": (-11.0, 11.0, float("nan"), "much"),
    "belonging_sd": (-0.1, 11.0, float("nan")),
    "minutes": (-1.0, float("nan"), float("inf"), "all"),
}


@pytest.mark.parametrize(("name", "bad"), [(name, bad) for name, values in BAD.items() for bad in values])
def test_numbers_out_of_range_are_refused(name: str, bad: Any):
    with pytest.raises(InvalidInput, match=f"{name} = "):
        Classroom(**{name: bad})


def test_a_class_of_no_students_is_refused_with_the_reason():
    with pytest.raises(InvalidInput, match="A class of no students teaches nobody"):
        Classroom(size=0)


def test_a_form_is_for_peers_or_for_a_teacher():
    with pytest.raises(InvalidInput, match="tutored = 'seminar': is a form of peers too"):
        Classroom(peers=("seminar",), tutored=("tutoring", "seminar"))


@pytest.mark.parametrize("name", ["belonging_by_group", "override_by_group"])
def test_offsets_of_no_subgroup_are_refused(name: str):
    with pytest.raises(InvalidInput, match=rf"faculties.classroom.{name}\[nobody\] = 1.0: is for no subgroup"):
        classes(**{name: {"nobody": 1.0}})
    with pytest.raises(InvalidInput, match=rf"faculties.classroom.{name}\[village\] = nan"):
        classes(**{name: {"village": float("nan")}})


def test_a_catalogue_that_a_teacher_must_be_there_for_is_refused():
    """Or a resource: when the minutes are spent, or on a bad day, there would be nothing to do."""
    forms = tuple(dict.fromkeys(a.form for a in WORLD.curriculum.activities))
    with pytest.raises(InvalidInput, match="nothing may be left"):
        classes(peers=(), tutored=forms)


@pytest.mark.parametrize(
    "ids", [[0, 1, 2], [1, 2, 3, 4], [0, 1, 3, 2], [0, 2, 4, 6], [0, 1, 2, 3, 5, 6, 7, 8]], ids=str
)
def test_students_who_are_no_whole_classes_are_refused(ids: list[int]):
    with pytest.raises(InvalidInput, match="must be whole classes of 4 students, side by side"):
        Simulation(WORLD, Counts(), np.array(ids))
