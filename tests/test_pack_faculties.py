"""Faculties in a pack: every number stands there with its source, and whatever is wrong is said with its place."""

from __future__ import annotations

import csv
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from curriculum_rl.packs import read_pack
from curriculum_rl.resources import simulators_folder
from curriculum_rl.students.faculties import FACULTIES as ALL
from curriculum_rl.students.faculties import Faculties
from curriculum_rl.students.form import Forms
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import ExcludedGroup, WorldConfig, load_world
from tests.test_packs import change_cell, change_setting, dotted, violations
from tests.worlds import FACULTIES

NAMES = tuple(FACULTIES.on)


def _plain(node: Any) -> Any:
    """As YAML has it, with offsets for a subgroup of the pack in place of the tests' own."""
    if isinstance(node, dict):
        return {key: {"unsure": 0.2} if key.endswith("by_group") else _plain(value) for key, value in node.items()}
    return [_plain(item) for item in node] if isinstance(node, (list, tuple)) else node


SETTINGS: dict[str, Any] = {name: _plain(asdict(getattr(FACULTIES, name))) for name in NAMES}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack like fractions, with faculties, and worked examples online."""
    made = Path(shutil.copytree(simulators_folder() / "fractions", tmp_path_factory.mktemp("packs") / "whole"))
    change_setting(made, ("faculties",), SETTINGS)
    for name in NAMES:
        change_setting(made, ("provenance", f"faculties.{name}"), "assumed: for a test")
    header, *rows = csv.reader((made / "activities.csv").read_text().splitlines())
    lines = [[*header, "needs"], *([*row, "online" if row[2] == "worked example" else ""] for row in rows)]
    (made / "activities.csv").write_text("".join(",".join(line) + "\n" for line in lines))
    return made


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """The same, to spoil."""
    return Path(shutil.copytree(whole, tmp_path / "mine"))


def test_a_pack_with_faculties_is_a_world_with_them(folder: Path):
    pack = read_pack(folder)
    assert _plain(asdict(pack.population.faculties)) == {**dict.fromkeys(ALL), **SETTINGS}
    assert [a.needs for a in pack.curriculum.activities[:4]] == [(), (), (), ("online",)]
    assert load_world(folder).population == pack.population


NUMBERS: list[tuple[Any, ...]] = [
    *(("faculties", name, field) for name, faculty in SETTINGS.items() for field in faculty),
    *(("faculties", "access", "resources", 0, field) for field in SETTINGS["access"]["resources"][0]),
]
"""The path of every setting of every faculty, those of the first resource among them."""


@pytest.mark.parametrize("path", NUMBERS, ids=dotted)
def test_every_number_that_is_missing(folder: Path, path: tuple[Any, ...]):
    change_setting(folder, path, None, drop=True)
    assert any(line.startswith(f"population.yaml: {dotted(path)}: is missing") for line in violations(folder))


@pytest.mark.parametrize("value", ["text", float("nan"), 1e9], ids=repr)
@pytest.mark.parametrize("path", NUMBERS, ids=dotted)
def test_every_number_that_is_none(folder: Path, path: tuple[Any, ...], value: Any):
    if path[-1] == "name" and value == "text":
        return
    change_setting(folder, path, value)
    found = violations(folder)
    assert found[0].startswith(f"population.yaml: {dotted(path)}"), found


@pytest.mark.parametrize("name", NAMES)
def test_a_faculty_needs_its_provenance(folder: Path, name: str):
    change_setting(folder, ("provenance", f"faculties.{name}"), None, drop=True)
    (line,) = violations(folder)
    assert line.startswith(f"population.yaml: provenance.faculties.{name}: is missing. Begin with fitted, published or")


def test_provenance_may_be_said_of_single_numbers_and_of_nothing_else(folder: Path):
    change_setting(folder, ("provenance", "faculties.choice.own"), "fitted: to a log")
    assert read_pack(folder).provenance["faculties.choice.own"] == "fitted: to a log"
    change_setting(folder, ("provenance", "faculties.choice.owns"), "assumed: no such number")
    change_setting(folder, ("provenance", "faculties.forms"), "somewhere")
    found = violations(folder)
    assert len(found) == 2
    assert "provenance.faculties.choice.owns = 'assumed: no such number': is about no parameter" in found[0]
    assert "provenance.faculties.forms = 'somewhere': must say where the number comes from" in found[1]


def test_a_faculty_that_is_off_needs_no_number_and_no_provenance(folder: Path):
    whole = yaml.safe_load((folder / "population.yaml").read_text())
    del whole["faculties"]["engagement"]
    whole["faculties"]["rapid_guessing"] = None
    for name in ("engagement", "rapid_guessing"):
        del whole["provenance"][f"faculties.{name}"]
    (folder / "population.yaml").write_text(yaml.safe_dump(whole))
    faculties = read_pack(folder).population.faculties
    assert set(faculties.on) == set(NAMES) - {"engagement", "rapid_guessing"}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (("faculties", "engagment"), "no such setting. Did you mean engagement?"),
        (("faculties", "choice", "trsut"), "no such setting. Did you mean trust or interest?"),
        (("faculties", "access", "resources", 1, "dayly"), "no such setting. Did you mean daily?"),
        (("facultys",), "no such setting. Did you mean faculties?"),
    ],
    ids=str,
)
def test_misspelt_settings_name_the_nearest(folder: Path, path: tuple[Any, ...], message: str):
    change_setting(folder, path, 1)
    assert violations(folder)[0] == f"population.yaml: {dotted(path)} = 1: {message}"


@pytest.mark.parametrize("value", ["on", 3, [], True], ids=repr)
@pytest.mark.parametrize("path", [("faculties",), ("faculties", "dropout"), ("faculties", "access", "resources", 0)])
def test_settings_of_the_wrong_shape(folder: Path, path: tuple[Any, ...], value: Any):
    change_setting(folder, path, value)
    assert any(line.startswith(f"population.yaml: {dotted(path)} = ") for line in violations(folder))


BY_GROUP = [path for path in NUMBERS if str(path[-1]).endswith("by_group")]


@pytest.mark.parametrize("path", BY_GROUP, ids=dotted)
def test_an_offset_for_no_subgroup_names_those_that_there_are(folder: Path, path: tuple[Any, ...]):
    change_setting(folder, path, {"confident": 0.1, "confidant": 0.2})
    (line,) = violations(folder)
    there = "There are: confident, unsure."
    assert line == f"population.yaml: {dotted(path)}[confidant] = 0.2: is for no subgroup. {there}"


def test_needs_are_names_of_resources_apart_by_semicolons(folder: Path):
    change_cell(folder, "activities.csv", 3, "needs", " sound ;online; ")
    assert read_pack(folder).curriculum.activities[2].needs == ("sound", "online")


def test_a_need_that_is_no_resource_is_named_with_its_line(folder: Path):
    change_cell(folder, "activities.csv", 3, "needs", "sound;onlin")
    (line,) = violations(folder)
    assert line == "activities.csv line 4 (parts-hard): needs = 'onlin': is no resource. Did you mean online?"


def test_needs_without_access_are_refused_with_their_lines(folder: Path):
    change_setting(folder, ("faculties", "access"), None)
    change_setting(folder, ("provenance", "faculties.access"), None, drop=True)
    first, *others = violations(folder)
    remedy = "Switch on faculties.access and name the resource there, or leave it empty."
    assert first == f"activities.csv line 5 (parts-example): needs = ['online']: is no resource. {remedy}"
    assert len(others) == 8


def test_a_catalogue_in_which_every_activity_needs_something_is_refused(folder: Path):
    for row in range(1, 38):
        change_cell(folder, "activities.csv", row, "needs", "online")
    (line,) = violations(folder)
    assert line.startswith("activities.csv: rows = ['parts-easy', ")
    assert line.endswith(": must not all need something. Empty the needs of one, for days on which nothing works.")


@pytest.mark.parametrize("name", ["assistance", "feedback"])
def test_a_form_that_no_activity_has_is_named(folder: Path, name: str):
    change_setting(folder, ("faculties", "forms", name), {"problem": 0.5, "workd example": 0.5})
    (line,) = violations(folder)
    where = f"population.yaml: faculties.forms.{name}[workd example] = 0.5"
    assert line == f"{where}: is no activity's form. Did you mean worked example?"


def test_a_subgroup_in_which_nobody_can_do_an_activity_is_a_warning(folder: Path):
    change_setting(folder, ("faculties", "access", "resources", 0, "by_group"), {"unsure": -40.0})
    read_pack(folder)
    with pytest.warns(ExcludedGroup, match="nobody in 'unsure' can do 'parts-example', .* and 4 more: needs online"):
        load_world(folder)


def test_a_world_can_switch_faculties_off_and_set_others(folder: Path):
    whole = load_world(folder)
    made = WorldConfig(str(folder), without=("access", "dropout")).load()
    assert set(made.population.faculties.on) == set(NAMES) - {"access", "dropout"}
    assert not any(a.needs for a in made.curriculum.activities), "where nobody lacks anything, nothing is needed"
    assert made.provenance["faculties.dropout"] == "assumed: switched off, set by the world's configuration"
    mild = Faculties(forms=Forms(assistance={"problem": 0.1}))
    set_ = WorldConfig(str(folder), faculties=mild, without=("choice",)).load()
    assert set_.population.faculties == replace(whole.population.faculties, forms=mild.forms, choice=None)
    assert set_.provenance["faculties.forms"] == "assumed: set by the world's configuration"
    assert WorldConfig("fractions", faculties=mild).load().population.faculties == mild
    assert WorldConfig("fractions", without=("choice",)).load().population == load_world("fractions").population


def test_what_a_world_sets_wrong_is_named(folder: Path):
    with pytest.raises(InvalidInput) as caught:
        WorldConfig(str(folder), without=("forms", "engagment"), faculties=Faculties(forms=Forms()))
    assert caught.value.violations == [
        "without[0] = 'forms': is set in faculties too. Either set it or switch it off.",
        "without[1] = 'engagment': must name a faculty. Did you mean engagement?",
    ]
    with pytest.raises(
        InvalidInput, match=r"faculties.forms.feedback\[problm\] = 1.0: is no activity's form. Did you mean"
    ):
        WorldConfig("fractions", faculties=Faculties(forms=Forms(feedback={"problm": 1.0}))).load()
