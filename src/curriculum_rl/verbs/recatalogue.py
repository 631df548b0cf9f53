"""`curriculum-rl recatalogue`: an exported policy for a changed catalogue, without training."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add, check_out


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "recatalogue",
        run,
        "write an exported policy again for a changed catalogue, without training",
        """\
The catalogue of a bundle is its file catalogue.json: take it out, edit it, and give it here. Activities can be new,
changed or gone, and concepts and prerequisites too. A network that scores activities by their concepts keeps its
weights (network=concept_scorer); one that is bound to its catalogue is refused. Nothing is written unless the new graph
agrees with the package over --observations decisions. How good the policy is there, nothing here measures.

examples:
  unzip -p learned.zip catalogue.json > edited.json
  curriculum-rl recatalogue learned.zip --catalogue edited.json --out learned-2.zip""",
    )
    added.add_argument("bundle", type=Path, metavar="FILE", help="that export wrote")
    added.add_argument("--catalogue", required=True, type=Path, metavar="JSON", help="edited")
    added.add_argument("--observations", type=int, default=100_000, metavar="N", help="compared (default 100000)")
    added.add_argument("--out", required=True, type=Path, metavar="FILE", help="of the new bundle, a zip")


def run(typed: argparse.Namespace) -> int:
    """Runs the verb."""
    from rich.console import Console

    from curriculum_rl.export.recatalogue import recatalogue
    from curriculum_rl.files import write_whole
    from curriculum_rl.violations import Violations

    check = Violations("recatalogue")
    check.number("observations", typed.observations, at_least=1000, whole=True)
    check_out(typed.out, check)
    same = typed.out.resolve() == typed.bundle.resolve()
    check.that(not same, f"out = {typed.out}: is the old bundle, which is kept. Name another file")
    check.raise_all()
    with Console(stderr=True).status(f"{typed.bundle}: comparing {typed.observations:,} observations ..."):
        found = recatalogue(typed.bundle, typed.catalogue, typed.observations)
    write_whole(typed.out, found.made.content)
    for change in found.changes:
        print(change)
    if found.states_fit:
        print("States of the old bundle fit the new one: students go on where they are.")
    else:
        print(
            "States of the old bundle do not fit the new one: make them again from what students did (POST /v1/state)."
        )
    size, parity = len(found.made.content) / 1e6, found.made.parity
    print(f"{typed.out}: {size:.2f} MB; the graph agrees over {parity.observations:,} observations")
    return DONE
