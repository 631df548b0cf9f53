"""The dataclass is the config: a mapping with a `_target_` becomes the frozen dataclass that it names.

    _target_: curriculum_rl.trackers.elo.Elo      # a dataclass of this package; anything else is refused
    step: 0.4                                     # its fields, each at most once, nothing else

Every wrong key, missing key, wrong type and value out of range in the whole tree is found before one
`InvalidInput` says them all, each with its dotted path, what was seen, what was expected, and the remedy.
Nothing that the mapping names is run, except the constructors of the package's own dataclasses.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import re
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Union

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from curriculum_rl.violations import InvalidInput, Violations

TARGET: Final = "_target_"
"""The key that names the dataclass."""

MISSING: Final = "???"
"""What OmegaConf writes for a value that must still be given."""

_PLAIN: Final = (bool, int, float, str, Path, types.NoneType)  # no mapping, whatever one names
_PACKAGE: Final = "curriculum_rl."
_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


class _Refused:
    """Stands where a value would be, after its violation was noted."""


_REFUSED: Final = _Refused()


def build(node: object, where: str, kind: type | None = None) -> Any:
    """Builds the dataclass that `node` describes, with the dataclasses inside it.

    Args:
        node: a mapping or an OmegaConf node; interpolations are resolved.
        where: heads the message, such as the name of the file.
        kind: the dataclass meant when `node` has no `_target_`, and the class expected when it has one.

    Raises:
        InvalidInput: everything that is wrong anywhere in `node`.
    """
    violations = Violations(where)
    built = collect(node, violations, kind)
    violations.raise_all()
    return built


def collect(node: object, violations: Violations, kind: type | None = None, path: str = "") -> Any:
    """Like `build`, but notes what is wrong in `violations` and raises nothing, so that more can be added."""
    try:
        plain = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
    except OmegaConfBaseException as error:
        violations.that(False, f"{path or 'interpolation'}: {str(error).splitlines()[0]}")
        return _REFUSED
    hint: Any = object if kind is None else kind
    if not isinstance(plain, Mapping):
        violations.add(path or "the whole", plain, "must be a mapping of settings")
        return _REFUSED
    return _dataclass(plain, hint, path, violations)


def nearest(name: str, known: Iterable[str]) -> str:
    """The remedy for a name that is not known: the closest ones if any is close, else all that there are."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    if not names:
        return "There is none to choose."
    shown = ", ".join(names[:20])
    return f"There {'is' if len(names) == 1 else 'are'}: {shown}{', ...' if len(names) > 20 else ''}."


def target_class(target: object) -> type:
    """The dataclass that a `_target_` names.

    Raises:
        LookupError: it is no dataclass of this package; the message says what would be.
    """
    if not isinstance(target, str) or not _DOTTED.fullmatch(target) or not target.startswith(_PACKAGE):
        raise LookupError(f"must be the dotted path of a dataclass inside {_PACKAGE[:-1]}")
    module_name, _, name = target.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and not error.name.startswith(_PACKAGE):
            raise
        raise LookupError(f"there is no module {error.name}") from None
    found = getattr(module, name, None)
    if isinstance(found, type) and dataclasses.is_dataclass(found) and found.__module__.startswith(_PACKAGE):
        return found
    here = [n for n, v in vars(module).items() if dataclasses.is_dataclass(v) and v.__module__ == module_name]
    raise LookupError(f"{module_name} has no dataclass {name}. {nearest(name, here)}")


def _dataclass(node: Mapping[Any, Any], hint: Any, path: str, violations: Violations) -> Any:
    """A mapping becomes the dataclass of its `_target_`, or of the type hint where it has none."""
    before = len(violations.found)
    expected = hint if isinstance(hint, type) else object
    if TARGET in node:
        try:
            cls = target_class(node[TARGET])
        except LookupError as error:
            violations.add(_join(path, TARGET), node[TARGET], str(error.args[0]))
            return _REFUSED
        if dataclasses.is_dataclass(expected) and not issubclass(cls, expected):
            violations.add(_join(path, TARGET), node[TARGET], f"must be {_dotted(expected)}")
            return _REFUSED
    elif dataclasses.is_dataclass(expected):
        cls = expected
    else:
        violations.that(False, f"{_join(path, TARGET)}: is missing; it names the dataclass that is meant")
        return _REFUSED
    values = _fields(cls, node, path, violations)
    if len(violations.found) == before:
        try:
            return cls(**values)
        except InvalidInput as error:
            violations.found.extend(_join(path, line) for line in error.violations)
        except (TypeError, ValueError) as error:
            violations.that(False, f"{path or _dotted(cls)}: {error}")
    else:
        violations.found.extend(_join(path, line) for line in _ranges(cls, values))
    return _REFUSED


def _ranges(cls: type, values: Mapping[str, Any]) -> list[str]:
    """What the dataclass says of the fields that fit, though others do not.

    The default of a field that does not fit takes its place; where there is none a stand-in does, and what is said
    of that is left out. A check that stumbles over a stand-in ends the search: what it would have found shows in the
    next try.
    """
    absent = [f.name for f in dataclasses.fields(cls) if f.init and f.name not in values and _required(f)]
    try:
        cls(**values, **dict.fromkeys(absent, _REFUSED))
    except InvalidInput as error:
        return [line for line in error.violations if not re.match(rf"({'|'.join(absent)})\b", line) or not absent]
    except Exception:
        pass
    return []


