"""The dataclass is the config: what fits is built, and everything that does not is said at once."""

from __future__ import annotations

import dataclasses
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from omegaconf import OmegaConf

from curriculum_rl import config
from curriculum_rl.resources import configs_folder
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.yaml_file import check_yaml


@dataclass(frozen=True)
class Inner:
    step: float = 0.4
    count: int = 3

    def __post_init__(self) -> None:
        check = Violations("inner")
        check.number("step", self.step, above=0.0, below=1.0)
        check.number("count", self.count, at_least=1)
        check.raise_all()


@dataclass(frozen=True)
class Outer:
    name: str
    mode: Literal["fast", "slow"]
    inner: Inner
    days: tuple[float, ...] = (0.0, 4.0)
    pair: tuple[int, int] = (1, 2)
    limit: int | None = None
    folder: Path = Path("runs")
    on: bool = True
    many: dict[str, Inner] = dataclasses.field(default_factory=dict)


@pytest.fixture(autouse=True)
def _module_inside_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dataclasses of this test, as if they were a module of the package."""
    module = types.ModuleType("curriculum_rl.scratch")
    for cls in (Inner, Outer):
        monkeypatch.setattr(cls, "__module__", "curriculum_rl.scratch")
        setattr(module, cls.__name__, cls)
    vars(module).update(Literal=Literal, Path=Path, Any=Any)
    monkeypatch.setitem(sys.modules, "curriculum_rl.scratch", module)


GOOD: dict[str, Any] = {
    "_target_": "curriculum_rl.scratch.Outer",
    "name": "a",
    "mode": "fast",
    "inner": {"_target_": "curriculum_rl.scratch.Inner", "step": 0.2},
}


def violations_of(node: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        config.build(node, "test")
    return caught.value.violations


def test_what_fits_is_built_and_converted():
    built = config.build(
        OmegaConf.create(
            {
                **GOOD,
                "days": [1, 2.5],
                "pair": [3, 4.0],
                "limit": 7,
                "folder": "there",
                "many": {"x": {"step": 0.1, "count": 1e3}},
            }
        ),
        "test",
    )
    assert built == Outer("a", "fast", Inner(0.2), (1.0, 2.5), (3, 4), 7, Path("there"), True, {"x": Inner(0.1, 1000)})


def test_interpolations_are_resolved():
    node = OmegaConf.create({"inner": {**GOOD, "name": "${study}"}, "study": "s"})
    assert config.build(node.inner, "test").name == "s"
    assert "study" in violations_of(OmegaConf.create({**GOOD, "name": "${nowhere.study}"}))[0]


def test_every_violation_is_said_at_once():
    found = violations_of(
        {
            "_target_": "curriculum_rl.scratch.Outer",
            "nmae": "a",
            "mode": "fats",
            "inner": {"_target_": "curriculum_rl.scratch.Inner", "step": 2.0, "count": 0},
            "days": [1, "two"],
            "pair": [1],
            "limit": 1.5,
            "on": 1,
            "many": {"x": {"step": 0.1, "cuont": 1}},
        }
    )
    assert sorted(found) == sorted(
        [
            "nmae = 'a': no such setting. Did you mean name?",
            "name: is missing; give text",
            "mode = 'fats': no such choice. Did you mean fast?",
            "inner.step = 2.0: must be a finite number above 0 and under 1.",
            "inner.count = 0: must be a finite number at least 1.",
            "days[1] = 'two': must be a number.",
            "pair = [1]: must be a list of 2: a whole number, a whole number.",
            "limit = 1.5: must be a whole number.",
            "on = 1: must be true or false.",
            "many.x.cuont = 1: no such setting. Did you mean count?",
        ]
    )


@dataclass(frozen=True)
class Pair:
    low: float
    high: float
    inner: Inner

    def __post_init__(self) -> None:
        check = Violations("pair")
        check.number("low", self.low, at_least=0.0)
        check.number("high", self.high, at_least=0.0)
        check.that(self.low <= self.high, "low must not be above high")
        check.raise_all()


def test_ranges_are_checked_beside_fields_that_cannot_be_built():
    found = violations_of_pair({"low": -1, "high": 3, "inner": {"step": 7}})
    assert found == ["inner.step = 7.0: must be a finite number above 0 and under 1.", LOW]
    assert violations_of_pair({"low": -1, "high": "x", "inner": {}}) == ["high = 'x': must be a number."]


LOW = "low = -1.0: must be a finite number at least 0."


def violations_of_pair(node: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        config.build(node, "test", Pair)
    return caught.value.violations


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (field, value)
        for field in ("name", "mode", "inner", "days", "pair", "folder", "on", "many")
        for value in (None, float("nan"), -1, True if field != "on" else "true", "???", {"a": 1})
        if not (field in ("name", "folder") and isinstance(value, str) and value != "???")
    ],
)
def test_each_field_refuses_what_it_cannot_use(field: str, value: Any):
    found = violations_of({**GOOD, field: value})
    assert found
    assert all(line.startswith(field) for line in found)


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "subprocess.Popen",
        "curriculum_rl",
        "curriculum_rl.config.build",
        "curriculum_rl.config.Path",
        "curriculum_rl.config.importlib.import_module",
        "curriculum_rl..config",
        "curriculum_rl.nowhere.Thing",
        "curriculum_rl.config.dataclasses",
        7,
        None,
    ],
)
def test_only_dataclasses_of_the_package_are_built(target: Any):
    found = violations_of({"_target_": target})
    assert len(found) == 1
    assert found[0].startswith("_target_ = ")


def test_a_target_of_another_kind_is_refused():
    found = violations_of({**GOOD, "inner": GOOD})
    assert found == ["inner._target_ = 'curriculum_rl.scratch.Outer': must be curriculum_rl.scratch.Inner."]


@pytest.mark.parametrize("field", ["name", "limit", "folder", "on"])
def test_no_dataclass_stands_for_text_or_a_number(field: str):
    (line,) = violations_of({**GOOD, field: {"_target_": "curriculum_rl.scratch.Inner"}})
    assert line.startswith(f"{field} = ")


def test_a_near_miss_of_a_target_names_the_nearest():
    (found,) = violations_of({"_target_": "curriculum_rl.violations.Violation"})
    assert "has no dataclass Violation" in found


def test_yaml_keys_given_twice_are_all_named(tmp_path: Path):
    file = tmp_path / "twice.yaml"
    file.write_text("a: 1\nb: {c: 1, c: 2}\na: 2\n")
    with pytest.raises(InvalidInput) as caught:
        check_yaml(file)
    assert sorted(caught.value.violations) == [
        "a: is given twice, on lines 1 and 3. Delete one of them",
        "c: is given twice, on lines 2 and 2. Delete one of them",
    ]


@pytest.mark.parametrize("text", ["a: [1", "a: b: c", "\tx: 1", "!!python/object/apply:os.getcwd []"])
def test_what_is_not_plain_yaml_is_refused_with_its_line(tmp_path: Path, text: str):
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(InvalidInput, match="line 1"):
        check_yaml(file)


def test_missing_and_binary_files_are_refused(tmp_path: Path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        check_yaml(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"a: \xff")
    with pytest.raises(InvalidInput, match="UTF-8"):
        check_yaml(tmp_path / "binary.yaml")


def test_yaml_numbers_read_as_people_mean_them(tmp_path: Path):
    file = tmp_path / "numbers.yaml"
    file.write_text("a: 1e-4\nb: 3E6\nc: 2020-01-01\nd: 0.5\ne: 7\n")
    assert check_yaml(file) == {"a": 1e-4, "b": 3e6, "c": "2020-01-01", "d": 0.5, "e": 7}


def targets(node: Any, path: str) -> list[tuple[str, dict[str, Any]]]:
    """Every mapping with a `_target_` inside a YAML file's content."""
    found: list[tuple[str, dict[str, Any]]] = []
    if isinstance(node, dict):
        if config.TARGET in node:
            found.append((path, node))
        for key, value in node.items():
            found.extend(targets(value, f"{path}.{key}"))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            found.extend(targets(value, f"{path}[{i}]"))
    return found


def yaml_targets() -> list[Any]:
    root = configs_folder()
    return [
        pytest.param(node, id=path)
        for file in sorted(root.rglob("*.yaml"))
        for path, node in targets(check_yaml(file), str(file.relative_to(root)))
    ]


@pytest.mark.parametrize("node", yaml_targets())
def test_every_yaml_mirrors_its_dataclass(node: dict[str, Any]):
    """Every field, nothing else: a YAML that leaves a field out hides a setting from its reader."""
    cls = config.target_class(node[config.TARGET])
    settings = set(node) - {config.TARGET}
    if "defaults" in node:  # fields that are other files: `group: choice`, `choice@field[.key]`, `group@field: choice`
        choices = [name for choice in node["defaults"] for name in (choice if isinstance(choice, dict) else [choice])]
        settings |= {name.rpartition("@")[2].partition(".")[0] for name in choices}
        settings -= {"defaults", "_self_", "hydra", "experiment", "override hydra/job_logging"}
    assert settings == {f.name for f in dataclasses.fields(cls) if f.init}
