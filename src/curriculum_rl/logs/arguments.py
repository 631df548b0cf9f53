"""What `curriculum-rl import` can be told, and the configuration made of it; readers are imported when they run."""

from __future__ import annotations

import argparse
import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curriculum_rl.logs.formats import ImportConfig


def add_arguments(added: argparse.ArgumentParser) -> None:
    """Adds them to the verb's parser."""
    added.add_argument("files", nargs="+", type=Path, metavar="FILE", help="plain or gzip; CSV, Parquet or JSON lines")
    added.add_argument("--from", dest="source", required=True, metavar="KIND", help="of source, as listed below")
    added.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="of the log, to be made")
    added.add_argument("--column", action="append", default=[], metavar="ROLE=NAME", help="the column of a role")
    added.add_argument("--group", action="append", default=[], metavar="NAME=COLUMN", help="a group to report by")
    added.add_argument("--key", type=Path, metavar="FILE", help="of the pseudonyms (default OUT.key, made if need be)")
    added.add_argument("--q-matrix", type=Path, metavar="FILE", help="skills of the items, .npz or CSV")
    added.add_argument("--answer-key", type=Path, metavar="FILE", help="right answers of the items (ednet)")
    added.add_argument("--encoding", choices=("utf-8", "latin-1"), help="of text files (default: the source's own)")
    units = ("s", "ms", "us", "min", "h", "d")
    added.add_argument("--time-unit", choices=units, help="of times that are numbers")
    added.add_argument("--duration-unit", choices=units, help="of durations; what is named here is believed")
    added.add_argument("--max-score", type=float, default=1.0, metavar="N", help="of an answer (default 1)")
    added.add_argument("--by-rows", action="store_true", help="rows are in order where no column tells, or ties")
    added.add_argument("--behaviour", metavar="NAME", help="of the strategy that chose, if it is known")
    added.add_argument("--randomised", action="store_true", help="chance chose, by a known rule")
    added.add_argument("--title", default="", metavar="TEXT", help="the source in words")
    limit = "share of faulty rows above which nothing is published (default 0.01)"
    added.add_argument("--reject-limit", type=float, default=0.01, metavar="N", help=limit)
    memory = "megabytes held while rows are sorted, besides some 400 (default 1000)"
    added.add_argument("--memory-mb", type=int, default=1000, metavar="N", help=memory)


def config_of(typed: argparse.Namespace) -> ImportConfig:
    """The configuration that was typed.

    Raises:
        InvalidInput: something is out of its range, or no pair of names.
    """
    from curriculum_rl.logs.formats import SHORT, ImportConfig
    from curriculum_rl.violations import Violations

    check = Violations("import")
    pairs: dict[str, dict[str, str]] = {"column": {}, "group": {}}
    for option, found in pairs.items():
        for text in getattr(typed, option):
            left, _, right = text.partition("=")
            if left and right:
                found[left] = right
            else:
                check.add(option, text, "must be two names with = between them")
    check.raise_all()
    columns = {SHORT.get(role, role): name for role, name in pairs["column"].items()}
    left_out = ("verb", "debug", "column", "group", "files")
    settings = {name: value for name, value in vars(typed).items() if name not in left_out}
    return ImportConfig(files=tuple(typed.files), columns=columns, groups=pairs["group"], **settings)


def kinds() -> str:
    """The sources that there are, a line each."""
    from curriculum_rl.logs import adapters

    lines = []
    for path in sorted(Path(adapters.__path__[0]).glob("[a-z]*.py")):  # read, not run: help needs no other package
        text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        lines.append(f"  {path.stem:<12} {text.splitlines()[0]}")
    return "\n".join(lines)
