"""Command-line overrides and the YAML files become one config, checked as a whole before anything runs.

Hydra stops at the first bad override and takes `+typo=1` for a wish. Here every override is looked at first: its
syntax, its group and choice, its key; those that hold are composed; and the config that results is checked against
the dataclasses that it names. One message says everything.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from curriculum_rl import config
from curriculum_rl.named import check_named
from curriculum_rl.resources import configs_folder
from curriculum_rl.violations import InvalidInput, Violations

_REFUSALS: Final = (HydraException, OmegaConfBaseException)

ROOT: Final = "study"
"""The root config, `configs/study.yaml`."""

HYDRA_VERSION: Final = "1.3"
"""The defaults of Hydra that the configs are written for."""


def check(overrides: Sequence[str], *, sweep: bool = False, folder: Path | None = None) -> DictConfig:
    """The composed config that these overrides give; of a sweep, that of its first job.

    Args:
        overrides: as typed, such as `agent=dqn` and `agent.frames=1e6`.
        sweep: whether `a=1,2` means two jobs. Every value is checked, one at a time.
        folder: where the YAML files are; the package's own by default.

    Raises:
        InvalidInput: every override that is misspelt, of the wrong type or out of range.
    """
    root = folder or configs_folder()
    violations = Violations("study")
    parsed = [p for text in overrides if (p := _parse(text, violations)) is not None]
    if not sweep:
        parsed = [p for p in parsed if not _is_sweep(p, violations)]
    jobs = list(_jobs(parsed))
    first = _check_job(jobs[0], root, violations)
    for job in jobs[1:]:
        _check_job(job, root, violations)
    violations.found = list(dict.fromkeys(violations.found))
    violations.raise_all()
    assert first is not None
    return first


def member(group: str, name: str) -> DictConfig:
    """What `configs/<group>/<name>.yaml` describes, with the members of groups that it is composed of."""
    with initialize_config_dir(version_base=HYDRA_VERSION, config_dir=str(configs_folder().absolute())):
        found: DictConfig = compose(config_name=f"{group}/{name}")[group]
    return found


def component(group: str, name: str, kind: str, overrides: Sequence[str] = ()) -> Any:
    """The component that `configs/<group>/<name>.yaml` describes, groups that it is composed of among it.

    Args:
        kind: what people call such a component.
        overrides: of its settings, as `key=value`.

    Raises:
        InvalidInput: there is none of that name, or a setting does not fit.
    """
    check_named(group, name, kind)
    node = OmegaConf.create(OmegaConf.to_container(member(group, name)))
    try:
        typed = OmegaConf.from_dotlist(list(overrides))
    except YAMLError:
        raise InvalidInput(name, [f"{' '.join(overrides)!r}: write settings as key=value"]) from None
    return config.build(OmegaConf.merge(node, typed), name)


def groups(folder: Path) -> dict[str, list[str]]:
    """The choices of every config group, by the group's name."""
    found: dict[str, list[str]] = {}
    for file in sorted(folder.glob("*/**/*.yaml")):
        found.setdefault(str(file.parent.relative_to(folder)), []).append(file.stem)
    return found


def _parse(text: str, violations: Violations) -> Override | None:
    try:
        return OverridesParser.create().parse_override(text)
    except HydraException:
        violations.that(False, f"{text!r}: is no override. Write key=value, such as seeds=[0,1], in quotes if need be")
        return None


def _is_sweep(override: Override, violations: Violations) -> bool:
    sweeps = override.is_sweep_override()
    violations.that(not sweeps, f"{override.input_line}: gives several values; add --multirun to run each of them")
    return sweeps


def _jobs(overrides: Sequence[Override]) -> Iterator[list[Override]]:
    """The first job of a sweep, then one job for every other value, the rest as in the first."""
    parser = OverridesParser.create()
    choices = [
        [parser.parse_override(f"{o.get_key_element()}={value}") for value in o.sweep_string_iterator()]
        if o.is_sweep_override()
        else [o]
        for o in overrides
    ]
    yield [values[0] for values in choices]
    for i, values in enumerate(choices):
        for value in values[1:]:
            yield [c[0] if j != i else value for j, c in enumerate(choices)]


