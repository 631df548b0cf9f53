"""Packs: what is right is read, and everything that is wrong is said at once, with its file, line and remedy."""

from __future__ import annotations

import contextlib
import csv
import itertools
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curriculum_rl.packs import FILES, digest, find_pack, read_pack
from curriculum_rl.resources import pack_names, simulators_folder
from curriculum_rl.violations import InvalidInput

BAD = ("nan", "inf", "-inf", "-1", "1.5", "", "many")
CELL = re.compile(r"(concepts|prerequisites|activities)\.csv line \d+ \(.+?\): ")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pack of its own to spoil."""
    return Path(shutil.copytree(simulators_folder() / "fractions", tmp_path / "mine"))


def violations(folder: Path) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read_pack(folder)
    return caught.value.violations


def change_cell(folder: Path, file: str, row: int, column: str, text: str) -> None:
    rows = list(csv.reader((folder / file).read_text().splitlines()))
    rows[row][rows[0].index(column)] = text
    (folder / file).write_text("".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows))


def add_line(folder: Path, file: str, line: str) -> None:
    with (folder / file).open("a") as out:
        out.write(line + "\n")


def change_setting(folder: Path, path: tuple[Any, ...], value: Any, *, drop: bool = False) -> None:
    node = whole = yaml.load((folder / "population.yaml").read_text(), yaml.CSafeLoader)
    for key in path[:-1]:
        node = node[key]
    if drop:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    (folder / "population.yaml").write_text(yaml.dump(whole, Dumper=yaml.CSafeDumper, sort_keys=False))


@pytest.mark.parametrize("name", pack_names())
def test_packs_that_come_with_the_package_are_right(name: str):
    pack = read_pack(name)
    assert pack.name == name
    assert pack.digest == digest(find_pack(name))
    assert len(pack.digest) == 64
    origins = {line.split(":")[0] for line in pack.provenance.values()}
    assert origins <= {"fitted", "published", "assumed"}
    assert pack.provenance == yaml.safe_load((pack.folder / "population.yaml").read_text())["provenance"]
    card = (pack.folder / "card.md").read_text()
    assert card.startswith(f"# {name}\n")


def test_numbers_arrive_as_written():
    pack = read_pack("fractions")
    assert [c.id for c in pack.curriculum.concepts][:2] == ["parts", "number-line"]
    assert pack.population.knowledge.guess[4] == 0.35  # type: ignore[attr-defined]
    assert pack.curriculum.activities[-1].loads == {"multiply": 0.6, "add-unlike": 0.4}
    assert not pack.curriculum.activities[3].answered
    assert pack.population.groups[1].ability_mean == -0.9
    assert pack.course.days == (0.0, 3.0, 7.0, 10.0, 14.0, 17.0)
    assert pack.curriculum.requires[0, 1] == 0.9


def test_a_folder_works_by_path_and_the_digest_sees_every_file(folder: Path):
    before = read_pack(folder).digest
    assert before == read_pack("fractions").digest
    for file in FILES:
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content + b"\n")
        assert digest(folder) != before, file
        (folder / file).write_bytes(content)
    assert read_pack(str(folder)).digest == before


def test_an_unknown_pack_names_the_nearest():
    with pytest.raises(InvalidInput, match="Did you mean fractions"):
        read_pack("fraction")
    with pytest.raises(InvalidInput, match="folder of your own"):
        read_pack("/nowhere/at/all")


COLUMNS = [
    *(("concepts.csv", c) for c in ("tries", "initial", "learn", "forget", "guess", "slip")),
    ("prerequisites.csv", "strength"),
    *(("activities.csv", c) for c in ("difficulty", "minutes", "learning", "answered")),
]
ALLOWED = {
    *(("tries", text) for text in ("", "1.5")),
    *(("difficulty", text) for text in ("-1", "1.5")),
    *((column, "1.5") for column in ("minutes", "learning")),
}


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize(("file", "column"), COLUMNS)
def test_every_number_of_every_table(folder: Path, file: str, column: str, text: str):
    """One message, of one line, that names file, line, id, column and the text that was seen."""
    change_cell(folder, file, 3, column, text)
    if (column, text) in ALLOWED:
        read_pack(folder)
        return
    found = violations(folder)
    head = re.escape(f"{file} line 4 (") + r"[^)]+" + re.escape(f"): {column} = ")
    assert len(found) == 1, found
    assert re.match(head + ".*: must be", found[0]), found
    assert text in found[0]


SETTINGS: list[tuple[Any, ...]] = [
    *(("memory", f) for f in ("new_days", "known_days", "gain", "spacing", "cap_days")),
    ("pace", "residual_sd"),
    ("goals", "share"),
    ("leak",),
    *(("course", f) for f in ("minutes", "test_days", "mastered")),
    ("course", "days", 2),
    *(
        ("groups", 0, f)
        for f in ("share", "ability_mean", "ability_sd", "rate_mean", "rate_sd", "correlation", "pace_mean")
    ),
    *(("groups", 1, f) for f in ("pace_sd", "memory_mean", "memory_sd", "name")),
]


def dotted(path: tuple[Any, ...]) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e6, 1e9, "many", None, [1, 2], {"a": 1}, True])
@pytest.mark.parametrize("path", SETTINGS, ids=dotted)
def test_every_setting(folder: Path, path: tuple[Any, ...], value: Any):
    if path[-1] == "name" and value == "many":
        return
    change_setting(folder, path, value)
    if path == ("course", "test_days") and value == 1e9:
        assert read_pack(folder).course.test_days == 1e9
        return
    found = violations(folder)
    assert found[0].startswith(f"population.yaml: {dotted(path).removesuffix('[2]')}"), found
    assert all(line.startswith("population.yaml: ") for line in found)


@pytest.mark.parametrize(
    "path",
    [(k,) for k in ("knowledge", "memory", "pace", "groups", "goals", "leak", "course", "provenance")]
    + [path for path in SETTINGS if isinstance(path[-1], str)]
    + [("knowledge", "_target_"), ("memory", "_target_")],
    ids=dotted,
)
def test_every_setting_that_is_missing(folder: Path, path: tuple[Any, ...]):
    change_setting(folder, path, None, drop=True)
    found = violations(folder)
    assert any(line.startswith(f"population.yaml: {dotted(path)}") and "missing" in line for line in found), found


@pytest.mark.parametrize(
    "name", yaml.safe_load((simulators_folder() / "fractions/population.yaml").read_text())["provenance"]
)
def test_every_parameter_needs_its_provenance(folder: Path, name: str):
    change_setting(folder, ("provenance", name), None, drop=True)
    assert any(f"provenance.{name}: is missing" in line for line in violations(folder))


def test_provenance_must_say_where_a_number_comes_from(folder: Path):
    change_setting(folder, ("provenance", "leak"), "because")
    change_setting(folder, ("provenance", "leek"), "assumed: a vegetable")
    found = violations(folder)
    assert len(found) == 2
    assert "is about no parameter. Did you mean leak?" in found[0]
    assert "must say where the number comes from" in found[1]


@pytest.mark.parametrize(
    "path", [("lesk",), ("memory", "gian"), ("course", "day"), ("groups", 0, "shares")], ids=dotted
)
def test_misspelt_settings_name_the_nearest(folder: Path, path: tuple[Any, ...]):
    change_setting(folder, path, 1)
    (line,) = violations(folder)
    assert line.startswith(f"population.yaml: {dotted(path)} = 1: no such setting. Did you mean ")


@pytest.mark.parametrize("part", ["knowledge", "memory"])
@pytest.mark.parametrize(
    "target", ["os.system", "curriculum_rl.packs.Pack", "curriculum_rl.students.pace.Pace", "nonsense", 7, None]
)
def test_only_models_of_the_package_are_built(folder: Path, part: str, target: Any):
    change_setting(folder, (part, "_target_"), target)
    assert any(line.startswith(f"population.yaml: {part}._target_") for line in violations(folder))


@pytest.mark.parametrize("part", ["knowledge", "memory", "pace", "groups", "goals", "course", "provenance"])
@pytest.mark.parametrize("value", ["text", 7, None, [], [[]]], ids=repr)
def test_settings_of_the_wrong_shape(folder: Path, part: str, value: Any):
    change_setting(folder, (part,), value)
    assert any(line.startswith(f"population.yaml: {part}") for line in violations(folder))


def test_a_cycle_is_printed_as_a_path(folder: Path):
    add_line(folder, "prerequisites.csv", "add-unlike,parts,0.5")
    (line,) = violations(folder)
    assert line.startswith("prerequisites.csv: rows = '")
    path = line.split("'")[1].split(" -> ")
    links = {tuple(row.split(",")[:2]) for row in (folder / "prerequisites.csv").read_text().splitlines()}
    assert path[0] == path[-1]
    assert all(pair in links for pair in itertools.pairwise(path)), "prerequisite -> what needs it"
    assert line.endswith("go in a circle. Drop one of these links.")


def test_a_concept_may_not_need_itself(folder: Path):
    add_line(folder, "prerequisites.csv", "parts,parts,0.5")
    assert "parts -> parts" in violations(folder)[0]


@pytest.mark.parametrize(
    ("file", "line", "expected"),
    [
        ("concepts.csv", "parts,Again,0,.5,.2,0,.2,.1", "concepts.csv line 11 (parts): id = 'parts': stands twice"),
        ("concepts.csv", ",No id,0,.5,.2,0,.2,.1", "concepts.csv line 11 (): id = '': must not be empty"),
        ("concepts.csv", "new,Too short,0", "concepts.csv line 11: must have 8 cells"),
        (
            "concepts.csv",
            "new,Both,0,.5,.2,0,.6,.5",
            "concepts.csv line 11 (new): guess + slip = 1.1: must stay under 1",
        ),
        ("prerequisites.csv", "parts,algebra,1", "concept = 'algebra': is no concept of this curriculum"),
        ("prerequisites.csv", "algebra,parts,1", "prerequisite = 'algebra': is no concept of this curriculum"),
        ("prerequisites.csv", "parts,equivalent,1", "concept = 'equivalent': has prerequisite 'parts' twice"),
        ("activities.csv", "recipe,,p,parts,0,2,1,1", "activities.csv line 39 (recipe): id = 'recipe': stands twice"),
        ("activities.csv", "new,,p,algebra,0,2,1,1", "concepts = 'algebra': is no concept of this curriculum"),
        ("activities.csv", "new,,p,,0,2,1,1", "concepts = []: must name 1 to 4 concepts"),
        ("activities.csv", "new,,,parts,0,2,1,1", "form = '': must be a label"),
        ("activities.csv", "new,,p,parts:0.5;divide:0.4,0,2,1,1", "shares must sum to 1"),
        ("activities.csv", "new,,p,parts:0.5;parts:0.5,0,2,1,1", "each concept once"),
        ("activities.csv", "new,,p,parts:x;divide:0.5,0,2,1,1", "concepts[parts] = 'x': must be a number"),
        (
            "activities.csv",
            "new,,p,parts:1;divide:0,0,2,1,1",
            "concepts[divide] = 0.0: must be a finite number above 0",
        ),
    ],
)
def test_bad_rows(folder: Path, file: str, line: str, expected: str):
    add_line(folder, file, line)
    assert any(expected in found for found in violations(folder)), violations(folder)


@pytest.mark.parametrize(("file", "what"), [("concepts.csv", "concepts"), ("activities.csv", "activities")])
def test_no_concepts_or_no_activities(folder: Path, file: str, what: str):
    (folder / file).write_text((folder / file).read_text().splitlines()[0] + "\n")
    assert any(f"{what}.csv: rows = []: must hold at least one" in line for line in violations(folder))


def test_no_students(folder: Path):
    change_setting(folder, ("groups",), [])
    assert any("groups = []: must hold at least one" in line for line in violations(folder))


def test_shares_of_the_groups_must_sum_to_one(folder: Path):
    change_setting(folder, ("groups", 0, "share"), 0.5)
    assert violations(folder) == ["population.yaml: groups[].share = 0.9: must sum to 1."]


def test_a_setting_given_twice_is_refused(folder: Path):
    add_line(folder, "population.yaml", "leak: 0.2")
    (line,) = violations(folder)
    assert line.startswith("leak: is given twice, on lines ")


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(folder: Path, file: str):
    (folder / file).unlink()
    if file == "population.yaml":
        with pytest.raises(InvalidInput, match="is no pack"):
            read_pack(folder)
    else:
        assert violations(folder) == [f"{file}: is missing"]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("concepts.csv", "learn", "lern", "concepts.csv: column = 'lern': no such column. Did you mean learn?"),
        ("concepts.csv", "guess,slip", "slip,slip", "concepts.csv: column = 'slip': stands twice"),
        ("concepts.csv", "id,", "", "concepts.csv: columns = "),
        ("prerequisites.csv", "strength", "strenght", "Did you mean strength?"),
        ("activities.csv", "minutes", "hours", "must have a column 'minutes'"),
    ],
)
def test_columns_that_are_misspelt_missing_or_double(folder: Path, file: str, old: str, new: str, expected: str):
    (folder / file).write_text((folder / file).read_text().replace(old, new, 1))
    assert any(expected in line for line in violations(folder)), violations(folder)


def test_everything_is_said_at_once(folder: Path):
    change_cell(folder, "concepts.csv", 4, "slip", "1.7")
    change_cell(folder, "activities.csv", 2, "minutes", "nan")
    add_line(folder, "prerequisites.csv", "add-unlike,parts,0.5")
    change_setting(folder, ("leak",), 2)
    change_setting(folder, ("memory", "gain"), "some")
    with pytest.raises(InvalidInput) as caught:
        read_pack(folder)
    text = str(caught.value)
    assert text.startswith(f"{folder}: 5 things to mend\n  ")
    for part in (
        "concepts.csv line 5 (simplify): slip = 1.7: must be a finite number above 0 and under 1.",
        "activities.csv line 3 (parts-medium): minutes = 'nan': must be a number.",
        "go in a circle",
        "population.yaml: leak = 2: must be a finite number at least 0 and at most 1.",
        "population.yaml: memory.gain = 'some': must be a number.",
    ):
        assert part in text, text


def test_one_number_can_stand_for_every_concept(folder: Path):
    text = (folder / "concepts.csv").read_text().splitlines()
    (folder / "concepts.csv").write_text(
        "\n".join(",".join(np.array(r.split(","))[[0, 1, 2, 3, 4, 6, 7]]) for r in text)
    )
    change_setting(folder, ("knowledge", "forget"), 0.02)
    assert set(read_pack(folder).population.knowledge.forget) == {0.02}  # type: ignore[attr-defined]


def spoiled(name: str, content: bytes, tmp: Path) -> None:
    """Reading must give a pack or one `InvalidInput`, and nothing else, whatever is in a file."""
    (tmp / name).write_bytes(content)
    try:
        with contextlib.suppress(InvalidInput):
            read_pack(tmp)
    finally:
        shutil.copy(simulators_folder() / "fractions" / name, tmp / name)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(file=st.sampled_from(FILES), place=st.floats(0, 1), bit=st.integers(0, 7))
def test_flipped_bits_never_crash(tmp_path_factory: pytest.TempPathFactory, file: str, place: float, bit: int):
    tmp = _copy(tmp_path_factory)
    content = bytearray((tmp / file).read_bytes())
    content[min(int(place * len(content)), len(content) - 1)] ^= 1 << bit
    before = read_pack(tmp).digest
    (tmp / file).write_bytes(content)
    assert digest(tmp) != before
    spoiled(file, bytes(content), tmp)


@settings(max_examples=75, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(file=st.sampled_from(FILES), place=st.floats(0, 1), junk=st.binary(max_size=6))
def test_truncated_and_spliced_files_never_crash(
    tmp_path_factory: pytest.TempPathFactory, file: str, place: float, junk: bytes
):
    tmp = _copy(tmp_path_factory)
    content = (tmp / file).read_bytes()
    cut = int(place * len(content))
    spoiled(file, content[:cut], tmp)
    spoiled(file, content[:cut] + junk + content[cut:], tmp)


ODD = ["", "\x00", "- 1", "~", "leak: 0x", "leak: 1:2:x", "leak: !!int ''", "leak: !!float x", "? [a, b]\n: 1"]
ODD += ["a: &x [*x]", "leak: 1" + "0" * 5000, "[" * 3000, "leak: !!timestamp 2020-13-45", "<<: 3", "leak: !!binary '*'"]


@pytest.mark.parametrize("text", [*ODD, "1: 2", "null: 1"], ids=lambda text: repr(text[:20]))
def test_odd_yaml_never_crashes(folder: Path, text: str):
    spoiled("population.yaml", text.encode(), folder)


_COPIES: dict[str, Path] = {}


def _copy(factory: pytest.TempPathFactory) -> Path:
    """One copy of the pack for all examples; `spoiled` puts it right again."""
    if "pack" not in _COPIES:
        _COPIES["pack"] = Path(shutil.copytree(simulators_folder() / "fractions", factory.mktemp("fuzz") / "mine"))
    return _COPIES["pack"]
