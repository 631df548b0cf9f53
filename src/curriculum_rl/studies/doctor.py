"""What is installed, what is missing, and how to mend it.

Nothing beyond the standard library is imported until it is known to be there, so that it works on a broken
installation, which is where it is needed.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from curriculum_rl.resources import configs_folder, constraints_file, simulators_folder

State = Literal["ok", "note", "missing"]

RUNS: Final = Path("runs")
"""Where studies write, relative to where the command runs."""
ROOM_BYTES: Final = 2 * 10**9
"""Free disk under which a study may not fit: its checkpoints, tables and the MLflow database."""
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MODULES: Final = {"hydra-core": "hydra", "pyyaml": "yaml", "sb3-contrib": "sb3_contrib", "scikit-learn": "sklearn"}
"""Names to import, where they are not the distribution's name with `_` for `-`."""

_REQUIREMENT: Final = re.compile(r"(?P<name>[\w.-]*\w)(\[.*?\])?(?P<range>[^;]*)(;.*extra == .(?P<extra>\w+).*)?")
STUDIES: Final = "train"
"""The extra without which there is no study. An installation that only runs bundles has none of it."""
OPTIONAL: Final = {
    "export": "write policies as bundles",
    "serve": "run bundles, and serve their decisions",
    "offline": "turn logs into Minari datasets and back",
}
"""The other extras, and what they are for."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `missing` is what a study cannot run without."""

    state: State
    what: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Looks at everything, in the order in which one would mend it."""
    checks = (_python, _requirements, _files, _folder, _browser)
    return [finding for check in checks for finding in check()]


def render(findings: list[Finding]) -> str:
    """The findings as text, a line each, with the remedies below what needs them."""
    marks = {"ok": "ok      ", "note": "note    ", "missing": "MISSING "}
    lines = []
    for finding in findings:
        lines.append(marks[finding.state] + finding.what)
        if finding.remedy:
            lines.append(f"{' ' * 8}-> {finding.remedy}")
    missing = sum(finding.state == "missing" for finding in findings)
    lines.append(f"{missing} to mend; then run this again." if missing else "Everything that is needed is here.")
    return "\n".join(lines)


def _python() -> Iterator[Finding]:
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    yield Finding("ok", f"Python {platform.python_version()} in {sys.prefix}, {system}")


def _requirements() -> Iterator[Finding]:
    """Each package that the installed metadata asks for: there, within its range, and importable."""
    try:
        wanted = importlib.metadata.requires("curriculum_rl") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("missing", "curriculum_rl is on the path but not installed", "pip install -e '.[dev]'")
        return
    parts = [found for text in wanted if (found := _REQUIREMENT.fullmatch(text)) is not None]
    asked: dict[str, list[tuple[str, str]]] = {}
    for part in parts:
        asked.setdefault(part["extra"] or "", []).append((part["name"], part["range"].strip()))
    tested = _tested()
    studies = asked.get(STUDIES, [])
    if not _studies():
        told = "only what runs bundles is installed: no study can be made"
        yield Finding("note", told, f"pip install 'curriculum_rl[{STUDIES}]'")
        studies = []
    for name, range_ in [*asked.get("", []), *studies]:
        yield _requirement(name, range_, tested.get(_normal(name), ""))
    for extra, purpose in OPTIONAL.items() if studies else [("serve", OPTIONAL["serve"])]:
        own = {name for name, _ in asked.get(extra, [])} - {name for name, _ in asked.get(STUDIES, [])}
        missing = sorted(name for name in own if not _version(name))
        remedy = f"pip install 'curriculum_rl[{extra}]'"
        if missing:
            yield Finding("note", f"no {', '.join(missing)} (optional): {purpose} with it", remedy)
        else:
            yield Finding("ok", f"all that it takes to {purpose} (optional)")


def _studies() -> bool:
    """Whether this installation is meant for more than running bundles."""
    return any(_version(name) for name in ("gymnasium", "hydra-core", "torch"))


def _version(name: str) -> str:
    """The installed version of a distribution; nothing where there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _fits(version: str, range_: str) -> bool:
    """Whether a version is in a range; any is, while the package that can tell is itself missing."""
    try:
        from packaging.specifiers import SpecifierSet
    except ModuleNotFoundError:
        return True
    return SpecifierSet(range_).contains(version, prereleases=True)


def _requirement(name: str, range_: str, tested: str) -> Finding:
    install = f"pip install '{name}=={tested}'" if tested else f"pip install '{name}{range_}'"
    version = _version(name)
    if not version:
        return Finding("missing", f"{name} ({range_}) is not installed", install)
    if not _fits(version, range_):
        return Finding("missing", f"{name} {version} is not {range_}", install)
    try:
        importlib.import_module(_MODULES.get(name, name.replace("-", "_")))
    except Exception as error:  # a broken shared library can raise anything
        first = (str(error).splitlines() or [type(error).__name__])[0]
        return Finding("missing", f"{name} {version} is installed but cannot be imported: {first}", install)
    if tested and version.split("+")[0] != tested:
        return Finding("note", f"{name} {version} ({range_}; tested with {tested})")
    return Finding("ok", f"{name} {version} ({range_})")


def _tested() -> dict[str, str]:
    """The tested version of each distribution, by its name in lower case."""
    try:
        lines = constraints_file().read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {_normal(name): version.strip() for name, version in pairs}


def _normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _files() -> Iterator[Finding]:
    """The configs and the packs that come with the package, each pack read and checked."""
    try:
        choices = len(list(configs_folder().rglob("*.yaml")))
        packs = sorted(p.parent for p in simulators_folder().glob("*/population.yaml"))
    except FileNotFoundError as error:
        yield Finding("missing", str(error), "pip install --force-reinstall --no-deps curriculum_rl")
        return
    yield Finding("ok", f"{choices} configs in {configs_folder()}")
    if not packs:
        yield Finding("missing", f"no pack in {simulators_folder()}", "install the package again")
    for folder in packs if _studies() else ():
        yield _pack(folder)


def _pack(folder: Path) -> Finding:
    try:
        from curriculum_rl.packs import read_pack

        curriculum = read_pack(folder).curriculum
    except ImportError as error:
        return Finding("note", f"pack {folder.name} was not read: {error}")
    except ValueError as error:
        return Finding("missing", f"pack {folder.name} cannot be read: {error}", "restore its files")
    counted = f"{len(curriculum.concepts)} concepts, {len(curriculum.activities)} activities"
    return Finding("ok", f"pack {folder.name}: {counted}")


def _folder() -> Iterator[Finding]:
    """Whether results can be written where the command runs, and whether there is room for them."""
    place = RUNS.absolute()
    while not place.exists():
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        remedy = "run from a folder that you may write to, or give hydra.run.dir and tracking.uri"
        yield Finding("missing", f"{RUNS.absolute()} cannot be written: {error.strerror}", remedy)
        return
    free = shutil.disk_usage(place).free
    told = f"{RUNS.absolute()} can be written, {free / 1e9:.1f} GB free"
    if free < ROOM_BYTES:
        yield Finding("note", told, f"a study may need {ROOM_BYTES / 1e9:.0f} GB: free some")
    else:
        yield Finding("ok", told)


def _browser() -> Iterator[Finding]:
    """Only the tests that look at the report use one."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found:
        yield Finding("ok", f"browser {found}")
    else:
        yield Finding("note", "no Chromium (optional): reports open in any browser; tests of their looks are left out")