def _check_job(overrides: Sequence[Override], folder: Path, violations: Violations) -> DictConfig | None:
    """Notes what is wrong with one job; returns its config, or None where none can be composed."""
    known = groups(folder)
    chosen = [o for o in overrides if o.key_or_group in known]
    settings = [o for o in overrides if o.key_or_group not in known]
    chosen = [o for o in chosen if _is_choice(o, known[o.key_or_group], violations)]
    base = _compose(chosen, folder, violations)
    if base is None:
        return None
    settings = [o for o in settings if _is_setting(o, base, known, violations)]
    composed = _compose([*chosen, *settings], folder, violations)
    config.collect(base if composed is None else composed, violations)
    return composed


def _is_choice(override: Override, choices: Sequence[str], violations: Violations) -> bool:
    value = None if override.is_delete() else override.value()
    names = [str(name) for name in (value if isinstance(value, list) else [value]) if name is not None]
    unknown = [name for name in names if name not in choices]
    for name in unknown:
        violations.add(override.key_or_group, name, "no such choice", config.nearest(name, choices))
    return not unknown


def _is_setting(override: Override, base: DictConfig, known: Iterable[str], violations: Violations) -> bool:
    """Whether the key is there to be set; one that is added with `+` is left to the dataclass to refuse."""
    key = override.key_or_group
    if key.startswith(("hydra.", "hydra/")) or override.is_add() or override.is_force_add():
        return True
    keys = _keys(base)
    if key in keys:
        return True
    value = override.value()
    remedy = _nearest_key(key, keys, [*known])
    violations.add(key, value if not override.is_delete() else "", "no such setting", remedy)
    return False


def _nearest_key(key: str, keys: Sequence[str], known: Sequence[str]) -> str:
    """Near names: as a whole, or where the last part was meant (`frames` for `agent.frames`)."""
    same_end = [k for k in dict.fromkeys([*keys, *known]) if k.rpartition(".")[2] == key.rpartition(".")[2]]
    if same_end:
        return f"Did you mean {' or '.join(same_end[:3])}?"
    parent, _, _ = key.rpartition(".")
    siblings = [k for k in keys if k.rpartition(".")[0] == parent]
    return config.nearest(key, {*siblings, *(known if not parent else ())} or {*keys, *known})


def _keys(node: DictConfig, path: str = "") -> list[str]:
    """The dotted path of every setting, branches too."""
    found: list[str] = []
    for key in (str(k) for k in node if k != config.TARGET):
        here = f"{path}.{key}" if path else key
        found.append(here)
        if OmegaConf.is_missing(node, key) or OmegaConf.is_interpolation(node, key):
            continue
        if isinstance(node[key], DictConfig):
            found.extend(_keys(node[key], here))
    return found


def _compose(overrides: Sequence[Override], folder: Path, violations: Violations) -> DictConfig | None:
    """The config of all these overrides together; the ones that Hydra refuses are noted, and left out."""
    lines = tuple(o.input_line or "" for o in overrides)
    try:
        return _composed(lines, folder).copy()
    except _REFUSALS as error:
        refused = {line: e for line in lines if (e := _refusal((line,), folder)) is not None}
        for line, one in refused.items():
            violations.that(False, f"{line}: {_first_line(one)}")
        rest = tuple(line for line in lines if line not in refused)
        if not refused or _refusal(rest, folder) is not None:
            violations.that(False, " ".join([*lines, _first_line(error)]))
            return None
        return _composed(rest, folder).copy()


def _refusal(lines: tuple[str, ...], folder: Path) -> Exception | None:
    try:
        _composed(lines, folder)
    except _REFUSALS as error:
        return error
    return None


def _first_line(error: Exception) -> str:
    return str(error.__cause__ or error).strip().splitlines()[0]


@functools.lru_cache(maxsize=64)
def _composed(lines: tuple[str, ...], folder: Path) -> DictConfig:
    with initialize_config_dir(version_base=HYDRA_VERSION, config_dir=str(folder.absolute())):
        return compose(config_name=ROOT, overrides=list(lines))