def _fields(cls: type, node: Mapping[Any, Any], path: str, violations: Violations) -> dict[str, Any]:
    """The values that fit the dataclass's fields, each checked against its type hint."""
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}
    for key, value in node.items():
        if key not in fields and key != TARGET:
            violations.add(_join(path, key), value, "no such setting", nearest(str(key), fields))
    values: dict[str, Any] = {}
    for name, field in fields.items():
        unset = isinstance(node.get(name), str) and node[name] == MISSING
        if unset or (name not in node and _required(field)):
            violations.that(False, f"{_join(path, name)}: is missing; give {describe(hints[name])}")
        elif name in node:
            before = len(violations.found)
            value = _value(node[name], hints[name], _join(path, name), violations)
            if len(violations.found) == before:
                values[name] = value
    return values


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _value(value: Any, hint: Any, path: str, violations: Violations) -> Any:
    """Checks one value against a type hint and converts what YAML cannot say: tuples, paths, whole floats."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _union(value, args, hint, path, violations)
    if origin is Literal:
        return value if _one_of(value, args) else _refuse(value, hint, path, violations, args)
    if origin in (tuple, list, Sequence):
        return _sequence(value, origin, args, hint, path, violations)
    if origin in (dict, Mapping):
        return _mapping(value, args, hint, path, violations)
    if isinstance(value, Mapping) and hint not in _PLAIN and (TARGET in value or dataclasses.is_dataclass(hint)):
        return _dataclass(value, hint, path, violations)
    if hint in (Any, object):
        return value
    return _scalar(value, hint, path, violations)


def _scalar(value: Any, hint: Any, path: str, violations: Violations) -> Any:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is float and is_number:
        return float(value)
    if hint is int and is_number and (isinstance(value, int) or value.is_integer()):
        return int(value)
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint in (bool, str, Path, types.NoneType) and isinstance(value, hint):
        return value
    if hint not in (bool, int, float, str) and isinstance(hint, type) and _is_instance(value, hint):
        return value
    return _refuse(value, hint, path, violations)


def _union(value: Any, options: tuple[Any, ...], hint: Any, path: str, violations: Violations) -> Any:
    """The first option that fits; where only one could be meant, its own messages are the ones shown."""
    if value is None and types.NoneType in options:
        return None
    options = tuple(o for o in options if o is not types.NoneType)
    keys = set(value) if isinstance(value, Mapping) else set()
    options = tuple(o for o in options if keys & getattr(o, "__dataclass_fields__", {}).keys()) or options
    if len(options) == 1:
        return _value(value, options[0], path, violations)
    tried = [Violations(violations.where) for _ in options]
    for option, trial in zip(options, tried, strict=True):
        built = _value(value, option, path, trial)
        if not trial.found:
            return built
    return _refuse(value, hint, path, violations)


def _sequence(value: Any, origin: Any, args: tuple[Any, ...], hint: Any, path: str, violations: Violations) -> Any:
    fixed = origin is tuple and args[-1:] != (...,)
    if not isinstance(value, (list, tuple)) or (fixed and len(value) != len(args)):
        return _refuse(value, hint, path, violations)
    item_hints = args if fixed else (args[0],) * len(value)
    pairs = enumerate(zip(value, item_hints, strict=True))
    items = [_value(v, h, f"{path}[{i}]", violations) for i, (v, h) in pairs]
    return items if origin is list else tuple(items)


def _mapping(value: Any, args: tuple[Any, ...], hint: Any, path: str, violations: Violations) -> Any:
    if not isinstance(value, Mapping):
        return _refuse(value, hint, path, violations)
    return {
        _value(key, args[0], path, violations): _value(item, args[1], _join(path, key), violations)
        for key, item in value.items()
    }


def _refuse(value: Any, hint: Any, path: str, violations: Violations, choices: tuple[Any, ...] = ()) -> _Refused:
    remedy = nearest(str(value), map(str, choices)) if choices else ""
    expected = "no such choice" if choices else f"must be {describe(hint)}"
    violations.add(path, value, expected, remedy)
    return _REFUSED


def describe(hint: Any) -> str:
    """A type hint in words, for messages."""
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in words:
        return words[hint]
    if hint is types.NoneType:
        return "null"
    if origin in (Union, types.UnionType):
        return " or ".join(describe(a) for a in args)
    if origin is Literal:
        return "one of " + ", ".join(str(a) for a in args)
    if origin is tuple and args[-1:] != (...,):
        return f"a list of {len(args)}: " + ", ".join(describe(a) for a in args)
    if origin in (tuple, list, Sequence):
        return f"a list, each {describe(args[0])}"
    if origin in (dict, Mapping):
        return f"a mapping, each {describe(args[1])}"
    if hint in (Any, object):
        return "a value"
    return f"a mapping of settings ({getattr(hint, '__name__', hint)})"


def _one_of(value: Any, choices: tuple[Any, ...]) -> bool:
    """Whether the value is one of the choices, with True and 1 kept apart."""
    return any(value == c and type(value) is type(c) for c in choices)


def _is_instance(value: Any, hint: type) -> bool:
    try:
        return isinstance(value, hint)
    except TypeError:  # a Protocol that cannot be checked at run time
        return False


def _join(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _dotted(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
