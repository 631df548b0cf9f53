"""What every verb has: a name, a help with examples, and what it runs; and the exit codes.

What a verb needs is imported when it runs, so that `--help` and `doctor` work on any installation.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from curriculum_rl.violations import Violations

DONE: Final = 0
FAILED: Final = 1
INVALID: Final = 2
SOME_REJECTED: Final = 3
OVER_LIMIT: Final = 4
STOPPED: Final = 130

Run = Callable[[argparse.Namespace], int]
Verbs = argparse._SubParsersAction  # the type that argparse gives no public name


def add(verbs: Verbs[argparse.ArgumentParser], name: str, run: Run, help: str, text: str) -> argparse.ArgumentParser:
    """A verb with its help; the text below the options keeps its line breaks."""
    added = verbs.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        epilog=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.add_argument("--debug", action="store_true", help="show the traceback of an error")
    added.set_defaults(verb=run)
    return added


def check_out(out: Path, check: Violations) -> None:
    """Notes, before any work is done, that a file cannot be written there."""
    check.that(out.parent.is_dir(), f"out = {out}: its folder is not there. Make it, or name another")
    check.that(not out.is_dir(), f"out = {out}: is a folder. Name a file in it")


def tracking_option(verb: argparse.ArgumentParser) -> None:
    """Says where runs are kept, to find one by its id."""
    verb.add_argument(
        "--tracking", metavar="URI", help="database that runs are kept in (default: sqlite:///runs/mlflow.db)"
    )
