"""Access: who has what, what works today, what can be done with it; 5% off would not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from curriculum_rl.batch import Bool
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Activity
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.students.access import Access, Resource
from curriculum_rl.students.population import Students
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import ExcludedGroup, World
from tests.students.laws import STUDENTS
from tests.students.small import CITY, TWO_MINUTES, noticed, share_is, small_world, tried

ONLINE = Resource("online", share=0.7, by_group={"late": -1.6, "city / late": 2.6}, daily=0.6)
LAPTOP = Resource("laptop", share=0.4, daily=0.9)
NEEDY = (
    Activity("free", "problem", {"c0": 1.0}),
    Activity("video", "video", {"c0": 1.0}, needs=("online",)),
    Activity("project", "project", {"c0": 1.0}, needs=("laptop", "online")),
)
SHORT = Course(days=tuple(float(day) for day in range(5)), minutes=4.0, test_days=1.0, mastered=1.0)
"""Sessions of two activities each."""


def world_of(*resources: Resource) -> World:
    """Subgroups, and resources, that nothing needs."""
    return small_world(TWO_MINUTES, groups=CITY, course=SHORT, access=Access(resources))


def having(students: Students, bit: int = 0) -> Bool:
    return (students.inner.conditions.has >> bit & 1).astype(np.bool_)


def working(students: Students, bit: int = 0) -> Bool:
    return (students.inner.conditions.today >> bit & 1).astype(np.bool_)


def shares_differ_by_subgroup(online: Resource) -> None:
    students = world_of(LAPTOP, online).students(1, np.arange(STUDENTS))
    for group, offset in enumerate((0.0, 1.0, -1.6)):
        of = students.traits.group == group
        share_is(having(students, 1)[of], expit(logit(0.7) + offset))
        share_is(having(students, 0)[of], 0.4)
    share_is(having(students, 0) & having(students, 1), having(students, 1) * 0.4)


def days_differ(online: Resource) -> None:
    """Works for those who have it with chance `daily`, each session anew, and all of a session."""
    world = world_of(LAPTOP, replace(online, by_group={}))
    students = world.students(1, np.arange(STUDENTS))
    has, before = having(students, 1), working(students, 1)
    share_is(before, 0.7 * 0.6)
    assert not before[~has].any()
    tried(world, students, 0)
    np.testing.assert_array_equal(working(students, 1), before)
    tried(world, students, 0)
    after = working(students, 1)
    share_is(after[before], 0.6)
    share_is(after[has & ~before], 0.6)
    assert not after[~has].any()


LAWS: dict[Callable[[Resource], None], tuple[str, ...]] = {
    shares_differ_by_subgroup: ("share", "by_group"),
    days_differ: ("share", "daily"),
}


@pytest.mark.parametrize("law", LAWS)
def test_access_follows(law: Callable[[Resource], None]):
    law(ONLINE)


@pytest.mark.parametrize(("law", "field"), [(law, field) for law, fields in LAWS.items() for field in fields])
def test_an_error_of_five_percent_is_noticed(law: Callable[[Resource], None], field: str):
    noticed(law, ONLINE, field)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_what_nobody_or_everybody_has_no_subgroup_changes(share: float):
    students = world_of(replace(ONLINE, share=share)).students(1, np.arange(10_000))
    assert (having(students) == bool(share)).all()


@pytest.mark.parametrize("others", [0, 20], ids=["few resources", "many resources"])
def test_an_activity_can_be_done_by_those_for_whom_all_that_it_needs_works(others: int):
    unused = tuple(Resource(f"r{i}", share=0.5) for i in range(others))
    world = small_world(NEEDY, groups=CITY, course=SHORT, access=Access((ONLINE, LAPTOP, *unused)))
    simulation = Simulation(world, Counts(), np.arange(2000))
    for _ in range(6):
        online, laptop = working(simulation.students, 0), working(simulation.students, 1)
        expected = np.stack([np.ones(2000, dtype=np.bool_), online, online & laptop], axis=1)
        np.testing.assert_array_equal(simulation.mask(), expected)
        for activity in range(3):
            offered = np.full(2000, activity)
            np.testing.assert_array_equal(simulation.allows(offered), expected[:, activity])
        np.testing.assert_array_equal(simulation.allows(np.tile([[0], [2]], 2000)), expected[:, 2])
        simulation.step(np.zeros(2000, dtype=np.int64))


def test_the_first_session_of_the_next_student_of_a_lane_is_its_own():
    world = small_world(NEEDY, groups=CITY, course=SHORT, access=Access((ONLINE, LAPTOP)))
    simulation = Simulation(world, Counts(), np.arange(64))
    for _ in range(3):
        simulation.step(np.zeros(64, dtype=np.int64))
    simulation.replace(np.arange(32), np.arange(500, 532))
    fresh = Simulation(world, Counts(), np.arange(500, 532))
    np.testing.assert_array_equal(simulation.mask()[:32], fresh.mask())


def test_without_resources_everything_can_be_done():
    world = world_of()
    simulation = Simulation(world, Counts(), np.arange(8))
    assert simulation.mask().all()
    assert not simulation.students.inner.conditions.today.any()


def test_more_resources_do_not_change_who_has_the_first():
    few, many = (world_of(*resources).students(1, np.arange(1000)) for resources in ((ONLINE,), (ONLINE, LAPTOP)))
    np.testing.assert_array_equal(having(few), having(many))
    np.testing.assert_array_equal(working(few), working(many))


def test_a_subgroup_in_which_nobody_can_do_an_activity_is_named():
    without = replace(ONLINE, by_group={"village": -50.0})
    with pytest.warns(ExcludedGroup) as warned:
        small_world(NEEDY, groups=CITY, access=Access((without, LAPTOP)))
    assert [str(w.message) for w in warned] == [
        "nobody in 'village / late' can do 'video': needs online",
        "nobody in 'village / late' can do 'project': needs laptop, online",
    ]


@pytest.mark.parametrize("nowhere", [replace(LAPTOP, share=0.0), replace(LAPTOP, daily=0.0)])
def test_an_activity_that_nobody_can_do_is_named_once_with_all_subgroups(nowhere: Resource):
    more = tuple(replace(NEEDY[2], id=f"p{i}") for i in range(8))
    with pytest.warns(ExcludedGroup) as warned:
        small_world((*NEEDY, *more), groups=CITY, access=Access((ONLINE, nowhere)))
    (message,) = (str(w.message) for w in warned)
    whom, what = "'city / early', 'city / late', 'village / late'", "'project', 'p0', 'p1', 'p2', 'p3' and 4 more"
    assert message == f"nobody in {whom} can do {what}: needs laptop, online"


BAD = [
    *((name, bad) for name in ("share", "daily") for bad in (-0.1, 1.1, float("nan"), None)),
    *(("name", bad) for bad in ("", " ", "online;offline")),
]


@pytest.mark.parametrize(("field", "bad"), BAD)
def test_numbers_out_of_range_are_refused(field: str, bad: object):
    settings = {"name": "online", field: bad}
    with pytest.raises(InvalidInput, match=f"resource .*: 1 thing to mend\n  {field} = "):
        Resource(**settings)  # type: ignore[arg-type]


def test_resources_stand_once_and_are_not_too_many():
    with pytest.raises(InvalidInput, match="resources = 'laptop': stands twice"):
        Access((LAPTOP, ONLINE, LAPTOP))
    with pytest.raises(InvalidInput, match="resources = 33: must be at most 32"):
        Access(tuple(Resource(f"r{i}") for i in range(33)))
    students = world_of(*(Resource(f"r{i}", share=0.5) for i in range(32))).students(1, np.arange(1000))
    share_is(having(students, 31), 0.5)


def test_needs_that_are_no_resource_and_nothing_for_everyone_are_refused():
    with pytest.raises(InvalidInput) as caught:
        small_world(NEEDY[1:], access=Access((replace(ONLINE, by_group={}), Resource("laptops"))))
    assert caught.value.violations == [
        "activities[1].needs = 'laptop': is no resource. Did you mean laptops?",
        "activities = ['video', 'project']: must not all need something. "
        "Empty the needs of one, for days on which nothing works.",
    ]
    with pytest.raises(InvalidInput, match=r"activities\[1\].needs = \['online'\]: is no resource. Switch on"):
        small_world(NEEDY)
