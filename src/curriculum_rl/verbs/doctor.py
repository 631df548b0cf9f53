"""`curriculum-rl doctor`: say what is installed."""

from __future__ import annotations

import argparse

from curriculum_rl.verbs.verb import DONE, FAILED, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    text = "Exits with 1 where something is missing that a study needs."
    add(verbs, "doctor", run, "say what is installed, what is missing, and how to mend it", text)


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from curriculum_rl.studies.doctor import examine, render

    print(render(findings := examine()))
    return FAILED if any(finding.state == "missing" for finding in findings) else DONE
