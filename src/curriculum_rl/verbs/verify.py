"""`curriculum-rl verify`: whether an exported policy is whole, and does what its test vectors say."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "verify",
        run,
        "say whether an exported file is whole, and does what its test vectors say",
        """\
Exits with 0 where it is, and with 2 and the reason where it is not.

examples:
  curriculum-rl verify greedy.zip""",
    )
    added.add_argument("bundle", type=Path, metavar="FILE", help="that export wrote")


def run(typed: argparse.Namespace) -> int:
    """Runs the verb."""
    from curriculum_rl.runner.verify import verify

    bundle, compared = verify(typed.bundle)
    about = bundle.manifest
    print(f"{typed.bundle} is whole: {about['name']} for {about['world']}; {compared:,} decisions of its vectors agree")
    print(bundle.digest)
    return DONE
