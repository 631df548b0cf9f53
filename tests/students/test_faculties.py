"""The faculties together: each number matters, what has no effect changes nothing, and draws are apart."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from curriculum_rl import streams
from curriculum_rl.batch import arrays
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.students import access, choice, class_turns, classroom, engagement, form, population, traits, turns
from curriculum_rl.students.access import Access, Resource
from curriculum_rl.students.choice import Choice
from curriculum_rl.students.dropout import Dropout
from curriculum_rl.students.engagement import Engagement
from curriculum_rl.students.faculties import Faculties
from curriculum_rl.students.form import Forms
from curriculum_rl.students.population import Population
from curriculum_rl.students.rapid_guessing import RapidGuessing
from curriculum_rl.students.student import Slot
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.paths import actions_of
from tests.students.small import CITY
from tests.worlds import FACULTIES, knowledge_model, made_world, world_named, world_of_faculties

SILENT = {("engagement", "belonging")}
"""Numbers that nothing comes of where students do not sit in classes."""
NUMBERS = [
    (name, f.name)
    for name, faculty in FACULTIES.on.items()
    if name != "access"
    for f in fields(faculty)
    if (name, f.name) not in SILENT
]


def having(world: World, faculties: Faculties) -> World:
    return replace(world, population=replace(world.population, faculties=faculties))


def lived(world: World, steps: int = 40, slate: int = 1, students: int = 800) -> dict[str, np.ndarray]:
    """All that is true of students after some steps, and what they did."""
    ids = np.arange(students)
    simulation = Simulation(world, Counts(), ids, 7)
    done = []
    for step in range(steps):
        offered = np.stack([actions_of(world, ids, step + 1000 * place) for place in range(slate)])
        happened = simulation.step(offered[0] if slate == 1 else offered)
        done.append([happened.activity, happened.correct, happened.minutes, happened.elapsed, happened.left])
    about = (("students", simulation.students), ("belief", simulation.belief))
    return {"done": np.array(done), **{f"{of}.{name}": x for of, state in about for name, x in arrays(state)}}


def differing(here: dict[str, np.ndarray], there: dict[str, np.ndarray]) -> list[str]:
    """Names of what is not the same to the last bit, but for the state of the faculties themselves."""
    assert [n for n in here if ".inner." not in n] == [n for n in there if ".inner." not in n]
    return [n for n in here if ".inner." not in n and not np.array_equal(here[n], there[n])]


@functools.cache
def by_degrees() -> World:
    """All faculties, and knowledge that any change of learning moves."""
    world = world_named("all faculties")
    return replace(world, population=replace(world.population, knowledge=knowledge_model("afm", spread=0.2)))


@pytest.fixture(scope="module")
def as_it_is() -> dict[str, np.ndarray]:
    return lived(by_degrees(), slate=2)


def slightly(value: Any) -> Any:
    return {k: 1.05 * x for k, x in value.items()} if isinstance(value, Mapping) else 1.05 * value


@pytest.mark.parametrize(("name", "field"), NUMBERS)
def test_five_percent_of_any_number_changes_what_happens(name: str, field: str, as_it_is: dict[str, np.ndarray]):
    faculty = getattr(FACULTIES, name)
    wrong = replace(FACULTIES, **{name: replace(faculty, **{field: slightly(getattr(faculty, field))})})
    assert differing(as_it_is, lived(having(by_degrees(), wrong), slate=2))


@pytest.mark.parametrize("field", ["share", "by_group", "daily"])
def test_five_percent_of_any_number_of_a_resource_changes_what_happens(field: str, as_it_is: dict[str, np.ndarray]):
    assert FACULTIES.access is not None
    online, *others = FACULTIES.access.resources
    wrong = Access((replace(online, **{field: slightly(getattr(online, field))}), *others))
    changed = having(by_degrees(), replace(FACULTIES, access=wrong))
    assert differing(as_it_is, lived(changed, slate=2))


NOTHING: dict[str, Any] = {
    "engagement": Engagement(base_mean=-1.0, base_sd=2.0, failure=0.3, effort=0.0),
    "dropout": Dropout(intercept=-50.0, failures=0.0, engagement=0.0),
    "rapid_guessing": RapidGuessing(intercept=-50.0, engagement=0.0),
    "forms": Forms(assistance={"problem": 1.0}, feedback={"problem": 1.0}, novice=0.0, expert=0.0, correction=0.0),
    "choice": Choice(own=-50.0, trust=3.0, interest=2.0),
    "access": Access((Resource("online"), Resource("sound"))),
}
"""Faculties that are on, without any effect."""


@pytest.mark.parametrize("names", [*((name,) for name in NOTHING), tuple(NOTHING)], ids=" and ".join)
@pytest.mark.parametrize("world", ["bkt exponential", "irt exponential", "bkt with loss"])
def test_without_effect_all_is_as_without_the_faculty(world: str, names: tuple[str, ...]):
    """Each has draws of its own: answers, minutes, learning and forgetting stay the same to the last bit."""
    plain = world_named(world)
    on = having(plain, Faculties(**{name: NOTHING[name] for name in names}))
    assert not differing(lived(plain), lived(on))


@pytest.mark.parametrize("name", NOTHING)
def test_with_effect_all_is_not_as_without_the_faculty(name: str):
    """So the test above would notice. Access acts on what is offered, and on who goes their own way."""
    also = {"choice": FACULTIES.choice} if name == "access" else {}
    on = world_of_faculties(name, *also)
    off = Faculties(**({"access": NOTHING["access"]} if name == "access" else {}), **also)
    assert "done" in differing(lived(having(on, off)), lived(on))


def test_off_is_the_default_and_has_no_state_and_draws_nothing():
    world = made_world()
    students = world.students(1, np.arange(3))
    assert not world.population.faculties.on
    assert world.population.faculties.plain
    assert not list(arrays(students.inner))
    assert world.dynamics.turns.slots == ()
    assert world.dynamics.turns.allowed(students) is None


def test_draws_of_a_step_have_slots_of_their_own():
    slots = [Slot.ANSWER, Slot.PACE, *range(Slot.LEARN, Slot.LEARN + 4), *range(Slot.LOSE, Slot.LOSE + 4)]
    slots += [turns.RAPID, turns.LEAVE, turns.OWN_WAY, turns.PICK, turns.ACTIVITY, class_turns.OVERRIDE]
    assert len(slots) == len(set(slots))
    assert max(slots) < streams.SLOTS


def test_draws_of_a_person_have_counters_of_their_own():
    single = [traits.GROUP, traits.ABILITY, traits.RATE, traits.PACE, traits.MEMORY]
    single += [engagement.BASE, form.PREFERRED, classroom.BELONGING]
    assert len(single) == len(set(single))
    many = 1 << 20  # concepts, or resources of that many sessions over 32
    starts = [0, population.GOALS_FROM, population.KNOWN_FROM]
    starts += [population.MEMORY_FROM + (kind << 20) for kind in range(4)]
    starts += [choice.INTEREST_FROM, access.HAS_FROM]
    assert all(after - before >= many for before, after in itertools.pairwise(starts))
    assert max(single) < population.GOALS_FROM


def test_every_offset_that_is_for_no_subgroup_is_named():
    wrong = {"suburb": 0.5}
    faculties = Faculties(
        engagement=Engagement(by_group=wrong),
        dropout=Dropout(by_group={"village / late": 0.1, "late": 0.2}),
        rapid_guessing=RapidGuessing(by_group=wrong),
        choice=Choice(by_group={"city": float("nan")}),
        access=Access((Resource("online"), Resource("sound", by_group=wrong))),
    )
    plain = made_world().population
    with pytest.raises(InvalidInput) as caught:
        Population(plain.knowledge, plain.memory, groups=CITY, faculties=faculties)
    found = [line.partition(":")[0] for line in caught.value.violations]
    assert found == [
        "faculties.engagement.by_group[suburb] = 0.5",
        "faculties.rapid_guessing.by_group[suburb] = 0.5",
        "faculties.choice.by_group[city] = nan",
        "faculties.access.resources[1].by_group[suburb] = 0.5",
    ]
    assert "There are: city, city / early, city / late, early, late, village" in caught.value.violations[0]
