"""Worlds: packs as they are, or a part of one with some things changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from curriculum_rl.course import Course
from curriculum_rl.packs import read_pack
from curriculum_rl.resources import configs_folder, pack_names, simulators_folder
from curriculum_rl.students.population import Goals
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import WorldConfig, load_world


@pytest.mark.parametrize("name", pack_names())
def test_a_world_is_its_pack(name: str):
    world, pack = load_world(name), read_pack(name)
    assert (world.name, world.digest, dict(world.provenance)) == (name, pack.digest, dict(pack.provenance))
    assert world.curriculum == pack.curriculum
    assert world.population == pack.population
    assert world.course == pack.course


@pytest.mark.parametrize("name", sorted(f.stem for f in (configs_folder() / "world").glob("*.yaml")))
def test_every_config_of_a_world_loads(name: str):
    world = load_world(name)
    assert world.name == name
    assert len(world.students(0, np.arange(3))) == 3


def test_by_folder():
    assert load_world(simulators_folder() / "fractions").digest == load_world("fractions").digest


def test_an_unknown_name_lists_the_nearest():
    with pytest.raises(InvalidInput, match="Did you mean fractions"):
        load_world("fractoins")


def test_changes():
    """The best-documented concepts, newer material, another leak, other goals, another calendar."""
    course = Course(days=(0.0, 5.0))
    made = WorldConfig(
        pack="assistments09", name="mine", concepts=7, initial_shift=-1.5, leak=0.3, goal_share=1.0, course=course
    ).load()
    whole = load_world("assistments09")
    tries = sorted((c.tries for c in whole.curriculum.concepts), reverse=True)
    assert [made.name, len(made.curriculum.concepts)] == ["mine", 7]
    assert sorted((c.tries for c in made.curriculum.concepts), reverse=True) == tries[:7]
    assert (made.population.leak, made.population.goals.share, made.course) == (0.3, 1.0, course)
    positions = [whole.curriculum.concept_index[c.id] for c in made.curriculum.concepts]
    old, new = whole.population.knowledge, made.population.knowledge
    assert np.array(new.guess).tolist() == np.array(old.guess)[positions].tolist()  # type: ignore[attr-defined]
    shift = np.log(np.array(new.initial) / (1 - np.array(new.initial)))  # type: ignore[attr-defined]
    initial = np.array(old.initial)[positions]  # type: ignore[attr-defined]
    np.testing.assert_allclose(shift, np.log(initial / (1 - initial)) - 1.5)
    assert made.students(0, np.arange(5)).goals.all()


def test_more_concepts_than_there_are_keeps_all():
    assert WorldConfig("fractions", concepts=99).load().curriculum == load_world("fractions").curriculum


def test_concepts_by_name_are_those_of_the_pack_in_its_order():
    whole = load_world("assistments09").curriculum
    named = tuple(whole.concepts[k].id for k in (40, 3, 17))
    made = WorldConfig("assistments09", concepts=named).load()
    assert [c.id for c in made.curriculum.concepts] == [whole.concepts[k].id for k in (3, 17, 40)]


def test_every_unknown_concept_is_named():
    with pytest.raises(InvalidInput, match=r"must be a concept of the pack\. Did you mean s013") as caught:
        WorldConfig("assistments09", concepts=("s013", "s0133", "algebra")).load()
    assert len(caught.value.violations) == 2
    for bad in ((), ("s013", "s013")):
        with pytest.raises(InvalidInput, match="concepts"):
            WorldConfig("assistments09", concepts=bad)


def test_the_worlds_beside_the_default_study_differ_from_it_as_they_say():
    """Every other one keeps the students' calendar, goals and concepts but for the one thing that it is named after."""
    default = load_world("new_material")
    concepts = {c.id for c in default.curriculum.concepts}
    ranked = sorted(load_world("assistments09").curriculum.concepts, key=lambda c: -c.tries)

    def ids(name: str) -> set[str]:
        return {c.id for c in load_world(name).curriculum.concepts}

    assert ids("new_concepts") == {c.id for c in ranked[20:40]}
    assert ids("forty_concepts") == {c.id for c in ranked[:40]}
    assert ids("reordered") == ids("new_activities") == ids("other_model") == concepts
    other = load_world("other_model").population
    assert type(other.knowledge) is not type(default.population.knowledge)
    assert (other.memory, other.pace, other.goals) == (default.population.memory, default.population.pace, Goals(0.4))
    assert load_world("half_budget").course.total_minutes == default.course.total_minutes / 2
    assert load_world("half_budget").course.days == default.course.days
    assert load_world("leak_02").population == replace(default.population, leak=0.2)
    assert load_world("no_goals").students(0, np.arange(5)).goals.all()


@pytest.mark.parametrize("name", ["by_afm", "by_pfa", "by_dkt"])
def test_the_default_study_under_other_student_models_is_the_same_but_for_the_model(name: str):
    """Their configs list the same 20 concepts, each in its own file: they differ in name and pack alone."""
    own, other = (OmegaConf.load(configs_folder() / "world" / f"{each}.yaml") for each in (name, "other_model"))
    assert own.pack != other.pack
    assert own.name != other.name
    assert OmegaConf.merge(own, {"pack": "", "name": ""}) == OmegaConf.merge(other, {"pack": "", "name": ""})


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        *(("concepts", bad) for bad in (0, -1, 2.5, "all")),
        *(("initial_shift", bad) for bad in (float("nan"), 11.0, "lower", None)),
        *(("leak", bad) for bad in (-0.1, 1.1, float("nan"), "some")),
        *(("goal_share", bad) for bad in (0.0, -0.1, 1.1, float("nan"), "some")),
        ("pack", ""),
    ],
)
def test_settings_out_of_range(field: str, bad: Any):
    with pytest.raises(InvalidInput, match=field):
        WorldConfig(**{"pack": "fractions", field: bad})


def test_what_the_platform_knows_of_answers():
    """P(right) by luck and by recall on each activity: the shares of its concepts at its difficulty."""
    world = load_world("fractions")
    lucky, span = world.platform.answers
    known = world.platform.filter
    position = next(i for i, a in enumerate(world.curriculum.activities) if a.id == "recipe")

    def moved(p: float) -> float:
        return 1.0 / (1.0 + (1.0 - p) / p * np.exp(0.5))

    index = [world.curriculum.concept_index[c] for c in ("multiply", "add-unlike")]
    expected = sum(w * moved(known.guess[k]) for w, k in zip((0.6, 0.4), index, strict=True))
    assert lucky[position] == pytest.approx(expected)
    right = sum(w * moved(1.0 - known.slip[k]) for w, k in zip((0.6, 0.4), index, strict=True))
    assert lucky[position] + span[position] == pytest.approx(right)
