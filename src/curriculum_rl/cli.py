"""The command line: one verb is run, and what goes wrong is told in one message.

Exit codes: 0 done; 1 something failed; 2 the input must be mended; 3 a log was used, but some of its rows were not;
4 too many of its rows were bad, and nothing was written; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from curriculum_rl.verbs import (
    calibrate,
    demo,
    doctor,
    evaluate,
    explain,
    export,
    export_minari,
    import_log,
    import_minari,
    judge,
    learn,
    promote,
    recatalogue,
    record,
    report,
    serve,
    study,
    verify,
    worlds,
)
from curriculum_rl.verbs.verb import DONE, FAILED, INVALID, STOPPED, Run

VERBS = (
    study,
    worlds,
    calibrate,
    evaluate,
    report,
    import_log,
    record,
    judge,
    learn,
    export_minari,
    import_minari,
    export,
    verify,
    explain,
    recatalogue,
    demo,
    serve,
    promote,
    doctor,
)
"""In the order of the help."""

_IN_THE_WAY = {
    errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOSPC,
    errno.ENOTDIR, errno.ENOTEMPTY, errno.EPERM, errno.EROFS,
}  # fmt: skip
"""What is the matter with a place that somebody named, not with the code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; returns the exit code. Only `--debug` shows a traceback."""
    typed = _typed(arguments)
    try:
        verb: Run = typed.verb
        with warnings.catch_warnings():
            warnings.showwarning = partial(_warned, warnings.showwarning)
            return verb(typed)
    except KeyboardInterrupt:
        print("\nStopped by Ctrl-C.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # the reader of the output is gone, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if typed.debug:
            raise
        return _told(error)


def _typed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The parsed command line. Overrides may stand on both sides of an option, which argparse alone refuses."""
    top = parser()
    typed, rest = top.parse_known_args(arguments)
    if rest and (not hasattr(typed, "overrides") or any(text.startswith("-") for text in rest)):
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        typed.overrides += rest
    return typed


def _warned(usual: Callable[..., None], message: Warning | str, category: type[Warning], *place: Any) -> None:
    """The package's own warnings are for whoever typed, who has no use for a place in the code."""
    if category.__module__.startswith("curriculum_rl."):
        print(f"Warning: {message}", file=sys.stderr)
    else:
        usual(message, category, *place)


def _told(error: Exception) -> int:
    """One message for one error."""
    if isinstance(error, ModuleNotFoundError):
        print(f"{error.name} is not installed. `curriculum-rl doctor` says how to mend it.", file=sys.stderr)
        return FAILED
    from curriculum_rl.violations import InvalidInput

    if isinstance(error, InvalidInput):
        print(error, file=sys.stderr)
        return INVALID
    if isinstance(error, OSError) and error.errno in _IN_THE_WAY:
        told = f"cannot be used ({error.strerror}). Give another file or folder, or see to its permissions and its disk"
        print(InvalidInput(str(error.filename2 or error.filename or "a file"), [told]), file=sys.stderr)
        return INVALID
    print(f"This should not have happened: {type(error).__name__}: {error}", file=sys.stderr)
    print("Run it again with --debug to see where, and please report it.", file=sys.stderr)
    return FAILED


def parser() -> argparse.ArgumentParser:
    """The command line."""
    from curriculum_rl import __version__

    top = argparse.ArgumentParser(
        prog="curriculum-rl",
        description="Simulated students fitted to real logs, agents that learn to teach them, honest comparisons.",
        epilog="curriculum-rl VERB --help explains a verb and shows examples.",
    )
    top.add_argument("--version", action="version", version=f"curriculum_rl {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in VERBS:
        verb.add_to(verbs)
    return top


if __name__ == "__main__":
    sys.exit(main())
