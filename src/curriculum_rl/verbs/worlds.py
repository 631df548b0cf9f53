"""`curriculum-rl worlds`: list worlds, and where their numbers come from."""

from __future__ import annotations

import argparse

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "worlds",
        run,
        "list the worlds, and say where their numbers come from",
        """\
examples:
  curriculum-rl worlds
  curriculum-rl worlds assistments09
  curriculum-rl worlds path/to/my/pack""",
    )
    added.add_argument("world", nargs="?", help="a name or a folder: show the source of each number")


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from curriculum_rl.studies.catalogue import catalogue, provenance

    print(provenance(typed.world) if typed.world else catalogue())
    return DONE
