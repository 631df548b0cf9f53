"""Imports point only up the list of rooms, heavy packages stay where they belong, and the package starts light."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import curriculum_rl

PACKAGE = Path(curriculum_rl.__file__).parent

# A room may import the rooms of earlier lines and itself; rooms that share a line do not know each other.
ROOMS: tuple[tuple[str, ...], ...] = (
    ("violations", "resources", "files"),
    ("yaml_file", "json_file", "batch"),
    ("config", "course"),
    ("named", "described"),
    ("curriculum",),
    ("revision", "controls"),
    ("streams",),
    ("students",),
    ("pack_tables", "pack_parts"),
    ("packs",),
    ("world",),
    ("trackers",),
    ("objectives",),
    ("envs",),
    ("policies",),
    ("agents", "logs"),
    ("evaluation",),
    ("calibration",),
    ("runner",),
    ("serve", "web"),
    ("ope",),
    ("report",),
    ("export",),
    ("studies",),
    ("verbs",),
    ("cli",),
    ("__init__", "__main__"),
)
RANK = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}

# Where each heavy package may be imported: rooms, or single files.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "torch": ("agents/", "calibration/fit_dkt.py", "ope/values/neural.py", "export/network.py"),
    "sb3_contrib": ("agents/",),
    "stable_baselines3": ("agents/", "envs/sb3.py"),
    "mlflow": ("studies/tracking.py", "studies/registry.py", "serve/pyfunc_model.py"),
    "onnx": ("export/", "runner/verify.py"),
    "onnxruntime": ("runner/",),
    "starlette": ("serve/",),
    "uvicorn": ("serve/",),
    "pydantic": ("serve/",),
}

LIGHT = ("torch", "stable_baselines3", "sb3_contrib", "mlflow", "pandas", "pyarrow", "matplotlib", "hydra")


def room_of(file: Path) -> str:
    first = file.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(text: str, folder: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that a source imports, inside functions and type-checking blocks too.

    `folder` is the dotted path of the package that the source is in, for relative imports.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] if node.level else ()
            source = ".".join([*base, *filter(None, [node.module])])
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


@functools.cache
def imports_of(file: Path) -> list[tuple[int, str]]:
    folder = ("curriculum_rl", *file.relative_to(PACKAGE).parts[:-1])
    return list(imports(file.read_text(encoding="utf-8"), folder))


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def named(file: Path) -> str:
    return str(file.relative_to(PACKAGE))


@pytest.mark.parametrize("file", sources(), ids=named)
def test_imports_point_only_up(file: Path):
    here = room_of(file)
    assert here in RANK, f"place {here} in the list of rooms"
    for line, name in imports_of(file):
        if name.split(".")[0] != "curriculum_rl":
            continue
        there = name.split(".")[1]
        there = there if there in RANK else "__init__"  # `from curriculum_rl import rollout`
        allowed = there == here or RANK[there] < RANK[here] or name == "curriculum_rl.__version__"
        assert allowed, f"{named(file)}:{line}: {here} may not import {name}"


@pytest.mark.parametrize("file", sources(), ids=named)
def test_heavy_packages_stay_in_their_rooms(file: Path):
    for line, name in imports_of(file):
        places = ONLY_IN.get(name.split(".")[0])
        allowed = places is None or named(file).startswith(places)
        assert allowed, f"{named(file)}:{line}: {name} belongs in {' or '.join(places or ())} alone"


def test_every_form_of_import_is_seen():
    text = "def f():\n    from curriculum_rl import cli\nimport torch\nfrom ..envs import vector\nfrom . import at\n"
    assert {name for _, name in imports(text, ("curriculum_rl", "students"))} == {
        "curriculum_rl.cli",
        "torch",
        "curriculum_rl.envs.vector",
        "curriculum_rl.students.at",
    }


def test_the_package_starts_light_and_fast():
    # Processor time, so that other work on the machine does not count.
    program = (
        "import sys, time; start = time.process_time(); import curriculum_rl; took = time.process_time() - start;"
        f"print(took, *[name for name in {LIGHT!r} if name in sys.modules])"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
        for _ in range(3)
    ]
    assert runs[0][1:] == [], f"import curriculum_rl loads {runs[0][1:]}"
    assert min(float(run[0]) for run in runs) < 0.5
